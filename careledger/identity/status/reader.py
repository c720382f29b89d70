"""Read status lists that somebody exported: believed only when signed by the issuer, the one asked for, and fresh."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from careledger.chain.rpc import Block
from careledger.identity.credentials.errors import (
    BadBase64,
    IssuedInFuture,
    MalformedClaim,
    StatusStale,
    StatusUnreadable,
    UntrustedIssuer,
    WrongTokenType,
)
from careledger.identity.credentials.jose import Jws, Limits, decode, text_claim, time_claim
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status import bits
from careledger.identity.status.lists import MIN_SIZE
from careledger.values.times import time_text

MAX_AGE = timedelta(days=1)
SKEW = timedelta(minutes=5)
"""How far the clocks of issuer and verifier may be apart."""

MAX_TEXT = 4 * 2**20
"""Characters of a list that is read."""

_LIMITS = Limits(token=MAX_TEXT)
_TOKEN, _CREDENTIAL = "the status list token", "the status list credential"


class IssuerKeys(Protocol):
    """Checks a signature with the keys of a DID document, as `DidKeys` does."""

    def check(self, token: Jws, did: str, at: datetime, /) -> object:
        """Raise an error of credentials unless one of the issuer's keys as of a time signed this."""


@dataclass(frozen=True)
class ExportedList:
    """A list whose signature was checked."""

    uri: str
    issuer: str
    """DID."""
    issued_at: datetime
    expires_at: datetime | None
    content: bytes = field(repr=False)
    """In the order of the Token Status List."""
    width: int = 1
    """Bits for each credential."""
    source: Mapping[str, Any] | None = None
    """Which list of which contract it was made from, as its issuer says; None where it does not."""

    @property
    def size(self) -> int:
        """How many places it has."""
        return len(self.content) * 8 // self.width

    def is_revoked(self, index: int) -> bool:
        """Say whether a credential is revoked, or is anything else but valid.

        Raises:
            StatusUnreadable: the list has no such place.

        """
        return bits.value(self.content, index, self.width) != 0

    @property
    def revoked(self) -> list[int]:
        """The places that are anything else but valid, ascending."""
        if self.width == 1:
            return bits.indexes(self.content)
        return [index for index in range(self.size) if self.is_revoked(index)]

    def require_for(self, reference: StatusReference) -> None:
        """Make sure that it was not made from another list than a credential names, where both say from which.

        Raises:
            StatusUnreadable: it was: its issuer exported the wrong one to this URI.

        """
        if self.source is None or not reference.on_chain:
            return
        wanted = reference.chain_part
        for name in ("chainId", "contract", "issuer", "list"):
            if str(self.source.get(name)).lower() != str(wanted[name]).lower():
                raise StatusUnreadable(
                    f"the status list {self.uri} was made from another list than the credential's: its {name} is "
                    f"{str(self.source.get(name))[:100]}, and the credential's {wanted[name]}"
                )

    def require_fresh(self, now: datetime, max_age: timedelta = MAX_AGE) -> None:
        """Make sure that the list may still be relied on.

        Raises:
            StatusStale: its own end has come, or it is older than the verifier allows.
            IssuedInFuture: it says that it was made later than now.

        """
        if self.issued_at > now + SKEW:
            raise IssuedInFuture(
                f"the status list says that it is of {time_text(self.issued_at)}, which is yet to come"
            )
        if self.expires_at is not None and self.expires_at <= now:
            raise StatusStale(
                f"the status list was good until {time_text(self.expires_at)}: fetch a new one"
            )
        if now - self.issued_at > max_age:
            raise StatusStale(
                f"the status list is of {time_text(self.issued_at)}, older than the {max_age} allowed: fetch a new one"
            )


def read_token_list(text: str, uri: str, issuer: str, keys: IssuerKeys) -> ExportedList:
    """Read a Token Status List JWT and check who signed it.

    Args:
        uri: where it was found, as the credential names it.
        issuer: DID of the issuer of the credential.

    Raises:
        MalformedToken: it cannot be read.
        StatusUnreadable: it is another list, or its bits cannot be read.
        UntrustedIssuer: it is another issuer's.
        CredentialError: the signature is not the issuer's.

    """
    jws = Jws.parse(text, {"statuslist+jwt"}, _TOKEN, _LIMITS)
    claims, content = jws.claims, jws.claims.get("status_list")
    issued = time_claim(claims, "iat", _TOKEN)
    if not isinstance(content, Mapping) or issued is None:
        raise MalformedClaim(f"{_TOKEN} lacks 'status_list' or 'iat'")
    width, packed = content.get("bits"), text_claim(content, "lst", _TOKEN)
    if width not in (1, 2, 4, 8) or isinstance(width, bool):
        raise MalformedClaim(f"{_TOKEN} has a 'bits' that is none of 1, 2, 4 and 8")
    _same(text_claim(claims, "sub", _TOKEN), uri)
    _from(claims.get("iss", issuer), issuer)
    keys.check(jws, issuer, issued)
    until, source = time_claim(claims, "exp", _TOKEN), claims.get("careledger")
    raw = bits.expanded(_decoded(packed), bits.ZLIB)
    return ExportedList(
        uri,
        issuer,
        issued,
        until,
        raw,
        width,
        source if isinstance(source, Mapping) else None,
    )


def read_bitstring(text: str, uri: str, issuer: str, keys: IssuerKeys) -> ExportedList:
    """Read a Bitstring Status List credential, signed as VC-JWT of VC 2.0 or 1.1, and check who signed it.

    Arguments and errors as those of `read_token_list`. A plain one is not read: anybody could have
    written it.
    """
    jws = Jws.parse(text, {"vc+jwt", "jwt", None}, _CREDENTIAL, _LIMITS)
    claims = jws.claims
    credential = claims.get("vc", claims)
    if not isinstance(credential, Mapping):
        raise MalformedClaim(f"{_CREDENTIAL} has a 'vc' that is no object")
    named = credential.get("issuer", claims.get("iss"))
    _same(credential.get("id", claims.get("jti")), uri)
    _from(named.get("id") if isinstance(named, Mapping) else named, issuer)
    if "iss" in claims:
        _from(claims["iss"], issuer)
    issued = _earliest(claims, credential, ("iat", "nbf"), ("validFrom", "issuanceDate"))
    if issued is None:
        raise StatusUnreadable(
            f"{_CREDENTIAL} does not say when it was made, so nobody knows how old it is"
        )
    keys.check(jws, issuer, issued)
    raw = _bitstring(credential)
    until = _earliest(claims, credential, ("exp",), ("validUntil", "expirationDate"))
    return ExportedList(uri, issuer, issued, until, bits.mirrored(raw))


def _bitstring(credential: Mapping[str, Any]) -> bytes:
    subject, kinds = credential.get("credentialSubject"), credential.get("type")
    if isinstance(subject, list) and len(subject) == 1:
        (subject,) = subject
    if (
        not isinstance(kinds, list)
        or "BitstringStatusListCredential" not in kinds
        or not isinstance(subject, Mapping)
    ):
        raise StatusUnreadable(f"{_CREDENTIAL} is none: its type or its subject is another")
    purposes = subject.get("statusPurpose")
    purposes = purposes if isinstance(purposes, list) else [purposes]
    if subject.get("type") != "BitstringStatusList" or "revocation" not in purposes:
        raise StatusUnreadable(f"{_CREDENTIAL} is no list of revocations")
    packed = text_claim(subject, "encodedList", _CREDENTIAL)
    if not packed.startswith("u"):
        raise StatusUnreadable(
            f"{_CREDENTIAL} has a list that is not base64url by multibase: it begins with no 'u'"
        )
    raw = bits.expanded(_decoded(packed[1:]), bits.GZIP)
    if len(raw) * 8 < MIN_SIZE:
        raise StatusUnreadable(
            f"{_CREDENTIAL} has {len(raw) * 8} places, and at least {MIN_SIZE} are needed"
        )
    return raw


def _earliest(
    claims: Mapping[str, Any],
    credential: Mapping[str, Any],
    numbers: tuple[str, ...],
    texts: tuple[str, ...],
) -> datetime | None:
    """Return the earliest of the times that a credential names in one or the other way."""
    found = [at for name in numbers if (at := time_claim(claims, name, _CREDENTIAL)) is not None]
    for name in texts:
        if name in credential:
            try:
                at = datetime.fromisoformat(text_claim(credential, name, _CREDENTIAL))
            except ValueError:
                raise MalformedClaim(f"{_CREDENTIAL} has a '{name}' that is no time") from None
            found.append(at if at.tzinfo else at.replace(tzinfo=UTC))
    return min(found, default=None)


def _same(found: Any, uri: str) -> None:
    if found != uri:
        raise StatusUnreadable(
            f"the status list calls itself {str(found)[:200]!r}, and {uri!r} was asked for"
        )


def _from(found: Any, issuer: str) -> None:
    if found != issuer:
        raise UntrustedIssuer(
            f"the status list is by {str(found)[:200]!r}, and one by {issuer} is needed"
        )


def _decoded(text: str) -> bytes:
    try:
        return decode(text, "the list")
    except BadBase64 as error:
        raise StatusUnreadable(f"the status list cannot be read: {error}") from None


class ListStatus:
    """Reads from exported lists whether a credential was revoked: what a verifier without a node asks.

    A list is read and its signature checked once, and again when it has become stale.
    """

    def __init__(
        self,
        issuer: str,
        keys: IssuerKeys,
        fetch: Callable[[str], str],
        *,
        max_age: timedelta = MAX_AGE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read lists of one issuer.

        Args:
            issuer: DID of the issuer of the credentials.
            fetch: returns the signed list of a URI, of either form.
            max_age: how old a list may be, whatever it says of itself.

        """
        self.issuer, self.keys, self.fetch, self.max_age, self.now = (
            issuer,
            keys,
            fetch,
            max_age,
            now,
        )
        self._known: dict[str, ExportedList] = {}

    def is_revoked(self, reference: StatusReference, block: Block = "latest") -> bool:  # noqa: ARG002
        """Say whether a credential was revoked when its list was made; a block cannot be chosen.

        Raises:
            StatusStale: the list is too old, and no newer one is to be had.
            CredentialError: the list cannot be read or believed.

        """
        found = self.fresh(reference.uri)
        found.require_for(reference)
        return found.is_revoked(reference.index)

    def fresh(self, uri: str) -> ExportedList:
        """Return the list of a URI, checked, and not stale.

        Raises:
            StatusStale: the list is too old, and no newer one is to be had.
            CredentialError: the list cannot be read or believed.

        """
        known, now = self._known.get(uri), self.now()
        if known is not None:
            try:
                known.require_fresh(now, self.max_age)
            except StatusStale:
                del self._known[uri]
            else:
                return known
        text = self.fetch(uri)
        read = read_token_list if _is_token_list(text) else read_bitstring
        found = read(text, uri, self.issuer, self.keys)
        found.require_fresh(now, self.max_age)
        self._known[uri] = found
        return found


def _is_token_list(text: str) -> bool:
    try:
        Jws.parse(text, {"statuslist+jwt"}, limits=_LIMITS)
    except WrongTokenType:
        return False
    return True
