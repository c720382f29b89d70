"""Hashes and other values of 32 bytes: bytes inside, 0x and 64 hexadecimal digits in text."""

import re

from careledger.errors import InputError

_TEXT = re.compile("0x[0-9a-fA-F]{64}", re.ASCII)


def parse_bytes32(text: object, what: str) -> bytes:
    """Read 32 bytes in hexadecimal.

    Raises:
        InputError: it is not 0x and 64 hexadecimal digits.

    """
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise InputError(f"{what} {str(text)[:80]!r} is not 0x and 64 hexadecimal digits")
    return bytes.fromhex(text[2:])


def require_bytes32(value: bytes, what: str) -> bytes:
    """Return a value that has 32 bytes.

    Raises:
        InputError: it has another length.

    """
    if not isinstance(value, bytes) or len(value) != 32:
        raise InputError(f"{what} must have 32 bytes")
    return value
