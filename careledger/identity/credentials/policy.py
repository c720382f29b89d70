"""What a verifier insists on, what it asks for, and what it gets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from careledger.errors import InputError
from careledger.identity.credentials.claim_paths import ClaimPath, at_path, path_of
from careledger.identity.credentials.did_keys import KeyPolicy
from careledger.identity.credentials.jose import LIMITS, Limits
from careledger.identity.credentials.status_reference import StatusReference


class Nonces(Protocol):
    """Knows which requests were answered.

    It has to remember an answered request for longer than a presentation is valid.
    """

    def spend(self, nonce: str) -> bool:
        """Mark a nonce as answered, at once and for good; False where it was already."""


@dataclass(frozen=True)
class VerifierPolicy:
    """What a verifier insists on, whatever it asks for."""

    issuers: Collection[str] | None
    """DIDs whose credentials are believed. None: those of anybody; then check
    `VerifiedCredential.issuer` before you rely on it."""
    keys: KeyPolicy = KeyPolicy.AT_SIGNING
    leeway: timedelta = timedelta(seconds=60)
    """How much the clocks of issuer, holder and verifier may differ."""
    key_binding_age: timedelta = timedelta(minutes=10)
    """How long ago the holder may have made the presentation."""
    status_required: bool = True
    """Whether a credential without a status is refused."""
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        if self.leeway < timedelta(0):
            raise InputError("the leeway of clocks cannot be negative")
        if self.key_binding_age <= timedelta(0):
            raise InputError("the age that a key binding may have has to be above zero")


@dataclass(frozen=True)
class ConsentRequirement:
    """Whose reading the consent has to allow, and for what purpose."""

    grantee: str
    """The verifier's address."""
    purpose: bytes
    """Of `purpose_of` the request, 32 bytes."""


@dataclass(frozen=True)
class PresentationRequirements:
    """What the verifier asked for."""

    audience: str
    """Whom the presentation is for, as the request said."""
    nonce: str
    """Of the request."""
    type: str
    """`vct` of an SD-JWT VC, a name in `vc.type` of a W3C credential."""
    claims: Sequence[str | Sequence[str | int | None]] = ()
    """Paths to claims that have to be there."""
    consent: ConsentRequirement | None = None
    """None where the verifier needs none: it is the issuer, or the law lets it read."""


@dataclass(frozen=True)
class VerifiedCredential:
    """A credential that passed every check. No repr and no message shows its claims."""

    format: str
    """Name of its format, such as `dc+sd-jwt`."""
    issuer: str
    """The issuer's DID."""
    issuer_key: str
    """The verification method that signed, in the issuer's document as of the signing."""
    key_valid_now: bool
    """False where the issuer has rotated that key since."""
    type: str
    subject: str | None = field(repr=False)
    """The claim `sub`; the holder's DID of a W3C credential."""
    claims: Mapping[str, Any] = field(repr=False)
    """What is disclosed or open in an SD-JWT VC; `credentialSubject` of a W3C credential."""
    disclosed: tuple[ClaimPath, ...]
    """Claims and elements that came as disclosures; all at the top in a W3C credential."""
    issued_at: datetime
    expires_at: datetime | None
    status: StatusReference | None
    holder: str | None
    """Thumbprint of the holder's key (RFC 7638), or the holder's DID; None where nobody presented
    it."""
    scope: bytes
    """What a consent to this is about."""
    consent_id: bytes | None
    presentation_hash: bytes
    """SHA-256 of what was handed over."""
    verified_at: datetime
    block_number: int
    """The block as of which the chain was read."""

    def get(self, path: str | Sequence[str | int | None]) -> Any:
        """Return the claim at a path; None where it is missing, a list where the path has None."""
        wanted = path_of(path)
        found = list(at_path(self.claims, wanted))
        return found if None in wanted else next(iter(found), None)
