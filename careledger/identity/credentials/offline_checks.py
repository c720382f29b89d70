"""What is checked of a parsed presentation without a node, so that garbage costs no calls."""

from datetime import datetime, timedelta

from careledger.identity.consent.terms import Consent
from careledger.identity.credentials.claim_paths import has_path, path_of, path_text
from careledger.identity.credentials.credential import Credential, HolderProof
from careledger.identity.credentials.errors import (
    ConsentError,
    ConsentReason,
    ContentError,
    ContentReason,
    KeyBindingError,
    KeyBindingReason,
    TimeError,
    TimeReason,
)
from careledger.identity.credentials.jose import TokenTimes
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.policy import PresentationRequirements, VerifierPolicy
from careledger.values.addresses import address
from careledger.values.times import time_text

# -- the holder's proof


def check_request(proof: HolderProof, required: PresentationRequirements) -> None:
    """Make sure that the holder answered this verifier, and this request.

    Raises:
        KeyBindingError: the presentation is for somebody else, or answers another one.

    """
    if required.audience not in proof.audience:
        raise KeyBindingError(
            KeyBindingReason.WRONG_AUDIENCE,
            "the presentation was made for somebody else ('aud'): ask the holder for one of yours",
        )

    if proof.nonce != required.nonce:
        raise KeyBindingError(
            KeyBindingReason.WRONG_NONCE,
            "the presentation answers another request ('nonce') and may be a copy: ask again",
        )


def check_confirmed_key(proof: HolderProof, key: VerificationKey) -> None:
    """Make sure that the key which the issuer confirmed signed for exactly what is disclosed.

    Raises:
        KeyBindingError: a disclosure was added or removed, or another key signed the proof.
        TokenSignatureError: the key is of another type than the algorithm of the proof.

    """
    if not proof.covers_disclosures:
        raise KeyBindingError(
            KeyBindingReason.PRESENTATION_ALTERED,
            "the disclosures are not those that the holder signed for: one was added or removed",
        )

    if not key.verify(proof.token.alg, proof.token.signing_input, proof.token.signature):
        raise KeyBindingError(
            KeyBindingReason.KEY_BINDING_INVALID,
            "the proof is not by the key that the issuer confirmed as the holder's",
        )


def check_proof_age(proof: HolderProof, now: datetime, policy: VerifierPolicy) -> None:
    """Make sure that the holder made the proof now, where it says when.

    Raises:
        KeyBindingError: it was made too long ago, or in the future.

    """
    made_at = proof.signed_at
    if made_at is None:
        return

    if made_at > now + policy.leeway:
        raise KeyBindingError(
            KeyBindingReason.KEY_BINDING_STALE,
            f"the holder's proof was made at {time_text(made_at)}, in the future: a clock is wrong",
        )
    if made_at < now - policy.key_binding_age - policy.leeway:
        raise KeyBindingError(
            KeyBindingReason.KEY_BINDING_STALE,
            f"the holder's proof was made at {time_text(made_at)}, "
            f"longer ago than {policy.key_binding_age}: ask again",
        )


# -- the credential


def check_type(credential: Credential, wanted: str) -> None:
    """Make sure that a credential is of a type.

    Raises:
        ContentError: it is of another one.

    """
    if wanted not in credential.types:
        found = credential.types[-1][:100]
        raise ContentError(
            ContentReason.WRONG_TYPE,
            f"the credential is of type {found!r}, and {wanted!r} was asked for",
        )


def check_claims(credential: Credential, required: PresentationRequirements) -> None:
    """Make sure that every claim is disclosed that was asked for.

    Raises:
        ContentError: one is not.

    """
    for path in map(path_of, required.claims):
        if not has_path(credential.claims, path):
            raise ContentError(
                ContentReason.CLAIM_MISSING,
                f"{path_text(path)} was asked for and not disclosed: ask the holder again",
            )


def check_times(times: TokenTimes, now: datetime, leeway: timedelta, what: str) -> None:
    """Make sure that a token is valid now.

    Args:
        leeway: how much clocks may differ.
        what: how messages call it.

    Raises:
        TimeError: it is not.

    """
    if times.expires_at is not None and times.expires_at <= now - leeway:
        raise TimeError(
            TimeReason.EXPIRED,
            f"{what} expired at {time_text(times.expires_at)}: ask the holder for a new one",
        )

    if times.not_before is not None and times.not_before > now + leeway:
        raise TimeError(
            TimeReason.NOT_YET_VALID, f"{what} is valid only from {time_text(times.not_before)} on"
        )

    if times.issued_at is not None and times.issued_at > now + leeway:
        raise TimeError(
            TimeReason.ISSUED_IN_FUTURE,
            f"{what} was signed at {time_text(times.issued_at)}, in the future: a clock is wrong",
        )


# -- the consent


def check_terms(consent: Consent, *, grantee: str, scope: bytes, purpose: bytes) -> None:
    """Make sure that a consent is about this reading.

    Raises:
        ConsentError: it is about something else.

    """
    reader = address(grantee, "grantee")
    if consent.terms.grantee != reader:
        raise ConsentError(
            ConsentReason.GRANTEE_MISMATCH,
            f"the consent is for {consent.terms.grantee}, and {reader} reads: ask for one of yours",
        )

    if consent.terms.scope != scope:
        raise ConsentError(
            ConsentReason.SCOPE_MISMATCH,
            "the consent is for another credential, or for other claims of it, than are shown",
        )

    if consent.terms.purpose != purpose:
        raise ConsentError(
            ConsentReason.PURPOSE_MISMATCH,
            "the consent is for another purpose, or answers another request: ask for a new one",
        )


def check_named_consent(
    proof: HolderProof,
    credential: Credential,
    required: PresentationRequirements,
    consent: Consent | None,
) -> bytes | None:
    """Make sure that the proof names a consent to this reading; return its id, None if not needed.

    Raises:
        ConsentError: no consent came, the proof does not name one, or it is about something else.

    """
    if required.consent is None:
        return None
    if proof.consent_id is None or consent is None:
        raise ConsentError(
            ConsentReason.CONSENT_MISSING,
            "the presentation comes without the customer's consent, or the proof does not name one",
        )

    check_terms(
        consent,
        grantee=required.consent.grantee,
        scope=credential.scope,
        purpose=required.consent.purpose,
    )
    return proof.consent_id
