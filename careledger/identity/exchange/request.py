"""What a company asks a customer for: a signed request, as a deep link and as a QR code.

A compact JWS (RFC 7515) of type `careledger-request+jwt`, signed by a key of the company's DID. The
customer's wallet believes it only after `read_request`: whoever could forge one would be granted
what it asks for. Format: docs/protocol/identity-consent.md.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Self
from urllib.parse import urlsplit

from eth_typing import ChecksumAddress

from careledger.errors import InputError
from careledger.identity.consent.errors import (
    MalformedRequest,
    RequestElsewhere,
    RequestExpired,
    RequestFromFuture,
    RequestTooLarge,
)
from careledger.identity.consent.terms import (
    Consent,
    ConsentTerms,
    members,
    purpose_of,
    second_count,
)
from careledger.identity.credentials import jose
from careledger.identity.credentials.claim_paths import ClaimPath, path_of
from careledger.identity.credentials.did_keys import DidKeys, KeyPolicy, present
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.did.did import parse
from careledger.values.addresses import address
from careledger.values.times import from_seconds, time_text, to_seconds

TYPE = "careledger-request+jwt"
LONGEST = 8_192
"""Characters of a request that are read at all; one that is to be a QR code has to be shorter
still."""
LIFETIME, LONGEST_LIFETIME = timedelta(minutes=15), timedelta(days=7)
SHORTEST_CONSENT, LONGEST_CONSENT = timedelta(minutes=1), timedelta(days=3653)
LEEWAY = timedelta(seconds=60)
"""How far clocks may differ."""
CLAIMS, DEPTH, NAME, TEXT, TERMS, URL = 64, 8, 128, 500, 2_000, 1_000
"""At most: claims, parts of a path, and characters of a part, of the purpose, its terms and a URL.
"""

_REQUIRED = (
    "iss", "iat", "exp", "aud", "nonce", "vct", "claims", "purpose", "consentFor", "chainId", "consentRegistry",
)  # fmt: skip
_JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and others are written with."""


@dataclass(frozen=True)
class Purpose:
    """What for, in the words that the customer is shown.

    Raises:
        MalformedRequest: nothing to show, too long, or characters that make a text look like
            another.

    """

    text: str
    """One sentence."""
    terms: str
    """The conditions themselves, or the URL where they are."""

    def __post_init__(self) -> None:
        _shown("purpose: text", self.text, TEXT)
        _shown("purpose: terms", self.terms, TERMS, lines=True)
        if self.terms.lower().startswith("http:"):
            raise MalformedRequest(
                "the request's purpose: terms at an http: address could be changed on the way"
            )

    def hash(self, nonce: str) -> bytes:
        """Return the 32 bytes that stand for it in a consent."""
        return purpose_of(nonce, self.text, self.terms)


@dataclass(frozen=True)
class Request:
    """What a company asks for. Times are aware, in whole seconds.

    Raises:
        MalformedRequest: a member cannot be.

    """

    did: str
    """The company's; who reads is the identity that it names."""
    vct: str
    """The type of credential."""
    claims: tuple[ClaimPath, ...]
    """What is to be disclosed of it; names, or paths of names, numbers and None."""
    purpose: Purpose
    consent_for: timedelta
    """From when the customer consents."""
    chain_id: int
    registry: ChecksumAddress
    """The `ConsentRegistry` where the consent is to stand."""
    issued_at: datetime
    expires_at: datetime
    nonce: str
    audience: str
    """Whom a presentation has to name: the DID, or a URL of the company."""
    response_uri: str | None = None
    """Where the answer is to be sent; None: the customer hands it over."""

    @classmethod
    def make(
        cls,
        did: str,
        vct: str,
        claims: Sequence[str | Sequence[str | int | None]],
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

        """
        begins = from_seconds(to_seconds(now))
        return cls(
            did=did,
            vct=vct,
            claims=claim_paths(claims),
            purpose=purpose,
            consent_for=consent_for,
            chain_id=chain_id,
            registry=_address(registry),
            issued_at=begins,
            expires_at=begins + lifetime,
            nonce=token_urlsafe(24) if nonce is None else nonce,
            audience=did if audience is None else audience,
            response_uri=response_uri,
        )

    def __post_init__(self) -> None:
        self._check_parties()
        self._check_times()
        _shown("vct", self.vct, URL)
        if not (22 <= len(self.nonce) <= 128 and self.nonce.isascii() and self.nonce.isprintable()):
            raise MalformedRequest(
                "the request's nonce is no text of 22 to 128 ASCII characters: it could be guessed"
            )
        if not 0 < len(self.claims) <= CLAIMS:
            raise MalformedRequest(
                f"the request asks for {len(self.claims)} claims, and 1 to {CLAIMS} are possible"
            )
        if len(set(self.claims)) != len(self.claims):
            raise MalformedRequest("the request asks for a claim twice")
        for path in self.claims:
            if len(path) > DEPTH:
                raise MalformedRequest(f"the request names a claim by more than {DEPTH} parts")
            for part in path:
                if isinstance(part, str):
                    _shown("claims: a name", part, NAME)
        if self.response_uri is not None:
            _url("responseUri", self.response_uri)

    def _check_parties(self) -> None:
        if len(self.did) > NAME:
            raise MalformedRequest(f"the request's iss has more than {NAME} characters")
        try:
            chain = parse(self.did).chain_id()
        except InputError as error:
            raise MalformedRequest(f"the request's iss cannot be read: {error}") from error
        if chain != self.chain_id:
            raise MalformedRequest(
                f"the request's iss is on chain {chain}, and its consent would be on {self.chain_id}"
            )
        if self.audience != self.did:
            _url("aud", self.audience)

    def _check_times(self) -> None:
        if not timedelta(0) < self.expires_at - self.issued_at <= LONGEST_LIFETIME:
            raise MalformedRequest(
                "the request's exp is not after its iat, or more than 7 days after it"
            )
        if (
            not SHORTEST_CONSENT <= self.consent_for <= LONGEST_CONSENT
            or self.consent_for.microseconds
        ):
            raise MalformedRequest(
                "the request's consentFor is not from a minute to ten years, in whole seconds"
            )

    @property
    def grantee(self) -> ChecksumAddress:
        """Who may read: the identity that the DID names."""
        return parse(self.did).address

    @property
    def payload(self) -> dict[str, Any]:
        """The JWT claims."""
        given: dict[str, Any] = {
            "iss": self.did,
            "iat": to_seconds(self.issued_at),
            "exp": to_seconds(self.expires_at),
            "aud": self.audience,
            "nonce": self.nonce,
            "vct": self.vct,
            "claims": [list(path) for path in self.claims],
            "purpose": {"text": self.purpose.text, "terms": self.purpose.terms},
            "consentFor": int(self.consent_for.total_seconds()),
            "chainId": self.chain_id,
            "consentRegistry": self.registry,
        }
        return given if self.response_uri is None else given | {"responseUri": self.response_uri}

    def sign(self, issuer: Issuer) -> str:
        """Return the request as compact JWS.

        Raises:
            MalformedRequest: the issuer is not the one that asks.
            RequestTooLarge: it is longer than readers read.

        """
        if issuer.did != self.did:
            raise MalformedRequest(f"the request is {self.did}'s, and {issuer.did} signs")
        text = jose.sign({"typ": TYPE, **issuer.header}, self.payload, issuer.key)
        if len(text) > LONGEST:
            raise RequestTooLarge(
                f"the request has {len(text)} characters, and at most {LONGEST} are read"
            )
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


def parse_request(text: str) -> tuple[Request, jose.Jws]:
    """Read a request without believing it; `read_request` is what a wallet needs.

    Raises:
        RequestTooLarge: it is longer than is read.
        MalformedRequest: it is no request. MalformedToken, AlgorithmRefused: it is no JWS that is
        taken (`careledger.identity.credentials.errors`).

    """
    if len(text) > LONGEST:
        raise RequestTooLarge(
            f"the request has {len(text)} characters, and at most {LONGEST} are read"
        )
    token = jose.Jws.parse(text, (TYPE,), "the request")
    try:
        return _request(token.claims), token
    except MalformedRequest:
        raise
    except InputError as error:
        raise MalformedRequest(str(error)) from error


def _request(claims: Mapping[str, Any]) -> Request:
    given = members(dict(claims), "the request", _REQUIRED, ("responseUri",))
    texts = {name: given[name] for name in ("iss", "aud", "nonce", "vct", "consentRegistry")}
    texts |= {"responseUri": given["responseUri"]} if "responseUri" in given else {}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise MalformedRequest(f"the request's {name} is no text")
    chain_id, consent_for = (
        given["chainId"],
        second_count(given["consentFor"], "the request's consentFor"),
    )
    if not isinstance(chain_id, int) or isinstance(chain_id, bool) or chain_id < 1:
        raise MalformedRequest("the request's chainId is no chain's number")
    purpose = members(given["purpose"], "the request's purpose", ("text", "terms"))
    if not isinstance(given["claims"], list):
        raise MalformedRequest("the request's claims are no list of paths")
    if consent_for > LONGEST_CONSENT.total_seconds():
        raise MalformedRequest(
            "the request's consentFor is not from a minute to ten years, in whole seconds"
        )
    return Request(
        did=texts["iss"],
        vct=texts["vct"],
        claims=claim_paths(given["claims"]),
        purpose=Purpose(purpose["text"], purpose["terms"]),
        consent_for=timedelta(seconds=consent_for),
        chain_id=chain_id,
        registry=_address(texts["consentRegistry"]),
        issued_at=from_seconds(second_count(given["iat"], "the request's iat")),
        expires_at=from_seconds(second_count(given["exp"], "the request's exp")),
        nonce=texts["nonce"],
        audience=texts["aud"],
        response_uri=texts.get("responseUri"),
    )


def read_request(text: str, keys: DidKeys, registry: str, now: datetime | None = None) -> Request:
    """Read a request and make sure that the company signed it, now, and for the registry that the wallet trusts.

    Args:
        keys: reads the company's keys from the chain; they have to be in its document still.
        registry: the `ConsentRegistry` that the wallet grants in.
        now: later of this machine's time and the newest block's where it is None.

    Raises:
        MalformedRequest, MalformedToken, AlgorithmRefused: it cannot be read.
        RequestExpired, RequestFromFuture, RequestElsewhere: as they say.
        IssuerError, SignatureInvalid, KeyTypeMismatch: no key of the company's DID signed it.

    """
    request, token = parse_request(text)
    at = now or present(keys.registry.chain)
    if request.chain_id != keys.registry.chain.chain_id or request.registry != address(
        registry, "consent registry"
    ):
        raise RequestElsewhere(
            f"the request asks for a consent in {request.registry} on chain {request.chain_id}, and this wallet gives "
            f"them in {registry} on chain {keys.registry.chain.chain_id}"
        )
    if request.expires_at <= at:
        raise RequestExpired(
            f"the request could be answered until {time_text(request.expires_at)}: ask for a new one"
        )
    if request.issued_at > at + LEEWAY:
        raise RequestFromFuture(
            f"the request says that it was made at {time_text(request.issued_at)}, which is yet to come"
        )
    keys.check(token, request.did, min(request.issued_at, at), policy=KeyPolicy.NOW, now=at)
    return request


def claim_paths(given: Sequence[Any], what: str = "the request's claims") -> tuple[ClaimPath, ...]:
    """Read a list of paths to claims.

    Raises:
        MalformedRequest: one is no name, nor a list of names, numbers and nulls that begins with a
            name.

    """
    paths = []
    for one in given:
        if not isinstance(one, str | list | tuple):
            raise MalformedRequest(f"{what} are no list of paths")
        try:
            paths.append(path_of(one))
        except InputError as error:
            raise MalformedRequest(f"{what}: {error}") from error
    return tuple(paths)


def _address(text: str) -> ChecksumAddress:
    try:
        return address(text, "consentRegistry")
    except InputError as error:
        raise MalformedRequest(f"the request's {error}") from error


def _shown(what: str, text: Any, at_most: int, *, lines: bool = False) -> None:
    """Refuse a text that cannot be shown, or that shows as another: controls, turned directions, nothing visible."""
    if not isinstance(text, str) or not text.strip() or len(text) > at_most:
        raise MalformedRequest(f"the request's {what} is no text of 1 to {at_most} characters")
    for character in text:
        hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        if hidden and character not in _JOINERS and not (lines and character == "\n"):
            raise MalformedRequest(
                f"the request's {what} holds U+{ord(character):04X}, which cannot be seen"
            )


def _url(what: str, text: str) -> None:
    try:
        parts = urlsplit(text)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError as error:
        raise MalformedRequest(f"the request's {what} is no URL") from error
    secure = parts.scheme == "https" or (parts.scheme == "http" and local)
    visible = text.isascii() and text.isprintable() and " " not in text
    if len(text) > URL or not visible or not secure or not parts.hostname or "@" in parts.netloc:
        raise MalformedRequest(
            f"the request's {what} is no https: URL of at most {URL} characters (http: only for this machine)"
        )
