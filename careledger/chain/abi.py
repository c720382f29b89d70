"""Entries of an ABI: names, types, signatures, and values as Python wants them."""

import keyword
import re
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.grammar import ABIType, TupleType, parse
from eth_utils.address import to_checksum_address

Entry = dict[str, Any]
"""A function, event or error as the compiler describes it."""


def snake(name: str) -> str:
    """Return a Solidity name in Python's spelling: `releaseAt` -> `release_at`.

    Python's own words get an underscore: `from` -> `from_`.
    """
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_").lower()
    return f"{spelled}_" if keyword.iskeyword(spelled) else spelled


def type_of(parameter: Entry) -> str:
    """Return the canonical type of a parameter; a struct's is the tuple of its members' types."""
    kind: str = parameter["type"]
    if kind.startswith("tuple"):
        return "(" + ",".join(type_of(inner) for inner in parameter["components"]) + ")" + kind[5:]
    return kind


def types(entry: Entry) -> list[str]:
    """Return the canonical types of an entry's inputs."""
    return [type_of(parameter) for parameter in entry.get("inputs", [])]


def signature(entry: Entry) -> str:
    """Return the canonical signature of an entry, such as `transfer(address,uint256)`."""
    return f"{entry['name']}({','.join(types(entry))})"


def decode_values(kinds: list[str], data: bytes) -> list[Any]:
    """Decode values of these types, as Python wants them.

    Raises:
        eth_abi.exceptions.DecodingError: the data does not hold such values.

    """
    return [clean(kind, value) for kind, value in zip(kinds, decode(kinds, data), strict=True)]


def clean(kind: str, value: Any) -> Any:
    """Return a decoded value as Python wants it.

    Addresses have checksums, arrays are lists, structs are tuples.
    """
    return _clean(_parse(kind), value)


@cache
def _parse(kind: str) -> ABIType:
    parsed: ABIType = parse(kind)
    return parsed


def _clean(kind: ABIType, value: Any) -> Any:
    if kind.is_array:
        return [_clean(kind.item_type, inner) for inner in value]
    if isinstance(kind, TupleType):
        parts = zip(kind.components, value, strict=True)
        return tuple(_clean(part, inner) for part, inner in parts)
    return to_checksum_address(value) if getattr(kind, "base", "") == "address" else value
