"""Log lines of a program that uses the package, set up at its edge.

Inside the package every module has its own logger of the standard library. A line is a fixed
sentence; its facts are the arguments of the sentence, or fields of `FIELDS` in `extra`. A program
that has its own set-up of `logging` gets the lines as it gets those of other libraries. The command
line, and later the services, call `configure_logs` once.

No line holds a key, a password, a token, a claim or any other text of a customer: a test plays the
exchange of credentials with all lines on, and looks for them.
"""

import logging
import sys
from typing import Any, TextIO

from careledger.errors import SettingsError

PACKAGE = "careledger"
LEVELS = ("debug", "info", "warning", "error")
FIELDS = frozenset(
    {
        "block_number",
        "chain_id",
        "method",
        "milliseconds",
        "nonce",
        "sender",
        "stage",
        "transaction_hash",
    }
)
"""What `extra` may hold; another field is left out of the line."""


def configure_logs(
    level: str = "warning", *, json: bool = False, stream: TextIO | None = None
) -> None:
    """Write the package's log lines to stderr; a second call replaces the first.

    Args:
        level: the lowest level that is written: debug, info, warning or error.
        json: one JSON object a line, for machines; else one readable line.
        stream: where to, instead of stderr.

    Raises:
        SettingsError: the level is not one of the four.

    """
    if level.lower() not in LEVELS:
        raise SettingsError(f"log level {level!r} is not one of {', '.join(LEVELS)}")

    logger = logging.getLogger(PACKAGE)
    for handler in [one for one in logger.handlers if isinstance(one, StructuredHandler)]:
        logger.removeHandler(handler)

    logger.addHandler(StructuredHandler(stream, json=json))
    logger.setLevel(level.upper())
    logger.propagate = False  # other libraries' lines are the program's own affair


class StructuredHandler(logging.StreamHandler[TextIO]):
    """Writes lines by structlog, which is loaded with the first line: most commands have none."""

    def __init__(self, stream: TextIO | None, *, json: bool) -> None:
        super().__init__(stream)
        self._json = json
        self._fixed = stream is not None

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        if self.formatter is None:
            self.setFormatter(_formatter(self._json))
        return super().format(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the stream, or to what stderr is at this moment."""
        if not self._fixed:
            self.stream = sys.stderr
        super().emit(record)


def _formatter(json: bool) -> logging.Formatter:
    import structlog  # noqa: PLC0415  it takes long to load, and most commands write no line

    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    formatter: logging.Formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True),
            structlog.processors.format_exc_info,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
    )
    return formatter
