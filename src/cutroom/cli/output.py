"""What every command prints the same way: errors, and whether somebody is watching."""

from __future__ import annotations

import sys

import msgspec

from cutroom.core.errors import ErrorDocument

_MACHINE_FORMATS = {"json", "jsonl", "csv"}


def machine_errors(given: list[str]) -> bool:
    """Whether the command line asks for a machine format (`--json`, `--format json|jsonl|csv`)."""
    for index, word in enumerate(given):
        if word == "--json" or (word.startswith("--format=") and word.partition("=")[2] in _MACHINE_FORMATS):
            return True
        if word == "--format" and given[index + 1 : index + 2] and given[index + 1] in _MACHINE_FORMATS:
            return True
    return False


def print_error(document: ErrorDocument, *, machine: bool) -> None:
    """One error on standard error: a sentence for a person, `{error: {…}}` where a machine format was asked for."""
    if machine:
        print(msgspec.json.encode({"error": document}).decode(), file=sys.stderr)
        return
    print(f"cutroom: {document.message} [{document.code}]", file=sys.stderr)
    if document.hint:
        print(f"  {document.hint}", file=sys.stderr)


def watched() -> bool:
    """Whether standard error is a terminal, so that a progress bar is wanted."""
    return sys.stderr.isatty()
