"""Read what people type as arguments, each kind in one way, and say what is wrong with it."""

import re
import secrets
from datetime import datetime

from careledger.errors import InputError
from careledger.values.times import parse_time

_HASH = re.compile("0x[0-9a-fA-F]{64}", re.ASCII)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def hash32(text: str, what: str) -> bytes:
    """Read 32 bytes in hexadecimal.

    Raises:
        InputError: it is not 0x and 64 hexadecimal digits.

    """
    if not _HASH.fullmatch(text):
        raise InputError(f"{what} {text[:80]!r} is not 0x and 64 hexadecimal digits")
    return bytes.fromhex(text[2:])


def hash32_or_random(text: str | None, what: str) -> bytes:
    """Read 32 bytes in hexadecimal; random ones when not given.

    Raises:
        InputError: it is not 0x and 64 hexadecimal digits.

    """
    return secrets.token_bytes(32) if text is None else hash32(text, what)


def time(text: str, what: str) -> datetime:
    """Read a time such as `2030-01-31T12:00:00Z`, or a day, which means its beginning in UTC.

    Raises:
        InputError: it is neither.

    """
    return parse_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text, what)


def basis_points(value: int, what: str, most: int) -> int:
    """Check a number of basis points.

    Raises:
        InputError: it is negative, or above the most.

    """
    if not 0 <= value <= most:
        raise InputError(f"{what} {value} is not from 0 to {most} basis points")
    return value
