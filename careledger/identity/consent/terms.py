"""What a consent is about, and the hashes of it: scope, purpose, terms, id, use.

Only `Consent.id`, the subject, the expiry and `ConsentTerms.hash` ever reach the chain. So nobody
but the two parties learns who may read what, and why. Bytes: docs/protocol/identity-consent.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from secrets import token_bytes
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.hashing import keccak256, sha256
from careledger.crypto.typed_data import struct_hash
from careledger.errors import InputError
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.hashes import require_bytes32
from careledger.values.times import from_seconds, to_seconds

TERMS_TYPE = "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
CONSENT_TYPE = f"Consent(address subject,uint48 expiry,Terms terms){TERMS_TYPE}"
ROLE = "careledger.consent"
"""The type of the delegates who may act about the consents that an identity gives or receives."""
SCOPE_TAG = b"careledger.scope.v1"
USE_TAG = b"careledger.use.v1"


def scope_of(issuer_jwt: str, disclosures: Sequence[str]) -> bytes:
    """Return the 32 bytes that stand for a credential and what is disclosed of it, in any order.

    keccak256(`careledger.scope.v1` || sha256(issuer-signed JWT) || sha256 of each disclosure,
    ascending).

    Args:
        issuer_jwt: the issuer-signed JWT alone, without disclosures, as it was received; a whole
            VC-JWT too.
        disclosures: the disclosures as they stand in the SD-JWT, base64url-encoded, each once.

    Raises:
        InputError: something is not ASCII, the JWT contains a `~`, or a disclosure comes twice.

    """
    if "~" in issuer_jwt:
        raise InputError(
            "the scope is of the issuer-signed JWT alone: give the disclosures after it separately"
        )

    digests = sorted(sha256(_ascii("disclosure", one)) for one in disclosures)
    if len(set(digests)) != len(digests):
        raise InputError("a disclosure is given twice: a scope counts each once")

    token = sha256(_ascii("issuer-signed JWT", issuer_jwt))
    return keccak256(SCOPE_TAG + token + b"".join(digests))


def purpose_of(nonce: str, text: str, terms: str) -> bytes:
    """Return the 32 bytes that stand for a purpose.

    keccak256 of the canonical JSON (RFC 8785) of `{"nonce", "terms", "text"}`. Without the nonce of
    the request, anybody could guess the purpose, because there are few possible sentences.

    Args:
        nonce: of the request.
        text: the sentence that the customer is shown.
        terms: the conditions themselves, or the URL where they are.

    """
    return keccak256(canonical.dumps({"nonce": nonce, "terms": terms, "text": text}))


def presentation_hash(presentation: str) -> bytes:
    """Return the SHA-256 of a presentation with its disclosures and key binding.

    Raises:
        InputError: it is not ASCII.

    """
    return sha256(_ascii("presentation", presentation))


def use_commitment(consent_id: bytes, presentation: str | bytes) -> bytes:
    """Return the 32 bytes by which a use of a consent is committed on chain.

    keccak256(`careledger.use.v1` || consent id || sha256(presentation)). Both parties can compute
    it. Nobody else can, because nobody else has the presentation.

    Args:
        consent_id: 32 bytes.
        presentation: the text, or its `presentation_hash`, which is all that needs to be kept.

    Raises:
        InputError: the id or the hash does not have 32 bytes, or the text is not ASCII.

    """
    shown = presentation_hash(presentation) if isinstance(presentation, str) else presentation

    return keccak256(
        USE_TAG
        + require_bytes32(consent_id, "consent id")
        + require_bytes32(shown, "presentation hash")
    )


@dataclass(frozen=True)
class ConsentTerms:
    """The part of a consent that stays off the chain.

    Raises:
        InputError: the grantee is not an address, or a hash does not have 32 bytes.

    """

    grantee: ChecksumAddress
    """Who may read."""
    scope: bytes
    """Of `scope_of`."""
    purpose: bytes
    """Of `purpose_of`."""
    salt: bytes = field(default_factory=lambda: token_bytes(32))
    """32 random bytes, so that nobody can guess the terms from what is on chain."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "grantee", address(self.grantee, "grantee"))
        for name in ("scope", "purpose", "salt"):
            require_bytes32(getattr(self, name), name)

    @property
    def hash(self) -> bytes:
        """EIP-712's hashStruct, as the contract's `termsHash`."""
        return struct_hash(TERMS_TYPE, list(self.abi()))

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Terms` of the contract."""
        return self.grantee, self.scope, self.purpose, self.salt

    def to_json(self) -> dict[str, str]:
        """Return the terms as JSON, hashes as 0x-text."""
        return {
            "grantee": self.grantee,
            "scope": hexed(self.scope),
            "purpose": hexed(self.purpose),
            "salt": hexed(self.salt),
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            MalformedDocument: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "terms").object(("grantee", "scope", "purpose", "salt"))

        return cls(
            members["grantee"].address(),
            members["scope"].hex(32),
            members["purpose"].hex(32),
            members["salt"].hex(32),
        )


@dataclass(frozen=True)
class Commitment:
    """A consent as the chain and a relayer see it: with the hash of its terms.

    Raises:
        InputError: the subject is not an address, or is the zero address; the expiry has no time
            zone; the hash does not have 32 bytes.

    """

    subject: ChecksumAddress
    expires_at: datetime
    terms_hash: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", address(self.subject, "subject"))
        if self.subject == ZERO_ADDRESS:
            raise InputError("subject is missing: nobody controls the zero address")

        expiry = to_seconds(self.expires_at, "expiry")
        object.__setattr__(self, "expires_at", from_seconds(expiry))
        require_bytes32(self.terms_hash, "terms hash")

    @property
    def expiry(self) -> int:
        """When it ends, in seconds since 1970 UTC, as the contract counts."""
        return to_seconds(self.expires_at)

    @property
    def id(self) -> bytes:
        """EIP-712's hashStruct of the consent, as the contract's `idOf`."""
        return struct_hash(CONSENT_TYPE, list(self.abi()))

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Consent` of the contract."""
        return self.subject, self.expiry, self.terms_hash

    def to_json(self) -> dict[str, Any]:
        """Return the commitment as JSON; `terms` is the hash as 0x-text."""
        return {"subject": self.subject, "expiry": self.expiry, "terms": hexed(self.terms_hash)}

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "consent").object(("subject", "expiry", "terms"))
        return cls(
            members["subject"].address(), members["expiry"].seconds(), members["terms"].hex(32)
        )


@dataclass(frozen=True)
class Consent:
    """A subject lets a grantee read something until a point in time.

    Raises:
        InputError: the subject is not an address, or is the zero address; the expiry has no time
            zone.

    """

    subject: ChecksumAddress
    """The identity that consents: a new one for each consent, unless the customer wants a stable
    one."""
    expires_at: datetime
    """From then on it is not valid; whole seconds."""
    terms: ConsentTerms

    def __post_init__(self) -> None:
        checked = self.commitment
        object.__setattr__(self, "subject", checked.subject)
        object.__setattr__(self, "expires_at", checked.expires_at)

    @property
    def commitment(self) -> Commitment:
        """What the chain sees of it, and whoever relays it."""
        return Commitment(self.subject, self.expires_at, self.terms.hash)

    @property
    def expiry(self) -> int:
        """When it ends, in seconds since 1970 UTC, as the contract counts."""
        return to_seconds(self.expires_at)

    @property
    def id(self) -> bytes:
        """EIP-712's hashStruct of it, as the contract's `idOf`."""
        return self.commitment.id

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Consent` of the contract, which contains the hash of the terms."""
        return self.commitment.abi()

    def to_json(self) -> dict[str, Any]:
        """Return the consent as JSON; also the member `consent` of what a wallet signs."""
        return {"subject": self.subject, "expiry": self.expiry, "terms": self.terms.to_json()}

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "consent").object(("subject", "expiry", "terms"))

        return cls(
            members["subject"].address(),
            members["expiry"].seconds(),
            ConsentTerms.from_json(members["terms"]),
        )


class ConsentStatus(IntEnum):
    """What the registry says of a consent's id; a status that has ended never changes again."""

    NONE = 0
    GRANTED = 1
    REVOKED = 2
    RENOUNCED = 3


@dataclass(frozen=True)
class ConsentRecord:
    """What the chain keeps of a consent's id."""

    subject: ChecksumAddress
    """The zero address where the id was never used."""
    expires_at: datetime
    epoch: int
    """The subject's epoch that the grant named; the consent is valid only while it is current."""
    status: ConsentStatus

    @classmethod
    def from_abi(cls, words: Sequence[Any]) -> Self:
        """Read the struct `Record` of the contract."""
        subject, expiry, epoch, status = words
        return cls(subject, from_seconds(expiry), epoch, ConsentStatus(status))


def _ascii(what: str, text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise InputError(f"the {what} is not ASCII") from error
