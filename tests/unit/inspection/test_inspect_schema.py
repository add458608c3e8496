"""The published JSON Schema is the one the Structs give."""

from __future__ import annotations

import json
from pathlib import Path

from cutroom.inspection.report import json_schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "inspect.schema.json"


def test_the_published_schema_is_current():
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert PUBLISHED.read_text() == text, (
        "Run: python -m cutroom.inspection.report > docs/reference/inspect.schema.json"
    )


def test_a_line_has_every_promised_field():
    properties = json_schema()["$defs"]["FileReport"]["properties"]
    promised = {"path", "status", "mode", "confidence", "duration_seconds", "seconds_spent", "findings"}
    assert promised <= properties.keys()
