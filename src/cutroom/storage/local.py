"""The object store on a local disk: one file an object, published by a rename."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.storage.port import ObjectStat, check_key, missing

ASIDE = ".adopting-"  # files of this beginning are unfinished and no objects


class LocalStore:
    """Objects below `root`; a key is a relative path. See `ObjectStore` for what each method promises."""

    remote = False

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def adopt(self, key: str, path: Path, *, durable: bool = True) -> ObjectStat:
        """Rename the file in; from another file system it is copied beside its place first."""
        target = self.local_path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if durable:
                _flush(path)
            _move(path, target)
            if durable:
                _flush(target.parent)
        except FileNotFoundError as error:
            raise missing(str(path)) from error
        except OSError as error:
            raise disk_error(error) from error
        return _stat(key, target.stat())

    def put_once(self, key: str, data: bytes) -> bool:
        """Write a file beside, and link it into place."""
        target = self.local_path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=ASIDE, dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(handle)
                os.link(name, target)
            finally:
                Path(name).unlink()
        except FileExistsError:
            return False
        except OSError as error:
            raise disk_error(error) from error
        return True

    def local_path(self, key: str) -> Path:
        """Where the object is, or would be."""
        return self._root / check_key(key)

    def key_at(self, path: Path) -> str | None:
        """The path below the root."""
        return path.relative_to(self._root).as_posix() if self._root in path.parents else None

    def fetch(self, key: str) -> Path:
        """It is here already."""
        path = self.local_path(key)
        if not path.exists():
            raise missing(key)
        return path

    def keep(self, key: str) -> int:
        """It is an object already."""
        check_key(key)
        return 0

    def sweep_unfinished(self, *, older_than_seconds: float, dry_run: bool) -> int:
        """Files aside that nobody has touched since."""
        before, found = time.time() - older_than_seconds, 0
        for folder, _, names in os.walk(self._root):
            for path in (Path(folder, name) for name in names if name.startswith(ASIDE)):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before:
                        found += 1
                        if not dry_run:
                            path.unlink()
        return found

    def download_url(self, key: str, *, seconds: int, media_type: str, name: str | None = None) -> None:
        """A disk has no addresses."""

    def upload_form(self, key: str, *, seconds: int, max_bytes: int) -> None:
        """A disk has no addresses."""

    def open(self, key: str) -> BinaryIO:
        """The file, opened to read."""
        try:
            return self.local_path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise missing(key) from None
        except OSError as error:
            raise disk_error(error) from error

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """A part of the file."""
        with self.open(key) as file:
            file.seek(start)
            return file.read(length)

    def stat(self, key: str) -> ObjectStat | None:
        """Size and age, or None."""
        path = self.local_path(key)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise disk_error(error) from error
        return None if path.is_dir() else _stat(key, found)

    def delete(self, key: str) -> None:
        """Unlink the file, and the folders that this leaves empty."""
        path = self.local_path(key)
        try:
            path.unlink(missing_ok=True)
        except (IsADirectoryError, NotADirectoryError):
            return
        except OSError as error:
            # macOS answers EPERM to unlinking a folder, which is no object either.
            if path.is_dir():
                return
            raise disk_error(error) from error
        self._prune(path.parent)

    def delete_prefix(self, prefix: str) -> int:
        """Remove the folder; it is moved aside first, so that no reader finds half of it."""
        folder = self.local_path(prefix)
        if not folder.is_dir():
            return 0
        count = sum(1 for _ in self.list(prefix))
        aside = folder.with_name(f"{ASIDE}{folder.name}-{os.getpid()}")
        try:
            if aside.exists():
                shutil.rmtree(aside)
            folder.rename(aside)
            shutil.rmtree(aside)
        except FileNotFoundError:
            return 0  # somebody else was quicker
        except OSError as error:
            raise disk_error(error) from error
        self._prune(folder.parent)
        return count

    def list(self, prefix: str) -> Iterator[ObjectStat]:
        """Walk the folder; objects that vanish meanwhile are left out."""
        found: list[ObjectStat] = []
        for folder, folders, names in os.walk(self.local_path(prefix)):
            folders[:] = [name for name in folders if not name.startswith(ASIDE)]
            for name in names:
                if name.startswith(ASIDE):
                    continue
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    found.append(_stat(path.relative_to(self._root).as_posix(), path.stat()))
        yield from sorted(found, key=lambda one: one.key)

    def _prune(self, folder: Path) -> None:
        while folder != self._root and self._root in folder.parents:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or somebody else was quicker: both fine
            folder = folder.parent


def disk_error(error: OSError) -> CutroomError:
    """What the disk said, as one sentence: `storage.full` or `storage.failed`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return CutroomError(
            "storage.full",
            "The disk that holds the data directory is full; nothing was kept.",
            hint="Free some space, then try again.",
            kind=ErrorKind.NO_SPACE,
        )
    where = f" ({error.filename})" if error.filename else ""
    return CutroomError(
        "storage.failed", f"The disk refused: {error.strerror or error}{where}.", kind=ErrorKind.UNAVAILABLE
    )


def _move(path: Path, target: Path) -> None:
    try:
        path.replace(target)
    except FileNotFoundError:
        # A deletion next door may have removed the folder while it was empty.
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_in(path, target)


def _copy_in(path: Path, target: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=ASIDE, dir=target.parent)
    os.close(handle)
    aside = Path(name)
    try:
        shutil.copyfile(path, aside)
        shutil.copystat(path, aside)
        _flush(aside)
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    path.unlink()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stat(key: str, found: os.stat_result) -> ObjectStat:
    return ObjectStat(key=key, size_bytes=found.st_size, mtime_ns=found.st_mtime_ns, stored_ns=found.st_ctime_ns)
