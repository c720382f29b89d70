"""The byte formats of interactions, in one place; `docs/protocol/interactions.md` describes the same in words."""

from dataclasses import dataclass
from functools import cached_property

from eth_utils.address import to_checksum_address

from careledger.crypto.hashing import hkdf_sha256, hmac_sha256, keccak256
from careledger.crypto.typed_data import digest, domain_separator, struct_hash

VERSION = b"careledger.interactions.v1"
AGENT_ROLE = b"careledger.agent".ljust(32, b"\0")

KINDS = {
    "other": 0,
    "call": 1,
    "chat": 2,
    "email": 3,
    "message": 4,
    "video": 5,
    "visit": 6,
    "post": 7,
    "letter": 8,
    "agreement": 9,
}
"""Names of kinds in records, and their numbers in leaves. Numbers are never given a new meaning."""

PROMISE_TYPE = "Promise(address brand,bytes32 content,bytes32 parties,uint16 kind,uint64 startedAt,uint64 anchorBy)"
ACKNOWLEDGEMENT_TYPE = (
    "Acknowledgement(address customer,address brand,bytes32 content,bytes32 parties,"
    "uint16 kind,uint64 startedAt,uint64 index,uint256 deadline)"
)

SLOT_LOGS = 0
"""Storage slot of `InteractionLog._logs`; a test compares it with the compiler's layout."""


def address_bytes(address: str) -> bytes:
    """Return the 20 bytes of a 0x-text address."""
    return bytes.fromhex(address[2:])


@dataclass(frozen=True)
class LeafFields:
    """The fields of an interaction that its leaf commits to, beside the domain."""

    content: bytes
    parties: bytes
    kind: int
    started_at: int
    """Seconds since 1970 UTC."""
    index: int
    """Its number among all interactions of the brand."""

    def abi(self) -> tuple[bytes, bytes, int, int, int]:
        """Return them as the contract takes them."""
        return self.content, self.parties, self.kind, self.started_at, self.index


@dataclass(frozen=True)
class AnchoredBatch:
    """One batch as the contract keeps it."""

    root: bytes
    first: int
    count: int
    anchored_at: int
    """Seconds since 1970 UTC."""


@dataclass(frozen=True)
class LogAddress:
    """Which log is meant: a brand's, in a contract, on a chain."""

    chain_id: int
    contract: str
    brand: str

    @cached_property
    def domain(self) -> bytes:
        """The first word of every leaf and record of the contract: 32 bytes."""
        words = [
            VERSION.ljust(32, b"\0"),
            self.chain_id.to_bytes(32, "big"),
            address_bytes(self.contract).rjust(32, b"\0"),
        ]
        return keccak256(b"".join(words))

    @cached_property
    def separator(self) -> bytes:
        """The EIP-712 domain separator of the contract: 32 bytes."""
        return domain_separator("CareLedger InteractionLog", "1", self.chain_id, self.contract)


def did(chain_id: int, address: str) -> str:
    """Return the did:ethr identifier of an address on a chain."""
    network = "" if chain_id == 1 else f"{chain_id:#x}:"
    return f"did:ethr:{network}{to_checksum_address(address)}"


def salts(key: bytes, interaction_id: str) -> tuple[bytes, bytes]:
    """Derive an interaction's two 32-byte salts (content, parties) from the customer's key and the interaction's id."""
    name = interaction_id.encode()
    return hkdf_sha256(key, VERSION, b"content\0" + name), hkdf_sha256(
        key, VERSION, b"parties\0" + name
    )


def content_commitment(salt: bytes, record: bytes) -> bytes:
    """Return the 32-byte commitment to a record, given as the bytes that are stored."""
    return hmac_sha256(salt, record)


def parties_commitment(salt: bytes, agent: str, customer: str) -> bytes:
    """Return the 32-byte commitment to the identifiers of the two parties."""
    one, other = agent.encode(), customer.encode()
    return hmac_sha256(
        salt, len(one).to_bytes(4, "big") + one + len(other).to_bytes(4, "big") + other
    )


def leaf_value(log: LogAddress, fields: LeafFields) -> bytes:
    """Return the 128 bytes that a leaf is the double Keccak-256 of.

    The last word holds the kind (16 bits), the start (64 bits) and, lowest, the global index (64
    bits).
    """
    meta = fields.kind << 128 | fields.started_at << 64 | fields.index
    return log.domain + fields.content + fields.parties + meta.to_bytes(32, "big")


def batch_record(log: LogAddress, batch_id: int, batch: AnchoredBatch) -> bytes:
    """Return the 112 bytes with which a batch enters the brand's log."""
    numbers = [(batch_id, 8), (batch.first, 8), (batch.count, 4), (batch.anchored_at, 8)]
    packed = b"".join(number.to_bytes(length, "big") for number, length in numbers)
    return log.domain + address_bytes(log.brand) + packed + batch.root


def promise_digest(log: LogAddress, fields: LeafFields, anchor_by: int) -> bytes:
    """Return what a brand signs to promise that an interaction will be anchored by a time; the index plays no part."""
    values = [log.brand, fields.content, fields.parties, fields.kind, fields.started_at, anchor_by]
    return digest(log.separator, struct_hash(PROMISE_TYPE, values))


def acknowledgement_digest(
    log: LogAddress, customer: str, fields: LeafFields, deadline: int
) -> bytes:
    """Return what a customer signs to acknowledge an interaction, the same as the contract's view of that name."""
    values = [customer, log.brand, *fields.abi(), deadline]
    return digest(log.separator, struct_hash(ACKNOWLEDGEMENT_TYPE, values))


def _mapping(slot: int, key: bytes) -> int:
    return int.from_bytes(keccak256(key.rjust(32, b"\0") + slot.to_bytes(32, "big")), "big")


def slot_tip(brand: str) -> int:
    """Return the storage slot of a brand's tip."""
    return _mapping(SLOT_LOGS, address_bytes(brand))


def slot_root(brand: str, batch_id: int) -> int:
    """Return the storage slot of a batch's root."""
    return _mapping(slot_tip(brand) + 1, batch_id.to_bytes(32, "big"))


def slot_pair(brand: str, batch_id: int) -> int:
    """Return the storage slot that holds the numbers of a batch together with its even or odd neighbour's."""
    return _mapping(slot_tip(brand) + 2, (batch_id >> 1).to_bytes(32, "big"))


def read_tip(word: int) -> tuple[int, int, int, int]:
    """Unpack a tip: number of batches, number of interactions, count and time of the last batch."""
    return (
        word & 2**64 - 1,
        word >> 64 & 2**64 - 1,
        word >> 128 & 2**32 - 1,
        word >> 160 & 2**40 - 1,
    )


def read_pair(word: int, odd: bool) -> tuple[int, int, int]:
    """Unpack one batch of a pair: first interaction, count, time."""
    first, count, anchored_at = word & 2**64 - 1, word >> 64 & 2**32 - 1, word >> 96 & 2**40 - 1
    if not odd:
        return first, count, anchored_at
    return first + count, word >> 136 & 2**32 - 1, word >> 168 & 2**40 - 1
