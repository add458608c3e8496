"""`python -m cutroom.api.openapi > web/openapi.json`: the schema the web client is generated from."""

from __future__ import annotations

import json
import sys

from cutroom.api.app import build_app


def document() -> str:
    """The OpenAPI document as text that is the same on every run."""
    return json.dumps(build_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
