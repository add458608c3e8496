"""The kernel's word that a file of a folder was written to: a wake-up that costs nothing while nothing happens."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

_MODIFIED = 0x2
_HEADER = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows


class FileNotices:
    """Sets `told` whenever the file is written to, by whichever process of this machine."""

    def __init__(self, descriptor: int, name: str, told: asyncio.Event) -> None:
        """Use `FileNotices.of`."""
        self.told = told
        self.count = 0
        self._descriptor = descriptor
        self._name = name.encode()
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    @classmethod
    def of(cls, path: Path, told: asyncio.Event) -> FileNotices | None:
        """None where the system has no such notices. The file may come later; its folder is there."""
        if sys.platform != "linux":
            return None
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if descriptor < 0:
            return None
        if libc.inotify_add_watch(descriptor, os.fsencode(path.parent), _MODIFIED) < 0:
            os.close(descriptor)
            return None
        return cls(descriptor, path.name, told)

    def close(self) -> None:
        """Let go of the watch."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            events = os.read(self._descriptor, 1 << 16)
            start = 0
            while start < len(events):
                *_, length = _HEADER.unpack_from(events, start)
                start += _HEADER.size + length
                if events[start - length : start].rstrip(b"\0") == self._name:
                    self.count += 1
                    self.told.set()
