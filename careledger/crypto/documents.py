"""JSON documents, read strictly: each member by name and form, and no member is left over."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress

from careledger.crypto.canonical import CanonicalError, loads
from careledger.errors import InputError
from careledger.values.addresses import address
from careledger.values.times import LATEST_SECONDS, from_seconds, parse_time

MAX_BYTES = 64 * 2**20
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)
"""The form of amounts: no sign, no leading zero; 2^256 has 78 digits."""
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")


class MalformedDocument(InputError, code="input.malformed-document"):
    """A document cannot be used; `path` says where in it, as in `$.batch.proof[2]`.

    Attributes:
        what: which document, in words.
        path: of the member.
        reason: what is wrong with it.

    """

    what: str
    path: str
    reason: str

    def __init__(self, what: str, path: str, reason: str) -> None:
        super().__init__(f"{what} {path}: {reason}")
        self.what = what
        self.path = path
        self.reason = reason


class JsonNode:
    """A JSON value and where it stands in its document.

    Every question raises `MalformedDocument` unless the answer has the right form.
    """

    def __init__(self, value: Any, what: str, path: str = "$") -> None:
        self.value = value
        self.what = what
        self.path = path

    @classmethod
    def read(cls, text: bytes | str, what: str) -> "JsonNode":
        """Parse a file's text."""
        if len(text) > MAX_BYTES:
            raise MalformedDocument(what, "$", f"longer than {MAX_BYTES:,} bytes")

        try:
            return cls(loads(text), what)
        except CanonicalError as error:
            raise MalformedDocument(what, error.path, error.reason) from error

    @classmethod
    def of(cls, document: Any, what: str) -> "JsonNode":
        """Return a parsed document as a node; a node of a larger document stays as it is."""
        return document if isinstance(document, JsonNode) else cls(document, what)

    def fault(self, reason: str) -> MalformedDocument:
        """Return the exception that says what is wrong with this value."""
        return MalformedDocument(self.what, self.path, reason)

    def object(
        self, required: Sequence[str], optional: Sequence[str] = ()
    ) -> dict[str, "JsonNode"]:
        """Return the members of an object; optional ones only where they are there and not null."""
        if not isinstance(self.value, dict):
            raise self.fault("not a JSON object")

        for name in required:
            if name not in self.value:
                raise MalformedDocument(self.what, f"{self.path}.{name}", "missing")
        if unknown := sorted(self.value.keys() - {*required, *optional}):
            raise MalformedDocument(self.what, f"{self.path}.{unknown[0]}", "unknown")
        members = {
            name: JsonNode(value, self.what, f"{self.path}.{name}")
            for name, value in self.value.items()
        }
        return {
            name: node
            for name, node in members.items()
            if name in required or node.value is not None
        }

    def members(self, *names: str) -> dict[str, "JsonNode"]:
        """Return members of an object that may have others: for formats that are not ours."""
        if not isinstance(self.value, dict):
            raise self.fault("not a JSON object")

        found = {}
        for name in names:
            path = f"{self.path}.{name}"
            if name not in self.value:
                raise MalformedDocument(self.what, path, "missing")
            found[name] = JsonNode(self.value[name], self.what, path)
        return found

    def entries(self) -> dict[str, "JsonNode"]:
        """Return the members of an object whose names are not known in advance."""
        if not isinstance(self.value, dict):
            raise self.fault("not a JSON object")
        return {
            name: JsonNode(value, self.what, f"{self.path}.{name}")
            for name, value in self.value.items()
        }

    def items(self, at_most: int) -> list["JsonNode"]:
        """Return the elements of an array."""
        if not isinstance(self.value, list):
            raise self.fault("not a JSON array")
        if len(self.value) > at_most:
            raise self.fault(f"more than {at_most} elements")
        return [
            JsonNode(value, self.what, f"{self.path}[{place}]")
            for place, value in enumerate(self.value)
        ]

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            raise self.fault("not a text")
        return self.value

    def one_of(self, *choices: str) -> str:
        """Return a text that is one of several."""
        if self.value not in choices:
            raise self.fault(f"{self.value!r} is not {' or '.join(choices)}"[:300])
        return str(self.value)

    def integer(self, bits: int = 64, least: int = 0) -> int:
        """Return an integer of so many bits at most."""
        value = self.value
        if type(value) is not int or not least <= value < 1 << bits:
            raise self.fault(f"not an integer from {least} to 2^{bits} - 1")
        return value

    def version(self, number: int) -> None:
        """Refuse a document of another version than this program reads."""
        if type(self.value) is not int or self.value != number:
            raise self.fault(f"not {number}, the version that this program reads")

    def boolean(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.fault("not true or false")
        return self.value

    def amount(self, bits: int = 256) -> int:
        """Return an integer that is written as decimal text, of so many bits at most.

        Amounts are text, because most readers of JSON round large numbers.
        """
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            raise self.fault('not a whole number as decimal text, such as "1000000"')

        number = int(self.value)
        if number >= 1 << bits:
            raise self.fault(f"not an integer from 0 to 2^{bits} - 1")
        return number

    def time(self) -> datetime:
        """Return a time in RFC 3339, such as `2030-01-31T12:00:00Z`."""
        try:
            return parse_time(self.value, "")
        except InputError as error:
            raise self.fault(str(error).lstrip()) from error

    def seconds(self) -> datetime:
        """Return a time that is written as whole seconds since 1970 UTC."""
        count = self.integer()
        if count > LATEST_SECONDS:
            raise self.fault("a time after the year 9999")
        return from_seconds(count)

    def hex(self, length: int | None = None) -> bytes:
        """Return the bytes of lower-case 0x-text, of a given length or of any."""
        if not isinstance(self.value, str) or not _HEX.fullmatch(self.value):
            raise self.fault("not bytes as 0x and lower-case hexadecimal digits")
        raw = bytes.fromhex(self.value[2:])
        if length is not None and len(raw) != length:
            raise self.fault(f"{len(raw)} bytes, not {length}")
        return raw

    def address(self) -> ChecksumAddress:
        """Return an address in checksum form."""
        try:
            return address(self.value)
        except InputError as error:
            raise self.fault(str(error)) from error


def hexed(raw: bytes) -> str:
    """Return bytes as `JsonNode.hex` reads them."""
    return "0x" + raw.hex()
