"""Run a command line so that every failure is one sentence on stderr, or one JSON document."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from careledger.cli.commands import edge
from careledger.console import fail, to_stderr
from careledger.errors import CareLedgerError

_UsageError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
"""Typer carries its own copy of click; other versions import it: only typer knows which."""

_INTERRUPTED = 130


def run(app: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run a typer application.

    Args:
        app: the application.
        arguments: instead of the command line's.

    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    json = "--json" in given

    try:
        status = app(args=given, standalone_mode=False)
    except CareLedgerError as error:
        fail(error, json=json)
    except (typer.Abort, KeyboardInterrupt):
        _say_stopped(json=json)
        raise SystemExit(_INTERRUPTED) from None
    except _UsageError as error:
        if json:
            to_stderr({"error": {"code": "input.usage", "message": error.format_message()}})
        else:
            error.show()
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None

    if isinstance(status, int) and status:  # a command that ended with a status of its own
        if status == _INTERRUPTED:
            _say_stopped(json=json)
        raise SystemExit(status)


def _say_stopped(*, json: bool) -> None:
    stopped = {"error": {"code": "input.stopped", "message": "stopped"}}
    to_stderr(stopped if json else "stopped")


def run_command(command: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run one function as a whole command line of its own, for the scripts."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(edge(command))
    run(app, arguments)
