"""Webhooks on the Settings page, with a receiver that is a real server and the loop that delivers beside the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from harness import Complaints
from test_accessibility import violations


class Receiver(ThreadingHTTPServer):
    """Answers `status`, and remembers the ids of the messages."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.ids: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.ids.append(self.headers["webhook-id"])
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_webhook_from_its_address_to_a_replay(page: Any, receiver: Receiver) -> None:
    page.goto("/settings")
    page.get_by_label("Address of a new webhook").fill(receiver.url)
    page.get_by_label("A clip is done").check()
    page.keyboard.press("Enter")
    secret = page.locator("code", has_text="whsec_")
    secret.wait_for()
    assert violations(page) == []
    hook = page.get_by_test_id("webhook")
    assert hook.get_by_text("A file is corrupt · A clip is done · A job has failed").count() == 1

    hook.get_by_role("button", name="Send a test").click()
    hook.get_by_text("The test arrived: answered 200").wait_for()
    receiver.status = 500
    hook.get_by_role("button", name="Send a test").click()
    hook.get_by_text("The test did not arrive. The receiver answered 500.").wait_for()

    receiver.status = 200
    hook.get_by_role("button", name="Deliveries").click()
    failed = page.locator('[data-testid=delivery][data-state="failed"]')
    failed.wait_for()
    assert page.get_by_test_id("delivery").count() == 2
    assert violations(page) == []
    failed.get_by_role("button", name="Send again").click()
    failed.wait_for(state="detached")
    page.locator('[data-testid=delivery][data-state="delivered"]').nth(1).wait_for(timeout=15_000)
    assert len(receiver.ids) == 3
    assert receiver.ids[1] == receiver.ids[2]
    page.keyboard.press("Escape")

    hook.get_by_role("button", name="Turn off").click()
    hook.get_by_text("Off", exact=True).wait_for()
    page.reload()
    hook.wait_for()
    assert secret.count() == 0
    hook.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    hook.wait_for(state="detached")


def test_an_address_inside_the_network_is_refused_in_a_sentence(page: Any, complaints: Complaints) -> None:
    complaints.expect(403)
    page.goto("/settings")
    page.get_by_label("Address of a new webhook").fill("http://169.254.169.254/latest/meta-data")
    page.get_by_role("button", name="Add webhook").click()
    page.get_by_text("169.254.169.254, which is not a public address.").wait_for()
    assert page.get_by_test_id("webhook").count() == 0
