"""`cutroom clip`: cut ranges of frames out of a file, with neither server nor library."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from cutroom.cli.output import watched


def clip(
    input: Annotated[Path, typer.Argument(metavar="INPUT", help="The video to cut from.")],
    start: Annotated[str | None, typer.Option("--in", metavar="TC", help="The first frame of the clip.")] = None,
    end: Annotated[str | None, typer.Option("--out", metavar="TC", help="The first frame that is left out.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The clip; .mp4, .mov, .mkv, .ts. Of a list: a folder."),
    ] = None,
    cuts: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Cut all of a list: .csv (in,out,name), .edl, .otio.")
    ] = None,
    mode: Annotated[
        Literal["copy", "smart", "exact"],
        typer.Option(help="copy: from key frame on; smart: encode only the ends; exact: encode everything."),
    ] = "smart",
    padding: Annotated[str, typer.Option(metavar="SECONDS", help="More on both sides.")] = "0",
    tc: Annotated[
        Literal["file", "source"], typer.Option(help="Count from the file's first frame or in the source's timecode.")
    ] = "file",
    json: Annotated[bool, typer.Option("--json", help="Print what was delivered as JSON.")] = False,
) -> None:
    """Cut ranges of frames out of a video in its original quality.

    TC is HH:MM:SS.mmm, MM:SS, seconds, HH:MM:SS:FF (; before FF for drop-frame), or 123f for a frame number.

    Example: cutroom clip talk.mp4 --in 00:01:10:05 --out 95.5 -o answer.mp4
    """
    from cutroom.cli.clip_list import cut_list
    from cutroom.media.names import aside_for, shown

    if output is None:
        raise typer.BadParameter("Name the clip with -o, or the folder of the clips of a list.")
    if cuts is not None:
        if start is not None or end is not None:
            raise typer.BadParameter("A list has its own ins and outs: leave out --in and --out.")
        cut_list(input, cuts, output, mode=mode, padding=padding, tc=tc, json=json)
        return
    if start is None or end is None:
        raise typer.BadParameter("Give both --in and --out, or a --list.")
    absolute = output.absolute()
    aside = aside_for(absolute)
    arguments = {
        "source": str(input.absolute()),
        "output": str(absolute),
        "start": start,
        "end": end,
        "mode": mode,
        "padding": padding,
        "timecode": tc,
        "aside": str(aside),
    }
    try:
        answer = asyncio.run(in_child("cutroom.clips.work:cut_between", arguments, bar=watched()))
    finally:
        # A child that was killed could not tidy up after itself.
        aside.unlink(missing_ok=True)
    if json:
        print(msgspec.json.encode(answer | {"path": printable(output)}).decode())
    else:
        print(f"{shown(output)}: {sentence(answer)}", file=sys.stderr)


async def in_child(target: str, arguments: dict[str, Any], *, bar: bool) -> Any:
    """Run a function of `clips.work` in a bounded child, with a progress bar where somebody watches."""
    from cutroom.media.pool import DecodePool

    with _bar() if bar else nullcontext() as on_progress:
        async with DecodePool(1) as pool:
            return await pool.run(target, arguments, on_progress=on_progress)


@contextmanager
def _bar() -> Iterator[Callable[[dict[str, Any]], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as shown:
        task = shown.add_task("reading", total=1.0)
        yield lambda done: shown.update(task, completed=done.get("fraction", 0.0), description=done.get("stage", ""))


def printable(path: Path) -> str:
    """A path as JSON can hold it: it holds any text but not any bytes, and those that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def sentence(answer: dict[str, Any]) -> str:
    """What was delivered, for a person."""
    frames, first, last = answer["frames"], answer["in_frame"], answer["out_frame"]
    text = f"{frames} frames, {first} to {last - 1} of the source, {answer['mode_used']}"
    if answer["mode_used"] == "smart":
        text += f" ({answer['frames_reencoded']} encoded again)"
    if answer["fallback_reason"]:
        text += f" instead of {answer['mode_asked']}: {answer['fallback_reason']}"
    moved = first != answer["in_frame_asked"] or last != answer["out_frame_asked"]
    if moved and answer["mode_used"] == "copy":
        text += f"; asked for {answer['in_frame_asked']} to {answer['out_frame_asked'] - 1}"
    if answer["dropped"]:
        text += f". Not kept: {'; '.join(answer['dropped'])}"
    return text + "."
