"""How commands and flows speak: tables for people, a document for machines, errors to stderr.

Under `--json` stdout carries one document and nothing else, and each line of stderr is a document
of its own: `{"error": ...}` with its stable code, or `{"note": ...}`.

What did not come from our own source is never markup: it appears letter by letter, and characters
that would act on a terminal appear as their escapes.

Exit status: 0 done; 1 refused, not found or not verified; 2 bad input or settings; 3 the node
failed.
"""

import json as jsonlib
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from careledger.errors import (
    CareLedgerError,
    CompileError,
    NodeError,
    SettingsError,
    ToolchainError,
)
from careledger.values.amounts import Amount
from careledger.values.times import time_text

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200
"""Columns of a table that goes into a pipe or a file."""


class Out:
    """Where a command puts what it has to say; under `--json` only `document` reaches stdout."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        self._console: Console | None = None

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence for people, letter by letter.

        Args:
            text: lines of text.
            style: of all of it, such as `bold`.

        """
        if self.json:
            return

        from rich.text import Text  # noqa: PLC0415  as in `_people`

        console = self._people()
        # Who reads a pipe wants whole lines.
        console.print(Text(printable(text), style=style), soft_wrap=not console.is_terminal)

    def note(self, text: str) -> None:
        """Print a line about work under way."""
        self.say(text, style="dim")

    def warn(self, text: str) -> None:
        """Print a remark on stderr, beside the result."""
        warn(text, json=self.json)

    def table(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        caption: str = "",
    ) -> None:
        """Print a table for people; a column whose name ends in `#` holds numbers, to the right."""
        if self.json:
            return

        from rich.table import Table  # noqa: PLC0415  as in `_people`
        from rich.text import Text  # noqa: PLC0415  as in `_people`

        table = Table(
            title=Text(printable(title)),
            caption=Text(printable(caption)) if caption else None,
            title_justify="left",
            caption_justify="left",
        )
        for column in columns:
            side: Literal["left", "right"] = "right" if column.endswith("#") else "left"
            heading = column.removesuffix("#").rstrip() or column
            # Folded where it is too long, never cut off: addresses and keys are to be copied.
            table.add_column(Text(printable(heading)), justify=side, overflow="fold")
        for row in rows:
            table.add_row(*[Text(printable(human(cell))) for cell in row])
        self._people().print(table)

    def document(self, content: Any) -> None:
        """Print the result for machines, in the one spelling of all documents; see `plain`."""
        if self.json:
            text = jsonlib.dumps(plain(content), indent=2, ensure_ascii=False)
            sys.stdout.write(text + "\n")

    def progress(self) -> "ProgressBar":
        """Return a progress bar on stderr; nothing is drawn where nobody looks."""
        return ProgressBar(hidden=self.json or not sys.stderr.isatty())

    def _people(self) -> "Console":
        from rich.console import Console  # noqa: PLC0415  machines and --help do without

        if self._console is None:
            wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
            self._console = Console(highlight=False, width=wide)
        return self._console


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A bar for long work: `with out.progress() as bar: bar.start("opening", 1000); bar.step()`."""

    def __init__(self, *, hidden: bool = False) -> None:
        from rich.console import Console  # noqa: PLC0415  who draws nothing does without
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=hidden,
        )
        self._task: Any = None

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """Begin a stretch of work of so many steps."""
        self._task = self._bar.add_task(printable(what), total=total)

    def step(self, count: int = 1) -> None:
        """Say that steps are done."""
        self._bar.advance(self._task, count)


def printable(text: str) -> str:
    """Return a text in which nothing acts on a terminal: other characters appear as escapes."""
    if text.isprintable():
        return text

    return "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text
    )


def spaced(name: str) -> str:
    """Return a name of JSON as people read it: `gasUsed` -> `gas used`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


@singledispatch
def human(value: Any) -> str:
    """Return a value as people read it in a table."""
    return "-" if value is None else str(value)


@human.register
def _(value: bool) -> str:
    return "yes" if value else "no"


@human.register
def _(value: bytes) -> str:
    return "0x" + value.hex()


@human.register
def _(value: datetime) -> str:
    return time_text(value)


@human.register
def _(value: Enum) -> str:
    return str(plain(value))


@human.register(list)
@human.register(tuple)
def _(value: Iterable[Any]) -> str:
    return ", ".join(human(one) for one in value) or "none"


@singledispatch
def plain(value: Any) -> Any:
    """Return a value as JSON has it.

    Bytes become 0x-text, times RFC 3339 text in UTC, durations whole seconds, enumerations their
    values, dataclasses objects in camelCase.
    An `Amount` becomes decimal text of the smallest unit, with `decimals` beside it: one for the
    object, or `<name>Decimals` where its amounts differ.
    """
    if is_dataclass(value):
        return plain({camel(field.name): getattr(value, field.name) for field in fields(value)})
    return value if value is None or isinstance(value, str | float) else str(value)


@plain.register
def _(value: Amount) -> str:
    return str(value.value)


@plain.register
def _(value: Mapping) -> dict[str, Any]:  # type: ignore[type-arg]
    return {str(key): plain(inner) for key, inner in value.items()} | _decimals(value)


@plain.register(list)
@plain.register(tuple)
@plain.register(set)
@plain.register(frozenset)
def _(value: Iterable[Any]) -> list[Any]:
    return [plain(inner) for inner in value]


@plain.register
def _(value: bytes) -> str:
    return "0x" + value.hex()


@plain.register
def _(value: datetime) -> str:
    return time_text(value)


@plain.register
def _(value: timedelta) -> int:
    return int(value.total_seconds())


@plain.register
def _(value: int) -> int:
    return value


@plain.register(Enum)
@plain.register(IntEnum)
def _(value: Enum) -> Any:
    return value.value if isinstance(value, str) else value.name.lower().replace("_", "-")


def _decimals(members: Mapping[Any, Any]) -> dict[str, int]:
    amounts = {name: one.decimals for name, one in members.items() if isinstance(one, Amount)}
    if len(set(amounts.values())) <= 1:
        return dict.fromkeys(["decimals"], next(iter(amounts.values()))) if amounts else {}
    return {f"{name}Decimals": decimals for name, decimals in amounts.items()}


def camel(name: str) -> str:
    """Return a name of Python as JSON spells it: `gas_used` -> `gasUsed`."""
    first, *others = name.strip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


def exit_status(error: CareLedgerError) -> int:
    """Return the exit status that an error ends a command with."""
    if isinstance(error, SettingsError | CompileError | ToolchainError):
        return 2
    return 3 if isinstance(error, NodeError) else 1


def warn(text: str, *, json: bool = False) -> None:
    """Print a remark on stderr; as a JSON document in one line where `json` is set."""
    to_stderr({"note": {"message": text}} if json else f"note: {text}")


def fail(error: CareLedgerError, *, json: bool = False) -> NoReturn:
    """Say what was wrong on stderr and end with its exit status."""
    to_stderr({"error": plain(error.to_json())} if json else f"error: {error}")
    raise SystemExit(exit_status(error))


def to_stderr(content: Any) -> None:
    """Print a line on stderr: text letter by letter, anything else as JSON."""
    text = content if isinstance(content, str) else jsonlib.dumps(content)
    sys.stderr.write(f"{printable(text)}\n")
