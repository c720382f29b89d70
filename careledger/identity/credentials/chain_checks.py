"""What the chain is asked whenever a verification is relied on, at its first reading and later."""

from datetime import datetime
from typing import Protocol

from careledger.chain.rpc import Block
from careledger.identity.consent.terms import Consent, ConsentRecord, ConsentStatus
from careledger.identity.credentials.errors import (
    ConsentError,
    ConsentReason,
    StatusError,
    StatusReason,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.values.times import time_text


class ConsentReader(Protocol):
    """Reads consents from the chain; `ConsentRegistry` is one."""

    def record(self, id: bytes, block: Block = "latest") -> ConsentRecord:
        """Return what the chain keeps of a consent's id."""

    def epoch(self, subject: str, block: Block = "latest") -> int:
        """Return how many times a subject has ended all its consents."""


class StatusReader(Protocol):
    """Says whether credentials were revoked, by the chain or by lists that issuers exported."""

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:
        """Say whether a credential was revoked.

        Raises:
            StatusError, IssuerError: this reader cannot know.

        """


def check_status(reader: StatusReader, reference: StatusReference, block: Block = "latest") -> None:
    """Make sure that the issuer has not revoked a credential.

    Raises:
        StatusError: the issuer has revoked it, or this reader cannot know.
        IssuerError: the status is kept on another chain, or in another contract.

    """
    if reader.is_revoked(reference, block):
        raise StatusError(
            StatusReason.CREDENTIAL_REVOKED,
            "the issuer has revoked the credential: ask the customer for a new one",
        )


def check_consent(
    reader: ConsentReader,
    consent_id: bytes,
    now: datetime,
    block: Block = "latest",
    consent: Consent | None = None,
) -> ConsentRecord:
    """Make sure that a consent is valid on chain, and return its record. Two calls to the node.

    Args:
        now: its expiry has to be later.
        consent: the consent that was handed over; None where only the id was kept.

    Raises:
        ConsentError: the id, the subject or the expiry is that of another consent, or the consent
            is not valid.

    """
    if consent is not None and consent.id != consent_id:
        raise ConsentError(
            ConsentReason.CONSENT_MISMATCH,
            "the holder's proof names another consent than the one that came with it",
        )

    record = reader.record(consent_id, block)
    name = f"consent 0x{consent_id.hex()}"
    if record.status is ConsentStatus.NONE:
        raise ConsentError(
            ConsentReason.CONSENT_UNKNOWN,
            f"{name} is not on chain: submit the customer's grant first, or ask for one",
        )
    if consent is not None:
        _check_same(record, consent, name)

    _check_not_ended(record, name)
    if record.epoch != reader.epoch(record.subject, block):
        raise ConsentError(
            ConsentReason.CONSENT_EPOCH_ENDED,
            f"{name} ended when the customer revoked all consents: it may no longer be read",
        )
    if record.expires_at <= now:
        raise ConsentError(
            ConsentReason.CONSENT_EXPIRED,
            f"{name} ended at {time_text(record.expires_at)}: ask for a new one",
        )
    return record


def _check_same(record: ConsentRecord, consent: Consent, name: str) -> None:
    """Make sure that the chain has the consent that was handed over."""
    if record.subject != consent.subject:
        raise ConsentError(
            ConsentReason.SUBJECT_MISMATCH,
            f"{name} is of {record.subject} on chain, and of {consent.subject} as handed over",
        )

    if record.status is ConsentStatus.GRANTED and record.expires_at != consent.expires_at:
        raise ConsentError(
            ConsentReason.EXPIRY_MISMATCH,
            f"{name} has another expiry on chain than the consent that was handed over",
        )


def _check_not_ended(record: ConsentRecord, name: str) -> None:
    """Make sure that neither party has ended a consent."""
    if record.status is ConsentStatus.REVOKED:
        raise ConsentError(
            ConsentReason.CONSENT_REVOKED,
            f"{name} was revoked by the customer: the verification may no longer be read",
        )

    if record.status is ConsentStatus.RENOUNCED:
        raise ConsentError(
            ConsentReason.CONSENT_RENOUNCED,
            f"{name} was given back by the company: the verification may no longer be read",
        )
