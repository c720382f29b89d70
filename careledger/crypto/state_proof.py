"""Ethereum state without a node: what a block hash commits to, opened by `eth_getProof`.

A trusted block hash fixes the header, the header the state root, the state root an account, and the
account's storage root each of its slots. Every step is a hash that is recomputed here; nothing is
taken on anyone's word but the block hash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from careledger.crypto.hashing import keccak256
from careledger.crypto.proofs import MalformedProof, WrongRoot

EMPTY_TRIE = keccak256(rlp.encode(b""))
NO_CODE = keccak256(b"")

_HEADER: tuple[tuple[str, int | None], ...] = (
    # name in JSON-RPC, length in bytes (None: an integer without leading zeros, 0: any length); in
    # the header's order
    ("parentHash", 32), ("sha3Uncles", 32), ("miner", 20), ("stateRoot", 32),
    ("transactionsRoot", 32), ("receiptsRoot", 32), ("logsBloom", 256), ("difficulty", None),
    ("number", None), ("gasLimit", None), ("gasUsed", None), ("timestamp", None), ("extraData", 0),
    ("mixHash", 32), ("nonce", 8), ("baseFeePerGas", None), ("withdrawalsRoot", 32),
    ("blobGasUsed", None), ("excessBlobGas", None), ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)  # fmt: skip
_REQUIRED = 15
"""Members that every header has; each later one came with a fork and needs those before it."""


@dataclass(frozen=True)
class Header:
    """What a verified block header says."""

    number: int
    timestamp: int
    """Unix seconds."""
    state_root: bytes
    parent_hash: bytes


@dataclass(frozen=True)
class AccountState:
    """What a verified account proof says of an account."""

    nonce: int
    balance: int
    """In wei."""
    storage_root: bytes
    code_hash: bytes


def encode_header(block: Mapping[str, Any]) -> bytes:
    """Return the RLP of the header of a block as JSON-RPC gives it, with its hash checked.

    Args:
        block: the answer of `eth_getBlockByHash`: quantities and data as 0x-text, or already int
            and bytes.

    Raises:
        MalformedProof: a member is missing or malformed, or the header does not have the block's
            hash (chains whose header is hashed in another form than Ethereum's, such as those of
            Besu's QBFT).
    """
    items = []
    for place, (name, length) in enumerate(_HEADER):
        value = block.get(name)
        if value is None:
            if place < _REQUIRED:
                raise MalformedProof(f"the block has no '{name}'")
            break
        items.append(_member(name, length, value))

    encoded: bytes = rlp.encode(items)
    actual = keccak256(encoded)
    expected = _member("hash", 32, block.get("hash"))
    if actual != expected:
        raise MalformedProof(
            f"the header hashes to 0x{actual.hex()} and not to the block's 0x{expected.hex()}"
        )
    return encoded


def _member(name: str, length: int | None, value: Any) -> bytes:
    try:
        if length is None:
            number = int(value, 16) if isinstance(value, str) else int(value)
            return number.to_bytes((number.bit_length() + 7) // 8, "big")
        raw = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedProof(f"the block's '{name}' cannot be read") from error
    if length and len(raw) != length:
        raise MalformedProof(f"the block's '{name}' has {len(raw)} bytes, not {length}")
    return raw


def open_header(encoded: bytes, block_hash: bytes) -> Header:
    """Read a header that has the trusted hash.

    Raises:
        WrongRoot: it has another hash.
        MalformedProof: it has the hash but is not a block header.
    """
    if keccak256(encoded) != block_hash:
        raise WrongRoot(keccak256(encoded), block_hash)

    items = _decode(encoded)
    if not _is_list_of_bytes(items) or len(items) < _REQUIRED:
        raise MalformedProof("what has this hash is not a block header")
    if len(items[3]) != 32 or len(items[0]) != 32:
        raise MalformedProof("what has this hash is not a block header")

    return Header(
        number=int.from_bytes(items[8], "big"),
        timestamp=int.from_bytes(items[11], "big"),
        state_root=items[3],
        parent_hash=items[0],
    )


def _is_list_of_bytes(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, bytes) for item in items)


def open_account(state_root: bytes, address: bytes, proof: Sequence[bytes]) -> AccountState | None:
    """Read an account under a state root, or None where the proof shows that there is none.

    Raises:
        MalformedProof: it is not a proof.
        WrongRoot: a node of it is not the one that the node above it names.
    """
    value = open_trie(state_root, address, proof)
    if value is None:
        return None

    items = _decode(value)
    if not _is_list_of_bytes(items) or len(items) != 4:
        raise MalformedProof("the proof leads to something that is not an account")

    nonce, balance = (int.from_bytes(item, "big") for item in items[:2])
    return AccountState(nonce=nonce, balance=balance, storage_root=items[2], code_hash=items[3])


def open_slot(storage_root: bytes, slot: bytes, proof: Sequence[bytes]) -> int:
    """Read a slot under an account's storage root; 0 where the proof shows that it is empty.

    Raises:
        MalformedProof: it is not a proof.
        WrongRoot: a node of it is not the one that the node above it names.
    """
    value = open_trie(storage_root, slot, proof)
    if value is None:
        return 0

    word = _decode(value)
    if not isinstance(word, bytes) or len(word) > 32:
        raise MalformedProof("the proof leads to something that is not a storage word")
    return int.from_bytes(word, "big")


def open_trie(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the value that a Merkle-Patricia proof shows under a key; None if it shows none.

    Args:
        root: of a trie whose keys are hashed, as those of state and storage are.
        key: the address or slot, not hashed.
        proof: the nodes from the root downwards, each in RLP; none may be left over.

    Raises:
        MalformedProof: a node is malformed, nodes are missing, or nodes are left over.
        WrongRoot: a node is not the one that the node above it (or the root) names.
    """
    # Some nodes prove an empty trie by its one node.
    nodes = [node for node in proof if node != b"\x80"]
    if root == EMPTY_TRIE:
        if nodes:
            raise MalformedProof("the trie is empty and the proof is not")
        return None

    path = keccak256(key).hex()
    link: Any = root
    while True:
        if isinstance(link, bytes):
            if not nodes:
                raise MalformedProof("the proof ends before its value")
            if keccak256(nodes[0]) != link:
                raise WrongRoot(keccak256(nodes[0]), link)
            link = _decode(nodes.pop(0))

        value, link, path = _step(link, path)
        if link is None:
            if nodes:
                raise MalformedProof(f"{len(nodes)} nodes of the proof are left over")
            return value


def _step(node: Any, path: str) -> tuple[bytes | None, Any, str]:
    """Take one node: (value, None, "") at the end, (None, link, rest of the path) on the way."""
    if isinstance(node, list) and len(node) == 17 and path:
        return _follow(node[int(path[0], 16)], path[1:])

    if not isinstance(node, list) or len(node) != 2:
        raise _not_a_node()
    if not isinstance(node[0], bytes) or not node[0]:
        raise _not_a_node()

    flag = node[0].hex()
    if flag[0] not in "0123":
        raise _not_a_node()

    own = flag[1:] if flag[0] in "13" else flag[2:]
    if flag[0] in "23":  # a leaf
        if own != path:
            return None, None, ""
        if not isinstance(node[1], bytes):
            raise _not_a_node()
        return node[1], None, ""

    if not path.startswith(own):
        return None, None, ""
    return _follow(node[1], path[len(own) :])


def _follow(link: Any, path: str) -> tuple[bytes | None, Any, str]:
    if link == b"":
        return None, None, ""
    if isinstance(link, bytes) and len(link) != 32:
        raise _not_a_node()
    return None, link, path


def _not_a_node() -> MalformedProof:
    return MalformedProof("the proof holds something that is not a node of a trie")


def _decode(encoded: bytes) -> Any:
    try:
        return rlp.decode(encoded)
    except (rlp.exceptions.RLPException, RecursionError, TypeError) as error:
        raise MalformedProof("a part of the proof is not RLP") from error
