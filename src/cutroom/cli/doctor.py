"""`cutroom doctor`: what is in force, what is there, and what is missing with the command that installs it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

if TYPE_CHECKING:
    from cutroom.bootstrap.settings import Settings

LOW_SPACE_GIB = 5

OPTIONAL = {
    "asyncpg": ("PostgreSQL", "pip install 'cutroom[postgres]'"),
    "celery": ("workers on other machines", "pip install 'cutroom[cluster]'"),
}
"""Optional packages: what they are for and how to get them."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. `status` is ok, note (works without) or bad (something will fail)."""

    group: str
    name: str
    status: Literal["ok", "note", "bad"]
    value: str
    fix: str | None = None


def doctor(
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The data directory to look at.")] = None,
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print the report.")] = "table",
) -> int:
    """Show the effective settings, versions, codecs and disk, and what is missing with the command that installs it.

    Exit code 1 when something will fail.

    Example: cutroom doctor --data /srv/cutroom
    """
    from cutroom.bootstrap.settings import load

    settings = load(data)
    checks = [*versions(), *codecs(), *disk(settings), *optional(settings), *broker(settings)]
    rows = effective(settings)
    if format == "json":
        print(msgspec.json.encode({"checks": checks, "settings": rows}).decode())
    else:
        _print(checks, rows)
    raise typer.Exit(1 if any(check.status == "bad" for check in checks) else 0)


def versions() -> list[Check]:
    """Cutroom, Python and the libraries whose version decides what works."""
    found = [("cutroom", importlib.metadata.version("cutroom")), ("python", platform.python_version())]
    found += [("sqlite", sqlite3.sqlite_version)]
    found += [(name, importlib.metadata.version(name)) for name in ("fastapi", "granian", "sqlalchemy", "pillow")]
    return [Check(group="versions", name=name, status="ok", value=value) for name, value in found]


def codecs() -> list[Check]:
    """What the bundled FFmpeg can do."""
    from cutroom.media.codecs import ENCODERS, toolchain

    tools = toolchain()
    fix = "pip install --force-reinstall av"
    checks = [Check(group="media", name="PyAV", status="ok", value=tools.pyav)]
    checks += [Check(group="media", name=name, status="ok", value=value) for name, value in tools.libraries.items()]
    for name, purpose in ENCODERS.items():
        lost = name in tools.missing_encoders
        needed = name in {"libx264", "aac"}
        status: Literal["ok", "note", "bad"] = "ok" if not lost else "bad" if needed else "note"
        value = f"{'missing' if lost else 'there'}: {purpose}"
        checks.append(
            Check(group="media", name=f"encoder {name}", status=status, value=value, fix=fix if lost else None)
        )
    checks += [
        Check(group="media", name=f"decoder {name}", status="note", value="missing", fix=fix)
        for name in tools.missing_decoders
    ]
    return checks


def disk(settings: Settings) -> list[Check]:
    """Whether the data directory can be used, and how much space its disk has."""
    folder = settings.data
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(nearest).free / 2**30
    writable = os.access(nearest, os.W_OK | os.X_OK)
    said = "writable" if writable else "not writable"
    state = f"{folder} ({said}{'' if folder.exists() else ', made on the first start'})"
    checks = [
        Check(
            group="disk",
            name="data directory",
            status="ok" if writable else "bad",
            value=state,
            fix=None if writable else f"chown {os.getuid()} {nearest}",
        ),
        Check(
            group="disk",
            name="free space",
            status="ok" if free >= LOW_SPACE_GIB else "bad",
            value=f"{free:.1f} GiB",
            fix=None if free >= LOW_SPACE_GIB else "Free some space, or move the data directory with CUTROOM_DATA",
        ),
    ]
    database = folder / "cutroom.db"
    if database.exists():
        size = database.stat().st_size / 2**20
        checks.append(Check(group="disk", name="database", status="ok", value=f"{database} ({size:.1f} MiB)"))
    return checks


def optional(settings: Settings) -> list[Check]:
    """Optional packages, and whether the settings need one that is missing."""
    checks = []
    for package, (purpose, command) in OPTIONAL.items():
        try:
            version = importlib.metadata.version(package)
            checks.append(Check(group="optional", name=package, status="ok", value=f"{version}: {purpose}"))
        except importlib.metadata.PackageNotFoundError:
            needed = (package == "asyncpg" and settings.database.url.startswith("postgres")) or (
                package == "celery" and bool(settings.broker.url)
            )
            status: Literal["note", "bad"] = "bad" if needed else "note"
            checks.append(
                Check(group="optional", name=package, status=status, value=f"missing: {purpose}", fix=command)
            )
    ui = Path(__file__).resolve().parent.parent / "api" / "ui" / "index.html"
    built = ui.exists()
    checks.append(
        Check(
            group="optional",
            name="web UI",
            status="ok" if built else "bad",
            value="built" if built else "not built",
            fix=None if built else "make setup",
        )
    )
    return checks


def broker(settings: Settings) -> list[Check]:
    """Whether the broker that is set can be reached."""
    from cutroom.bootstrap.ground import make_broker
    from cutroom.core.errors import CutroomError

    try:
        found = make_broker(settings)
        if found is None:
            return []
        found.depths(())
        advice = found.advice()
        found.close()
    except CutroomError as error:
        return [Check(group="broker", name="broker", status="bad", value=error.message, fix=error.hint)]
    checks = [Check(group="broker", name="broker", status="ok", value=f"{found.place} answers")]
    fix = "redis-cli CONFIG SET, and the same in redis.conf; jobs are not lost, but late"
    return [*checks, *(Check(group="broker", name="setting", status="note", value=one, fix=fix) for one in advice)]


def effective(settings: Settings) -> list[dict[str, Any]]:
    """Every setting in force, and where it comes from: environment, file or default; passwords in URLs are hidden."""
    from cutroom.bootstrap.settings import Settings as Model

    rows: list[dict[str, Any]] = [{"name": "data", "value": str(settings.data), "source": "data directory"}]
    for group in Model.model_fields:
        values = getattr(settings, group)
        for name, field in getattr(type(values), "model_fields", {}).items():
            value = getattr(values, name)
            source = "default" if value == field.get_default(call_default_factory=True) else "file"
            if f"CUTROOM_{group}_{name}".upper() in os.environ:
                source = "environment"
            shown = ",".join(value) if isinstance(value, tuple) else value
            rows.append({"name": f"{group}.{name}", "value": _without_password(shown), "source": source})
    return rows


def _without_password(value: Any) -> Any:
    if not isinstance(value, str) or "://" not in value or "@" not in value:
        return value
    scheme, _, rest = value.partition("://")
    person, _, place = rest.rpartition("@")
    return f"{scheme}://{person.partition(':')[0]}:***@{place}" if ":" in person else value


def _print(checks: list[Check], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "bad": "[red]BAD[/]"}
    for group in dict.fromkeys(check.group for check in checks):
        table = Table(title=group, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        for check in checks:
            if check.group == group:
                table.add_row(marks[check.status], check.name, check.value, f"→ {check.fix}" if check.fix else "")
        console.print(table)
    table = Table(title="settings in force", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(row["name"], str(row["value"]) or "—", row["source"])
    console.print(table)
