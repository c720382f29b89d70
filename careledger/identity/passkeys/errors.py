"""What can be wrong with a passkey or with what it signed; each its own class."""

from careledger.chain.reverts import Reverted
from careledger.errors import InputError, SignatureError


class NotOnCurve(Reverted, error="PasskeyVerifier_NotOnCurve"):
    """The point is not on the curve P-256, so no key belongs to it."""


class BadPasskey(InputError):
    """The key is no point of the curve P-256, or the record of a passkey is malformed."""


class PasskeyRefused(SignatureError):
    """What a passkey said cannot be accepted; the subclasses say why."""


class MalformedPasskeyAnswer(PasskeyRefused):
    """The browser's answer is not what WebAuthn says it is."""


class WrongCeremony(PasskeyRefused):
    """It was made for another purpose: signing where creating was asked, or the other way round."""


class WrongChallenge(PasskeyRefused):
    """It is over something else than what was asked to be signed."""


class WrongOrigin(PasskeyRefused):
    """It was made on a page of another origin, or inside a frame on somebody else's page."""


class WrongSite(PasskeyRefused):
    """The passkey was used for another relying party than the one that asked."""


class UserAbsent(PasskeyRefused):
    """The authenticator does not say that anybody was there."""


class UserNotVerified(PasskeyRefused):
    """The authenticator did not ask for finger, face or PIN."""


class BackupContradiction(PasskeyRefused):
    """The authenticator says that the passkey is backed up and that it cannot be."""


class CounterWentBack(PasskeyRefused):
    """The counter did not rise: the answer is an old one, or the passkey was copied."""


class AnotherPasskey(PasskeyRefused):
    """Another passkey than the one that was asked answered."""


class WrongSignature(PasskeyRefused):
    """The signature is not the passkey's over what it says it signed."""


class NotForTheChain(PasskeyRefused):
    """It is sound, but written so that the verifier on the chain cannot read it."""
