"""What can go wrong with refunds: refusals of `RefundEscrow` and `ReturnDesk`, and invalid terms.

The arguments of a refusal are those of the contract's interface, under their Python names.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from careledger.chain.reverts import Reverted
from careledger.chain.units import Amount, Ether, Share, Time, tell, unit_of
from careledger.errors import InputError

STATES = ("not opened", "open", "disputed", "ruled", "appealed", "released", "refunded", "split")
"""A deal's states in words, in the order of the contract's numbers."""


class TermsError(InputError):
    """A field of a deal's terms has a value that it cannot have.

    Attributes:
        field: its Python name.

    """

    field: str

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class OrderError(InputError):
    """An order of an input file is malformed, or the file is."""


class TermsNotFound(InputError):
    """The transaction that opened a deal does not show its terms."""


class RefundRefusal(Reverted):
    """A contract of the refunds refused."""

    enums: ClassVar[Mapping[str, Sequence[str]]] = {
        "State": STATES,
        "Party": ("nobody", "the payer", "the seller"),
    }

    def _state(self) -> str:
        return f"deal {self._told('id')} is {self._told('actual')}"


# ---- RefundEscrow: opening and states


class BadTerms(RefundRefusal, error="RefundEscrow_BadTerms"):
    """A field of the terms has a value that it cannot have."""

    field: bytes
    actual: int
    limit: int

    @property
    def name(self) -> str:
        """The field's name in the contract."""
        return self._told("field")

    def _sentence(self) -> str:
        unit = unit_of(self.name, "uint256")
        actual = tell(self.actual, unit)
        limit = tell(self.limit, unit)
        return f"The terms' {self.name} cannot be {actual} (the limit is {limit})"


class AlreadyOpened(RefundRefusal, error="RefundEscrow_AlreadyOpened"):
    """A deal with these terms was opened before."""

    def _sentence(self) -> str:
        return f"These terms were used before: {self._state()}; another salt makes another deal"


class WrongState(RefundRefusal, error="RefundEscrow_WrongState"):
    """The deal is in another state than this needs."""

    def _sentence(self) -> str:
        return f"This needs a deal that is {self._told('expected')}, but {self._state()}"


class NotPermitted(RefundRefusal, error="RefundEscrow_NotPermitted"):
    """The account is neither the one that may do this nor one of its delegates."""


class TooEarly(RefundRefusal, error="RefundEscrow_TooEarly"):
    """It is too early for this."""

    actual: Time
    expected: Time


class TooLate(RefundRefusal, error="RefundEscrow_TooLate"):
    """It is too late for this."""

    actual: Time
    expected: Time


class WrongDeposit(RefundRefusal, error="RefundEscrow_WrongDeposit"):
    """The amount that arrived is not the amount due: check balance, allowance, transfer fees."""

    actual: Amount
    expected: Amount


class WrongValue(RefundRefusal, error="RefundEscrow_WrongValue"):
    """The ether that was sent is not the deposit or bond plus the arbitrator's charge."""

    actual: Ether
    deposit: Ether
    charge: Ether


class CriteriaDue(RefundRefusal, error="RefundEscrow_CriteriaDue"):
    """The criteria say that the payer is due a refund: refund instead of releasing."""

    actual: Share


class CriteriaNotDue(RefundRefusal, error="RefundEscrow_CriteriaNotDue"):
    """The criteria do not say that the payer is due a refund."""


class BadShare(RefundRefusal, error="RefundEscrow_BadShare"):
    """A share (in basis points) or a part (in smallest units) is zero, or more than there is."""

    actual: int
    limit: int

    def _sentence(self) -> str:
        return (
            f"A share (in basis points) or a part (in the token's smallest unit) cannot be "
            f"{self.actual:,}: it is more than 0 and at most {self.limit:,}"
        )


class BadSplit(RefundRefusal, error="RefundEscrow_BadSplit"):
    """The parts that the parties agreed on do not add up to what is held."""


class BadDealSignature(RefundRefusal, error="RefundEscrow_BadSignature"):
    """The signature is not the signer's over this message, or it has a high s.

    Or it was made for another content, chain, contract or key.
    """


class DealSignatureExpired(RefundRefusal, error="RefundEscrow_SignatureExpired"):
    """The signature's deadline has passed."""

    actual: Time
    expected: Time


# ---- RefundEscrow: disputes and payments


class NoArbiter(RefundRefusal, error="RefundEscrow_NoArbiter"):
    """The terms name no arbiter."""


class UnknownDispute(RefundRefusal, error="RefundEscrow_UnknownDispute"):
    """The caller has no running dispute of this number."""


class DisputeExists(RefundRefusal, error="RefundEscrow_DisputeExists"):
    """The arbitrator gave a new dispute the number of one that is still running."""


class AlreadyAppealed(RefundRefusal, error="RefundEscrow_AlreadyAppealed"):
    """There was an appeal already."""


class NothingToAppeal(RefundRefusal, error="RefundEscrow_NothingToAppeal"):
    """The ruling already gives this party everything."""


class NothingOwed(RefundRefusal, error="RefundEscrow_NothingOwed"):
    """The payee has no credit in this token."""


class NotPaid(RefundRefusal, error="RefundEscrow_NotPaid"):
    """The payment did not go through; the credit stays, and can be claimed at another address."""


class BadDestination(RefundRefusal, error="RefundEscrow_BadDestination"):
    """A credit cannot be paid to this address."""


class TooLittleGas(RefundRefusal, error="RefundEscrow_TooLittleGas"):
    """The transaction has too little gas to ask the criteria, or to pay, as the rules demand."""


class OnlySelf(RefundRefusal, error="RefundEscrow_OnlySelf"):
    """Only the escrow may call this, on itself."""


# ---- ReturnDesk


class NotScanner(RefundRefusal, error="ReturnDesk_NotScanner"):
    """The account is neither the carrier's controller nor its delegate for careledger.scanner."""


class AlreadyReturned(RefundRefusal, error="ReturnDesk_AlreadyReturned"):
    """The order was scanned as returned: nothing about it changes any more."""


class AlreadyDelivered(RefundRefusal, error="ReturnDesk_AlreadyDelivered"):
    """The order was scanned as delivered before."""


class BadGrade(RefundRefusal, error="ReturnDesk_BadGrade"):
    """A grade is at most 10,000 basis points."""

    actual: Share
    limit: Share


class BadScanSignature(RefundRefusal, error="ReturnDesk_BadSignature"):
    """The signature is not the scanner's over this scan, or it has a high s.

    Or it was made for another content, chain, contract or key.
    """


class ScanSignatureExpired(RefundRefusal, error="ReturnDesk_SignatureExpired"):
    """The signature's deadline has passed."""

    actual: Time
    expected: Time
