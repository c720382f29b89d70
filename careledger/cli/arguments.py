"""Read what people type and `careledger.values` has no reader for; say what is wrong with it."""

import re
import secrets
from datetime import datetime

from careledger.errors import InputError
from careledger.values.hashes import parse_bytes32
from careledger.values.times import parse_time

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def hash_or_random(text: str | None, what: str) -> bytes:
    """Read 32 bytes in hexadecimal; random ones when not given.

    Raises:
        InputError: it is not 0x and 64 hexadecimal digits.

    """
    return secrets.token_bytes(32) if text is None else parse_bytes32(text, what)


def time_or_day(text: str, what: str) -> datetime:
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
