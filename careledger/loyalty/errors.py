"""What can go wrong with points: the refusals of the contracts, and offers that cannot be.

Sentences show amounts in points and times as dates; the attributes hold what the contract said:
smallest units, and seconds since 1970 UTC.
"""

from careledger.errors import InputError
from careledger.loyalty.refused import Refused
from careledger.loyalty.swap_errors import *  # noqa: F403  one name for each refusal is enough


class OfferError(InputError):
    """A field of an offer cannot be, or its file is malformed.

    Attributes:
        field: where, in the names of the file, such as `offer.giveAmount`.

    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field


# ---- LoyaltyToken


class NotAllowed(Refused, solidity="LoyaltyToken_NotAllowed(address actor, bytes32 role)"):
    """The account does not act for the brand in this role."""

    actor: str
    role: bytes


class NotController(
    Refused, solidity="LoyaltyToken_NotController(address actual, address expected)"
):
    """Only the brand's controller may do this."""

    actual: str
    expected: str


class IssuingPaused(Refused, solidity="LoyaltyToken_Paused()"):
    """The brand has paused issuing."""


class ProgrammeClosed(Refused, solidity="LoyaltyToken_Closed(uint256 closesAt)"):
    """The programme has ended."""

    closes_at: int


class NotClosing(Refused, solidity="LoyaltyToken_NotClosing()"):
    """No end of the programme is announced."""


class ClosingAlready(Refused, solidity="LoyaltyToken_ClosingAlready(uint256 closesAt)"):
    """The end of the programme is announced already."""

    closes_at: int


class AboveCap(Refused, solidity="LoyaltyToken_AboveCap(uint256 amount, uint256 room)"):
    """The cap leaves no room for so many points."""

    amount: int
    room: int


class AboveLimit(
    Refused, solidity="LoyaltyToken_AboveLimit(address issuer, uint256 amount, uint256 available)"
):
    """The issuer may not issue so many points now."""

    issuer: str
    amount: int
    available: int


class BadLimit(Refused, solidity="LoyaltyToken_BadLimit(uint256 capacity, uint256 period)"):
    """The limit cannot be kept: at most 2^96 - 1 of the smallest unit, in 1 to 16,777,215 seconds."""

    capacity: int
    period: int


class BadProgramme(
    Refused,
    solidity="LoyaltyToken_BadProgramme(address registry, address brand, uint256 cap, uint256 notice)",
):
    """A programme needs the registry, a brand, a cap below 2^128 and a notice of 30 to 3,650 days."""

    registry: str
    brand: str
    cap: int
    notice: int


class ZeroAmount(Refused, solidity="LoyaltyToken_ZeroAmount()"):
    """Nothing cannot be issued or redeemed."""


# ---- what every token of ours can do (SignedERC20)


class BadRecipient(Refused, solidity="SignedERC20_BadRecipient(address to)"):
    """Points cannot go to the zero address nor to their own contract."""

    to: str


class BadSignature(Refused, solidity="SignedERC20_BadSignature(address signer)"):
    """The signature is not the holder's over this message."""

    signer: str


class NotYetValid(
    Refused, solidity="SignedERC20_NotYetValid(bytes32 nonce, uint256 actual, uint256 validAfter)"
):
    """The authorisation does not hold yet."""

    nonce: bytes
    actual: int
    valid_after: int


class AuthorizationExpired(
    Refused,
    solidity="SignedERC20_Expired(bytes32 nonce, uint256 actual, uint256 validBefore)",
):
    """The authorisation does not hold any more."""

    nonce: bytes
    actual: int
    valid_before: int


class AuthorizationSpent(
    Refused, solidity="SignedERC20_AuthorizationSpent(address authorizer, bytes32 nonce)"
):
    """The authorisation was used or cancelled already."""

    authorizer: str
    nonce: bytes


class NotPayee(Refused, solidity="SignedERC20_NotPayee(address actual, address expected)"):
    """Only the payee may use this authorisation."""

    actual: str
    expected: str


class NotAccepted(Refused, solidity="SignedERC20_NotAccepted(address receiver)"):
    """The receiver is no contract, or did not accept."""

    receiver: str


# ---- Solady's, on which tokens and pools stand


class InsufficientBalance(Refused, solidity="InsufficientBalance()"):
    """The holder has not so many points."""


class InsufficientAllowance(Refused, solidity="InsufficientAllowance()"):
    """The holder does not let this account spend so many points."""


class AllowanceOverflow(Refused, solidity="AllowanceOverflow()"):
    """The allowance would pass 2^256 - 1."""


class AllowanceUnderflow(Refused, solidity="AllowanceUnderflow()"):
    """The allowance would fall below 0."""


class TotalSupplyOverflow(Refused, solidity="TotalSupplyOverflow()"):
    """The supply would pass 2^256 - 1."""


class PermitExpired(Refused, solidity="PermitExpired()"):
    """The permit does not hold any more."""


class InvalidPermit(Refused, solidity="InvalidPermit()"):
    """The permit is not signed by the holder with its present nonce."""


class Permit2AllowanceIsFixedAtInfinity(Refused, solidity="Permit2AllowanceIsFixedAtInfinity()"):
    """The allowance of Permit2 cannot be changed."""


class InsufficientPermission(Refused, solidity="InsufficientPermission()"):
    """The holder does not let this account move its shares."""


class BalanceOverflow(Refused, solidity="BalanceOverflow()"):
    """The balance would pass 2^256 - 1."""


class TransferFromFailed(Refused, solidity="TransferFromFailed()"):
    """A token could not be moved: its holder has too few, or does not let the contract spend so many."""


class TransferFailed(Refused, solidity="TransferFailed()"):
    """A token could not be paid out."""
