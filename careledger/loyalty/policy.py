"""On what terms a brand lets its points be swapped."""

from dataclasses import dataclass
from typing import Any

from careledger.values.addresses import ZERO_ADDRESS


@dataclass(frozen=True)
class SwapPolicy:
    """On what terms a brand lets its points be swapped; fees in basis points of its own points."""

    fee_to: str = ZERO_ADDRESS
    fee_bps: int = 0
    max_fee_bps: int = 0
    offers: bool = True
    pools: bool = True

    @classmethod
    def from_abi(cls, words: tuple[Any, ...]) -> "SwapPolicy":
        """Read the contract's struct."""
        return cls(*words)
