"""The configurations of deploy/, run by a real nginx on a free port."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[1] / "deploy"


@contextmanager
def nginx(folder: Path, name: str, *, server_port: int) -> Iterator[int]:
    """The port of an nginx with that configuration before a server on `server_port`; its cache is `folder/cache`."""
    with run_nginx(folder, (DEPLOY / name).read_text(), server_port=server_port) as port:
        yield port


@contextmanager
def run_nginx(folder: Path, text: str, *, server_port: int) -> Iterator[int]:
    """The same with a configuration that is not in deploy/."""
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        pytest.skip("nginx is missing; run: apt-get install nginx-light")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    temporary = "".join(
        f"{part}_temp_path {folder}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for old, new in (
        ("127.0.0.1:8400", f"127.0.0.1:{server_port}"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/var/cache/nginx/cutroom", f"{folder}/cache"),
        ("worker_processes auto;", f"worker_processes 1; daemon off; pid {folder}/pid;"),
        ("include mime.types;", ""),
        ("http {", f"http {{ access_log off; error_log {folder}/error.log; {temporary}"),
    ):
        assert new == "" or old in text or old in ("include mime.types;", "/var/cache/nginx/cutroom"), old
        text = text.replace(old, new, 1)
    (folder / "nginx.conf").write_text(re.sub("max_size=200g", "max_size=1g", text))
    if Path("/proc/self").stat().st_uid == 0:
        (folder / "nginx.conf").write_text("user root;" + (folder / "nginx.conf").read_text())
    process = subprocess.Popen(
        [binary, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read().decode())
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()
