"""A real server, a real Chromium, and footage whose frames say their number."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, Api, Complaints, Server, administrator, serving

from cutroom.media.sample import make_footage

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not (ROOT / "src/cutroom/api/ui/index.html").is_file():
        pytest.skip("the web UI is not built; run: python scripts/build-ui")
    with serving(tmp_path_factory.mktemp("cutroom-data")) as started:
        yield started


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The browser to start. Root's may not raise its own priority: on a small machine that starves everything else."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is missing; run: apt-get install chromium")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return executable
    tamed = tmp_path_factory.mktemp("chromium") / "chromium"
    tamed.write_text(f'#!/bin/sh\nexec setpriv --bounding-set -sys_nice {executable} "$@"\n')
    tamed.chmod(0o755)
    return str(tamed)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing; run: pip install playwright")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def signed_in(server: Server, browser: Any) -> Any:
    """The cookies of the administrator."""
    return administrator(server, browser)


@pytest.fixture
def complaints() -> Complaints:
    """What the page's console said in red; a test that provokes some says so before."""
    return Complaints()


@pytest.fixture
def page(server: Server, browser: Any, signed_in: Any, complaints: Complaints) -> Iterator[Any]:
    """A page of the administrator; it must not have logged an error, a refused policy included."""
    context = browser.new_context(
        base_url=server.url, storage_state=signed_in, viewport={"width": 1280, "height": 800}, accept_downloads=True
    )
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.hear(str(error)))
    page.on("console", lambda message: complaints.hear(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def added() -> dict[Path, str]:
    """What is in the library already: path → id."""
    return {}


@pytest.fixture
def api(added: dict[Path, str], server: Server, browser: Any, signed_in: Any) -> Iterator[Api]:
    context = browser.new_context(
        base_url=server.url, storage_state=signed_in, extra_http_headers={"Origin": server.url}
    )
    yield Api(context.request, added)
    context.close()


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Footage of a rate (`"30000/1001"`) whose every picture carries its frame number; made once a session."""
    folder = tmp_path_factory.mktemp("numbered")

    def make(rate: str, *, seconds: int = 11, variable: bool = False) -> Path:
        path = folder / f"{seconds} s" / f"numbered {rate.replace('/', '-')}{' variable' if variable else ''}.mp4"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            make_footage(
                path,
                seconds=seconds,
                rate=Fraction(rate),
                width=426,
                height=240,
                kind="barcode",
                bframes=2,
                variable=variable,
            )
        return path

    return make
