"""What a company asks a customer for, signed.

A compact JWS (RFC 7515) of type `careledger-request+jwt`, signed by a key of the company's DID. The
customer's wallet believes it only after `read_request`: who could forge a request would receive
what it asks for. Format: docs/protocol/identity-consent.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto.documents import JsonNode
from careledger.errors import InputError
from careledger.identity.consent.errors import (
    MalformedRequest,
    RequestReason,
    RequestRefused,
    RequestTooLarge,
)
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.identity.credentials import jose
from careledger.identity.credentials.claim_paths import ClaimPath, path_of
from careledger.identity.credentials.did_keys import DidKeys, KeyPolicy, present
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.did.did import Did
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.shown_text import MAX_URL, require_shown_text, require_url
from careledger.values.addresses import address
from careledger.values.times import from_seconds, time_text, to_seconds

TYPE = "careledger-request+jwt"
MAX_CHARACTERS = 8_192
"""Of a request that is read at all; one in a QR code has to be shorter still."""
LIFETIME = timedelta(minutes=15)
MAX_LIFETIME = timedelta(days=7)
MIN_CONSENT = timedelta(minutes=1)
MAX_CONSENT = timedelta(days=3653)
LEEWAY = timedelta(seconds=60)
"""How much clocks may differ."""
MAX_CLAIMS = 64
MAX_PATH_PARTS = 8
MAX_NAME = 128
"""Characters of a part of a path, and of a DID."""

ClaimName = str | Sequence[str | int | None]
"""Name of a claim, or a path to it."""

_REQUIRED = (
    "iss", "iat", "exp", "aud", "nonce", "vct", "claims", "purpose", "consentFor", "chainId",
    "consentRegistry",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What a company asks for. Times are aware, in whole seconds.

    Raises:
        MalformedRequest: a member is not valid.

    """

    did: str
    """The company's. The identity that it names is the one who reads."""
    vct: str
    """The type of credential."""
    claims: tuple[ClaimPath, ...]
    """What is to be disclosed of it; names, or paths of names, numbers and None."""
    purpose: Purpose
    consent_for: timedelta
    """Counted from when the customer consents."""
    chain_id: int
    registry: ChecksumAddress
    """The `ConsentRegistry` that is to keep the consent."""
    issued_at: datetime
    expires_at: datetime
    nonce: str
    audience: str
    """The name that a presentation has to be made for: the DID, or a URL of the company."""
    response_uri: str | None = None
    """Where the answer is to be sent; None: the customer hands it over."""

    @classmethod
    def make(
        cls,
        did: str,
        vct: str,
        claims: Sequence[ClaimName],
        purpose: Purpose,
        *,
        consent_for: timedelta,
        chain_id: int,
        registry: str,
        now: datetime,
        lifetime: timedelta = LIFETIME,
        nonce: str | None = None,
        audience: str | None = None,
        response_uri: str | None = None,
    ) -> Self:
        """Make a request.

        Args:
            lifetime: how long it can be answered.
            nonce: one that `Verifications` has issued, to be spent by the answer; a fresh one where
                it is None.
            audience: the DID where it is None.

        Raises:
            MalformedRequest: an argument is not valid.

        """
        issued_at = from_seconds(to_seconds(now))

        return cls(
            did=did,
            vct=vct,
            claims=claim_paths(claims),
            purpose=purpose,
            consent_for=consent_for,
            chain_id=chain_id,
            registry=_registry_address(registry),
            issued_at=issued_at,
            expires_at=issued_at + lifetime,
            nonce=token_urlsafe(24) if nonce is None else nonce,
            audience=did if audience is None else audience,
            response_uri=response_uri,
        )

    def __post_init__(self) -> None:
        self._require_parties()
        self._require_times()
        self._require_claims()

        require_shown_text("vct", self.vct, MAX_URL)
        if not (22 <= len(self.nonce) <= 128 and self.nonce.isascii() and self.nonce.isprintable()):
            raise MalformedRequest(
                "the request's nonce is not a text of 22 to 128 ASCII characters: "
                "somebody could guess it"
            )
        if self.response_uri is not None:
            require_url("responseUri", self.response_uri)

    def _require_parties(self) -> None:
        if len(self.did) > MAX_NAME:
            raise MalformedRequest(f"the request's iss has more than {MAX_NAME} characters")
        try:
            chain = Did.parse(self.did).chain_id()
        except InputError as error:
            raise MalformedRequest(f"the request's iss is not valid: {error}") from error

        if chain != self.chain_id:
            raise MalformedRequest(
                f"the request's iss is on chain {chain}, but its consent would be on "
                f"chain {self.chain_id}"
            )
        if self.audience != self.did:
            require_url("aud", self.audience)

    def _require_times(self) -> None:
        if not timedelta(0) < self.expires_at - self.issued_at <= MAX_LIFETIME:
            raise MalformedRequest(
                "the request's exp is not after its iat, or is more than 7 days after it"
            )

        possible = MIN_CONSENT <= self.consent_for <= MAX_CONSENT
        if not possible or self.consent_for.microseconds:
            raise MalformedRequest(
                "the request's consentFor is not from a minute to ten years, in whole seconds"
            )

    def _require_claims(self) -> None:
        if not 0 < len(self.claims) <= MAX_CLAIMS:
            raise MalformedRequest(
                f"the request asks for {len(self.claims)} claims, "
                f"but 1 to {MAX_CLAIMS} are possible"
            )
        if len(set(self.claims)) != len(self.claims):
            raise MalformedRequest("the request asks for a claim twice")

        for path in self.claims:
            if len(path) > MAX_PATH_PARTS:
                raise MalformedRequest(
                    f"the request names a claim by more than {MAX_PATH_PARTS} parts"
                )
            for part in path:
                if isinstance(part, str):
                    require_shown_text("claims: a name", part, MAX_NAME)

    @property
    def grantee(self) -> ChecksumAddress:
        """Who may read: the identity that the DID names."""
        return Did.parse(self.did).address

    def to_json(self) -> dict[str, Any]:
        """Return the claims of the JWT."""
        document: dict[str, Any] = {
            "iss": self.did,
            "iat": to_seconds(self.issued_at),
            "exp": to_seconds(self.expires_at),
            "aud": self.audience,
            "nonce": self.nonce,
            "vct": self.vct,
            "claims": [list(path) for path in self.claims],
            "purpose": self.purpose.to_json(),
            "consentFor": int(self.consent_for.total_seconds()),
            "chainId": self.chain_id,
            "consentRegistry": self.registry,
        }

        if self.response_uri is not None:
            document["responseUri"] = self.response_uri
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid.

        """
        # a null there is not valid: it is no optional member
        names = (*_REQUIRED, "responseUri") if "responseUri" in document else _REQUIRED
        members = JsonNode(dict(document), "request").object(names)
        paths = [one.value for one in members["claims"].items(MAX_CHARACTERS)]

        return cls(
            did=members["iss"].text(),
            vct=members["vct"].text(),
            claims=claim_paths(paths),
            purpose=Purpose.from_json(members["purpose"]),
            consent_for=timedelta(seconds=members["consentFor"].integer(bits=40)),
            chain_id=members["chainId"].integer(bits=256, least=1),
            registry=members["consentRegistry"].address(),
            issued_at=members["iat"].seconds(),
            expires_at=members["exp"].seconds(),
            nonce=members["nonce"].text(),
            audience=members["aud"].text(),
            response_uri=members["responseUri"].text() if "responseUri" in members else None,
        )

    def sign(self, issuer: Issuer) -> str:
        """Return the request as compact JWS.

        Raises:
            MalformedRequest: the issuer is not the company that asks.
            RequestTooLarge: it is longer than readers read.

        """
        if issuer.did != self.did:
            raise MalformedRequest(f"the request is of {self.did}, but {issuer.did} signs")

        text = jose.sign({"typ": TYPE, **issuer.header}, self.to_json(), issuer.key)
        _require_size(text)
        return text

    def consent(
        self, subject: str, scope: bytes, now: datetime, until: datetime | None = None
    ) -> Consent:
        """Return a consent that answers this request.

        Args:
            subject: the identity that consents; by default a customer uses a new one each time.
            scope: of what is shown, `SelectiveDisclosure.scope`.
            until: where the customer wants it to end earlier than the company asks.

        """
        latest = from_seconds(to_seconds(now)) + self.consent_for
        expires_at = latest if until is None else min(until, latest)

        terms = ConsentTerms(self.grantee, scope, self.purpose.hash(self.nonce))
        return Consent(address(subject, "subject"), expires_at, terms)


@dataclass(frozen=True)
class SignedRequest:
    """A request, and the text that the customer gets."""

    request: Request
    text: str
    """The compact JWS, for `deep_link` and the QR codes."""


def parse_request(text: str) -> tuple[Request, jose.Jws]:
    """Read a request without believing it; a wallet needs `read_request`.

    Raises:
        RequestTooLarge: it is longer than is read.
        MalformedRequest: it is not a request.
        MalformedToken, TokenSignatureError: it is not a JWS that this program accepts.

    """
    _require_size(text)
    token = jose.Jws.parse(text, (TYPE,), "the request")

    try:
        return Request.from_json(token.claims), token
    except MalformedRequest:
        raise
    except InputError as error:
        raise MalformedRequest(str(error)) from error


def read_request(text: str, keys: DidKeys, registry: str, now: datetime | None = None) -> Request:
    """Read a request, and make sure that the company signed it for the registry of the wallet.

    Args:
        keys: reads the company's keys from the chain; the key has to be in its document still.
        registry: the `ConsentRegistry` that the wallet grants in.
        now: the later of this machine's time and the newest block's where it is None.

    Raises:
        MalformedRequest, MalformedToken, TokenSignatureError: it cannot be read.
        RequestRefused: it is for another registry, too old, or from the future.
        IssuerError, TokenSignatureError: no key of the company's DID signed it.

    """
    request, token = parse_request(text)
    chain = keys.registry.chain
    at = now or present(chain)

    expected = (chain.chain_id, address(registry, "consent registry"))
    if (request.chain_id, request.registry) != expected:
        raise RequestRefused(
            RequestReason.REQUEST_ELSEWHERE,
            f"the request asks for a consent in {request.registry} on chain {request.chain_id}, "
            f"but this wallet grants in {registry} on chain {chain.chain_id}",
        )

    if request.expires_at <= at:
        raise RequestRefused(
            RequestReason.REQUEST_EXPIRED,
            f"the request could be answered until {time_text(request.expires_at)}: "
            "ask for a new one",
        )
    if request.issued_at > at + LEEWAY:
        raise RequestRefused(
            RequestReason.REQUEST_FROM_FUTURE,
            f"the request was made at {time_text(request.issued_at)}, which is in the future: "
            "a clock is wrong",
        )

    signed_at = min(request.issued_at, at)
    keys.check(token, request.did, signed_at, policy=KeyPolicy.NOW, now=at)
    return request


def claim_paths(names: Sequence[Any], what: str = "the request's claims") -> tuple[ClaimPath, ...]:
    """Read a list of paths to claims.

    Raises:
        MalformedRequest: one is neither a name nor a list of names, numbers and nulls that begins
            with a name.

    """
    paths = []
    for name in names:
        if not isinstance(name, str | list | tuple):
            raise MalformedRequest(f"{what} are not a list of paths")
        try:
            paths.append(path_of(name))
        except InputError as error:
            raise MalformedRequest(f"{what}: {error}") from error

    return tuple(paths)


def _require_size(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise RequestTooLarge(
            f"the request has {len(text)} characters, but at most {MAX_CHARACTERS} are read"
        )


def _registry_address(text: str) -> ChecksumAddress:
    try:
        return address(text, "consentRegistry")
    except InputError as error:
        raise MalformedRequest(f"the request's {error}") from error
