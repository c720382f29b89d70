"""What can go wrong with refunds: the refusals of `RefundEscrow` and `ReturnDesk`, and terms that cannot be."""

from careledger.chain.reverts import Reverted
from careledger.errors import InputError

STATES = ("not opened", "open", "disputed", "ruled", "appealed", "released", "refunded", "split")
"""A deal's states in words, in the order of the contract's numbers."""


class TermsError(InputError):
    """A field of a deal's terms cannot be.

    Attributes:
        field: its Python name.

    """

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class OrderError(InputError):
    """An order of an input file is malformed, or the file is."""


class TermsNotFound(InputError):
    """The transaction that opened a deal does not show its terms."""


class _InState(Reverted):
    """A refusal that names the deal's state."""

    id: bytes
    actual: int

    def _state(self) -> str:
        return f"deal 0x{self.id.hex()} is {STATES[self.actual]}"


class BadTerms(
    Reverted,
    solidity="RefundEscrow_BadTerms(bytes32 id, bytes32 field, uint256 actual, uint256 limit)",
):
    """A field of the terms cannot be."""

    id: bytes
    field: bytes
    actual: int
    limit: int

    @property
    def name(self) -> str:
        """The field's name in the contract."""
        return self.field.rstrip(b"\0").decode("ascii", "replace")

    def _sentence(self) -> str:
        return f"The terms' {self.name} cannot be {self.actual} (the bound is {self.limit})"


class AlreadyOpened(_InState, solidity="RefundEscrow_AlreadyOpened(bytes32 id, uint8 actual)"):
    """A deal with these very terms exists."""

    id: bytes
    actual: int

    def _sentence(self) -> str:
        return f"These terms were used before: {self._state()}; another salt makes another deal"


class WrongState(
    _InState, solidity="RefundEscrow_WrongState(bytes32 id, uint8 actual, uint8 expected)"
):
    """The deal is in another state than this needs."""

    id: bytes
    actual: int
    expected: int

    def _sentence(self) -> str:
        return f"This needs a deal that is {STATES[self.expected]}, but {self._state()}"


class NotPermitted(
    Reverted, solidity="RefundEscrow_NotPermitted(bytes32 id, address actual, address expected)"
):
    """The account is not the one that may do this, and no delegate of it."""

    id: bytes
    actual: str
    expected: str


class TooEarly(
    Reverted, solidity="RefundEscrow_TooEarly(bytes32 id, uint256 actual, uint256 expected)"
):
    """The time for this has not come."""

    id: bytes
    actual: int
    expected: int


class TooLate(
    Reverted, solidity="RefundEscrow_TooLate(bytes32 id, uint256 actual, uint256 expected)"
):
    """The time for this is over."""

    id: bytes
    actual: int
    expected: int


class WrongDeposit(
    Reverted, solidity="RefundEscrow_WrongDeposit(bytes32 id, uint256 actual, uint256 expected)"
):
    """Another amount of the token arrived than was due: check balance and allowance, and that it takes no fee."""

    id: bytes
    actual: int
    expected: int


class WrongValue(
    Reverted,
    solidity="RefundEscrow_WrongValue(bytes32 id, uint256 actual, uint256 deposit, uint256 charge)",
):
    """Another amount of ether was sent than deposit or bond and the arbitrator's charge together."""

    id: bytes
    actual: int
    deposit: int
    charge: int


class CriteriaDue(Reverted, solidity="RefundEscrow_CriteriaDue(bytes32 id, uint256 actual)"):
    """The criteria say that something is due back to the payer: refund instead of releasing."""

    id: bytes
    actual: int


class CriteriaNotDue(Reverted, solidity="RefundEscrow_CriteriaNotDue(bytes32 id)"):
    """The criteria do not say that anything is due back."""

    id: bytes


class BadShare(
    Reverted, solidity="RefundEscrow_BadShare(bytes32 id, uint256 actual, uint256 limit)"
):
    """A share or a part is zero or more than there is."""

    id: bytes
    actual: int
    limit: int


class BadSplit(
    Reverted,
    solidity="RefundEscrow_BadSplit(bytes32 id, uint256 toPayer, uint256 toSeller, uint256 held)",
):
    """What the parties agreed on does not sum up to what is held."""

    id: bytes
    to_payer: int
    to_seller: int
    held: int


class BadSignature(Reverted, solidity="RefundEscrow_BadSignature(bytes32 digest, address signer)"):
    """The signature is not the signer's over this message: other content, chain, contract or key, or a high s."""

    digest: bytes
    signer: str


class SignatureExpired(
    Reverted,
    solidity="RefundEscrow_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected)",
):
    """The signature's deadline has passed."""

    digest: bytes
    actual: int
    expected: int


class NoArbiter(Reverted, solidity="RefundEscrow_NoArbiter(bytes32 id)"):
    """The terms name no arbiter."""

    id: bytes


class UnknownDispute(
    Reverted, solidity="RefundEscrow_UnknownDispute(address arbitrator, uint256 disputeId)"
):
    """No running dispute of this number was brought before the caller."""

    arbitrator: str
    dispute_id: int


class DisputeExists(
    Reverted, solidity="RefundEscrow_DisputeExists(address arbitrator, uint256 disputeId)"
):
    """The arbitrator gave a dispute a number that another running one of its has."""

    arbitrator: str
    dispute_id: int


class AlreadyAppealed(
    Reverted, solidity="RefundEscrow_AlreadyAppealed(bytes32 id, uint8 appellant)"
):
    """There was an appeal already."""

    id: bytes
    appellant: int


class NothingToAppeal(
    Reverted, solidity="RefundEscrow_NothingToAppeal(bytes32 id, uint8 party, uint256 refundBps)"
):
    """The ruling already gives this party everything."""

    id: bytes
    party: int
    refund_bps: int


class NothingOwed(Reverted, solidity="RefundEscrow_NothingOwed(address token, address payee)"):
    """The payee has no credit in this token."""

    token: str
    payee: str


class NotPaid(
    Reverted, solidity="RefundEscrow_NotPaid(address token, address payee, uint256 amount)"
):
    """The payment did not go through; the credit stays, and can be claimed at another address."""

    token: str
    payee: str
    amount: int


class BadDestination(
    Reverted, solidity="RefundEscrow_BadDestination(address payee, address actual)"
):
    """A credit cannot go there."""

    payee: str
    actual: str


class TooLittleGas(
    Reverted, solidity="RefundEscrow_TooLittleGas(uint256 actual, uint256 expected)"
):
    """The transaction carries too little gas to ask the criteria, or to pay, under fair conditions."""

    actual: int
    expected: int


class OnlySelf(Reverted, solidity="RefundEscrow_OnlySelf(address actual)"):
    """Only the escrow may call this, on itself."""

    actual: str


class NotScanner(
    Reverted, solidity="ReturnDesk_NotScanner(bytes32 orderRef, address actual, address carrier)"
):
    """The account is neither the carrier's controller nor its delegate for careledger.scanner."""

    order_ref: bytes
    actual: str
    carrier: str


class AlreadyReturned(
    Reverted,
    solidity="ReturnDesk_AlreadyReturned(bytes32 orderRef, address scanner, uint256 scannedAt)",
):
    """The order has been scanned as returned: nothing about it changes any more."""

    order_ref: bytes
    scanner: str
    scanned_at: int


class AlreadyDelivered(
    Reverted,
    solidity="ReturnDesk_AlreadyDelivered(bytes32 orderRef, address scanner, uint256 scannedAt)",
):
    """The order has been scanned as delivered before."""

    order_ref: bytes
    scanner: str
    scanned_at: int


class BadGrade(
    Reverted, solidity="ReturnDesk_BadGrade(bytes32 orderRef, uint256 actual, uint256 limit)"
):
    """A grade is at most 10,000 basis points."""

    order_ref: bytes
    actual: int
    limit: int


class BadScanSignature(
    Reverted, solidity="ReturnDesk_BadSignature(bytes32 digest, address scanner)"
):
    """The signature is not the scanner's over this scan: other content, chain, contract or key, or a high s."""

    digest: bytes
    scanner: str


class ScanSignatureExpired(
    Reverted,
    solidity="ReturnDesk_SignatureExpired(bytes32 digest, uint256 actual, uint256 expected)",
):
    """The signature's deadline has passed."""

    digest: bytes
    actual: int
    expected: int
