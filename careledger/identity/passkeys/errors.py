"""What can be wrong with a passkey, or with what it signed."""

from careledger.chain.reverts import Reverted
from careledger.errors import InputError, Reason, ReasonedError, SignatureError


class PasskeyReason(Reason):
    """Why what a passkey said is refused."""

    MALFORMED_PASSKEY_ANSWER = (
        "malformed-passkey-answer",
        "The browser's answer is not what WebAuthn defines.",
    )
    WRONG_CEREMONY = (
        "wrong-ceremony",
        "It was made for signing where creating was asked, or the other way round.",
    )
    WRONG_CHALLENGE = "wrong-challenge", "It signs another challenge than the one that was asked."
    WRONG_ORIGIN = (
        "wrong-origin",
        "It was made on a page of another origin, or in a frame on another site's page.",
    )
    WRONG_SITE = "wrong-site", "The passkey was used for another relying party."
    USER_ABSENT = "user-absent", "The authenticator does not say that a user was present."
    USER_NOT_VERIFIED = (
        "user-not-verified",
        "The authenticator did not ask for finger, face or PIN.",
    )
    BACKUP_CONTRADICTION = (
        "backup-contradiction",
        "The authenticator says that the passkey is backed up and that it cannot be.",
    )
    COUNTER_WENT_BACK = (
        "counter-went-back",
        "The counter did not rise: the answer is old, or the passkey was copied.",
    )
    ANOTHER_PASSKEY = "another-passkey", "Another passkey answered than the one that was asked."
    WRONG_SIGNATURE = "wrong-signature", "The signature is not the passkey's over what it signed."
    NOT_FOR_THE_CHAIN = (
        "not-for-the-chain",
        "It is valid, but the verifier on the chain cannot read its form.",
    )


class NotOnCurve(Reverted, error="PasskeyVerifier_NotOnCurve"):
    """The point is not on the curve P-256, so no key belongs to it."""


class BadPasskey(InputError):
    """The key is not a point of the curve P-256, or the record of a passkey is malformed."""


class PasskeyRefused(ReasonedError, SignatureError, reasons=PasskeyReason):
    """What a passkey said is refused."""
