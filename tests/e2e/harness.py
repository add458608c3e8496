"""What the browser tests talk to: the server that was started, and its JSON."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
