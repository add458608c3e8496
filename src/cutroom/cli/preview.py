"""`cutroom preview`: thumbnails, sprite sheet and waveform of one file, with neither server nor library."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cutroom.cli.output import watched

_WORK = {
    "thumbnails": "cutroom.proxies.previews:build_thumbnails",
    "sprite": "cutroom.proxies.previews:build_sprite",
    "waveform": "cutroom.proxies.previews:build_peaks",
}


def preview(
    input: Annotated[Path, typer.Argument(metavar="INPUT", help="The video to look at.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the files go; made if missing.")],
    thumbnails: Annotated[bool, typer.Option("--thumbnails", help="thumb-WIDTH.avif, .webp and .jpg.")] = False,
    sprite: Annotated[bool, typer.Option("--sprite", help="sprite-0.webp and its map thumbnails.vtt.")] = False,
    waveform: Annotated[bool, typer.Option("--waveform", help="peaks.dat, coarser zooms and peaks.json.")] = False,
) -> None:
    """Write small pictures and the waveform of a video; all three kinds when none is named.

    Thumbnails are 320, 640 and 1280 pixels wide, and never wider than the video.

    Example: cutroom preview talk.mp4 -o talk-previews --thumbnails --waveform
    """
    asked = {"thumbnails": thumbnails, "sprite": sprite, "waveform": waveform}
    kinds = [kind for kind, wanted in asked.items() if wanted] or list(asked)
    results = asyncio.run(_make(kinds, input.absolute(), output.absolute(), bar=watched()))
    for kind, result in results.items():
        print(f"{kind}: {_sentence(kind, result)}", file=sys.stderr)


async def _make(kinds: list[str], source: Path, folder: Path, *, bar: bool) -> dict[str, Any]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from cutroom.media.pool import DecodePool

    results: dict[str, Any] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not bar) as shown:
        task = shown.add_task("", total=len(kinds))
        async with DecodePool(1) as pool:
            for kind in kinds:
                shown.update(task, description=kind)
                arguments = {"source": str(source), "output_dir": str(folder)}
                results[kind] = await pool.run(_WORK[kind], arguments)
                shown.advance(task)
    return results


def _sentence(kind: str, result: dict[str, Any] | None) -> str:
    """What was written, for a person."""
    if kind == "thumbnails" and result is not None and result["widths"]:
        widths = ", ".join(map(str, result["widths"]))
        return f"{widths} pixels wide in {', '.join(result['formats'])}"
    if kind == "sprite" and result is not None:
        fine = result["fine"]
        more = f", {len(fine['times'])} more in {len(fine['files'])} sheets" if fine else ""
        return (
            f"{result['count']} tiles of {result['tile_width']} × {result['tile_height']} in {result['files'][0]}"
            + more
        )
    if kind == "waveform" and result is not None:
        return f"{result['length']} buckets of {result['samples_per_pixel']} samples in {result['data']}"
    return "no sound in it" if kind == "waveform" else "no picture in it"
