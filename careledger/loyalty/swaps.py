"""The events of every swap of points, the same from signed offers and from pools."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.contract import Event


@dataclass(frozen=True)
class Swap(Event):
    """A taker gave one brand's points and got another's; fees are in what was paid, and not in what was received."""

    paid: ChecksumAddress
    """The token that left the taker."""
    received: ChecksumAddress
    """The token that reached the taker."""
    taker: ChecksumAddress
    maker: ChecksumAddress
    """The maker of the offer, or the pools' contract."""
    paid_amount: int
    received_amount: int
    id: bytes
    """Of the offer, or of the pair."""


@dataclass(frozen=True)
class Fee(Event):
    """The brand of a token earned a fee in the swap of this id in the same transaction."""

    token: ChecksumAddress
    id: bytes
    amount: int
