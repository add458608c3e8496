import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from .process import PASSWORD, Served, command, environment, wait_gone


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("serve") / "data")
    yield served
    served.process.kill()


@pytest.fixture(scope="module")
def root(served: Served) -> httpx.Client:
    return served.sign_in()


def test_the_printed_link_signs_in(served: Served, root: httpx.Client):
    state = root.get("/api/session").json()
    assert (state["account"]["name"], state["account"]["role"]) == ("root", "administrator")
    assert served.holder() == {"process": served.process.pid, "url": served.url}


def test_a_second_server_on_the_same_data_is_refused(served: Served):
    second = subprocess.run(
        command("serve", "--port", "0", data=served.data), env=environment(), capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert f"process {served.process.pid} at {served.url}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_busy_port_is_one_sentence(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            command("serve", "--port", port, data=tmp_path),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert refused.returncode == 1
    assert port in refused.stderr
    assert "server.port-busy" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_login_link_prints_a_link_that_works_once(served: Served, root: httpx.Client):
    made = subprocess.run(
        command("login-link", data=served.data), env=environment(), capture_output=True, text=True, timeout=60
    )
    assert made.stdout.startswith(f"{served.url}/login#")
    token = made.stdout.strip().partition("#")[2]
    http = httpx.Client(base_url=served.url, trust_env=False)
    assert http.post("/api/session/link", json={"token": token}).json()["account"]["name"] == "root"
    assert http.post("/api/session/link", json={"token": token}).status_code == 401


def test_the_event_stream_ends_when_its_token_is_revoked(served: Served, root: httpx.Client):
    made = root.post("/api/tokens", json={"name": "stream"}).json()
    headers = {"authorization": f"Bearer {made['secret']}"}
    ended = threading.Event()
    lines: list[str] = []

    def read() -> None:
        with httpx.stream("GET", f"{served.url}/api/events", headers=headers, timeout=30, trust_env=False) as answer:
            lines.append(answer.headers["content-type"])
            lines.extend(answer.iter_lines())
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + 10
    while "event: ready" not in lines and time.monotonic() < until:
        time.sleep(0.05)
    assert lines[0].startswith("text/event-stream")
    assert root.delete(f"/api/tokens/{made['token']['id']}").status_code == 204
    assert ended.wait(10)


def test_files_arrive_whole_and_in_ranges(served: Served, root: httpx.Client, tmp_path: Path):
    content = bytes(range(256)) * 8192  # 2 MiB
    (tmp_path / "a.mp4").write_bytes(content)
    [video] = root.post("/api/videos", json={"paths": [str(tmp_path / "a.mp4")]}).json()["added"]
    whole = root.get(f"/api/videos/{video}/original")
    assert whole.content == content
    assert whole.headers["content-length"] == str(len(content))
    part = root.get(f"/api/videos/{video}/original", headers={"range": "bytes=1000000-1999999"})
    assert (part.status_code, part.content) == (206, content[1000000:2000000])
    head = root.head(f"/api/videos/{video}/original")
    assert head.headers["content-length"] == str(len(content))


def test_a_reader_that_stops_costs_no_memory_and_does_not_block_others(
    served: Served, root: httpx.Client, tmp_path: Path
):
    with (tmp_path / "big.mp4").open("wb") as file:
        file.truncate(300 << 20)
    [video] = root.post("/api/videos", json={"paths": [str(tmp_path / "big.mp4")]}).json()["added"]
    workers = [process for process in served.family() if "spawn_main" in " ".join(process.cmdline())]
    before = sum(process.memory_info().rss for process in workers)
    with root.stream("GET", f"/api/videos/{video}/original", headers={"range": "bytes=1-"}) as slow:
        next(slow.iter_raw(1000))
        time.sleep(0.5)
        assert httpx.get(f"{served.url}/health/live", trust_env=False).status_code == 200
        after = sum(process.memory_info().rss for process in workers)
    assert after - before < 60 << 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_seconds_and_leaves_nobody(tmp_path: Path, number: signal.Signals):
    served = Served(tmp_path / "data")
    http = served.sign_in()
    stream = http.stream("GET", "/api/events")
    stream.__enter__()  # an open stream must not hold it up
    wait_for_runner(served)
    family = served.family()
    begun = time.monotonic()
    served.process.send_signal(number)
    assert served.process.wait(10) == 0
    assert wait_gone(family, 1) == []
    assert time.monotonic() - begun < 5
    assert not any("Traceback" in line for line in served.lines)


@pytest.mark.fault
def test_kill_9_leaves_nobody_and_the_next_start_works(tmp_path: Path):
    served = Served(tmp_path / "data")
    served.sign_in()
    wait_for_runner(served)
    family = served.family()
    served.process.kill()
    served.process.wait(5)
    assert wait_gone(family, 8) == []
    again = Served(tmp_path / "data")
    http = httpx.Client(base_url=again.url, trust_env=False)
    assert http.post("/api/session", json={"name": "root", "password": PASSWORD}).status_code == 200
    assert not any("/setup#" in line for line in again.lines)
    again.process.terminate()
    assert again.process.wait(10) == 0


@pytest.mark.fault
def test_a_dead_job_runner_is_started_again(tmp_path: Path):
    served = Served(tmp_path / "data")
    runner = wait_for_runner(served)
    runner.kill()
    until = time.monotonic() + 15
    while time.monotonic() < until:
        found = runner_of(served)
        if found is not None and found.pid != runner.pid:
            break
        time.sleep(0.1)
    else:
        pytest.fail("no new job runner")
    served.process.terminate()
    assert served.process.wait(10) == 0


def runner_of(served: Served) -> psutil.Process | None:
    for process in served.family():
        with contextlib.suppress(psutil.Error):  # it ended while it was looked at
            if "cutroom.worker" in process.cmdline():
                return process
    return None


def wait_for_runner(served: Served) -> psutil.Process:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = runner_of(served)
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("no job runner")
