"""A credential and its presentation, parsed once into one form for every format.

`formats.parse` makes these values; the verifier, the exchange and the commands judge them without
parsing the text again. Nothing in them has been checked: anybody can write a token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from careledger.errors import InputError
from careledger.identity.consent.terms import presentation_hash
from careledger.identity.credentials.claim_paths import ClaimPath
from careledger.identity.credentials.errors import MalformedToken, TokenReason
from careledger.identity.credentials.jose import Jws, Limits, TokenTimes
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.status_reference import StatusReference
from careledger.values.hashes import parse_bytes32


@dataclass(frozen=True)
class Credential:
    """A credential, its disclosures in their places."""

    format: str
    """Name of its format, such as `dc+sd-jwt`."""
    token: Jws = field(repr=False)
    """The part that the issuer signed."""
    issuer: str
    """The issuer's DID."""
    types: tuple[str, ...]
    """The most specific one last."""
    subject: str | None = field(repr=False)
    """The claim `sub`; the holder's DID in a W3C credential."""
    claims: Mapping[str, Any] = field(repr=False)
    """What it says: all claims of an SD-JWT VC, `credentialSubject` of a W3C credential."""
    disclosed: tuple[ClaimPath, ...]
    """Claims and elements that came as disclosures; all at the top in a W3C credential."""
    holder_key: VerificationKey | None
    """The key that the issuer confirms as the holder's (`cnf`); None where it names no key."""
    status: StatusReference | None
    signed_at: datetime
    """`iat`, else `nbf`, which W3C credentials have in its place."""
    times: TokenTimes
    scope: bytes
    """What a consent to show exactly this is about, 32 bytes."""


@dataclass(frozen=True)
class HolderProof:
    """The holder's signature over a presentation: for whom it is, and what it answers."""

    token: Jws = field(repr=False)
    holder: VerificationKey | str
    """The key that the issuer confirmed as the holder's, or the DID of the holder."""
    audience: tuple[str, ...]
    nonce: str
    signed_at: datetime | None
    """None where the holder left it out, as some do in W3C presentations."""
    times: TokenTimes
    consent_id: bytes | None
    """The consent that it names, 32 bytes."""
    covers_disclosures: bool
    """Whether the holder signed for exactly what is disclosed (`sd_hash`)."""


@dataclass(frozen=True)
class Presentation:
    """A credential that its holder shows to somebody."""

    text: str = field(repr=False)
    """As it came."""
    credential: Credential
    proof: HolderProof

    @property
    def hash(self) -> bytes:
        """SHA-256 of the text."""
        return presentation_hash(self.text)


@dataclass(frozen=True)
class CredentialFormat:
    """A format of credentials; `formats.FORMATS` lists all."""

    name: str
    recognises: Callable[[str], bool]
    """Says whether a text is of this format, without parsing it."""
    parse: Callable[[str, Limits], Credential | Presentation]
    """Parses such a text; raises a `CredentialError` where it cannot be read."""


def signing_time(times: TokenTimes) -> datetime:
    """Return when a credential was signed.

    Raises:
        MalformedToken: it does not say so.

    """
    signed_at = times.issued_at or times.not_before

    if signed_at is None:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential does not say when it was signed ('iat'), "
            "so nobody knows which keys of the issuer count",
        )
    return signed_at


def named_consent(claims: Mapping[str, Any]) -> bytes | None:
    """Return the id of the consent that a holder's proof names; None where it does not name one.

    Raises:
        MalformedToken: the claim `consent` is not an id.

    """
    if claims.get("consent") is None:
        return None

    try:
        return parse_bytes32(claims["consent"], "the consent's id")
    except InputError:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the holder's proof: 'consent' is not 32 bytes as 0x and 64 hexadecimal digits",
        ) from None
