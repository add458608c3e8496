"""A real `cutroom serve` in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil

SOURCE = Path(__file__).parents[3] / "src"
PASSWORD = "correct horse battery"


def command(*arguments: str, data: Path) -> list[str]:
    return [sys.executable, "-m", "cutroom", *arguments, "--data", str(data)]


def environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CUTROOM_")}
    return {**kept, **settings, "PYTHONPATH": str(SOURCE)}


class Served:
    """Started, and waited for until it has said where it is."""

    def __init__(self, data: Path, *arguments: str, **settings: str) -> None:
        self.data = data
        self.lines: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            command("serve", "--port", "0", "--no-sample", *arguments, data=data),
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(180):
            self.process.kill()
            raise AssertionError("no greeting: " + "".join(self.lines))
        self.url = self._find(r"^  (https?://\S+)$")

    @property
    def setup_token(self) -> str:
        return self._find(r"/setup#(\S+)$")

    def sign_in(self) -> httpx.Client:
        http = httpx.Client(base_url=self.url, trust_env=False, verify=False)
        http.post("/api/setup", json={"token": self.setup_token, "name": "root", "password": PASSWORD})
        return http

    def family(self) -> list[psutil.Process]:
        """Every process it started, the job runner's included."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def holder(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.data / "server.lock").read_text())
        return found

    def _find(self, pattern: str) -> str:
        for line in self.lines:
            found = re.search(pattern, line.rstrip("\n"))
            if found:
                return found[1]
        raise AssertionError(f"{pattern} is not in: {''.join(self.lines)}")

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if "Ctrl-C" in line:
                self._ready.set()


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those still there after this long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        left = [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.05)
    return left
