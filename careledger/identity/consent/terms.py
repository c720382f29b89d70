"""What a consent is about, and the hashes that stand for it on chain: scope, purpose, terms, id, use.

Only `Consent.id`, the subject, the expiry and `ConsentTerms.hash` ever reach the chain, so nobody but the
two parties learns who may read what, and what for. Bytes: docs/protocol/identity-consent.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from secrets import token_bytes
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.crypto.hashing import keccak256, sha256
from careledger.crypto.typed_data import struct_hash
from careledger.errors import InputError
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import from_seconds, to_seconds

TERMS_TYPE = "Terms(address grantee,bytes32 scope,bytes32 purpose,bytes32 salt)"
CONSENT_TYPE = f"Consent(address subject,uint48 expiry,Terms terms){TERMS_TYPE}"
ROLE = "careledger.consent"
"""The type of the delegates who may act about an identity's consents, given or received."""
SCOPE_TAG, USE_TAG = b"careledger.scope.v1", b"careledger.use.v1"
LATEST_EXPIRY = 253402300799
"""The end of the year 9999, in seconds since 1970 UTC: what a `datetime` can hold; the contract
holds more."""


def scope_of(issuer_jwt: str, disclosures: Sequence[str]) -> bytes:
    """Return the 32 bytes that stand for a credential and the attributes disclosed of it, in whatever order.

    keccak256(`careledger.scope.v1` || sha256(issuer-signed JWT) || sha256 of each disclosure,
    ascending).

    Args:
        issuer_jwt: the issuer-signed JWT alone, without disclosures, as it was received; a whole
            VC-JWT too.
        disclosures: the disclosures as they stand in the SD-JWT, base64url-encoded, each once.

    Raises:
        InputError: something is not ASCII, the JWT holds a `~`, or a disclosure comes twice.

    """
    if "~" in issuer_jwt:
        raise InputError(
            "the scope is of the issuer-signed JWT alone: give the disclosures after it by themselves"
        )
    digests = sorted(sha256(_ascii("disclosure", one)) for one in disclosures)
    if len(set(digests)) != len(digests):
        raise InputError("a disclosure is given twice: a scope counts each once")
    return keccak256(
        SCOPE_TAG + sha256(_ascii("issuer-signed JWT", issuer_jwt)) + b"".join(digests)
    )


def purpose_of(nonce: str, text: str, terms: str) -> bytes:
    """Return the 32 bytes that stand for a purpose.

    keccak256 of the canonical JSON (RFC 8785) of `{"nonce", "terms", "text"}`. The request's nonce
    keeps a purpose, which is one of few sentences, from being guessed.

    Args:
        nonce: of the request.
        text: the sentence that the customer is shown.
        terms: the conditions themselves, or the URL where they are.

    """
    return keccak256(canonical.dumps({"nonce": nonce, "terms": terms, "text": text}))


def presentation_hash(presentation: str) -> bytes:
    """Return the SHA-256 of a presentation as it was handed over, disclosures and key binding included.

    Raises:
        InputError: it is not ASCII.

    """
    return sha256(_ascii("presentation", presentation))


def use_commitment(consent_id: bytes, presentation: str | bytes) -> bytes:
    """Return the 32 bytes by which a use of a consent is committed on chain.

    keccak256(`careledger.use.v1` || consent id || sha256(presentation)). Both parties can compute
    it, and nobody else, for nobody else has the presentation.

    Args:
        consent_id: 32 bytes.
        presentation: the text, or its `presentation_hash`, which is all that needs to be kept.

    """
    shown = presentation_hash(presentation) if isinstance(presentation, str) else presentation
    return keccak256(
        USE_TAG + bytes32("consent id", consent_id) + bytes32("presentation's hash", shown)
    )


@dataclass(frozen=True)
class ConsentTerms:
    """The part of a consent that stays off the chain.

    Raises:
        InputError: the grantee is no address, or a hash has not 32 bytes.

    """

    grantee: ChecksumAddress
    """Who may read."""
    scope: bytes
    """Of `scope_of`."""
    purpose: bytes
    """Of `purpose_of`."""
    salt: bytes = field(default_factory=lambda: token_bytes(32))
    """Keeps the terms from being guessed from what is on chain; 32 random bytes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "grantee", address(self.grantee, "grantee"))
        for name in ("scope", "purpose", "salt"):
            bytes32(name, getattr(self, name))

    @property
    def hash(self) -> bytes:
        """EIP-712's hashStruct, as the contract's `termsHash`."""
        return struct_hash(TERMS_TYPE, [self.grantee, self.scope, self.purpose, self.salt])

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Terms` of the contract."""
        return self.grantee, self.scope, self.purpose, self.salt

    @property
    def document(self) -> dict[str, str]:
        """The terms as JSON, hashes as 0x-text."""
        hashes = {name: "0x" + getattr(self, name).hex() for name in ("scope", "purpose", "salt")}
        return {"grantee": self.grantee, **hashes}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read `document` back.

        Raises:
            InputError: a member is missing, unknown or malformed.

        """
        given = members(document, "terms", ("grantee", "scope", "purpose", "salt"))
        hashes = [hash_text(given[name], f"terms: {name}") for name in ("scope", "purpose", "salt")]
        return cls(address(given["grantee"], "grantee"), *hashes)


@dataclass(frozen=True)
class Commitment:
    """A consent as the chain and a relayer see it: the terms are a hash."""

    subject: ChecksumAddress
    expires_at: datetime
    terms_hash: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", address(self.subject, "subject"))
        if self.subject == ZERO_ADDRESS:
            raise InputError("subject is missing: nobody controls the zero address")
        object.__setattr__(self, "expires_at", from_seconds(to_seconds(self.expires_at)))
        bytes32("terms_hash", self.terms_hash)

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


@dataclass(frozen=True)
class Consent:
    """A subject lets a grantee read something until a point in time.

    Raises:
        InputError: the subject is no address or nobody's, or the expiry has no time zone or does
            not fit.

    """

    subject: ChecksumAddress
    """The identity that consents: one of its own for each consent, unless the customer wants a
    stable one."""
    expires_at: datetime
    """From then on it is not valid; whole seconds."""
    terms: ConsentTerms

    def __post_init__(self) -> None:
        seen = self.commitment
        object.__setattr__(self, "subject", seen.subject)
        object.__setattr__(self, "expires_at", seen.expires_at)

    @property
    def commitment(self) -> Commitment:
        """What of it is for the chain, and for whoever relays it."""
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
        """Return the struct `Consent` of the contract, which holds the terms as their hash."""
        return self.commitment.abi()

    @property
    def document(self) -> dict[str, Any]:
        """The consent as JSON; also the member `consent` of what a wallet signs."""
        return {"subject": self.subject, "expiry": self.expiry, "terms": self.terms.document}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read `document` back.

        Raises:
            InputError: a member is missing, unknown or malformed.

        """
        given = members(document, "consent", ("subject", "expiry", "terms"))
        until = from_seconds(second_count(given["expiry"], "consent: expiry"))
        return cls(
            address(given["subject"], "subject"), until, ConsentTerms.from_document(given["terms"])
        )


class ConsentStatus(IntEnum):
    """What became of a consent's id; nothing leads back."""

    NONE = 0
    GRANTED = 1
    REVOKED = 2
    RENOUNCED = 3


@dataclass(frozen=True)
class ConsentRecord:
    """What the chain says of a consent's id."""

    subject: ChecksumAddress
    """The zero address where the id was never used."""
    expires_at: datetime
    epoch: int
    """The subject's that the grant named; valid only while it is the subject's."""
    status: ConsentStatus

    @classmethod
    def from_abi(cls, words: Sequence[Any]) -> Self:
        """Read the struct `Record` of the contract."""
        subject, expiry, epoch, status = words
        return cls(subject, from_seconds(expiry), epoch, ConsentStatus(status))


def members(
    document: Any, what: str, names: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Return a JSON object that has exactly these members.

    Raises:
        InputError: it is no object, one is missing, or one is unknown.

    """
    if not isinstance(document, dict):
        raise InputError(f"{what} is no JSON object")
    if missing := [name for name in names if name not in document]:
        raise InputError(f"{what}: '{missing[0]}' is missing")
    if unknown := sorted(set(document) - {*names, *optional}):
        raise InputError(
            f"{what}: '{unknown[0][:40]}' is not among its members: {', '.join((*names, *optional))}"
        )
    return document


def hash_text(value: Any, what: str) -> bytes:
    """Read 32 bytes written as 0x and 64 hexadecimal digits.

    Raises:
        InputError: it is something else.

    """
    raw = byte_text(value, what, 32)
    return bytes32(what, raw)


def bytes32(what: str, value: bytes) -> bytes:
    """Return a value of 32 bytes.

    Raises:
        InputError: it has another length.

    """
    if not isinstance(value, bytes) or len(value) != 32:
        raise InputError(f"{what} has to be 32 bytes")
    return value


def byte_text(value: Any, what: str, at_most: int) -> bytes:
    """Read bytes written as 0x and pairs of hexadecimal digits.

    Raises:
        InputError: it is something else, or longer than `at_most` bytes.

    """
    if not isinstance(value, str) or not value.startswith("0x") or len(value) % 2:
        raise InputError(f"{what} is not hexadecimal: 0x and pairs of digits are needed")
    if len(value) > 2 + 2 * at_most:
        raise InputError(f"{what} has more than {at_most} bytes")
    digits = value[2:]
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise InputError(f"{what} is not hexadecimal: 0x and pairs of digits are needed")
    return bytes.fromhex(digits)


def second_count(value: Any, what: str) -> int:
    """Read a time given in whole seconds since 1970 UTC.

    Raises:
        InputError: it is something else, or beyond the year 9999.

    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LATEST_EXPIRY:
        raise InputError(f"{what} is no time in whole seconds since 1970 UTC")
    return value


def _ascii(what: str, text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise InputError(f"the {what} is not ASCII") from error
