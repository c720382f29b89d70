"""What a sender works with: transactions under way, receipts, and what it reports about both."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.chain.rpc import Log

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TransactionReceipt:
    """What became of a mined transaction."""

    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    gas_price: int
    """Paid, in wei a gas."""
    contract_address: ChecksumAddress | None
    logs: tuple[Log, ...]
    succeeded: bool

    @classmethod
    def from_rpc(cls, raw: dict[str, Any]) -> "TransactionReceipt":
        """Read the node's JSON."""
        deployed = raw.get("contractAddress")

        return cls(
            transaction_hash=bytes.fromhex(raw["transactionHash"][2:]),
            block_number=int(raw["blockNumber"], 16),
            block_hash=bytes.fromhex(raw["blockHash"][2:]),
            gas_used=int(raw["gasUsed"], 16),
            gas_price=int(raw.get("effectiveGasPrice", "0x0"), 16),
            contract_address=to_checksum_address(deployed) if deployed else None,
            logs=tuple(Log.from_rpc(log) for log in raw["logs"]),
            succeeded=int(raw["status"], 16) == 1,
        )


@dataclass
class Pending:
    """A transaction that was signed. Every hash it ever had is kept: any of them may be mined."""

    transaction: dict[str, Any]
    hashes: list[bytes] = field(default_factory=list)
    raw: bytes = b""
    """Signed, as it is handed over; it holds no secret and may be stored."""
    unanswered: bool = False
    """It was handed over and no answer came: the node may have it, or get it yet."""
    block_number: int | None = None
    """Where it was mined, as far as its sender has seen."""

    @property
    def nonce(self) -> int:
        """The sender's nonce that it uses up."""
        return int(self.transaction["nonce"])


class TransactionRole(StrEnum):
    """Why a transaction was signed."""

    CALL = "call"
    BUMP = "bump"
    """The same as the one before with higher fees, for the same nonce."""
    FILLER = "filler"
    """A transfer of nothing to oneself, for a nonce that nothing else uses."""


class TransactionStage(StrEnum):
    """What happened to a transaction."""

    SIGNED = "signed"
    BROADCAST = "broadcast"
    """A node has it."""
    BUMPED = "bumped"
    """It was signed again with higher fees."""
    FILLED = "filled"
    """A nonce that nothing used was filled."""
    MINED = "mined"
    UNDONE = "undone"
    """A reorganisation took its block away, and it was handed over again."""
    FINAL = "final"
    """It is as deep as its owner wants it; only the outbox follows transactions so far."""
    REVERTED = "reverted"
    """It was mined, and the contract refused."""
    REFUSED = "refused"
    """It was not handed over: the contract would refuse, or the node refused."""


@dataclass(frozen=True)
class TransactionEvent:
    """What a sender or the outbox reports: nothing of what a transaction says, and no person."""

    stage: TransactionStage
    chain_id: int
    sender: ChecksumAddress
    nonce: int | None = None
    """None if it was refused before it had one."""
    transaction_hash: bytes | None = None
    block_number: int | None = None


Observer = Callable[[TransactionEvent], None]
"""Is told of each event, in the thread of the sender; what it raises comes out of the sender."""


def report_transaction(event: TransactionEvent, observe: Observer | None) -> None:
    """Log what happened to a transaction, and tell an observer, if there is one."""
    transaction_hash = event.transaction_hash
    _log.info(
        "transaction %s",
        event.stage.value,
        extra={
            "stage": event.stage.value,
            "chain_id": event.chain_id,
            "sender": event.sender,
            "nonce": event.nonce,
            "transaction_hash": "0x" + transaction_hash.hex() if transaction_hash else None,
            "block_number": event.block_number,
        },
    )

    if observe is not None:
        observe(event)


Keeper = Callable[[Pending, TransactionRole], None]
"""Stores what was signed, before it is handed over; if it raises, nothing is handed over."""


class KeyLease(Protocol):
    """The right to be the only program that sends with a key on a chain.

    `careledger.outbox.lease` has the one that is kept in a database.
    """

    def hold(self) -> int:
        """Take the right or keep it, and return its number.

        The number stays the same for as long as the right was held without a break. With another
        number, somebody else may have sent in between: nonces have to be asked of the node again.

        Raises:
            Conflict: another program holds it; says which.

        """
