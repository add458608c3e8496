"""What of the page needs no browser; its types and its own unit tests are part of `make check`."""

from __future__ import annotations

from pathlib import Path

WEB = Path(__file__).resolve().parents[3] / "web"


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved"' not in text
