"""Lists of cuts as people and editing programs write them: CSV, CMX 3600 EDL and OpenTimelineIO.

CSV has a header with the columns `in` and `out`, and `name` if wanted; `;` and tab separate as well as `,`. Of an EDL
and of an OTIO timeline the ranges of the source are taken; where some of them name the file that is cut, only those.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from cutroom.core.errors import CutroomError

MOST_CUTS = 10_000
_MOST_BYTES = 16 << 20
_TIMECODE = r"(\d{1,3}:\d{2}:\d{2}[:;.]\d{2,3})"
_EVENT = re.compile(rf"^\s*\w+\s+(\S+)\s+(\S+)\s+\S+.*?\s{_TIMECODE}\s+{_TIMECODE}\s+{_TIMECODE}\s+{_TIMECODE}\s*$")
_CLIP_NAME = re.compile(r"^\*\s*(FROM CLIP NAME|SOURCE FILE)\s*:\s*(.+?)\s*$", re.IGNORECASE)


class ListedCut(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list: positions as they were written, `end` exclusive."""

    start: str
    end: str
    name: str | None = None
    source: str | None = None  # the file it is taken from, where the list says so


def read_list(path: Path, source: Path) -> list[ListedCut]:
    """The cuts that a list makes of `source`. Raises `clip.list` and says where it cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _bad(path, "it is larger than 16 MB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _bad(path, error.strerror or "it cannot be opened") from error
    except UnicodeDecodeError as error:
        raise _bad(path, "it is not UTF-8 text") from error
    readers = {".csv": _read_csv, ".tsv": _read_csv, ".edl": _read_edl, ".otio": _read_otio}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _bad(path, "its name ends in neither .csv, .edl nor .otio")
    try:
        cuts = list(reader(text))
    except (ValueError, KeyError, TypeError, RecursionError, csv.Error) as error:
        raise _bad(path, str(error) or "it is damaged") from error
    meant = [cut for cut in cuts if cut.source and PurePath(cut.source).name == source.name]
    cuts = meant or cuts
    if not 0 < len(cuts) <= MOST_CUTS:
        raise _bad(path, f"it holds {len(cuts) or 'no'} cuts")
    return cuts


def _bad(path: Path, why: str) -> CutroomError:
    return CutroomError(
        "clip.list",
        f"{path.name} is no list of cuts: {why}.",
        hint="Write a CSV with the columns in, out and name, or give an EDL or OTIO file.",
    )


def _read_csv(text: str) -> Iterator[ListedCut]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    for number, row in enumerate(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True), start=2):
        fields = {key.strip().lower(): value.strip() for key, value in row.items() if key and value}
        if not fields:
            continue
        if "in" not in fields or "out" not in fields:
            raise ValueError(f"line {number} lacks an in or an out")
        yield ListedCut(start=fields["in"], end=fields["out"], name=fields.get("name"), source=fields.get("source"))


def _read_edl(text: str) -> Iterator[ListedCut]:
    """The source ranges of picture events; comments behind an event name its clip."""
    event: ListedCut | None = None
    for line in text.splitlines():
        found, named = _EVENT.match(line), _CLIP_NAME.match(line)
        if found:
            if event is not None:
                yield event
            is_picture = found[2].upper().startswith(("V", "B", "AA/V", "A/V")) and found[1].upper() != "BL"
            event = ListedCut(start=found[3], end=found[4], source=found[1]) if is_picture else None
        elif named and event is not None:
            stem = PurePath(named[2]).stem
            event = ListedCut(start=event.start, end=event.end, name=event.name or stem, source=named[2])
    if event is not None:
        yield event


def _read_otio(text: str) -> Iterator[ListedCut]:
    """The source ranges of all clips, as frames after the start of their media where their rates say frames."""
    for clip in _clips_of(json.loads(text)):
        media = clip.get("media_reference") or next(iter((clip.get("media_references") or {}).values()), None) or {}
        available = media.get("available_range")
        used = clip.get("source_range") or available
        if not used:
            continue
        origin = _seconds(available["start_time"]) if available else Fraction(0)
        start = _seconds(used["start_time"]) - origin
        end = start + _seconds(used["duration"])
        url = media.get("target_url") or ""
        yield ListedCut(
            start=_written(start),
            end=_written(end),
            name=clip.get("name") or None,
            source=unquote(urlsplit(url).path) or None,
        )


def _clips_of(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for child in node:
            yield from _clips_of(child)
    elif isinstance(node, dict):
        if str(node.get("OTIO_SCHEMA", "")).startswith("Clip."):
            yield node
        else:
            yield from _clips_of([node.get("tracks"), node.get("children")])


def _seconds(time: dict[str, Any]) -> Fraction:
    rate = Fraction(str(time["rate"])).limit_denominator(100_000)
    # 29.97 as a float means 30000/1001 here as everywhere.
    exact = Fraction(round(rate) * 1000, 1001)
    rate = exact if abs(rate - exact) < Fraction(1, 1000) else rate
    return Fraction(str(time["value"])) / rate


def _written(seconds: Fraction) -> str:
    """Seconds with nine digits: far finer than any frame."""
    if seconds < 0:
        raise ValueError("a clip starts before its media does")
    nanoseconds = round(seconds * 10**9)
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}"
