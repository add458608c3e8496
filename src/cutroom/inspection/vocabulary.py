"""The words an inspection uses: modes, statuses, severities. Light to import, for command-line options."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How deep a file is looked into."""

    QUICK = "quick"  # structure and opening
    STANDARD = "standard"  # and every packet, all sound, every keyframe
    HYBRID = "hybrid"  # standard, then deep where that leaves doubt
    DEEP = "deep"  # and every frame
    FULL = "full"  # and every byte, against the checksum of an earlier look

    @property
    def covers(self) -> frozenset[Mode]:
        """The modes whose verdict one of this mode replaces: itself and every lesser one."""
        order = list(Mode)
        return frozenset(order[: order.index(self) + 1])


class Status(StrEnum):
    """What became of a file."""

    HEALTHY = "healthy"
    NOTE = "note"  # sound, with something worth knowing
    SUSPECT = "suspect"  # probably damaged, but not surely
    CORRUPT = "corrupt"
    NOT_VIDEO = "not-video"
    UNREADABLE = "unreadable"  # it could not be read, which says nothing about its content
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"  # the decoder died or ran into a limit, which says nothing for sure either

    @property
    def rank(self) -> int:
        """Its place in lists, the worst first."""
        return _WORST_FIRST.index(self)

    @property
    def about_content(self) -> bool:
        """Whether it holds as long as the bytes do; the others are about the moment only."""
        return self not in (Status.UNREADABLE, Status.TIMED_OUT, Status.CRASHED)

    @property
    def good(self) -> bool:
        """Whether nobody has to do anything."""
        return self in (Status.HEALTHY, Status.NOTE)


_WORST_FIRST = [
    Status.CORRUPT,
    Status.SUSPECT,
    Status.UNREADABLE,
    Status.CRASHED,
    Status.TIMED_OUT,
    Status.NOT_VIDEO,
    Status.NOTE,
    Status.HEALTHY,
]


class Severity(StrEnum):
    """How much a finding spoils."""

    NOTE = "note"  # nothing
    MINOR = "minor"  # seeking, an index, a moment
    MAJOR = "major"  # picture or sound that somebody would notice
    CRITICAL = "critical"  # the file does not play
