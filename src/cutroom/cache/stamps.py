"""Tags as this process knows them."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakValueDictionary

from cutroom.cache.entry import Stamp


class Stamps:
    """The stamps of all tags that an entry, or somebody at work, holds on to; others are forgotten by themselves."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[str, Stamp] = WeakValueDictionary()

    def of(self, tag: str) -> Stamp:
        """The tag's stamp; with the version None where nobody has asked Redis yet."""
        stamp = self._known.get(tag)
        if stamp is None:
            stamp = self._known[tag] = Stamp(tag, None)
        return stamp

    def known(self, tags: dict[str, bytes]) -> tuple[tuple[Stamp, object], ...] | None:
        """The stamps of an entry of Redis; None when one has another version, or none that is known here."""
        found = []
        for tag, version in tags.items():
            stamp = self._known.get(tag)
            if stamp is None or stamp.version != version:
                return None
            found.append((stamp, stamp.version))
        return tuple(found)

    def learn(self, stamp: Stamp, version: bytes, *, asked_at: int) -> None:
        """Redis said so, to a question asked when `stamp.changes` was `asked_at`.

        A version that is known already stays the same object, for entries compare by it.
        """
        if stamp.changes == asked_at and stamp.version != version:
            stamp.version = version

    def local(self, tags: Iterable[str]) -> tuple[tuple[Stamp, object], ...]:
        """Stamps with versions of this process alone, for a value about to be loaded."""
        found = []
        for tag in tags:
            stamp = self.of(tag)
            if stamp.version is None:
                stamp.version = object()
            found.append((stamp, stamp.version))
        return tuple(found)

    def forget(self, tag: str) -> None:
        """What was stamped with the tag so far does not hold any more."""
        stamp = self._known.get(tag)
        if stamp is not None:
            stamp.version = None
            stamp.changes += 1

    def forget_all(self) -> None:
        """Nothing is known any more."""
        for stamp in list(self._known.values()):
            stamp.version = None
            stamp.changes += 1
