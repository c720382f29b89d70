"""Times and durations: aware UTC in Python, seconds since 1970 on the chain, RFC 3339 in text."""

import re
from datetime import UTC, datetime, timedelta

from careledger.errors import InputError

LATEST_SECONDS = 253_402_300_799
"""The end of the year 9999: the latest time that every reader knows."""

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def to_seconds(at: datetime, what: str = "time") -> int:
    """Return a time as contracts count it: whole seconds since 1970 UTC; parts are cut off.

    Raises:
        InputError: it has no time zone, or lies before 1970.

    """
    if at.tzinfo is None:
        raise InputError(f"{what} {at} has no time zone")

    if at.timestamp() < 0:
        raise InputError(f"{what} {at} lies before 1970")

    return int(at.timestamp())


def whole_seconds(at: datetime, what: str = "time") -> int:
    """Return a time in whole seconds since 1970 UTC, for what is hashed: nothing is cut off.

    Raises:
        InputError: it has a part of a second, no time zone, or lies before 1970.

    """
    if at.microsecond:
        raise InputError(f"{what} {at} has a part of a second, but whole seconds are needed")
    return to_seconds(at, what)


def from_seconds(count: int) -> datetime:
    """Return the time of a count of seconds since 1970 UTC; at most the end of the year 9999."""
    return datetime.fromtimestamp(min(count, LATEST_SECONDS), UTC)


def time_text(at: datetime) -> str:
    """Return a time in RFC 3339 (UTC, whole seconds): `2030-01-31T12:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: object, what: str) -> datetime:
    """Read a time in RFC 3339, such as `2030-01-31T12:00:00Z`.

    Raises:
        InputError: it is not such a text, names no day of the calendar, or lies before 1970.

    """
    if isinstance(text, str) and _RFC_3339.fullmatch(text):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is not None and at.timestamp() >= 0:
            return at

    raise InputError(
        f"{what} {str(text)[:80]!r} is not a time such as 2030-01-31T12:00:00Z, from 1970 on"
    )


def duration_text(span: timedelta) -> str:
    """Return a duration as people read it: `30 days`, `1 hour 30 minutes`; whole seconds."""
    left = int(span.total_seconds())
    parts = []

    for name, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count:,} {name}" + ("" if count == 1 else "s"))

    return " ".join(parts) or "0 seconds"


def parse_duration(text: str, what: str) -> timedelta:
    """Read a duration such as `30d`: a whole number of s, m, h, d or w.

    Raises:
        InputError: it is not a duration, is zero, or is longer than a calendar holds.

    """
    match = _DURATION.fullmatch(text)
    count = int(match[1]) * _UNITS[match[2]] if match else 0

    if not 0 < count <= LATEST_SECONDS:
        raise InputError(f"{what} {text[:80]!r} is not a duration such as 90s, 15m, 12h, 30d or 8w")
    return timedelta(seconds=count)
