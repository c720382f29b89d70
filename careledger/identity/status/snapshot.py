"""A status list as it was on the chain at a block: what exported lists are made from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.rpc import Block
from careledger.errors import InputError
from careledger.identity.status import bits
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.events import WORD_BITS
from careledger.values.addresses import address
from careledger.values.times import from_seconds

MIN_SIZE = 131_072
"""Indexes of the smallest list: whoever fetches a smaller one tells too much about whom it checks
(Bitstring Status List, 3.1)."""

MAX_SIZE = 8 * bits.MAX_BYTES


@dataclass(frozen=True)
class StatusListSnapshot:
    """A list as it was on the chain at the end of a block."""

    chain_id: int
    contract: ChecksumAddress
    issuer: ChecksumAddress
    list_id: bytes
    bits: bytes
    """A bit for each credential, in the order of the Token Status List."""
    block: int
    block_hash: bytes
    taken_at: datetime
    """This machine's time or the block's, whichever is later: the newest block of an idle chain may
    be old."""

    @property
    def revoked(self) -> list[int]:
        """The indexes of the revoked credentials, ascending."""
        return bits.set_indexes(self.bits)

    @property
    def source(self) -> dict[str, Any]:
        """The member `careledger` of a list: anyone with a node can make the same list from it."""
        return {
            "chainId": self.chain_id,
            "contract": self.contract,
            "issuer": self.issuer,
            "list": "0x" + self.list_id.hex(),
            "block": self.block,
            "blockHash": "0x" + self.block_hash.hex(),
        }


def check_size(size: int) -> None:
    """Make sure that a list can have so many indexes.

    Raises:
        InputError: it cannot.

    """
    if size % WORD_BITS or not MIN_SIZE <= size <= MAX_SIZE:
        raise InputError(
            f"a status list has {MIN_SIZE:,} to {MAX_SIZE:,} indexes, a multiple of {WORD_BITS}; "
            f"not {size}"
        )


def check_within(indexes: Iterable[int], size: int = MIN_SIZE) -> None:
    """Make sure that a list has these indexes.

    The contract takes any index, and no exported list would show one beyond the list's size.

    Raises:
        InputError: the list does not have one of them, or cannot have this size.

    """
    check_size(size)

    for index in indexes:
        if not 0 <= index < size:
            raise InputError(
                f"the list has {size:,} indexes, numbered from 0, and {index:,} is not among them"
            )


def take_snapshot(
    contract: CredentialStatus,
    issuer: str,
    list_id: bytes,
    *,
    size: int = MIN_SIZE,
    block: Block = "latest",
) -> StatusListSnapshot:
    """Read a list from the chain, all of it as of one block.

    Args:
        issuer: address of the identity that keeps it.
        list_id: 32 bytes.
        size: its indexes; a multiple of 256, and always the same for a list.

    Raises:
        InputError: a list cannot have this size.
        NodeError: the node cannot be asked, or does not have the block.

    """
    check_size(size)
    chain = contract.chain
    header = chain.block(block)
    number = int(header["number"], 16)

    words = contract.words(issuer, list_id, 0, size // WORD_BITS, number)
    mined_at = from_seconds(int(header["timestamp"], 16))

    return StatusListSnapshot(
        chain_id=chain.chain_id,
        contract=contract.address,
        issuer=address(issuer, "issuer"),
        list_id=list_id,
        bits=bits.from_words(words),
        block=number,
        block_hash=bytes.fromhex(header["hash"][2:]),
        taken_at=max(datetime.now(UTC), mined_at).replace(microsecond=0),
    )
