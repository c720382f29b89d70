"""The events of `LoyaltyToken`, `PointMarket` and `PointPools`.

Amounts are in the smallest unit of points, fees in basis points, times in seconds since 1970 UTC.
"""

from dataclasses import dataclass
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.chain.events import Event
from careledger.chain.rpc import Log
from careledger.loyalty.policy import SwapPolicy


@dataclass(frozen=True)
class Swap(Event):
    """A taker gave one brand's points and got another's.

    Fees are part of what was paid, and not part of what was received.
    """

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


@dataclass(frozen=True)
class Transfer(Event, contract="LoyaltyToken"):
    """Points moved; from the zero address when they are new, to it when they are redeemed."""

    from_: ChecksumAddress
    to: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class TokenApproval(Event, contract="LoyaltyToken", name="Approval"):
    """A holder let somebody spend."""

    owner: ChecksumAddress
    spender: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class ProgrammeOpened(Event, contract="LoyaltyToken"):
    """The token was deployed; `notice` in seconds."""

    brand: ChecksumAddress
    cap: int
    notice: int


@dataclass(frozen=True)
class Issued(Event, contract="LoyaltyToken"):
    """New points were given for a reference; the transfer just before says to whom and how many."""

    ref: bytes
    issuer: ChecksumAddress


@dataclass(frozen=True)
class IssuedBatch(Event, contract="LoyaltyToken"):
    """New points were given to many: one reference for each of the transfers before."""

    issuer: ChecksumAddress
    refs: list[bytes]


@dataclass(frozen=True)
class Redeemed(Event, contract="LoyaltyToken"):
    """A holder gave up points for what the reference stands for."""

    from_: ChecksumAddress
    ref: bytes
    amount: int


@dataclass(frozen=True)
class IssuerLimitSet(Event, contract="LoyaltyToken"):
    """The brand set how fast an issuer may issue; `period` in seconds."""

    issuer: ChecksumAddress
    capacity: int
    period: int


@dataclass(frozen=True)
class PausedSet(Event, contract="LoyaltyToken"):
    """The brand paused or resumed issuing."""

    paused: bool


@dataclass(frozen=True)
class WindDownAnnounced(Event, contract="LoyaltyToken"):
    """The brand announced the end; seconds since 1970 UTC."""

    closes_at: int


@dataclass(frozen=True)
class WindDownCalledOff(Event, contract="LoyaltyToken"):
    """The brand called off the announced end."""

    closes_at: int


@dataclass(frozen=True)
class AuthorizationUsed(Event, contract="LoyaltyToken"):
    """An authorisation was used up."""

    authorizer: ChecksumAddress
    nonce: bytes


@dataclass(frozen=True)
class AuthorizationCanceled(Event, contract="LoyaltyToken"):
    """An authorisation was cancelled."""

    authorizer: ChecksumAddress
    nonce: bytes


@dataclass(frozen=True)
class OfferFilled(Swap, contract="PointMarket", name="Swapped"):
    """An offer was filled, whole or in part."""


@dataclass(frozen=True)
class OfferFeeCharged(Fee, contract="PointMarket", name="FeeCharged"):
    """A brand earned a fee by the fill of an offer."""


@dataclass(frozen=True)
class Cancelled(Event, contract="PointMarket"):
    """A maker cancelled the nonces of a word whose bits are set."""

    maker: ChecksumAddress
    word: int
    mask: int


@dataclass(frozen=True)
class PolicySet(Event, contract="PointMarket"):
    """A brand set the policy of its points."""

    token: ChecksumAddress
    brand: ChecksumAddress
    policy: SwapPolicy

    @classmethod
    def from_arguments(cls, log: Log, arguments: dict[str, Any]) -> Self:
        """Make the event, with its policy as an object."""
        return super().from_arguments(
            log, arguments | {"policy": SwapPolicy.from_abi(arguments["policy"])}
        )


@dataclass(frozen=True)
class PoolSwapped(Swap, contract="PointPools", name="Swapped"):
    """Points were swapped against a pool."""


@dataclass(frozen=True)
class PoolFeeCharged(Fee, contract="PointPools", name="FeeCharged"):
    """A brand earned a fee by a pool's swap; it waits in the pools' contract."""


@dataclass(frozen=True)
class LiquidityAdded(Event, contract="PointPools"):
    """A provider paid into a pool, and somebody got the shares."""

    id: bytes
    provider: ChecksumAddress
    to: ChecksumAddress
    amount0: int
    amount1: int
    shares: int


@dataclass(frozen=True)
class LiquidityRemoved(Event, contract="PointPools"):
    """A provider gave up shares, and somebody got a part of the reserves."""

    id: bytes
    provider: ChecksumAddress
    to: ChecksumAddress
    amount0: int
    amount1: int
    shares: int


@dataclass(frozen=True)
class PoolCredited(Event, contract="PointPools", name="Credited"):
    """A token could not be paid out to a provider, who can claim it."""

    token: ChecksumAddress
    provider: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class PoolClaimed(Event, contract="PointPools", name="Claimed"):
    """A provider claimed what could not be paid out before."""

    token: ChecksumAddress
    provider: ChecksumAddress
    to: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class Synced(Event, contract="PointPools"):
    """The brands' policies were copied into a pair."""

    id: bytes
    fee_bps0: int
    fee_bps1: int
    open: bool


@dataclass(frozen=True)
class FeesCollected(Event, contract="PointPools"):
    """The fees of a token went to its brand."""

    token: ChecksumAddress
    to: ChecksumAddress
    amount: int


@dataclass(frozen=True)
class ShareTransfer(Event, contract="PointPools", name="Transfer"):
    """Shares moved (ERC-6909)."""

    by: ChecksumAddress
    from_: ChecksumAddress
    to: ChecksumAddress
    id: int
    amount: int


@dataclass(frozen=True)
class ShareApproval(Event, contract="PointPools", name="Approval"):
    """A holder let somebody move shares of one pair (ERC-6909)."""

    owner: ChecksumAddress
    spender: ChecksumAddress
    id: int
    amount: int


@dataclass(frozen=True)
class OperatorSet(Event, contract="PointPools"):
    """A holder let somebody move all of its shares, or no longer (ERC-6909)."""

    owner: ChecksumAddress
    operator: ChecksumAddress
    approved: bool
