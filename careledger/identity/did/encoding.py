"""How published keys and service endpoints are written in a DID document."""

import base64
import json
from typing import Any

from careledger.crypto.canonical import CanonicalError, refuse_deep

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def text_of(raw: bytes) -> str | None:
    """Return bytes as text; None where they are not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def key_material(encoding: str | None, key: bytes) -> dict[str, Any] | None:
    """Return a key in the encoding that its attribute names; None where that is not possible."""
    if encoding in (None, "hex"):
        return {"publicKeyHex": key.hex()}
    if encoding == "base64":
        return {"publicKeyBase64": base64.b64encode(key).decode()}
    if encoding == "base58":
        return {"publicKeyBase58": base58(key)}
    if encoding == "pem":
        text = text_of(key)
        return None if text is None else {"publicKeyPem": text}
    return {"value": key.hex()}


def base58(raw: bytes) -> str:
    """Return bytes in Bitcoin's base58; each zero byte in front is a `1`."""
    digits = ""
    number = int.from_bytes(raw, "big")
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits

    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return _BASE58[0] * zeros + digits


def service_endpoint(text: str) -> Any:
    """Return the JSON of an endpoint as JavaScript reads it; its text where it is not JSON."""

    def no_constant(word: str) -> Any:
        raise ValueError(f"{word} is not JSON")

    try:
        refuse_deep(text)
        return json.loads(
            text, parse_constant=no_constant, parse_int=json_number, parse_float=json_number
        )
    except (ValueError, CanonicalError):
        return text


def json_number(digits: str) -> int | float | None:
    """Return a number as JavaScript reads and writes it."""
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return None  # JavaScript writes null for what its numbers cannot hold
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
