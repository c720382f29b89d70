"""What can go wrong with consents: refusals of `ConsentRegistry`; requests, answers and endings that cannot be used."""

from careledger.chain.reverts import Reverted
from careledger.errors import InputError, ProofError
from careledger.identity.consent.terms import ConsentStatus

# -- what the contract refuses


class NotSubject(
    Reverted,
    solidity="ConsentRegistry_NotSubject(address subject, address actor, address controller)",
):
    """Only the subject's controller, or its delegate for consents, may do this."""

    subject: str
    actor: str
    controller: str


class NotGrantee(
    Reverted, solidity="ConsentRegistry_NotGrantee(bytes32 id, address actor, address grantee)"
):
    """Only the company that the consent was given to, or its delegate for consents, may do this."""

    id: bytes
    actor: str
    grantee: str


class SignatureTooLate(
    Reverted,
    solidity="ConsentRegistry_SignatureExpired(address subject, uint256 time, uint256 deadline)",
):
    """The signature came too late: have it signed anew with a later deadline."""

    subject: str
    time: int
    deadline: int


class SignatureRefused(
    Reverted,
    solidity="ConsentRegistry_BadSignature(address subject, address signer, bytes32 digest)",
):
    """The signature is not the signer's over these values, on this chain, in the subject's present epoch."""

    subject: str
    signer: str
    digest: bytes


class ExpiryPassed(
    Reverted, solidity="ConsentRegistry_Expired(bytes32 id, uint256 time, uint48 expiry)"
):
    """The consent would be over before it began."""

    id: bytes
    time: int
    expiry: int


class EpochAhead(
    Reverted, solidity="ConsentRegistry_EpochAhead(address subject, uint256 time, uint40 epoch)"
):
    """The grant names an epoch that has not begun before this second."""

    subject: str
    time: int
    epoch: int


class TooLittleGas(
    Reverted, solidity="ConsentRegistry_TooLittleGas(uint256 actual, uint256 needed)"
):
    """The batch needs more gas to check the next signature: send fewer, or with a higher limit."""

    actual: int
    needed: int


class _ByStatus(Reverted):
    """A refusal because of what an id went through before."""

    id: bytes
    actual: int

    _because: str

    @property
    def status(self) -> ConsentStatus:
        """What became of the id."""
        return ConsentStatus(self.actual)

    def _sentence(self) -> str:
        words = {
            ConsentStatus.NONE: "never granted",
            ConsentStatus.GRANTED: "granted",
            ConsentStatus.REVOKED: "revoked by the customer",
            ConsentStatus.RENOUNCED: "given back by the company",
        }
        return f"Consent 0x{self.id.hex()} was {words[self.status]}: {self._because}"


class AlreadyUsed(_ByStatus, solidity="ConsentRegistry_AlreadyUsed(bytes32 id, uint8 actual)"):
    """An id is granted once; a new consent needs a new salt."""

    id: bytes
    actual: int

    _because = "an id is granted once, and a new consent needs a new salt"


class AlreadyEnded(_ByStatus, solidity="ConsentRegistry_AlreadyEnded(bytes32 id, uint8 actual)"):
    """What has ended cannot be ended again."""

    id: bytes
    actual: int

    _because = "it has ended already"


class NotGranted(_ByStatus, solidity="ConsentRegistry_NotGranted(bytes32 id, uint8 actual)"):
    """Only what stands can be given back."""

    id: bytes
    actual: int

    _because = "only one that stands can be given back"


class WrongTerms(
    Reverted, solidity="ConsentRegistry_WrongTerms(bytes32 id, bytes32 actual, bytes32 expected)"
):
    """These are not the terms of the consent."""

    id: bytes
    actual: bytes
    expected: bytes


# -- requests, answers and endings


class RequestError(ProofError):
    """The request for a consent is not to be answered."""


class MalformedRequest(RequestError, InputError):
    """A member of the request is missing, unknown, or cannot be."""


class RequestTooLarge(MalformedRequest):
    """The request is longer than is read, or than a QR code holds."""


class RequestExpired(RequestError):
    """The request can no longer be answered."""


class RequestFromFuture(RequestError):
    """The request says that it was made later than now."""


class RequestElsewhere(RequestError):
    """The request asks for a consent on another chain, or in another contract, than the wallet's."""


class AnswerError(ProofError):
    """The answer does not fit the request."""


class MalformedAnswer(AnswerError, InputError):
    """The answer cannot be read."""


class AnswerTooLate(AnswerError):
    """The consent lasts longer than was asked for, or the answer came after the request's time."""


class EndingsError(ProofError):
    """The signed ends of consents cannot be handed in."""


class MalformedEndings(EndingsError, InputError):
    """The file with the ends of consents cannot be read."""


class EndingsElsewhere(EndingsError):
    """The ends were signed for another chain, or another contract."""
