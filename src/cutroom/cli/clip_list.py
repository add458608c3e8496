"""`cutroom clip --list`: every cut of a list out of one file, which is read once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import typer

from cutroom.cli.output import watched


def cut_list(input: Path, cuts: Path, folder: Path, *, mode: str, padding: str, tc: str, json: bool) -> None:
    """Write a clip of each line of `cuts` to `folder`; exit 1 when one of them failed."""
    from cutroom.cli.clip import in_child, printable, sentence
    from cutroom.clips.lists import read_list
    from cutroom.media.names import aside_for, shown

    folder.mkdir(parents=True, exist_ok=True)
    paths, asked = [], []
    for number, (cut, name) in enumerate(_named(read_list(cuts, input), input), start=1):
        paths.append(folder / f"{number:03d}_{name}")
        output = paths[-1].absolute()
        asked.append({"output": str(output), "start": cut.start, "end": cut.end, "aside": str(aside_for(output))})
    arguments = {
        "source": str(input.absolute()), "cuts": asked, "mode": mode, "padding": padding, "timecode": tc,
    }  # fmt: skip
    try:
        outcomes = asyncio.run(in_child("cutroom.clips.work:cut_list", arguments, bar=watched()))
    finally:
        # A child that was killed could not tidy up after itself.
        for cut in asked:
            Path(cut["aside"]).unlink(missing_ok=True)
    told: list[dict[str, Any]] = []
    for path, outcome in zip(paths, outcomes, strict=True):
        answer, error = outcome["answer"], outcome["error"]
        told.append({"error": error, "path": printable(path)} if error else answer | {"path": printable(path)})
        if not json:
            print(f"{shown(path)}: {error['message'] if error else sentence(answer)}", file=sys.stderr)
    if json:
        print(msgspec.json.encode({"clips": told}).decode())
    if any("error" in one for one in told):
        raise typer.Exit(1)


def _named(cuts: list[Any], input: Path) -> list[tuple[Any, str]]:
    """Each cut and a file name for it."""
    from cutroom.clips.names import container_for, safe_name

    ending = container_for(input.name)
    return [(cut, safe_name(cut.name or input.stem, ending)) for cut in cuts]
