"""PostgreSQL servers of a test's own: with TLS, and with a configuration file that is to be tried."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest


def _services() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "services"
    loader = importlib.machinery.SourceFileLoader("services", str(path))
    spec = importlib.util.spec_from_loader("services", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


services = _services()


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    found = sorted(services.POSTGRES.glob("*/bin"))
    if not found:
        pytest.skip("PostgreSQL is missing; run: apt-get install postgresql")
    return Path(found[-1])


@contextmanager
def server(options: Sequence[str] = (), files: Sequence[Path] = (), include: Path | None = None) -> Iterator[str]:
    """A cluster with these options for as long as the block runs: its URL.

    `files` are put into its data directory, `include` at the end of its configuration.
    """
    programs, port = binaries(), services.free_port()
    home = Path(services.tempfile.mkdtemp(prefix="cutroom-postgres-"))
    user = "postgres" if os.geteuid() == 0 else None
    data = home / "data"
    if user:
        shutil.chown(home, user)
    services.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "cutroom", "-E", "UTF8", "--no-sync"], user)
    for file in files:
        shutil.copy(file, data / file.name)
        (data / file.name).chmod(0o600)
        if user:
            shutil.chown(data / file.name, user)
    if include is not None:
        (data / "cutroom.conf").write_text(include.read_text())
        (data / "cutroom.conf").chmod(0o644)
        with (data / "postgresql.conf").open("a") as config:
            config.write("include 'cutroom.conf'\n")
    words = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={home}"]
    pid = services.spawn([programs / "postgres", "-D", data, *words, *options], home, user)
    url = f"postgresql://cutroom@127.0.0.1:{port}/postgres"
    running = services.wait({"variable": "URL", "url": url, "pid": pid, "folder": str(home)}, port)
    try:
        while subprocess.run([programs / "pg_isready", "-q", "-d", url], check=False).returncode:
            time.sleep(0.05)
        yield url
    finally:
        services.stop(running)


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own making: its URL, and the authority that vouches for it."""
    key, certificate = folder / "server.key", folder / "server.crt"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    with server(["-c", "ssl=on", "-c", "fsync=off"], [key, certificate]) as url:
        yield url, certificate
