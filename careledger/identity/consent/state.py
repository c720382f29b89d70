"""The state of a consent: from the registry's record, the subject's epoch and the time."""

from datetime import datetime
from enum import StrEnum

from careledger.identity.consent.terms import Consent, ConsentRecord, ConsentStatus


class ConsentState(StrEnum):
    """What a consent allows at a point in time."""

    VALID = "valid"
    NOT_GRANTED = "not granted"
    """Signed, but not on chain: the company may still submit it."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    GIVEN_BACK = "given back"
    """By the company."""
    ALL_ENDED = "ended with all others"
    """The subject has ended all its consents (`revokeAll`)."""

    @property
    def over(self) -> bool:
        """Whether it can never be valid again."""
        return self not in {ConsentState.VALID, ConsentState.NOT_GRANTED}


def consent_state(
    consent: Consent, record: ConsentRecord, epoch: int, now: datetime
) -> ConsentState:
    """Return the state of a consent.

    Args:
        record: what the chain keeps of its id.
        epoch: the subject's present one.
        now: the block's time.

    """
    if record.status is ConsentStatus.REVOKED:
        return ConsentState.REVOKED
    if record.status is ConsentStatus.RENOUNCED:
        return ConsentState.GIVEN_BACK
    if record.status is ConsentStatus.GRANTED and record.epoch != epoch:
        return ConsentState.ALL_ENDED

    if consent.expires_at <= now:
        return ConsentState.EXPIRED
    granted = record.status is ConsentStatus.GRANTED
    return ConsentState.VALID if granted else ConsentState.NOT_GRANTED
