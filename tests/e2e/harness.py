"""What the browser tests talk to: the server that was started, and its JSON."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAME, PASSWORD = "ada", "correct horse battery"
START_SECONDS = 60
WORK_SECONDS = 200


@dataclass
class Server:
    """A running `cutroom serve`."""

    process: subprocess.Popen[bytes]
    url: str
    setup_token: str
    data: Path


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Server]:
    """`cutroom serve` with these settings beside the embedded defaults."""
    command = [sys.executable, "-m", "cutroom", "serve", "--port", "0", "--data", str(data), "--no-sample"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CUTROOM_")} | {
        "PYTHONUNBUFFERED": "1",
        "CUTROOM_NET_ALLOW": "127.0.0.1",  # where the receivers of webhooks are
        "PYTHONPATH": str(ROOT / "src"),
        **settings,
    }
    log = data.parent / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=data, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield wait_for_link(process, log, data)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        print(log.read_text(errors="replace"))


def administrator(server: Server, browser: Any) -> Any:
    """The cookies of the administrator, who is created on the page that the printed link opens."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto(f"/setup#{server.setup_token}")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the administrator").click()
    page.get_by_role("heading", name="The library is empty").wait_for()
    state = context.storage_state()
    context.close()
    return state


def wait_for_link(process: subprocess.Popen[bytes], log: Path, data: Path) -> Server:
    """Follow what the server prints until it has printed its one-time link."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"(http://\S+?)/setup#([\w.~-]+)", log.read_text(errors="replace")):
            return Server(process=process, url=found[1], setup_token=found[2], data=data)
        time.sleep(0.05)
    raise AssertionError("the server printed no link:\n" + log.read_text(errors="replace"))


class Complaints(list[str]):
    """What the page's console said in red."""

    def __init__(self) -> None:
        super().__init__()
        self._expected: set[str] = set()

    def expect(self, status: int) -> None:
        """An answer with this status is provoked: whenever it comes, it is no complaint."""
        self._expected.add(f"responded with a status of {status} ")

    def hear(self, text: str) -> None:
        """Take down what the page said, unless it was expected."""
        if not any(one in text for one in self._expected):
            self.append(text)


class Api:
    """The server's JSON, asked as the signed-in browser would."""

    def __init__(self, request: Any, added: dict[Path, str]) -> None:
        self._request = request
        self._added = added

    def get(self, path: str) -> Any:
        return self._answer(self._request.get(path))

    def post(self, path: str, body: Any = None) -> Any:
        return self._answer(self._request.post(path, data=body))

    @staticmethod
    def _answer(response: Any) -> Any:
        assert response.ok, f"{response.url}: {response.status} {response.text()}"
        return response.json() if response.status != 204 else None

    def add(self, path: Path) -> str:
        """Put one file into the library, once; its id."""
        if path in self._added:
            return self._added[path]
        answer = self.post("/api/videos", {"paths": [str(path)]})
        assert len(answer["added"]) == 1, answer
        self._added[path] = str(answer["added"][0])
        return self._added[path]

    def until(self, path: str, done: Callable[[Any], bool]) -> Any:
        """Ask again until `done` is content with the answer."""
        until = time.monotonic() + WORK_SECONDS
        while not done(answer := self.get(path)):
            assert time.monotonic() < until, f"{path} stayed {answer}"
            time.sleep(0.1)
        return answer

    def until_playable(self, video_id: str) -> Any:
        def done(video: Any) -> bool:
            assert video["proxy_state"] != "failed", video
            return bool(video["proxy_state"] == "ready")

        return self.until(f"/api/videos/{video_id}", done)
