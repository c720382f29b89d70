"""Where items and transactions are, and what becomes of an item."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from careledger.chain.transactions import Pending

T = TypeVar("T")


class OutboxState(StrEnum):
    """Where an item or a transaction is.

    An item goes back to queued only with proof that its effect is not there.
    """

    QUEUED = "queued"
    """An item that is in no transaction."""
    SIGNED = "signed"
    """Signed and stored; no node has acknowledged it."""
    BROADCAST = "broadcast"
    MINED = "mined"
    """In a block that is not deep enough yet."""
    FINAL = "final"
    """An item: its effect is on the chain, whoever brought it there. A transaction: deep enough."""
    REVERTED = "reverted"
    """A transaction that is deep enough, and that the contract refused."""
    REFUSED = "refused"
    """An item that the chain would not take."""
    REPLACED = "replaced"
    """A transaction whose nonce another one used up: a dearer one of ours, or a foreign one."""


UNDER_WAY = (OutboxState.SIGNED, OutboxState.BROADCAST, OutboxState.MINED)
"""States of a transaction that is followed, and of an item in it."""


@dataclass(frozen=True)
class OutboxItem(Generic[T]):
    """An item in the hands of a worker."""

    id: int
    effect: bytes
    """The key under which the contract does it once."""
    body: T
    """What its kind makes of the stored document."""
    attempts: int
    """How many transactions with it failed, or passed it over."""


@dataclass(frozen=True)
class ItemOutcome:
    """What became of an item."""

    kind: str
    effect: bytes
    state: OutboxState
    reason: str | None
    """Why it was refused."""
    transaction: bytes | None
    """The hash of ours that carries it; None if none was needed, or none was made yet."""
    added_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class StoredTransaction:
    """A nonce of ours that is under way, with everything that was signed for it."""

    nonce: int
    state: OutboxState
    pending: Pending
    """With every hash, so that a receipt of any of them is found."""


@dataclass
class Judgement(Generic[T]):
    """Items by what the chain says about them."""

    done: list[OutboxItem[T]]
    refused: list[tuple[OutboxItem[T], str]]
    left: list[OutboxItem[T]]
