"""How `cutroom db` shows what it found to a person."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cutroom.core import clock
from cutroom.monitoring.advice import Advising
from cutroom.monitoring.sizes import DatabaseSize
from cutroom.monitoring.slow import SlowReport

_LONGEST = 300


def show_sizes(size: DatabaseSize) -> None:
    """Every table with its rows, bytes, indexes and holes."""
    table = Table("table", "rows", "size", "indexes", "size of them", "holes", box=None)
    for column in (1, 2, 4, 5):
        table.columns[column].justify = "right"
    for one in size.tables:
        indexes = str(len(one.indexes))
        table.add_row(one.name, f"{one.rows:,}", _mib(one.bytes), indexes, _mib(one.index_bytes), f"{one.holes:.0%}")
    Console(soft_wrap=True).print(table)
    Console(soft_wrap=True).print(f"{size.engine}, {_mib(size.bytes)} in all, {size.holes:.0%} of it holes.")


def show_slow(report: SlowReport) -> None:
    """One statement a line, the one that took the most time first."""
    console = Console(soft_wrap=True)
    if report.since is None:
        console.print("Nothing was counted yet; a server writes its counts every ten seconds.")
        return
    console.print(
        f"{report.seconds:.2f} s of {report.processes} processes since {clock.iso(report.since)[:19]}Z"
        f"{', with pg_stat_statements' if report.server_statistics else ''}."
    )
    table = Table("fingerprint", "share", "calls", "p50 ms", "p95 ms", "slowest ms", "failed", "statement", box=None)
    for one in report.statements:
        times = (f"{seconds * 1000:.2f}" for seconds in (one.p50, one.p95, one.slowest))
        shown = one.statement[:_LONGEST]
        table.add_row(one.fingerprint, f"{one.share:.1%}", f"{one.calls:,}", *times, str(one.failures), shown)
    console.print(table, markup=False)
    for call in report.slow[:10]:
        console.print(f"{clock.iso(call.at)[:19]}Z  {call.seconds * 1000:.0f} ms  {call.fingerprint}")


def show_advice(found: Advising, created: list[str]) -> None:
    """Each proposed index with what it gains, ready to be run."""
    console = Console(soft_wrap=True)
    if found.hint:
        console.print(found.hint)
    if not found.advice:
        console.print(f"No index would pay for itself; {found.looked_at} statements were looked at.")
    for one in found.advice:
        better = f"cost {one.cost_before:,.0f} to {one.cost_after:,.0f}, {one.calls:,} calls, {one.writes:,} writes"
        console.print(f"{one.sql};", markup=False)
        console.print(f"  {better}; helps {', '.join(one.helps)}", markup=False)
    if created:
        console.print(f"{len(created)} created.")
    elif found.advice:
        console.print("Nothing was created; --apply does.")


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
