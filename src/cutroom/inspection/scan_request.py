"""What a scan is asked to do."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from xxhash import xxh3_128_hexdigest

from cutroom.inspection.rules import RULES_VERSION
from cutroom.inspection.vocabulary import Mode


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is asked to do. Two equal requests are one scan until it has come to its end."""

    roots: tuple[Path, ...]  # absolute; none for the library
    mode: Mode
    recursive: bool = True
    extensions: tuple[str, ...] = ()  # sorted; empty for the usual ones
    rescan: bool = False  # look at unchanged files again
    max_seconds_per_file: float | None = None
    library: bool = False  # every video of the library

    @property
    def digest(self) -> str:
        """The request as a key."""
        parts = [os.fsencode(root) for root in self.roots]
        rest = [self.mode.value, self.recursive, self.extensions, self.rescan, self.max_seconds_per_file, RULES_VERSION]
        whose = ["library"] if self.library else []
        return xxh3_128_hexdigest(msgspec.msgpack.encode([parts, rest, *whose]))
