"""What a request may show to a customer: text that can be seen as it is, and safe URLs."""

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from careledger.identity.consent.errors import MalformedRequest

MAX_URL = 1_000
"""Characters of a URL."""

_JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and other languages need."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that cannot be seen, or that turn the direction of a text."""


def require_shown_text(what: str, text: Any, at_most: int, *, lines: bool = False) -> None:
    """Refuse a text that cannot be shown, or that could look like another text.

    Args:
        what: names the member in the error.
        at_most: characters.
        lines: whether it may have several lines.

    Raises:
        MalformedRequest: it is empty, too long, or has a character that cannot be seen.

    """
    if not isinstance(text, str) or not text.strip() or len(text) > at_most:
        raise MalformedRequest(f"the request's {what} is not a text of 1 to {at_most} characters")

    for character in text:
        hidden = unicodedata.category(character) in _INVISIBLE
        allowed = character in _JOINERS or (lines and character == "\n")
        if hidden and not allowed:
            raise MalformedRequest(
                f"the request's {what} has the character U+{ord(character):04X}, "
                "which cannot be seen"
            )


def require_url(what: str, text: str) -> None:
    """Refuse a URL that is not https:, or not http: to this machine.

    Raises:
        MalformedRequest: it is not such a URL, is too long, or has a user name in it.

    """
    try:
        parts = urlsplit(text)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError as error:
        raise MalformedRequest(f"the request's {what} is not a URL") from error

    secure = parts.scheme == "https" or (parts.scheme == "http" and local)
    visible = text.isascii() and text.isprintable() and " " not in text
    named = bool(parts.hostname) and "@" not in parts.netloc
    if len(text) > MAX_URL or not (secure and visible and named):
        raise MalformedRequest(
            f"the request's {what} is not an https: URL of at most {MAX_URL} characters "
            "(http: only for this machine)"
        )
