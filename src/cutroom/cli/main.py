"""The command line's root: finds the sub-command, and turns every expected error into one sentence and an exit code.

A sub-command `NAME` is the module `cutroom.cli.NAME` (`-` becomes `_`) with either a function of that name or, for a
group such as `jobs`, a `typer.Typer` called `app`. Modules import their heavy parts inside the function, so that
`cutroom --help` and shell completion stay quick.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, NoReturn

import click
import msgspec
import typer
from typer.core import TyperGroup
from typer.main import get_command as typer_command

from cutroom.cli.output import machine_errors, print_error
from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind

COMMANDS = (
    "serve",
    "add",
    "inspect",
    "proxy",
    "preview",
    "clip",
    "jobs",
    "login-link",
    "db",
    "doctor",
    "bench",
)

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

EXIT_CODES = {
    ErrorKind.INVALID: EXIT_USAGE,
    ErrorKind.NOT_FOUND: EXIT_USAGE,
}
"""Exit codes by kind of error; every other kind is a failure of the work, 1."""


class CommandTable(TyperGroup):
    """A group that imports a sub-command's module when that sub-command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"cutroom.cli.{name}")
        app = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(add_completion=False, rich_markup_mode="rich")
            app.command(cmd_name)(getattr(module, name))
        command = typer_command(app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=CommandTable,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Cutroom: footage in, proved sound, playable at once, cut frame-exact.",
)


def _version(value: bool) -> None:
    if value:
        from cutroom import __version__

        typer.echo(f"cutroom {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Footage in, proved sound, playable at once, cut frame-exact."""


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted."""
    command: Any = typer_command(app)
    try:
        status = command.main(args=arguments, prog_name="cutroom", standalone_mode=False)
    except CutroomError as error:
        print_error(error.document)
        sys.exit(EXIT_CODES.get(error.kind, EXIT_FAILED))
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        if machine_errors():
            print_error(ErrorDocument(code="usage", message=error.format_message(), hint="See --help."))
        else:
            error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_FAILED)
    except msgspec.DecodeError as error:
        print_error(ErrorDocument(code="input.unreadable", message=f"The input is not what was expected: {error}."))
        sys.exit(EXIT_USAGE)
    sys.exit(status if isinstance(status, int) else 0)
