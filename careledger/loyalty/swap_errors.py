"""The refusals of `PointMarket` and `PointPools`; `errors` has all of the noun's."""

from careledger.loyalty.refused import Refused

# ---- PointMarket


class BadOffer(Refused, solidity="PointMarket_BadOffer(bytes32 id)"):
    """The offer is not possible: it swaps something for something, of two different tokens."""

    id: bytes


class OfferExpired(
    Refused, solidity="PointMarket_Expired(bytes32 id, uint256 actual, uint256 expiry)"
):
    """The offer does not hold any more."""

    id: bytes
    actual: int
    expiry: int


class NotTaker(
    Refused, solidity="PointMarket_NotTaker(bytes32 id, address actual, address expected)"
):
    """The offer is for another taker, or the maker's own."""

    id: bytes
    actual: str
    expected: str


class NonceSpent(
    Refused, solidity="PointMarket_NonceSpent(bytes32 id, address maker, uint256 nonce)"
):
    """The offer was cancelled, taken whole, or another one with its nonce was taken."""

    id: bytes
    maker: str
    nonce: int


class BadOfferSignature(Refused, solidity="PointMarket_BadSignature(bytes32 id, address maker)"):
    """The signature is not the maker's over this offer or cancellation."""

    id: bytes
    maker: str


class Overfill(
    Refused, solidity="PointMarket_Overfill(bytes32 id, uint256 amount, uint256 remaining)"
):
    """So much is not left of the offer."""

    id: bytes
    amount: int
    remaining: int


class BelowMinimum(
    Refused, solidity="PointMarket_BelowMinimum(bytes32 id, uint256 amount, uint256 minFill)"
):
    """So little of the offer cannot be taken at a time."""

    id: bytes
    amount: int
    min_fill: int


class PaysTooMuch(
    Refused, solidity="PointMarket_PaysTooMuch(bytes32 id, uint256 paid, uint256 mostPaid)"
):
    """The taker would pay more than it allowed."""

    id: bytes
    paid: int
    most_paid: int


class ReceivesTooLittle(
    Refused,
    solidity="PointMarket_ReceivesTooLittle(bytes32 id, uint256 received, uint256 leastReceived)",
):
    """The taker would get less than it asked for."""

    id: bytes
    received: int
    least_received: int


class NoAllowance(
    Refused,
    solidity="PointMarket_NoAllowance(address token, address owner, uint256 actual, uint256 expected)",
):
    """The owner does not let the market spend so many points."""

    token: str
    owner: str
    actual: int
    expected: int


class ShortReceipt(
    Refused,
    solidity="PointMarket_Short(address token, address to, uint256 actual, uint256 expected)",
):
    """Less arrived than was sent: the token takes a part of transfers."""

    token: str
    to: str
    actual: int
    expected: int


class NotOffered(Refused, solidity="PointMarket_NotOffered(address token)"):
    """The brand does not let these points be swapped by offers."""

    token: str


class NotPoints(Refused, solidity="PointMarket_NotPoints(address token)"):
    """The contract is no token of a brand under this market's registry."""

    token: str


class NotBrand(
    Refused, solidity="PointMarket_NotAllowed(address token, address actor, address brand)"
):
    """The account does not act for the brand of these points."""

    token: str
    actor: str
    brand: str


class BadPolicy(
    Refused,
    solidity="PointMarket_BadPolicy(address token, uint256 feeBps, uint256 maxFeeBps, address feeTo)",
):
    """The policy is not possible: a fee above its cap, a cap above 10 %, or nobody to take the fee."""

    token: str
    fee_bps: int
    max_fee_bps: int
    fee_to: str


class FeeCapRaised(
    Refused, solidity="PointMarket_FeeCapRaised(address token, uint256 actual, uint256 highest)"
):
    """The cap of the fee can only be lowered."""

    token: str
    actual: int
    highest: int


class CancellationExpired(
    Refused, solidity="PointMarket_CancellationExpired(uint256 actual, uint256 deadline)"
):
    """The signed cancellation does not hold any more."""

    actual: int
    deadline: int


# ---- PointPools


class SameToken(Refused, solidity="PointPools_SameToken(address token)"):
    """A pair is of two different tokens."""

    token: str


class PoolNotOpen(Refused, solidity="PointPools_NotOpen(bytes32 id)"):
    """The brands do not let this pool swap, or nobody has told it that they do."""

    id: bytes


class PoolLocked(Refused, solidity="PointPools_Locked(bytes32 id)"):
    """The pair is in the middle of a transaction."""

    id: bytes


class DeadlinePassed(Refused, solidity="PointPools_Expired(uint256 actual, uint256 deadline)"):
    """The time for it has passed."""

    actual: int
    deadline: int


class BadPoolRecipient(Refused, solidity="PointPools_BadRecipient(address to)"):
    """Points and shares cannot go to the zero address nor to the pools' contract."""

    to: str


class TooLittleOut(
    Refused, solidity="PointPools_TooLittleOut(bytes32 id, uint256 received, uint256 minOut)"
):
    """The swap would give less than asked for, or nothing."""

    id: bytes
    received: int
    min_out: int


class TooMuch(Refused, solidity="PointPools_TooMuch(bytes32 id, uint256 reserve)"):
    """The pool cannot hold so much."""

    id: bytes
    reserve: int


class BelowProviderMinimum(
    Refused,
    solidity="PointPools_BelowMinimum(address token, uint256 amount, uint256 minimum)",
):
    """The pool's price leaves less of a token than the provider allowed."""

    token: str
    amount: int
    minimum: int


class NoShares(Refused, solidity="PointPools_NoShares(bytes32 id)"):
    """The amounts make no share."""

    id: bytes


class PoolShort(
    Refused, solidity="PointPools_Short(address token, uint256 actual, uint256 expected)"
):
    """Less arrived in the pool than was sent: the token takes a part of transfers."""

    token: str
    actual: int
    expected: int


class NothingToCollect(
    Refused, solidity="PointPools_NothingToCollect(address token, uint256 amount, address to)"
):
    """There are no fees to collect, or the brand names nobody to get them."""

    token: str
    amount: int
    to: str


class NothingToClaim(
    Refused, solidity="PointPools_NothingToClaim(address token, address provider)"
):
    """There is nothing to claim."""

    token: str
    provider: str
