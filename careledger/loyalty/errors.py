"""What can go wrong with points: refusals of the contracts, and invalid offers.

Sentences show amounts in points and times as dates; the attributes hold what the contract said:
smallest units, and seconds since 1970 UTC.
"""

from careledger.chain.reverts import Reverted
from careledger.chain.units import Amount, Share
from careledger.errors import InputError
from careledger.values.amounts import WAD


class OfferError(InputError):
    """A member of an offer has a value that it cannot have.

    Attributes:
        field: the member's name in the file, such as `giveAmount`.

    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field


class LoyaltyRefusal(Reverted):
    """A contract of the loyalty programmes refused; amounts are in points."""

    decimals = WAD


class TokenRefusal(LoyaltyRefusal):
    """A token refused with an error that its base contract declares."""

    contract = "LoyaltyToken"


# ---- LoyaltyToken


class NotAllowed(LoyaltyRefusal, error="LoyaltyToken_NotAllowed"):
    """The account does not act for the brand in this role."""


class NotBrandController(LoyaltyRefusal, error="LoyaltyToken_NotController"):
    """Only the brand's controller may do this."""


class IssuingPaused(LoyaltyRefusal, error="LoyaltyToken_Paused"):
    """The brand has paused issuing."""


class ProgrammeClosed(LoyaltyRefusal, error="LoyaltyToken_Closed"):
    """The programme has ended."""


class NotClosing(LoyaltyRefusal, error="LoyaltyToken_NotClosing"):
    """No end of the programme is announced."""


class ClosingAlready(LoyaltyRefusal, error="LoyaltyToken_ClosingAlready"):
    """The end of the programme is announced already."""


class AboveCap(LoyaltyRefusal, error="LoyaltyToken_AboveCap"):
    """The cap leaves no room for so many points."""


class AboveLimit(LoyaltyRefusal, error="LoyaltyToken_AboveLimit"):
    """The issuer may not issue so many points now."""


class BadLimit(LoyaltyRefusal, error="LoyaltyToken_BadLimit"):
    """A limit is at most 2^96 - 1 smallest units, in a period of 1 to 16,777,215 seconds."""


class BadProgramme(LoyaltyRefusal, error="LoyaltyToken_BadProgramme"):
    """The programme is not valid.

    It needs the registry, a brand, a cap below 2^128 smallest units, and a notice of 30 to 3,650
    days.
    """


class ZeroAmount(LoyaltyRefusal, error="LoyaltyToken_ZeroAmount"):
    """The amount is 0: there is nothing to issue or redeem."""


# ---- SignedERC20: what every token of ours can do


class BadRecipient(TokenRefusal, error="SignedERC20_BadRecipient"):
    """Points cannot go to the zero address nor to their own contract."""


class BadHolderSignature(TokenRefusal, error="SignedERC20_BadSignature"):
    """The signature is not the holder's over this message."""


class AuthorizationNotYetValid(TokenRefusal, error="SignedERC20_NotYetValid"):
    """The authorisation is not valid yet."""


class AuthorizationExpired(TokenRefusal, error="SignedERC20_Expired"):
    """The authorisation is not valid any more."""


class AuthorizationSpent(
    LoyaltyRefusal, error="SignedERC20_AuthorizationSpent", contract="LoyaltyToken"
):
    """The authorisation was used or cancelled already."""


class NotPayee(TokenRefusal, error="SignedERC20_NotPayee"):
    """Only the payee may use this authorisation."""


class NotAccepted(TokenRefusal, error="SignedERC20_NotAccepted"):
    """The receiver is not a contract, or it did not accept."""


# ---- Solady: the base of tokens and pools


class InsufficientBalance(TokenRefusal, error="InsufficientBalance"):
    """The holder does not have enough points."""


class InsufficientAllowance(TokenRefusal, error="InsufficientAllowance"):
    """The holder does not allow this account to spend so many points."""


class AllowanceOverflow(TokenRefusal, error="AllowanceOverflow"):
    """The allowance would pass 2^256 - 1."""


class AllowanceUnderflow(TokenRefusal, error="AllowanceUnderflow"):
    """The allowance would fall below 0."""


class TotalSupplyOverflow(TokenRefusal, error="TotalSupplyOverflow"):
    """The supply would pass 2^256 - 1."""


class PermitExpired(TokenRefusal, error="PermitExpired"):
    """The permit is not valid any more."""


class InvalidPermit(TokenRefusal, error="InvalidPermit"):
    """The permit is not signed by the holder, or not with the holder's present nonce."""


class Permit2AllowanceIsFixedAtInfinity(
    LoyaltyRefusal, error="Permit2AllowanceIsFixedAtInfinity", contract="LoyaltyToken"
):
    """The allowance of Permit2 cannot be changed."""


class InsufficientPermission(LoyaltyRefusal, error="InsufficientPermission", contract="PointPools"):
    """The holder does not allow this account to move its shares."""


class BalanceOverflow(LoyaltyRefusal, error="BalanceOverflow", contract="PointPools"):
    """The balance would pass 2^256 - 1."""


class TransferFromFailed(LoyaltyRefusal, error="TransferFromFailed()"):
    """A token could not be moved: its holder has too few, or has not allowed the contract to."""


class TransferFailed(LoyaltyRefusal, error="TransferFailed()"):
    """A token could not be paid out."""


# ---- PointMarket


class BadOffer(LoyaltyRefusal, error="PointMarket_BadOffer"):
    """An offer needs two different tokens, and an amount above 0 of each."""


class OfferExpired(LoyaltyRefusal, error="PointMarket_Expired"):
    """The offer is not valid any more."""


class NotTaker(LoyaltyRefusal, error="PointMarket_NotTaker"):
    """The offer is for another taker, or the taker is its maker."""


class NonceSpent(LoyaltyRefusal, error="PointMarket_NonceSpent"):
    """The offer was cancelled or taken, or another offer with the same nonce was taken."""


class BadOfferSignature(LoyaltyRefusal, error="PointMarket_BadSignature"):
    """The signature is not the maker's over this offer or cancellation."""


class Overfill(LoyaltyRefusal, error="PointMarket_Overfill"):
    """The amount is more than what is left of the offer."""


class BelowMinimum(LoyaltyRefusal, error="PointMarket_BelowMinimum"):
    """The amount is less than the offer allows to take at a time."""


class PaysTooMuch(LoyaltyRefusal, error="PointMarket_PaysTooMuch"):
    """The taker would pay more than it allowed."""


class ReceivesTooLittle(LoyaltyRefusal, error="PointMarket_ReceivesTooLittle"):
    """The taker would get less than it asked for."""


class NoAllowance(LoyaltyRefusal, error="PointMarket_NoAllowance"):
    """The owner does not allow the market to spend so many points."""

    actual: Amount
    expected: Amount


class ShortReceipt(LoyaltyRefusal, error="PointMarket_Short"):
    """Less arrived than was sent: the token takes a part of transfers."""

    actual: Amount
    expected: Amount


class NotOffered(LoyaltyRefusal, error="PointMarket_NotOffered"):
    """The brand does not allow its points to be swapped by offers."""


class NotPoints(LoyaltyRefusal, error="PointMarket_NotPoints"):
    """The contract is not a token of a brand in this market's registry."""


class NotBrand(LoyaltyRefusal, error="PointMarket_NotAllowed"):
    """The account does not act for the brand of these points."""


class BadPolicy(LoyaltyRefusal, error="PointMarket_BadPolicy"):
    """The policy is not valid.

    The fee is above its cap, the cap is above 10 %, or nobody is named to receive the fee.
    """


class FeeCapRaised(LoyaltyRefusal, error="PointMarket_FeeCapRaised"):
    """The cap of the fee can only be lowered."""

    actual: Share
    highest: Share


class CancellationExpired(LoyaltyRefusal, error="PointMarket_CancellationExpired"):
    """The signed cancellation is not valid any more."""


# ---- PointPools


class SameToken(LoyaltyRefusal, error="PointPools_SameToken"):
    """A pair needs two different tokens."""


class PoolNotOpen(LoyaltyRefusal, error="PointPools_NotOpen"):
    """The brands do not allow swaps in this pool, or the pool was not told that they do."""


class PoolLocked(LoyaltyRefusal, error="PointPools_Locked"):
    """The pair is in the middle of a transaction."""


class DeadlinePassed(LoyaltyRefusal, error="PointPools_Expired"):
    """The deadline has passed."""


class BadPoolRecipient(LoyaltyRefusal, error="PointPools_BadRecipient"):
    """Points and shares cannot go to the zero address nor to the pools' contract."""


class TooLittleOut(LoyaltyRefusal, error="PointPools_TooLittleOut"):
    """The swap would give less than was asked for, or nothing."""


class TooMuch(LoyaltyRefusal, error="PointPools_TooMuch"):
    """The pool cannot hold so much."""


class BelowProviderMinimum(LoyaltyRefusal, error="PointPools_BelowMinimum"):
    """At the pool's price, the amount of a token is less than the provider allowed."""


class NoShares(LoyaltyRefusal, error="PointPools_NoShares"):
    """The amounts are too small for a share."""


class PoolShort(LoyaltyRefusal, error="PointPools_Short"):
    """Less arrived in the pool than was sent: the token takes a part of transfers."""

    actual: Amount
    expected: Amount


class NothingToCollect(LoyaltyRefusal, error="PointPools_NothingToCollect"):
    """There are no fees to collect, or the brand names nobody to get them."""


class NothingToClaim(LoyaltyRefusal, error="PointPools_NothingToClaim"):
    """There is nothing to claim."""
