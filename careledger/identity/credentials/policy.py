"""What a verifier insists on, what it asks for, and what it gets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from careledger.errors import InputError
from careledger.identity.credentials.formats import Path, StatusReference, at_path, path_of
from careledger.identity.credentials.issuer_keys import KeyPolicy
from careledger.identity.credentials.jose import LIMITS, Limits


class Nonces(Protocol):
    """Knows which requests were answered already; the answer has to be kept longer than a presentation is good for."""

    def spend(self, nonce: str) -> bool:
        """Mark a nonce as answered, at once and for good; False where it was already."""


@dataclass(frozen=True)
class Policy:
    """What a verifier insists on, whatever it asks for."""

    issuers: Collection[str] | None
    """DIDs whose credentials are believed. None: anybody's; then look at `Verified.issuer` before
    you rely on it."""
    keys: KeyPolicy = KeyPolicy.AT_SIGNING
    leeway: timedelta = timedelta(seconds=60)
    """How much the clocks of issuer, holder and verifier may differ."""
    key_binding_age: timedelta = timedelta(minutes=10)
    """How long ago the holder may have made the presentation."""
    status_required: bool = True
    """Whether a credential that says nowhere whether it was withdrawn is refused."""
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        if self.leeway < timedelta(0) or self.key_binding_age <= timedelta(0):
            raise InputError(
                "the leeway of clocks cannot be negative, nor the age of a key binding zero"
            )


@dataclass(frozen=True)
class ExpectedConsent:
    """Whose reading the consent has to allow, and what for."""

    grantee: str
    """The verifier's address."""
    purpose: bytes
    """Of `purpose_of` the request, 32 bytes."""


@dataclass(frozen=True)
class Expected:
    """What the verifier asked for."""

    audience: str
    """Whom the presentation is for, as the request said."""
    nonce: str
    """Of the request."""
    type: str
    """`vct` of an SD-JWT VC, a name in `vc.type` of a W3C credential."""
    claims: Sequence[str | Sequence[str | int | None]] = ()
    """Paths to claims that have to be there."""
    consent: ExpectedConsent | None = None
    """None: the verifier needs none, for it is the issuer, or the law lets it read."""


@dataclass(frozen=True)
class Verified:
    """A credential that stood every check. What it says is in `claims`, which no repr and no message shows."""

    format: str
    """`SD_JWT_VC` or `VC_JWT`."""
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
    """Of an SD-JWT VC what was disclosed and what is open; of a W3C credential `credentialSubject`.
    """
    disclosed: tuple[Path, ...]
    """Claims and elements that came as disclosures; for a W3C credential all claims at the top."""
    issued_at: datetime
    expires_at: datetime | None
    status: StatusReference | None
    holder: str | None
    """Thumbprint of the holder's key (RFC 7638), or the holder's DID; None where nobody proved to
    be the holder."""
    scope: bytes
    """What a consent to this is about."""
    consent_id: bytes | None
    presentation_hash: bytes
    """SHA-256 of what was handed over."""
    verified_at: datetime
    block_number: int
    """The block as of which the chain was read."""

    def get(self, path: str | Sequence[str | int | None]) -> Any:
        """Return the claim at a path, or a list of them where it names every element; None where there is none."""
        wanted = path_of(path)
        found = list(at_path(self.claims, wanted))
        return found if None in wanted else next(iter(found), None)
