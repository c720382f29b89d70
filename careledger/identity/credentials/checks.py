"""What is checked whenever a verification is relied on, at the first reading and at every later one."""

from datetime import datetime
from typing import Protocol

from eth_typing import ChecksumAddress

from careledger.chain.rpc import Block
from careledger.identity.consent.terms import Consent, ConsentRecord, ConsentStatus
from careledger.identity.credentials.errors import (
    ConsentEpochEnded,
    ConsentExpired,
    ConsentMismatch,
    ConsentRenounced,
    ConsentRevoked,
    ConsentUnknown,
    CredentialRevoked,
    ExpiryMismatch,
    GranteeMismatch,
    PurposeMismatch,
    ScopeMismatch,
    SubjectMismatch,
)
from careledger.identity.credentials.formats import StatusReference
from careledger.values.addresses import address
from careledger.values.times import time_text


class ConsentReader(Protocol):
    """Reads consents from the chain; `ConsentRegistry` is one."""

    def record(self, id: bytes, block: Block = "latest") -> ConsentRecord:
        """Return what the chain keeps of a consent's id."""

    def epoch(self, subject: str, block: Block = "latest") -> int:
        """Return how many times a subject has ended all its consents."""


class StatusReader(Protocol):
    """Says whether credentials were withdrawn: from the chain, or from lists that issuers exported."""

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:
        """Say whether a credential was withdrawn.

        Raises:
            StatusUnreadable, StatusStale, UnknownChain: it cannot be known here.

        """


def check_status(reader: StatusReader, reference: StatusReference, block: Block = "latest") -> None:
    """Make sure that the issuer has not withdrawn a credential.

    Raises:
        CredentialRevoked: it has.
        StatusUnreadable, StatusStale, UnknownChain: this reader cannot know.

    """
    if reader.is_revoked(reference, block):
        raise CredentialRevoked(
            "the issuer has withdrawn the credential: ask the customer for a new one"
        )


def check_terms(consent: Consent, *, grantee: str, scope: bytes, purpose: bytes) -> None:
    """Make sure that a consent is about this reading, without asking the chain.

    Raises:
        GranteeMismatch, ScopeMismatch, PurposeMismatch: it is about something else.

    """
    wanted: ChecksumAddress = address(grantee, "grantee")
    if consent.terms.grantee != wanted:
        raise GranteeMismatch(
            f"the consent is for {consent.terms.grantee}, and {wanted} reads: ask for one of your own"
        )
    if consent.terms.scope != scope:
        raise ScopeMismatch(
            "the consent is for another credential, or for other claims of it, than are shown: show what was agreed on"
        )
    if consent.terms.purpose != purpose:
        raise PurposeMismatch(
            "the consent is for another purpose, or answers another request: ask for a new one"
        )


def check_consent(
    reader: ConsentReader,
    consent_id: bytes,
    now: datetime,
    block: Block = "latest",
    consent: Consent | None = None,
) -> ConsentRecord:
    """Make sure that a consent stands on chain, and return its record. Two calls to the node.

    Args:
        now: its expiry has to be later.
        consent: what it is said to be; None where only the id was kept.

    Raises:
        ConsentMismatch: the id, subject or expiry is another one's. ConsentUnknown, ConsentRevoked,
        ConsentRenounced, ConsentEpochEnded, ConsentExpired: it does not stand.

    """
    if consent is not None and consent.id != consent_id:
        raise ConsentMismatch(
            "the holder's proof names another consent than the one that came with it"
        )
    record = reader.record(consent_id, block)
    named = f"consent 0x{consent_id.hex()}"
    if record.status is ConsentStatus.NONE:
        raise ConsentUnknown(
            f"{named} was not granted on chain: submit the customer's grant first, or ask for one"
        )
    if consent is not None and record.subject != consent.subject:
        raise SubjectMismatch(
            f"{named} is {record.subject}'s on chain, and was handed over as {consent.subject}'s"
        )
    if record.status is ConsentStatus.REVOKED:
        raise ConsentRevoked(
            f"{named} was revoked by the customer: the verification may no longer be read"
        )
    if record.status is ConsentStatus.RENOUNCED:
        raise ConsentRenounced(
            f"{named} was given back by the company: the verification may no longer be read"
        )
    if consent is not None and record.expires_at != consent.expires_at:
        raise ExpiryMismatch(
            f"{named} ends on chain at another time than the one that was handed over"
        )
    epoch = reader.epoch(record.subject, block)
    if record.epoch != epoch:
        raise ConsentEpochEnded(
            f"{named} ended when the customer revoked all at once: it may no longer be read"
        )
    if record.expires_at <= now:
        raise ConsentExpired(f"{named} ended at {time_text(record.expires_at)}: ask for a new one")
    return record
