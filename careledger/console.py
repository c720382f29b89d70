"""How commands and flows speak: tables for people, one JSON document for machines, errors to stderr.

Exit status: 0 done; 1 refused, not found or not verified; 2 bad input or settings; 3 the node
failed.
"""

import json as jsonlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from careledger.errors import (
    CareLedgerError,
    CompileError,
    NodeError,
    SettingsError,
    ToolchainError,
)

Rpc = Annotated[
    str | None,
    typer.Option(
        "--rpc",
        envvar="CARELEDGER_RPC",
        metavar="URL",
        help="The node's HTTP address.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

_UsageError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
"""Typer carries its own copy of click; other versions import it: only typer knows which."""

_INTERRUPTED = 130
PIPE_WIDTH = 200
"""Columns of a table that goes into a pipe or a file."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Out:
    """Where a command puts what it has to say; under `--json` only `document` reaches stdout."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
        self._console = Console(highlight=False, width=wide)

    def say(self, text: str) -> None:
        """Print a sentence for people; it may carry rich's markup."""
        if not self.json:
            self._console.print(
                text, soft_wrap=not self._console.is_terminal
            )  # who reads a pipe wants whole lines

    def note(self, text: str) -> None:
        """Print a line about work under way; it is shown as it is, without markup."""
        if not self.json:
            self._console.print(
                text, style="dim", markup=False, soft_wrap=not self._console.is_terminal
            )

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        caption: str = "",
    ) -> None:
        """Print a table for people; columns whose name ends in `#` hold numbers and align right."""
        if self.json:
            return
        table = Table(
            title=title, caption=caption or None, title_justify="left", caption_justify="left"
        )
        for column in columns:
            side: Literal["left", "right"] = "right" if column.endswith("#") else "left"
            # Folded where it is too long, never cut off: addresses and keys are to be copied.
            table.add_column(
                column.removesuffix("#").rstrip() or column, justify=side, overflow="fold"
            )
        for row in rows:
            table.add_row(*[str(cell) for cell in row])
        self._console.print(table)

    def document(self, content: Any) -> None:
        """Print the result for machines; bytes become 0x-text, amounts stay integers."""
        if self.json:
            sys.stdout.write(
                jsonlib.dumps(content, indent=2, default=_plain, ensure_ascii=False) + "\n"
            )

    def progress(self) -> "ProgressBar":
        """Return a progress bar on stderr; nothing is drawn where nobody looks."""
        return ProgressBar()


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A bar for long work: `with out.progress() as bar: bar.start("opening", 1000); bar.step()`."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=errors,
        )
        self._task: Any = None

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """Begin a stretch of work of so many steps."""
        self._task = self._bar.add_task(what, total=total)

    def step(self, count: int = 1) -> None:
        """Say that steps are done."""
        self._bar.advance(self._task, count)


def _plain(value: object) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return str(value)


def exit_status(error: CareLedgerError) -> int:
    """Return the exit status that an error ends a command with."""
    if isinstance(error, SettingsError | CompileError | ToolchainError):
        return 2
    return 3 if isinstance(error, NodeError) else 1


def fail(error: CareLedgerError) -> NoReturn:
    """Say what was wrong on stderr and end with its exit status."""
    errors.print(f"error: {error}", markup=False)
    raise SystemExit(exit_status(error))


def run(app: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run a typer application so that every failure is one sentence on stderr.

    Args:
        arguments: instead of the command line's.

    """
    try:
        status = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except CareLedgerError as error:
        fail(error)
    except (typer.Abort, KeyboardInterrupt):
        errors.print("stopped")
        raise SystemExit(_INTERRUPTED) from None
    except _UsageError as error:
        error.show()
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None
    if (
        isinstance(status, int) and status
    ):  # typer.Exit: a command that ended with a status of its own
        if status == _INTERRUPTED:
            errors.print("stopped")
        raise SystemExit(status)


def run_command(command: Callable[..., Any], arguments: Sequence[str] | None = None) -> None:
    """Run one function as a whole command line of its own, for the scripts."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(command)
    run(app, arguments)
