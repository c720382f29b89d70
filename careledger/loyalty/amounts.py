"""Points as people write them, and as the contracts count them: 1 point is 10^18 of the smallest unit."""

import re
from datetime import UTC, datetime

from careledger.errors import InputError

DECIMALS = 18
POINT = 10**18
MAX_UINT = 2**256 - 1

_POINTS = re.compile(r"([0-9]{1,59})(?:\.([0-9]{1,18}))?", re.ASCII)


def points(text: str, what: str = "amount") -> int:
    """Read an amount of points such as `12.5`; returns it in the smallest unit.

    Raises:
        InputError: it is no number, negative, 0, or finer than 18 decimals.

    """
    match = _POINTS.fullmatch(text)
    if match is None:
        raise InputError(
            f"{what} {text!r} is no amount of points such as 250 or 12.5 (at most 18 decimals)"
        )
    amount = int(match[1]) * POINT + int((match[2] or "").ljust(DECIMALS, "0"))
    if amount == 0:
        raise InputError(f"{what} is 0: nothing would move")
    return amount


def show(amount: int) -> str:
    """Return an amount of the smallest unit as people read it: `1,250.5`, every digit of it."""
    whole, part = divmod(abs(amount), POINT)
    sign = "-" if amount < 0 else ""
    decimals = f".{part:018d}".rstrip("0") if part else ""
    return f"{sign}{whole:,}{decimals}"


def short(amount: int, places: int = 4) -> str:
    """Return an amount as people read it, cut off behind some decimals; `…` says that there are more."""
    text = show(amount)
    whole, dot, decimals = text.partition(".")
    return text if len(decimals) <= places else f"{whole}{dot}{decimals[:places]}…"


def seconds(at: datetime) -> int:
    """Return a time as the contracts count it: whole seconds since 1970 UTC.

    Raises:
        InputError: it has no time zone, a part of a second, or lies before 1970.

    """
    if at.tzinfo is None or at.microsecond or at.timestamp() < 0:
        raise InputError(
            f"{at.isoformat()} has to be a whole second after 1970, with its time zone"
        )
    return int(at.timestamp())


def moment(stamp: int) -> datetime:
    """Return the time of whole seconds since 1970 UTC; the last that a calendar knows when it lies beyond."""
    return datetime.fromtimestamp(min(stamp, 253_402_300_799), UTC)


def date(stamp: int) -> str:
    """Return a time of the contracts as people read it, in UTC."""
    return f"{moment(stamp):%Y-%m-%d %H:%M:%S} UTC"
