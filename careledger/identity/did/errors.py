"""What can go wrong with identities: the refusals of `IdentityRegistry`, and DIDs that cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

from careledger.chain.reverts import Reverted, RevertedWithText
from careledger.errors import InputError, NodeError


class MalformedDid(InputError):
    """The text is no did:ethr."""


class HistoryWithheld(NodeError):
    """The node does not tell the whole history of an identity, though the registry says that there is more."""


class BadActor(RevertedWithText):
    """Only the identity's controller may do this."""

    def _sentence(self) -> str:
        return (
            "Only the identity's controller may do this, and the account that signs is another one"
        )


class BadSigner(RevertedWithText):
    """The signature is not the controller's over these values with its present nonce."""

    def _sentence(self) -> str:
        return "The signature is not the controller's over these values with its present nonce"


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


class NotController(
    Reverted,
    solidity="IdentityRegistry_NotController(address identity, address actor, address controller)",
):
    """Only the identity's controller may do this."""

    identity: str
    actor: str
    controller: str


class SignatureExpired(
    Reverted,
    solidity="IdentityRegistry_SignatureExpired(address identity, uint256 deadline, uint256 time)",
):
    """The signature came too late."""

    identity: str
    deadline: int
    time: int


class BadSignature(
    Reverted, solidity="IdentityRegistry_BadSignature(address identity, address signer)"
):
    """The signature is malformed, or not the signer's over these values with this nonce or round."""

    identity: str
    signer: str


class AlreadyExpired(
    Reverted,
    solidity="IdentityRegistry_AlreadyExpired(address identity, uint256 validTo, uint256 time)",
):
    """What was to be valid until then would be void at once."""

    identity: str
    valid_to: int
    time: int


class EmptyBatch(Reverted, solidity="IdentityRegistry_EmptyBatch(address identity)"):
    """A batch needs at least one operation."""

    identity: str


class ControllerChangedMidway(
    Reverted, solidity="IdentityRegistry_ControllerChangedMidway(address identity, uint256 index)"
):
    """After this operation the identity has another controller, so nothing may follow it."""

    identity: str
    index: int


class BadGuardianship(
    Reverted,
    solidity="IdentityRegistry_BadGuardianship(address identity, bytes32 root, uint8 threshold, uint32 delay)",
):
    """Guardians need a root, at least one who must agree, and a delay between a day and a year."""

    identity: str
    root: bytes
    threshold: int
    delay: int


class NoGuardians(
    Reverted,
    solidity="IdentityRegistry_NoGuardians(address identity, address namedBy, address controller)",
):
    """No guardians are named, or those named were a former controller's."""

    identity: str
    named_by: str
    controller: str


class WrongThreshold(
    Reverted,
    solidity="IdentityRegistry_WrongThreshold(address identity, uint256 approvals, uint256 threshold)",
):
    """More or fewer guardians agreed than are needed."""

    identity: str
    approvals: int
    threshold: int


class NotGuardian(
    Reverted, solidity="IdentityRegistry_NotGuardian(address identity, address guardian)"
):
    """This is no guardian of the identity, or it comes out of ascending order, or twice."""

    identity: str
    guardian: str


class BadNewOwner(
    Reverted, solidity="IdentityRegistry_BadNewOwner(address identity, address newOwner)"
):
    """An identity cannot be recovered to nobody, nor to whom it has."""

    identity: str
    new_owner: str


class NoRecovery(Reverted, solidity="IdentityRegistry_NoRecovery(address identity)"):
    """No recovery is under way."""

    identity: str


class TooEarly(
    Reverted, solidity="IdentityRegistry_TooEarly(address identity, uint256 readyAt, uint256 time)"
):
    """The controller can still object."""

    identity: str
    ready_at: int
    time: int


class RecoveryVoid(
    Reverted,
    solidity="IdentityRegistry_RecoveryVoid(address identity, uint256 startedAfter, uint256 changed)",
):
    """The controller acted after the start, so its key is not lost."""

    identity: str
    started_after: int
    changed: int
