"""Words as a search compares them: without case, accents and punctuation; and which differ by a slip of the pen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

SHORTEST_TERM, LONGEST_TERM = 4, 40
"""Letters of a word for which slips are forgiven; numbers are taken literally."""

_LONG = 8  # letters from which two slips are forgiven
_IDEOGRAPHS = ((0x2E80, 0xA4CF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # with kana: written without spaces


def words_of(text: str) -> list[str]:
    """`Übung_2 (Take1).mov` is `["ubung", "2", "take", "1", "mov"]`; ideographs are a word each.

    Compatibility caseless matching (The Unicode Standard, D146): taking apart may bring capitals back.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold()).casefold()
    letters, kind = [], ""
    for letter in unicodedata.normalize("NFKD", folded):
        if unicodedata.category(letter)[0] == "M":
            continue
        before, kind = kind, _kind(letter)
        if kind != before or kind == "ideograph":
            letters.append(" ")
        if kind:
            letters.append(letter)
    return "".join(letters).split()


def is_term(word: str) -> bool:
    """Whether slips in it are forgiven."""
    return SHORTEST_TERM <= len(word) <= LONGEST_TERM and _kind(word[0]) == "letter"


def slips(word: str) -> set[str]:
    """The word and every one that lacks one of its letters: two words a slip apart have one of these in common."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def nearest(word: str, candidates: set[str], *, most: int) -> list[str]:
    """Those of `candidates` that are at most one slip away (two in a long word), the nearest first."""
    allowed = 2 if len(word) >= _LONG else 1
    measured = sorted((distance(word, one), one) for one in candidates)
    return [one for far, one in measured if far <= allowed][:most]


def distance(one: str, other: str) -> int:
    """Letters added, left out, replaced or swapped with their neighbour (Damerau 1964, optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        previous, before, row = before, row, [i, *[0] * len(other)]
        for j, wanted in enumerate(other, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], previous[j - 2] + 1)
    return row[-1]


def terms_of(words: list[str]) -> Iterator[str]:
    """The words for which slips are forgiven."""
    return (word for word in words if is_term(word))


def _kind(letter: str) -> str:
    if any(first <= ord(letter) <= last for first, last in _IDEOGRAPHS) and letter.isalnum():
        return "ideograph"
    return "letter" if letter.isalpha() else "digit" if letter.isalnum() else ""
