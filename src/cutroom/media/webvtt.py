"""WebVTT: cues as text, and the text of a cue out of the ASS events that libav makes of every kind of subtitle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

import msgspec

_TAGS = re.compile(r"\{([^}]*)\}")
_SWITCH = re.compile(r"\\([ibu])([01])(?![0-9])")
_RESET = re.compile(r"\\r")
_TOP = re.compile(r"\\an[789]|\\a(5|6|7)(?![0-9])")
_DRAWING = re.compile(r"\\p[1-9]")
_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"  # cue times are the ladder's own


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """A subtitle: when it is shown, in seconds, and its text with WebVTT's own tags."""

    start: Fraction
    end: Fraction
    text: str
    top: bool = False  # above instead of below


def webvtt(cues: Iterable[Cue], *, mapped: bool = False) -> str:
    """A whole file, or with `mapped` a segment of HLS."""
    blocks = ["WEBVTT\n" + (f"{_MAP}\n" if mapped else "")]
    for cue in cues:
        place = " line:0" if cue.top else ""
        blocks.append(f"{_clock(cue.start)} --> {_clock(cue.end)}{place}\n{cue.text}\n")
    return "\n".join(blocks) + "\n"  # a blank line at the end: some readers put segments behind each other


def _clock(seconds: Fraction) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def cue_text(event: str) -> tuple[str, bool]:
    """Text and place (true: at the top) of the last field of an ASS event; empty for drawings and for nothing.

    Italic, bold and underlined stay; other styling is the player's.
    """
    if any(_DRAWING.search(tags) for tags in _TAGS.findall(event)):
        return "", False
    top = any(_TOP.search(tags) for tags in _TAGS.findall(event))
    out: list[str] = []
    styles: list[str] = []
    at = 0
    for found in _TAGS.finditer(event):
        out.append(_plain(event[at : found.start()]))
        at = found.end()
        if _RESET.search(found[1]):
            out.extend(_switched(styles, letter, False) for letter in reversed(tuple(styles)))
        for letter, on in _SWITCH.findall(found[1]):
            out.append(_switched(styles, letter, on == "1"))
    out.append(_plain(event[at:]))
    out.extend(f"</{letter}>" for letter in reversed(styles))
    lines = (line.strip() for line in "".join(out).splitlines())
    return "\n".join(line for line in lines if re.sub(r"</?[ibu]>", "", line)), top


def _switched(styles: list[str], letter: str, on: bool) -> str:
    """The tags that turn one style on or off; those opened after it are closed and opened again."""
    if on == (letter in styles):
        return ""
    if on:
        styles.append(letter)
        return f"<{letter}>"
    inner = styles[styles.index(letter) + 1 :]
    styles.remove(letter)
    closed = "".join(f"</{one}>" for one in (*reversed(inner), letter))
    return closed + "".join(f"<{one}>" for one in inner)


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\N{NO-BREAK SPACE}")
    return "".join(letter for letter in text if letter == "\n" or letter.isprintable())
