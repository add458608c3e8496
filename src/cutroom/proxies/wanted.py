"""Which missing segments somebody waits for: a small file each, beside the ladder, seen by all who share its store.

Asking is idempotent, so requests coalesce by name. Who waits touches the file again and again; one that nobody touches
any more is forgotten.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.ladder.publish import make_folder, replace, storage_error

FOLDER = ".wanted"
"""Its name below a ladder's prefix; the dot keeps it out of a bucket."""
TOUCH_SECONDS = 1.0
"""How often a waiting request says that it still waits."""
_FORGOTTEN_SECONDS = 4 * TOUCH_SECONDS
_OVERDUE_SECONDS = 1.5
_REFUSED_SECONDS = 10.0
_NAME = re.compile(r"(\d+)-(\d{5,9})")
_REFUSED = ".refused"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that somebody waits for."""

    rung: str
    cell: int
    asked_at: int  # ns since the epoch

    @property
    def name(self) -> str:
        """Its file."""
        return f"{self.rung}-{self.cell:05d}"


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    hint: str | None
    kind: ErrorKind


def ask(folder: Path, rung: str, cell: int) -> None:
    """Want a segment, or go on wanting it. Raises storage.full, storage.failed."""
    path = make_folder(folder) / Wish(rung=rung, cell=cell, asked_at=0).name
    try:
        with suppress(FileNotFoundError):
            os.utime(path)
            return
        replace(path, str(time.time_ns()).encode())
    except OSError as error:
        raise storage_error(path, error) from error


def next_wish(folder: Path) -> Wish | None:
    """What to make next: what has waited too long, else the newest, where somebody is now."""
    now = time.time_ns()
    wishes = list(_wishes(folder, now))
    overdue = [wish for wish in wishes if now - wish.asked_at > _OVERDUE_SECONDS * 1e9]
    if overdue:
        return min(overdue, key=lambda wish: wish.asked_at)
    return max(wishes, key=lambda wish: wish.asked_at, default=None)


def settle(folder: Path, wish: Wish) -> None:
    """The segment stands, or cannot be made: nobody needs to want it."""
    (folder / wish.name).unlink(missing_ok=True)


def refuse(folder: Path, wish: Wish, error: CutroomError) -> None:
    """Tell those who wait why there will be no such segment."""
    said = _Refusal(code=error.code, message=error.message, hint=error.hint, kind=error.kind)
    replace(folder / f"{wish.name}{_REFUSED}", msgspec.json.encode(said))
    settle(folder, wish)


def refusal(folder: Path, rung: str, cell: int) -> CutroomError | None:
    """Why a segment could not be made; after a while it may be tried again."""
    path = folder / f"{Wish(rung=rung, cell=cell, asked_at=0).name}{_REFUSED}"
    try:
        if time.time_ns() - path.stat().st_mtime_ns > _REFUSED_SECONDS * 1e9:
            path.unlink(missing_ok=True)
            return None
        said = msgspec.json.decode(path.read_bytes(), type=_Refusal)
    except (OSError, msgspec.DecodeError):
        return None
    return CutroomError(said.code, said.message, hint=said.hint, kind=said.kind)


def _wishes(folder: Path, now: int) -> Iterator[Wish]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            parts = _NAME.fullmatch(entry.name)
            if parts is None:
                continue
            with suppress(FileNotFoundError, ValueError):
                if now - entry.stat().st_mtime_ns > _FORGOTTEN_SECONDS * 1e9:
                    (folder / entry.name).unlink(missing_ok=True)
                    continue
                asked_at = int((folder / entry.name).read_bytes())
                yield Wish(rung=parts[1], cell=int(parts[2]), asked_at=asked_at)
