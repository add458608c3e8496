"""The command line's root: finds the sub-command, and turns every expected error into one sentence and an exit code.

A sub-command `NAME` is the module `cutroom.cli.NAME` (`-` becomes `_`) with either a function of that name or, for a
group such as `jobs`, a `typer.Typer` called `app`. Only the module that is asked for is imported, and modules import
their heavy parts inside the function, so that `cutroom --help` and shell completion stay quick.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import typer

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
    "worker",
    "db",
    "cache",
    "storage",
    "login-link",
    "doctor",
    "bench",
)

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

EXIT_CODES = {
    ErrorKind.INVALID: EXIT_USAGE,
    ErrorKind.NOT_FOUND: EXIT_USAGE,
}
"""Exit codes by kind of error; every other kind is a failure of the work, 1."""


def make_app(arguments: list[str]) -> typer.Typer:
    """The application with the one command that `arguments` name, or with all of them when they name none."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback()(_root)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        _register(app, name)
    return app


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        # In a machine format even a wrong option is answered with JSON, so Typer must not print it first.
        status = make_app(given)(args=given, prog_name="cutroom", standalone_mode=not machine_errors(given))
    except CutroomError as error:
        print_error(error.document, machine=machine_errors(given))
        sys.exit(EXIT_CODES.get(error.kind, EXIT_FAILED))
    except typer.TyperException as error:
        hint = "See --help."
        print_error(
            ErrorDocument(code="usage", message=error.format_message(), hint=hint), machine=machine_errors(given)
        )
        sys.exit(EXIT_USAGE)
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _register(app: typer.Typer, name: str) -> None:
    module = importlib.import_module(f"cutroom.cli.{name.replace('-', '_')}")
    group = getattr(module, "app", None)
    if group is None:
        app.command(name)(getattr(module, name.replace("-", "_")))
    else:
        app.add_typer(group, name=name)


def _version(value: bool) -> None:
    if value:
        from cutroom import __version__

        typer.echo(f"cutroom {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Footage in, proved sound, playable at once, cut frame-exact."""
