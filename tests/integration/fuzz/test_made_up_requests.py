"""Requests that Schemathesis makes up from the OpenAPI document: none fails, none is answered in an unlisted way.

Each address gets a handful of examples here; CUTROOM_TEST_FAULTS=whole (`make faults`) gives each a hundred.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.conftest import WHOLE
from tests.integration.fuzz.conftest import Running

DOCUMENT = Path(__file__).parents[3] / "web" / "openapi.json"
EXAMPLES = 100 if WHOLE else 2
ENDLESS = {"/api/events"}  # has no end; its own tests know it
OPERATIONS = [
    (method.upper(), path)
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items()
    for method in operations
    if path not in ENDLESS
]


@pytest.fixture(scope="module")
def schema() -> Any:
    import schemathesis

    @schemathesis.serializer("application/offset+octet-stream")
    def octets(_context: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode()

    return schemathesis.openapi.from_path(DOCUMENT)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
def test_no_request_is_too_odd(running: Running, schema: Any, method: str, path: str) -> None:
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    operation = schema[path][method]
    known = st.sampled_from([{}, running.ids])
    both = st.sampled_from(list(GenerationMode)).flatmap(lambda mode: operation.as_strategy(generation_mode=mode))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 10,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=both, ids=known)
    def ask(case: Any, ids: dict[str, str]) -> None:
        assume(not _reaches_the_whole_disk(case.body))
        for name in set(ids) & set(case.path_parameters or {}):
            case.path_parameters[name] = ids[name]
        answer = case.call(base_url=running.url, headers=running.headers, timeout=30)
        wanted = [
            not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ]
        case.validate_response(answer, checks=wanted)
        if answer.status_code >= 400 and method != "HEAD":
            assert answer.json()["error"]["code"], answer.text

    ask()


def _reaches_the_whole_disk(body: Any) -> bool:
    lists = [body.get(name) for name in ("paths", "roots")] if isinstance(body, dict) else []
    named = [one for each in lists if isinstance(each, list) for one in each]
    return any(isinstance(one, str) and one.strip("/. ") == "" for one in named)
