"""What can go wrong with identities: refusals of `IdentityRegistry`, and invalid DIDs."""

from collections.abc import Iterator
from contextlib import contextmanager

from careledger.chain.reverts import Reverted, RevertedWithText
from careledger.chain.units import Count
from careledger.errors import InputError, NodeError


class MalformedDid(InputError):
    """The text is not a valid did:ethr."""


class HistoryWithheld(NodeError):
    """The node does not return the whole history of an identity that the registry points to."""


class BadActor(RevertedWithText):
    """Only the identity's controller may do this."""

    def _sentence(self) -> str:
        return "The account that signs is not the identity's controller, and only it may do this"


class BadSigner(RevertedWithText):
    """The signature is not the controller's over these values and its present nonce."""

    def _sentence(self) -> str:
        return "The signature is not the controller's over these values and its present nonce"


_TEXTS: dict[str, type[RevertedWithText]] = {"bad_actor": BadActor, "bad_signature": BadSigner}


@contextmanager
def erc1056() -> Iterator[None]:
    """Turn the two texts with which ERC-1056 refuses into their exceptions."""
    try:
        yield
    except RevertedWithText as refusal:
        known = _TEXTS.get(refusal.reason)
        if known is None:
            raise
        raise known(refusal.reason, data=refusal.data) from refusal


class NotIdentityController(Reverted, error="IdentityRegistry_NotController"):
    """Only the identity's controller may do this."""


class RegistrySignatureExpired(Reverted, error="IdentityRegistry_SignatureExpired"):
    """The signature's deadline has passed."""


class BadRegistrySignature(Reverted, error="IdentityRegistry_BadSignature"):
    """The signature is malformed, or not the signer's over these values and this nonce or round."""


class AlreadyExpired(Reverted, error="IdentityRegistry_AlreadyExpired"):
    """The end of the validity has already passed."""


class EmptyBatch(Reverted, error="IdentityRegistry_EmptyBatch"):
    """A batch needs at least one operation."""


class ControllerChangedMidway(Reverted, error="IdentityRegistry_ControllerChangedMidway"):
    """This operation gives the identity another controller, so it has to be the last one."""


class BadGuardianship(Reverted, error="IdentityRegistry_BadGuardianship"):
    """Guardians need a root, a threshold of at least 1, and a delay from one day to one year."""


class NoGuardians(Reverted, error="IdentityRegistry_NoGuardians"):
    """The identity's present controller has named no guardians."""


class WrongThreshold(Reverted, error="IdentityRegistry_WrongThreshold"):
    """The number of guardians who agreed is not the number that is needed."""


class NotGuardian(Reverted, error="IdentityRegistry_NotGuardian"):
    """The account is not a guardian of the identity, or not in ascending order, or there twice."""


class BadNewOwner(Reverted, error="IdentityRegistry_BadNewOwner"):
    """The new owner cannot be the zero address, nor the present controller."""


class NoRecovery(Reverted, error="IdentityRegistry_NoRecovery"):
    """No recovery is under way."""


class RecoveryTooEarly(Reverted, error="IdentityRegistry_TooEarly"):
    """The recovery cannot be finished yet: the controller can still object."""


class RecoveryVoid(Reverted, error="IdentityRegistry_RecoveryVoid"):
    """The controller acted after the recovery began, so its key is not lost.

    Both arguments are numbers of blocks in which the identity changed.
    """

    started_after: Count
