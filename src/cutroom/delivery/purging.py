"""Which paths may be purged from an edge, and purging the cache folder of an nginx on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cutroom.core.errors import CutroomError
from cutroom.delivery.errors import bad_path
from cutroom.storage.port import ObjectStore, check_key

MOST_PATHS = 1000
ROOMS = ("proxies", "previews", "clips", "originals")
SLICE_BYTES = 1 << 20
"""As `slice` in deploy/nginx-edge.conf."""
_MOST_SLICES = 1 << 20
_GAP = 16  # slices that may be missing in a row, because nobody has read them, before the search ends


def checked(paths: Sequence[str], store: ObjectStore) -> list[str]:
    """Object keys of the paths, a wildcard at the end kept. Raises `delivery.bad-path`.

    What a name means never changes but for playlists, so only those may be purged, and what has been deleted. Blocks.
    """
    if not 0 < len(paths) <= MOST_PATHS:
        raise CutroomError("delivery.bad-path", f"One request names 1 to {MOST_PATHS} paths, not {len(paths)}.")
    return [_checked(path, store) for path in dict.fromkeys(paths)]


def _checked(path: str, store: ObjectStore) -> str:
    if not path.startswith("/"):
        raise bad_path(path, "a path begins with a slash")
    key = path[1:]
    everything = key.endswith("/*")
    try:
        check_key(key.removesuffix("/*"))
    except CutroomError:
        raise bad_path(path, "it leads elsewhere, or is no name of an object") from None
    if "*" in key.removesuffix("/*") or "?" in key:
        raise bad_path(path, "a wildcard stands at the end only, after a slash")
    if key.split("/", 1)[0] not in ROOMS or "/" not in key:
        raise bad_path(path, f"it is in none of {', '.join(ROOMS)}")
    if everything:
        if next(store.list(key.removesuffix("/*")), None) is not None:
            raise bad_path(path, "objects are still there, and what their names mean never changes")
    elif not key.endswith(".m3u8") and store.stat(key) is not None:
        raise bad_path(path, "what it means never changes, so no edge can hold an old version")
    return key


class NginxCache:
    """`proxy_cache_path FOLDER levels=1:2` with keys as in deploy/nginx-edge.conf."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def purge(self, key: str) -> int:
        """Remove an object's files from the cache, each slice of it; how many there were. Blocks."""
        if key.endswith("/*"):
            return self._purge_below(key.removesuffix("*"))
        removed = self._remove(key)
        missing = 0
        for number in range(_MOST_SLICES):
            gone = self._remove(f"{key}bytes={number * SLICE_BYTES}-{(number + 1) * SLICE_BYTES - 1}")
            removed, missing = removed + gone, 0 if gone else missing + 1
            if missing > _GAP:
                break
        return removed

    def _purge_below(self, prefix: str) -> int:
        """nginx notes the key in the second line of each file."""
        wanted, removed = f"KEY: {prefix}".encode(), 0
        for path in self._folder.glob("?/??/*"):
            try:
                with path.open("rb") as file:
                    head = file.read(4096)
                if wanted in head:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def _remove(self, cache_key: str) -> int:
        name = hashlib.md5(cache_key.encode(), usedforsecurity=False).hexdigest()
        path = self._folder / name[-1] / name[-3:-1] / name
        try:
            path.unlink()
        except FileNotFoundError:
            return 0
        return 1
