"""What can go wrong with consents.

Refusals of `ConsentRegistry`, and requests, answers and signed ends that cannot be used.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from careledger.chain.reverts import Reverted
from careledger.errors import InputError, ProofError, Reason, ReasonedError
from careledger.identity.consent.terms import ConsentStatus

_STATUS_WORDS = ("never granted", "granted", "revoked by the customer", "renounced by the company")
"""What happened to a consent, in the order of the contract's numbers."""

# ---- ConsentRegistry


class NotSubject(Reverted, error="ConsentRegistry_NotSubject"):
    """Only the subject's controller, or its delegate for consents, may do this."""


class NotGrantee(Reverted, error="ConsentRegistry_NotGrantee"):
    """Only the company that the consent was given to, or its delegate for consents, may do this."""


class ConsentSignatureExpired(Reverted, error="ConsentRegistry_SignatureExpired"):
    """The signature's deadline has passed: a new one with a later deadline is needed."""


class BadConsentSignature(Reverted, error="ConsentRegistry_BadSignature"):
    """The signature is not the signer's over these values.

    Or it was made for another chain, contract or epoch of the subject.
    """


class ExpiryPassed(Reverted, error="ConsentRegistry_Expired"):
    """The consent's expiry has already passed."""


class EpochAhead(Reverted, error="ConsentRegistry_EpochAhead"):
    """The grant names an epoch that has not begun yet."""


class TooLittleGasForBatch(Reverted, error="ConsentRegistry_TooLittleGas"):
    """The gas limit is too low to check the next signature: send fewer, or raise the limit."""


class StatusRefusal(Reverted):
    """The consent's status does not allow this."""

    enums: ClassVar[Mapping[str, Sequence[str]]] = {"Status": _STATUS_WORDS}

    id: bytes
    actual: int

    _because: ClassVar[str] = "this is not possible"

    @property
    def status(self) -> ConsentStatus:
        """What became of the id."""
        return ConsentStatus(self.actual)

    def _sentence(self) -> str:
        return f"Consent {self._told('id')} was {self._told('actual')}: {self._because}"


class AlreadyUsed(StatusRefusal, error="ConsentRegistry_AlreadyUsed"):
    """The id was used before: a new consent needs a new salt."""

    _because = "an id can be granted once, so a new consent needs a new salt"


class AlreadyEnded(StatusRefusal, error="ConsentRegistry_AlreadyEnded"):
    """The consent has ended already."""

    _because = "it has ended already"


class NotGranted(StatusRefusal, error="ConsentRegistry_NotGranted"):
    """The consent is not in force."""

    _because = "only a consent that is granted can be ended in this way"


class WrongTerms(Reverted, error="ConsentRegistry_WrongTerms"):
    """The terms are not the terms of this consent."""


# ---- requests, answers and signed ends


class RequestError(ProofError):
    """The request for a consent must not be answered."""


class MalformedRequest(RequestError, InputError):
    """A member of the request is missing, unknown or invalid."""


class RequestTooLarge(MalformedRequest):
    """The request is longer than the limit, or than a QR code can hold."""


class RequestReason(Reason):
    """Why a well-formed request is not answered."""

    REQUEST_EXPIRED = "request-expired", "The request can no longer be answered."
    REQUEST_FROM_FUTURE = "request-from-future", "The request's time lies in the future."
    REQUEST_ELSEWHERE = (
        "request-elsewhere",
        "The request is for another chain, contract or company than the one that reads it.",
    )


class RequestRefused(ReasonedError, RequestError, reasons=RequestReason):
    """The request is well-formed, but must not be answered here and now."""


class AnswerError(ProofError):
    """The answer does not fit the request."""


class MalformedAnswer(AnswerError, InputError):
    """The answer cannot be read."""


class AnswerTooLate(AnswerError):
    """The consent lasts longer than was asked for, or the answer came too late."""


class EndingsError(ProofError):
    """The signed ends of consents cannot be used."""


class MalformedEndings(EndingsError, InputError):
    """The file with the ends of consents cannot be read."""


class EndingsElsewhere(EndingsError):
    """The ends were signed for another chain, or another contract."""
