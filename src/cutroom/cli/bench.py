"""`cutroom bench`: time Cutroom against named peers and print the ratios."""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from cutroom.cli.output import watched
from cutroom.core.errors import CutroomError, ErrorKind

NAMES = ("media", "inspection", "jobs", "serving", "cache", "delivery", "promises")


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}; all of them when left out.")] = "",
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print the claims.")] = "table",
    rounds: Annotated[int, typer.Option(min=1, help="How often each contender runs.")] = 3,
    save: Annotated[str, typer.Option(metavar="NAME", help="Keep this run under a name.")] = "",
    compare: Annotated[str, typer.Option(metavar="NAME", help="Show the change since a kept run.")] = "",
) -> None:
    """Time Cutroom and its peers in turn, in one run, and print the ratios with their medians.

    Exit code 0 whether or not a claim held: the table says so.

    Example: cutroom bench media --rounds 3 --save before
    """
    folder = _bench_folder()
    if name and name not in NAMES:
        raise CutroomError("bench.unknown", f"There is no bench {name!r}.", hint=f"Choose from: {', '.join(NAMES)}.")
    sys.path.insert(0, str(folder.parent))
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that it ends what it has started
    harness = importlib.import_module("bench.harness")
    reports = []
    for one in [name] if name else NAMES:
        claims = importlib.import_module(f"bench.{one}").claims(rounds=rounds, say=_say)
        reports.append({"name": one, "machine": harness.machine(), "claims": harness.as_documents(claims)})
    earlier = _load(folder, compare) if compare else {}
    if save:
        _save(folder, save, reports)
    if format == "json":
        print(msgspec.json.encode(reports[0] if name else reports).decode())
    else:
        _print_tables(reports, earlier)


def _bench_folder() -> Path:
    folder = Path(__file__).resolve().parents[3] / "bench"
    if not (folder / "harness.py").exists():
        raise CutroomError(
            "bench.not-here",
            "The benches come with the source checkout, not with the installed package.",
            hint="Clone the repository and run `make bench` there.",
            kind=ErrorKind.UNSUPPORTED,
        )
    return folder


def _say(line: str) -> None:
    if watched():
        print(line, file=sys.stderr)


def _saved(folder: Path, name: str) -> Path:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise CutroomError("bench.name", f"{name!r} is no name for a run: use letters, digits, - and _.")
    return folder / "results" / f"{name}.json"


def _save(folder: Path, name: str, reports: list[dict[str, Any]]) -> None:
    path = _saved(folder, name)
    path.parent.mkdir(exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_bytes(msgspec.json.encode(reports))
    aside.replace(path)


def _load(folder: Path, name: str) -> dict[str, float]:
    path = _saved(folder, name)
    if not path.exists():
        raise CutroomError("bench.no-such-run", f"No run was kept as {name!r}.", hint="Keep one with --save NAME.")
    return {
        claim["name"]: claim["value"] for report in msgspec.json.decode(path.read_bytes()) for claim in report["claims"]
    }


def _print_tables(reports: list[dict[str, Any]], earlier: dict[str, float]) -> None:
    from rich.console import Console
    from rich.table import Table

    for report in reports:
        where = report["machine"]
        loop = f"{where['pace']} ns a turn of a plain loop"
        table = Table(
            title=f"{report['name']}: {where['cores']} cores of {where['cpu']}, load {where['load'][0]}, {loop}"
        )
        for heading in ("claim", "median", "target", "held", "runs", "peer", "note"):
            table.add_column(heading, overflow="fold")
        if earlier:
            table.add_column("before")
        for claim in report["claims"]:
            held = {True: "yes", False: "NO", None: ""}[claim["held"]]
            runs = " ".join(f"{run:g}" for run in claim["runs"])
            cells = [claim["name"], f"{claim['value']:g} {claim['unit']}", claim["target"], held, runs]
            cells += [claim["peer"], claim["note"]]
            if earlier:
                cells.append(f"{earlier[claim['name']]:g}" if claim["name"] in earlier else "")
            table.add_row(*cells)
        Console().print(table)
