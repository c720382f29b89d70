"""EIP-712 typed data: domain separators, struct hashes, digests, and who signed one.

Covers what the contracts of the suite sign: flat structs of static members, `string` and `bytes`,
and members that are structs themselves, given as their struct hash.
"""

import re
from collections.abc import Sequence
from typing import Any

from coincurve import PublicKey

from careledger.crypto.hashing import keccak256
from careledger.errors import InputError, SignatureError

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of secp256k1's order: the greatest s that is not malleable (EIP-2)."""

_MEMBER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*) ([A-Za-z_][A-Za-z0-9_]*)")


def domain_separator(name: str, version: str, chain_id: int, contract: str | bytes) -> bytes:
    """Return the 32-byte separator of a contract's signing domain.

    Raises:
        InputError: the contract is not an address, or the chain id no uint256.
    """
    return struct_hash(DOMAIN_TYPE, [name, version, chain_id, contract])


def struct_hash(encoded_type: str, values: Sequence[Any]) -> bytes:
    """Return the 32-byte hash of a struct.

    Args:
        encoded_type: EIP-712's encodeType, such as `Promise(address brand,bytes32 content)`; the
            definitions of member structs follow in alphabetical order.
        values: one a member, in order: int, bool, bytes, 0x-text for addresses and bytesN, text for
            `string`, the 32-byte struct hash for a member that is a struct.

    Raises:
        InputError: a value does not fit its member, or their number differs.
    """
    members = _members(encoded_type)
    if len(members) != len(values):
        raise InputError(
            f"{encoded_type.partition('(')[0]} has {len(members)} members, not {len(values)}"
        )
    words = [_word(kind, name, value) for (kind, name), value in zip(members, values, strict=True)]
    return keccak256(keccak256(encoded_type.encode()) + b"".join(words))


def digest(separator: bytes, struct: bytes) -> bytes:
    """Return the 32 bytes that are signed: keccak256(0x1901 || separator || struct hash)."""
    return keccak256(b"\x19\x01" + separator + struct)


def recover(message: bytes, signature: bytes) -> bytes:
    """Return the 20-byte address that signed a 32-byte digest.

    Args:
        message: the digest.
        signature: r || s || v, 65 bytes, v being 27 or 28.

    Raises:
        SignatureError: wrong length, wrong v, s above half the order, or no key fits.
    """
    if len(signature) != 65:
        raise SignatureError(f"a signature has 65 bytes, not {len(signature)}")
    s, v = int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (27, 28):
        raise SignatureError(f"the signature's last byte is 27 or 28, not {v}")
    if s > HALF_ORDER:
        raise SignatureError(
            "the signature's s is above half the order: a malleable form is refused"
        )
    try:
        key = PublicKey.from_signature_and_message(
            signature[:64] + bytes([v - 27]), message, hasher=None
        )
    except Exception as error:
        raise SignatureError("the signature fits no key") from error
    return keccak256(key.format(compressed=False)[1:])[12:]


def _members(encoded_type: str) -> list[tuple[str, str]]:
    inner = encoded_type.partition("(")[2].partition(")")[0]
    members = []
    for part in inner.split(",") if inner else []:
        match = _MEMBER.fullmatch(part)
        if match is None:
            raise InputError(f"'{part}' in '{encoded_type}' is not a type and a name")
        members.append((match[1], match[2]))
    return members


def _word(kind: str, name: str, value: Any) -> bytes:
    if kind in ("string", "bytes") and isinstance(value, str if kind == "string" else bytes):
        return keccak256(value.encode() if isinstance(value, str) else value)
    if kind == "bool" and isinstance(value, bool):
        return int(value).to_bytes(32, "big")
    if kind.startswith("uint") and isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < 1 << int(kind[4:] or 256):
            return value.to_bytes(32, "big")
    elif kind == "address":
        return _bytes(kind, name, value, 20).rjust(32, b"\0")
    elif kind[:5] == "bytes" and kind != "bytes":
        return _bytes(kind, name, value, int(kind[5:])).ljust(32, b"\0")
    elif kind[0].isupper():
        return _bytes("struct hash", name, value, 32)
    raise InputError(f"{name}: {value!r} is no {kind}")


def _bytes(kind: str, name: str, value: Any, length: int) -> bytes:
    try:
        raw = (
            bytes.fromhex(value.removeprefix("0x"))
            if isinstance(value, str)
            else memoryview(value).tobytes()
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {value!r} is no {kind}") from error
    if len(raw) != length:
        raise InputError(f"{name}: {value!r} is no {kind}, which has {length} bytes")
    return raw
