"""The data directory: its layout, and the lock that says a server works in it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind

_STALE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class DataDirectory:
    """`{cutroom.db, objects/, scratch/, backups/, statements/, cutroom.toml, server.lock}` below `root`."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "cutroom.db"

    @property
    def objects(self) -> Path:
        """The object store, unless a setting puts it elsewhere."""
        return self.root / "objects"

    @property
    def scratch(self) -> Path:
        """Unfinished work: job attempts and uploads. On the objects' file system, so that publishing is a rename."""
        return self.root / "scratch"

    @property
    def moments(self) -> Path:
        """Pictures of damaged moments: a cache, made again when it is gone."""
        return self.root / "cache" / "moments"

    @property
    def slow(self) -> Path:
        """What each process has asked the database, and how long that took."""
        return self.root / "statements"

    @property
    def numbers(self) -> Path:
        """What each server process has counted, for whoever answers for all of them."""
        return self.root / "cache" / "numbers"

    @property
    def backups(self) -> Path:
        """Copies of the database."""
        return self.root / "backups"

    @property
    def lock_file(self) -> Path:
        """Held by the server that works here; it says which process and address that is."""
        return self.root / "server.lock"

    def create(self) -> None:
        """Make what is missing, readable by nobody else. Raises `data.not-writable`."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.objects, self.scratch, self.backups):
                folder.mkdir(exist_ok=True, mode=0o700)
            writable = os.access(self.root, os.W_OK | os.X_OK)
        except OSError as error:
            raise _not_writable(self.root, error.strerror or str(error)) from error
        if not writable:
            raise _not_writable(self.root, "Permission denied")

    def sweep(self) -> None:
        """Remove what uploads, copies and downloads left behind that died more than a day ago."""
        before = time.time() - _STALE_SECONDS
        for part in (*self.scratch.glob("*.part"), *self.scratch.glob("uploads/*.part")):
            with suppress(FileNotFoundError):
                if part.stat().st_mtime < before:
                    part.unlink()
        for folder in self.scratch.glob("stream-*"):
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < before:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self, **about: str | int) -> Iterator[None]:
        """Hold the server's lock for the block; `about` (url, …) is what others may read of the holder.

        The lock goes with the process, however it ends. Raises `data.locked`.
        """
        handle = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _take(handle):
                raise _locked(self.root, self.holder())
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps({"process": os.getpid(), **about}).encode(), 0)
            yield
        finally:
            os.close(handle)

    def holder(self) -> dict[str, str | int] | None:
        """What the server that holds the lock says of itself ({} when it has not yet), or None when none does."""
        try:
            handle = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _about(os.pread(handle, 4096, 0))
        else:
            return None
        finally:
            os.close(handle)


def _take(handle: int) -> bool:
    """Take the lock; more than one try, because `holder` takes it too, for a moment."""
    for wait in (0.02, 0.05, 0.1, 0.0):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(wait)
        else:
            return True
    return False


def _about(said: bytes) -> dict[str, str | int]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _locked(root: Path, holder: dict[str, str | int] | None) -> CutroomError:
    said = holder or {}
    who = f"process {said['process']}" if "process" in said else "another process"
    if "url" in said:
        who += f" at {said['url']}"
    return CutroomError(
        "data.locked",
        f"A Cutroom server ({who}) already works in {str(root)!r}.",
        hint="Use that one, stop it, or choose another folder with --data.",
        kind=ErrorKind.CONFLICT,
    )


def _not_writable(root: Path, reason: str) -> CutroomError:
    return CutroomError(
        "data.not-writable",
        f"The data directory {str(root)!r} cannot be used: {reason}.",
        hint="Choose another folder with --data or CUTROOM_DATA.",
        kind=ErrorKind.FAILED,
    )
