"""Compact JWS (RFC 7515) and the claims of a JWT (RFC 7519), read strictly.

Limits are checked before anything is parsed, and there is one way to write each thing. A signature
is over the bytes as they came: nothing is written anew before it is checked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self

from careledger.crypto import base64url, canonical
from careledger.crypto.base64url import encode
from careledger.identity.credentials.errors import (
    BadBase64,
    MalformedToken,
    SignatureReason,
    TokenReason,
    TokenSignatureError,
)
from careledger.values.times import LATEST_SECONDS, from_seconds

__all__ = [
    "ALGORITHMS",
    "LIMITS",
    "Jws",
    "JwsSigner",
    "Limits",
    "TokenTimes",
    "decode",
    "encode",
    "parse_json",
    "parse_object",
    "sign",
    "text_claim",
    "time_claim",
]

ALGORITHMS = frozenset({"ES256K", "ES256K-R", "ES256", "EdDSA"})
"""What a token of this protocol may be signed with."""

_FORBIDDEN_PARAMETERS = frozenset({"b64", "zip"})
"""Header parameters that change what is signed; `crit` has an error of its own."""


@dataclass(frozen=True)
class Limits:
    """How large a token may be; checked before anything is parsed."""

    token: int = 65_536
    """Characters of a presentation with everything in it."""
    header: int = 8_192
    """Characters of a JWS header."""
    disclosures: int = 512
    """Disclosures of one credential."""

    def check_token(self, text: str, what: str) -> None:
        """Make sure that a token is not too long.

        Raises:
            MalformedToken: it is.

        """
        if len(text) > self.token:
            raise MalformedToken(
                TokenReason.TOKEN_TOO_LARGE,
                f"{what} has {len(text)} characters, and at most {self.token} are read",
            )


LIMITS = Limits()


class JwsSigner(Protocol):
    """What signs a JWS: a `SigningKey`, or a key store that never lets its key out."""

    @property
    def alg(self) -> str:
        """The JWS algorithm."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over some bytes, in the form of JWS."""


# -- base64url and JSON


def decode(text: str, what: str = "a part") -> bytes:
    """Return the bytes of a part of a token, base64url.

    Raises:
        BadBase64: the text has padding, another character, an impossible length, or bits that do
            not belong to a byte.

    """
    try:
        return base64url.decode(text, what)
    except base64url.MalformedBase64 as error:
        raise BadBase64(str(error)) from None


def parse_json(raw: bytes, what: str) -> Any:
    """Parse the JSON of a part of a token, by the strict reader of `crypto.canonical` (RFC 7493).

    Tokens come from other issuers too and may hold members that we do not know, so `JsonNode`,
    which refuses those, does not read them.

    Raises:
        MalformedToken: it is not JSON, a member is given twice, values are nested too deep, or
            readers would round a number. The message names the fault and at most a member's name.

    """
    try:
        return canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise MalformedToken(
            TokenReason.BAD_JSON,
            f"{what} is not JSON that is safe to read: {error.path[:80]}: {error.reason[:120]}",
        ) from None


def parse_object(raw: bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object of a token.

    Raises:
        MalformedToken: it is not JSON, or not an object.

    """
    value = parse_json(raw, what)
    if not isinstance(value, dict):
        raise MalformedToken(TokenReason.BAD_JSON, f"{what} is not a JSON object")
    return value


# -- tokens


@dataclass(frozen=True)
class Jws:
    """A compact JWS with a JSON object as payload; its signature has not been checked."""

    text: str = field(repr=False)
    """As it came."""
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(
        cls,
        text: str,
        types: Collection[str | None],
        what: str = "the token",
        limits: Limits = LIMITS,
    ) -> Self:
        """Parse a compact JWS without believing it.

        Args:
            text: three parts with dots between them.
            types: accepted values of `typ`, in lower case and without `application/`; None: it may
                be absent.
            what: how messages call it.

        Raises:
            MalformedToken: it is longer than the limits allow, or cannot be read.
            TokenSignatureError: it is unsigned, or signed with another algorithm than the four.

        """
        limits.check_token(text, what)
        parts = text.split(".")
        if len(parts) != 3:
            raise MalformedToken(
                TokenReason.MALFORMED_TOKEN,
                f"{what} is not a compact JWS: it has {len(parts)} parts, and three are needed",
            )
        if len(parts[0]) > limits.header:
            raise MalformedToken(
                TokenReason.TOKEN_TOO_LARGE,
                f"{what} has a header of {len(parts[0])} characters; "
                f"at most {limits.header} are read",
            )

        header = parse_object(decode(parts[0], f"the header of {what}"), f"the header of {what}")
        _check_header(header, types, what)
        claims = parse_object(decode(parts[1], f"the payload of {what}"), f"the payload of {what}")
        signature = decode(parts[2], f"the signature of {what}")
        return cls(text, header, claims, signature)

    @property
    def signing_input(self) -> bytes:
        """The bytes that are signed."""
        return self.text.rpartition(".")[0].encode()

    @property
    def alg(self) -> str:
        """The algorithm that the header names; one of `ALGORITHMS`."""
        return str(self.header["alg"])

    @property
    def type(self) -> str | None:
        """The header's `typ`, in lower case and without `application/`; None where it has none."""
        return _plain_type(self.header.get("typ"))

    @property
    def kid(self) -> str | None:
        """The key that the header names; None where it does not name one."""
        return self.header.get("kid")


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: JwsSigner) -> str:
    """Return a compact JWS; header and payload are canonical JSON, so it can be made again.

    Raises:
        CanonicalError: a claim has no canonical form (RFC 8785).

    """
    parts = [canonical.dumps({"alg": key.alg, **header}), canonical.dumps(dict(claims))]
    signed = ".".join(encode(part) for part in parts)
    return f"{signed}.{encode(key.sign(signed.encode()))}"


def _check_header(header: Mapping[str, Any], types: Collection[str | None], what: str) -> None:
    if "crit" in header:
        raise MalformedToken(
            TokenReason.CRITICAL_HEADER,
            f"{what} demands an extension by 'crit', and none is supported: ask for one without it",
        )
    for name in _FORBIDDEN_PARAMETERS & header.keys():
        raise MalformedToken(
            TokenReason.BAD_HEADER,
            f"{what} has '{name}' in its header, which would change what is signed",
        )

    _check_algorithm(header.get("alg"), what)
    if "kid" in header and not isinstance(header["kid"], str):
        raise MalformedToken(
            TokenReason.BAD_HEADER, f"{what} has a 'kid' in its header that is not a text"
        )
    _check_type(header.get("typ"), types, what)


def _check_algorithm(alg: Any, what: str) -> None:
    if not isinstance(alg, str):
        raise MalformedToken(
            TokenReason.BAD_HEADER, f"{what} does not name its algorithm ('alg') in its header"
        )
    if alg in ALGORITHMS:
        return

    unsigned = alg.lower() == "none"
    reason = "it is unsigned" if unsigned else "only keys of issuers and holders are accepted"
    raise TokenSignatureError(
        SignatureReason.ALGORITHM_REFUSED,
        f"{what} names {alg[:20]!r} as its algorithm: {reason}; "
        f"use one of {', '.join(sorted(ALGORITHMS))}",
    )


def _check_type(kind: Any, types: Collection[str | None], what: str) -> None:
    if kind is not None and not isinstance(kind, str):
        raise MalformedToken(
            TokenReason.BAD_HEADER, f"{what} has a 'typ' in its header that is not a text"
        )

    if _plain_type(kind) not in types:
        wanted = " or ".join(sorted(name for name in types if name))
        found = "no 'typ'" if kind is None else f"'typ' {kind[:40]!r}"
        raise MalformedToken(
            TokenReason.WRONG_TOKEN_TYPE,
            f"{what} has {found} in its header, and {wanted} is needed: "
            "it is another kind of token",
        )


def _plain_type(kind: str | None) -> str | None:
    return None if kind is None else kind.lower().removeprefix("application/")


# -- claims


def text_claim(claims: Mapping[str, Any], name: str, what: str) -> str:
    """Return a text that a token has to hold.

    Raises:
        MalformedToken: it is missing, empty or not a text.

    """
    value = claims.get(name)

    if not isinstance(value, str) or not value:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{what}: '{name}' is missing or not a text"
        )
    return value


def time_claim(claims: Mapping[str, Any], name: str, what: str) -> datetime | None:
    """Return a time of a token (NumericDate), without fractions; None where the claim is missing.

    Raises:
        MalformedToken: it is not a number, or not between 1970 and 9999.

    """
    if name not in claims:
        return None

    value = claims[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LATEST_SECONDS:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{what}: '{name}' is not a time in seconds since 1970 UTC"
        )
    return from_seconds(int(value))


@dataclass(frozen=True)
class TokenTimes:
    """The times that a token names, aware UTC; None for one that it does not name."""

    issued_at: datetime | None
    """`iat`."""
    not_before: datetime | None
    """`nbf`."""
    expires_at: datetime | None
    """`exp`."""

    @classmethod
    def parse(cls, claims: Mapping[str, Any], what: str) -> Self:
        """Take the times from a token's claims.

        Raises:
            MalformedToken: one of them is not a time.

        """
        return cls(*(time_claim(claims, name, what) for name in ("iat", "nbf", "exp")))
