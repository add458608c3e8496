"""`cutroom proxy`: the HLS ladder of one file, without a server or a database."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MARKER = ".cutroom-ladder.json"


def proxy(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="The video file.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the ladder.")],
    ladder: Annotated[
        str, typer.Option(metavar="auto|full|HEIGHTS", help="Heights such as 720,480,240; full adds 1080.")
    ] = "auto",
    quality: Annotated[
        str, typer.Option(metavar="small|balanced|fine", help="How to weigh looks against size.")
    ] = "balanced",
    segment_seconds: Annotated[
        float, typer.Option(min=1, max=60, help="Length of a segment; the first two last at most 2 seconds.")
    ] = 4,
    jobs: Annotated[
        int, typer.Option(min=1, help="Processes that share the work; one uses several cores already.")
    ] = 1,
) -> None:
    """Make a video playable in a browser: an HLS ladder with a master playlist.

    The same command again after an interruption keeps the segments that are there.

    Example: cutroom proxy holiday.mov -o holiday-hls --ladder full
    """
    from cutroom.media.pool import DecodePool

    arguments: dict[str, Any] = {
        "source": str(source.absolute()),
        "segments_dir": str(output.absolute()),
        "playlist_dir": str(output.absolute()),
        "heights": parse_ladder(ladder),
        "quality": parse_quality(quality),
        "segment_seconds": segment_seconds,
    }
    new = not output.exists()
    claim_folder(source, output, ladder=ladder, quality=quality, segment_seconds=segment_seconds)

    async def work(on_progress: Callable[[dict[str, Any]], None]) -> Any:
        if jobs > 1:
            from cutroom.cli.proxy_parts import build_in_parts  # it needs libav in this process too

            return await build_in_parts(arguments, jobs, on_progress)
        async with DecodePool(1) as pool:
            return await pool.run("cutroom.proxies.work:build_ladder", arguments, on_progress=on_progress)

    try:
        with _bar(source.name) as on_progress:
            result = asyncio.run(work(on_progress))
    except BaseException:
        _leave_folder(output, made=new)
        raise
    _say(result, output)


def parse_ladder(text: str) -> str | list[int]:
    """`auto`, `full`, or heights with commas between them."""
    if text in ("auto", "full"):
        return text
    words = [word.strip().removesuffix("p") for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and 16 <= int(word) <= 4320 for word in words):
        raise typer.BadParameter(
            f"{text!r} is neither auto, full nor heights such as 720,480,240", param_hint="--ladder"
        )
    return [int(word) for word in words]


def parse_quality(text: str) -> str:
    """The name of a preset."""
    from cutroom.media.ladder.plan import QUALITIES

    if text not in QUALITIES:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(QUALITIES)}", param_hint="--quality")
    return text


def claim_folder(source: Path, output: Path, *, ladder: str, quality: str = "balanced", segment_seconds: float) -> None:
    """Make sure that `output` holds no ladder but this one: its segments are kept, and must not be mixed.

    Raises CutroomError: proxy.folder-taken, and what opening the source or making the folder raises.
    """
    import msgspec

    from cutroom.core.errors import CutroomError, ErrorKind
    from cutroom.media.ladder.publish import make_folder, replace
    from cutroom.media.regular import open_regular
    from cutroom.proxies.recipe import VERSION

    with open_regular(source) as file:
        status = os.fstat(file.fileno())
    ours = {
        "source": os.fsencode(source.absolute()).decode("utf-8", "backslashreplace"),
        "size_bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "ladder": ladder,
        "quality": quality,
        "segment_seconds": segment_seconds,
        "version": VERSION,
    }
    make_folder(output)
    marker = output / _MARKER
    try:
        found = msgspec.json.decode(marker.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        found = ours if not any(output.glob("*.m3u8")) else None
    if found != ours:
        raise CutroomError(
            "proxy.folder-taken",
            f"{output} holds another ladder.",
            hint="Name an empty folder, or empty this one.",
            kind=ErrorKind.INVALID,
        )
    replace(marker, msgspec.json.encode(ours))


def _leave_folder(output: Path, *, made: bool) -> None:
    """Take the mark away from a folder that nothing was written to, and the folder when this run made it."""
    with suppress(OSError):
        if {path.name for path in output.iterdir()} == {_MARKER}:
            (output / _MARKER).unlink()
            if made:
                output.rmdir()


@contextmanager
def _bar(name: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A progress bar on a terminal, one line about being playable elsewhere."""
    from cutroom.cli.output import watched

    if not watched():
        yield lambda _event: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(name), total=1.0, state="")

        def on_progress(event: dict[str, Any]) -> None:
            if event.get("event") == "playable":
                bar.update(task, state="playable")
            bar.update(task, completed=event.get("fraction"))

        yield on_progress


def _say(result: dict[str, Any], output: Path) -> None:
    heights = ", ".join(f"{rung['height']}p" for rung in result["rungs"]) or "sound alone"
    print(f"{output / result['master']}: {heights}, {result['frames']} frames.", file=sys.stderr)
    if result["damaged_packets"]:
        print(f"{result['damaged_packets']} damaged packets were passed over.", file=sys.stderr)
    for note in result["notes"]:
        print(note, file=sys.stderr)
