"""EIP-712 typed data: what is signed for a contract, its digest, and who signed it.

Covers what the contracts of the suite sign: structs of static members, `string` and `bytes`,
members that are structs themselves, and lists of structs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coincurve import PublicKey
from eth_typing import ChecksumAddress, Hash32

from careledger.crypto.canonical import SAFE_INTEGER
from careledger.crypto.hashing import keccak256
from careledger.errors import InputError, SignatureError

if TYPE_CHECKING:  # at run time the package takes a second to load, and hashing needs none of it
    from eth_account.signers.local import LocalAccount

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
Vrs = tuple[int, bytes, bytes]
"""v, r and s of a signature, as ERC-1056 and ERC-2612 take them."""
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of secp256k1's order: the greatest s that is not malleable (EIP-2)."""

_DECIMAL = re.compile("[0-9]{1,78}", re.ASCII)
_MEMBER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\[\])?) ([A-Za-z_][A-Za-z0-9_]*)")


def domain_separator(name: str, version: str, chain_id: int, contract: str | bytes) -> bytes:
    """Return the 32-byte separator of a contract's signing domain.

    Raises:
        InputError: the contract is not an address, or the chain id is not a uint256.
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


@dataclass(frozen=True)
class SigningDomain:
    """The contract that a signature is for."""

    name: str
    version: str
    chain_id: int
    contract: ChecksumAddress

    @property
    def separator(self) -> bytes:
        """The 32 bytes that bind a digest to this contract."""
        return domain_separator(self.name, self.version, self.chain_id, self.contract)

    def to_json(self) -> dict[str, Any]:
        """Return the member `domain` of a typed data document."""
        return {
            "name": self.name,
            "version": self.version,
            "chainId": self.chain_id,
            "verifyingContract": self.contract,
        }


@dataclass(frozen=True)
class TypedData:
    """One message to sign, for one contract on one chain."""

    domain: SigningDomain
    encoded_type: str
    """EIP-712's encodeType, such as `Mail(Person to)Person(string name)`."""
    message: Mapping[str, Any]
    """By member, as a wallet shows it: bytes as 0x-text, structs as objects, lists of them.

    Numbers may be decimal text: most readers of JSON round those beyond 2^53 - 1.
    """

    @classmethod
    def of(cls, domain: SigningDomain, encoded_type: str, values: Sequence[Any]) -> "TypedData":
        """Return a message by the values of its members, in their order.

        Args:
            values: one a member: int, bool, bytes, text; what `struct_message` returned for a
                member that is a struct.

        """
        return cls(domain, encoded_type, struct_message(encoded_type, values))

    @property
    def kind(self) -> str:
        """Name of the struct."""
        return self.encoded_type.partition("(")[0]

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed; a passkey's challenge."""
        types = _definitions(self.encoded_type)
        return digest(self.domain.separator, _hash_object(types, self.kind, self.message))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON document that `eth_signTypedData_v4` takes."""
        definitions = _definitions(self.encoded_type) | _definitions(DOMAIN_TYPE)
        types = {
            name: [{"type": kind, "name": member} for kind, member in _members(definition)]
            for name, definition in definitions.items()
        }

        return {
            "types": types,
            "primaryType": self.kind,
            "domain": self.domain.to_json(),
            "message": dict(self.message),
        }

    def sign(self, account: "LocalAccount") -> bytes:
        """Return r || s || v, 65 bytes, s in the lower half, v 27 or 28."""
        return sign_digest(account, self.digest)


def struct_message(encoded_type: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return a struct as it stands in a `TypedData`: its values, in order, by member."""
    names = [name for _, name in _members(encoded_type)]
    shown = [_shown(value) for value in values]
    return dict(zip(names, shown, strict=True))


def sign_digest(account: "LocalAccount", message: bytes) -> bytes:
    """Sign a 32-byte digest; returns r || s || v, 65 bytes, s in the lower half, v 27 or 28."""
    return bytes(account.unsafe_sign_hash(Hash32(message)).signature)


def split_signature(signature: bytes) -> Vrs:
    """Return v, r and s of an account's signature, for functions that take them apart.

    Raises:
        InputError: it does not have 65 bytes.

    """
    if len(signature) != 65:
        raise InputError(f"an account's signature has 65 bytes, not {len(signature)}")
    return signature[64], signature[:32], signature[32:64]


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

    s = int.from_bytes(signature[32:64], "big")
    v = signature[64]
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


def _definitions(encoded_type: str) -> dict[str, str]:
    """Return the definition of each struct in an encodeType, by name."""
    definitions = [f"{part})" for part in encoded_type.split(")") if part]
    return {one.partition("(")[0]: one for one in definitions}


def _hash_object(types: Mapping[str, str], kind: str, message: Mapping[str, Any]) -> bytes:
    """Return the struct hash of a message in the form that wallets show."""
    members = _members(types[kind])
    if message.keys() != {name for _, name in members}:
        raise InputError(f"{kind} has the members {', '.join(name for _, name in members)}")

    words = [_object_word(types, member, name, message[name]) for member, name in members]
    return keccak256(keccak256(_encoded_type(types, kind).encode()) + b"".join(words))


def _object_word(types: Mapping[str, str], kind: str, name: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        words = [_object_word(types, kind[:-2], name, one) for one in value]
        return keccak256(b"".join(words))
    if kind in types:
        return _hash_object(types, kind, value)
    if kind == "bytes" and isinstance(value, str):
        return _word(kind, name, bytes.fromhex(value.removeprefix("0x")))
    if kind.startswith("uint") and isinstance(value, str) and _DECIMAL.fullmatch(value):
        return _word(kind, name, int(value))
    return _word(kind, name, value)


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and value > SAFE_INTEGER:
        return str(value)
    return value


def _encoded_type(types: Mapping[str, str], kind: str) -> str:
    """Return the encodeType of a struct: its definition, then those it refers to by name."""
    found: set[str] = set()
    waiting = [kind]
    while waiting:
        for member, _ in _members(types[waiting.pop()]):
            other = member.removesuffix("[]")
            if other in types and other not in found:
                found.add(other)
                waiting.append(other)

    return types[kind] + "".join(types[name] for name in sorted(found - {kind}))


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

    raise InputError(f"{name}: {value!r} is not of type {kind}")


def _bytes(kind: str, name: str, value: Any, length: int) -> bytes:
    try:
        raw = (
            bytes.fromhex(value.removeprefix("0x"))
            if isinstance(value, str)
            else memoryview(value).tobytes()
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {value!r} is not of type {kind}") from error

    if len(raw) != length:
        raise InputError(f"{name}: {value!r} is not of type {kind}, which has {length} bytes")
    return raw
