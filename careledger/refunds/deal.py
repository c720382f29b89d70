"""What changes while a deal lives: its state, what is held, its dispute; and how it is divided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Self

from careledger.values.times import from_seconds, to_seconds


class DealState(IntEnum):
    """Where a deal is; the last three are ends."""

    NONE = 0
    OPEN = 1
    DISPUTED = 2
    RULED = 3
    APPEALED = 4
    RELEASED = 5
    REFUNDED = 6
    SPLIT = 7

    @property
    def final(self) -> bool:
        """Whether nothing changes any more."""
        return self >= DealState.RELEASED


class Party(IntEnum):
    """A side of a deal."""

    NONE = 0
    PAYER = 1
    SELLER = 2


@dataclass(frozen=True)
class Deal:
    """The state of a deal; amounts in the token's smallest unit, shares in basis points."""

    held: int
    deadline_at: datetime | None
    """When the present step of a dispute is over; None outside disputes."""
    window: timedelta
    """For each step of a dispute."""
    ruling_bps: int
    appeal_bps: int
    state: DealState
    appellant: Party

    @classmethod
    def from_abi(cls, words: tuple[int, ...]) -> Self:
        """Read the contract's struct."""
        held, deadline, window, ruling_bps, appeal_bps, state, appellant = words

        return cls(
            held=held,
            deadline_at=from_seconds(deadline) if deadline else None,
            window=timedelta(seconds=window),
            ruling_bps=ruling_bps,
            appeal_bps=appeal_bps,
            state=DealState(state),
            appellant=Party(appellant),
        )


@dataclass(frozen=True)
class SplitAgreement:
    """How both parties agreed to divide a deal; who sends it leaves its own signature empty."""

    to_payer: int
    to_seller: int
    deadline: datetime
    seller_signer: str
    payer_signature: bytes = b""
    seller_signature: bytes = b""

    def abi(self) -> tuple[Any, ...]:
        """Return the contract's struct."""
        return (
            self.to_payer,
            self.to_seller,
            to_seconds(self.deadline),
            self.seller_signer,
            self.payer_signature,
            self.seller_signature,
        )
