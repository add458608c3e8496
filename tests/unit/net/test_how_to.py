"""The example of docs/how-to/webhooks.md says yes to Cutroom's own messages, and no to every other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutroom.net.webhooks import outcomes, signing
from cutroom.net.webhooks.models import WebhookEvent

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "webhooks.md").read_text("utf-8")
BODY = b'{"type":"test"}'


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    return names["is_genuine"]  # type: ignore[no-any-return]


def test_the_example_takes_what_is_genuine_only(is_genuine: Callable[..., bool]):
    old, new, now = signing.new_secret(), signing.new_secret(), int(time.time())
    headers = signing.headers("msg_1", now, BODY, [new, old])
    assert is_genuine(new, headers, BODY)
    assert is_genuine(old, headers, BODY)
    assert not is_genuine(signing.new_secret(), headers, BODY)
    assert not is_genuine(new, headers, BODY + b" ")
    assert not is_genuine(new, headers | {"webhook-id": "msg_2"}, BODY)
    assert not is_genuine(new, headers | {"webhook-timestamp": str(now - 1)}, BODY)
    assert not is_genuine(new, signing.headers("msg_1", now - 400, BODY, [new]), BODY)
    assert not is_genuine(new, {}, BODY)


def test_the_page_says_what_the_code_does():
    assert [event.value for event in WebhookEvent if f"| `{event}` |" not in PAGE] == []
    units = {"s": 1, "min": 60, "h": 3600}
    said = re.search(r"after pauses of (.*?), each", PAGE, re.DOTALL)
    assert said
    pauses = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", said[1])]
    assert tuple(pauses) == outcomes.WAITS
