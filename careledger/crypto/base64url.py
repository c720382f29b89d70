"""Base64url without padding (RFC 4648, 5; RFC 7515, 2): exactly one text stands for some bytes."""

import base64
import re

from careledger.errors import InputError

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


class MalformedBase64(InputError):
    """The text is not base64url without padding, or not the one text that stands for its bytes."""


def encode(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str, what: str) -> bytes:
    """Return the bytes of a base64url text.

    Raises:
        MalformedBase64: the text has padding, another character, an impossible length, or bits that
            do not belong to a byte.

    """
    if not _ALPHABET.fullmatch(text):
        raise MalformedBase64(
            f"{what} is not base64url: it may hold only A-Z, a-z, 0-9, '-' and '_', and no padding"
        )
    if len(text) % 4 == 1:
        raise MalformedBase64(
            f"{what} is not base64url: {len(text)} characters cannot stand for bytes"
        )

    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise MalformedBase64(
            f"{what} is not canonical base64url: its last character has bits that belong to no byte"
        )
    return raw
