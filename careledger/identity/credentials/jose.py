"""Compact JWS (RFC 7515), read strictly: limits before parsing, one way to write each thing.

What is signed are the bytes as they came; nothing is ever written anew before a signature is
checked.
"""

import base64
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from careledger.crypto import canonical
from careledger.identity.credentials.errors import (
    AlgorithmRefused,
    BadBase64,
    BadHeader,
    BadJson,
    CriticalHeader,
    MalformedToken,
    TokenTooLarge,
    WrongTokenType,
)

ALGORITHMS = frozenset({"ES256K", "ES256K-R", "ES256", "EdDSA"})
"""What a token of this protocol may be signed with."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_MEANINGLESS = frozenset({"crit", "b64", "zip"})
"""Header parameters that change what is signed; a reader that ignores them reads something else."""


@dataclass(frozen=True)
class Limits:
    """How large a token may be; looked at before anything is parsed."""

    token: int = 65_536
    """Characters of a presentation with everything in it."""
    header: int = 8_192
    """Characters of a JWS header."""
    disclosures: int = 512
    """Disclosures of one credential."""


LIMITS = Limits()


class Signs(Protocol):
    """Who signs: a `SigningKey`, or a key store that never lets its key out."""

    @property
    def alg(self) -> str:
        """The JWS algorithm."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over some bytes, in the form of JWS."""


def encode(raw: bytes) -> str:
    """Return bytes as base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str, what: str = "a part") -> bytes:
    """Return the bytes of a base64url text; there is exactly one text for some bytes.

    Raises:
        BadBase64: padding, another character, a length that cannot be, or bits that belong to no
            byte.

    """
    if not _BASE64URL.fullmatch(text):
        raise BadBase64(
            f"{what} is not base64url: only A-Z, a-z, 0-9, '-' and '_' may stand there, and no padding"
        )
    if len(text) % 4 == 1:
        raise BadBase64(
            f"{what} is not base64url: no bytes are {len(text)} characters long; it was cut"
        )
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise BadBase64(
            f"{what} is not canonical base64url: its last character has bits that belong to no byte"
        )
    return raw


def read_json(raw: bytes, what: str) -> Any:
    """Read JSON strictly (RFC 7493): no member twice, nothing too deep, no number that others read otherwise.

    Raises:
        BadJson: it is not such JSON. The message names the fault, and of the content at most a
            member's name.

    """
    try:
        text = raw.decode()
        canonical.refuse_deep(text)
        value = json.loads(
            text,
            object_pairs_hook=_members,
            parse_constant=_constant,
            parse_int=_number,
            parse_float=_number,
        )
        if "\\" in text:  # half of a surrogate pair can only be written as an escape
            json.dumps(value, ensure_ascii=False).encode()
    except canonical.CanonicalError:
        raise BadJson(
            f"{what} is nested deeper than {canonical.MAX_DEPTH} levels: no reader goes there"
        ) from None
    except UnicodeError:
        raise BadJson(f"{what} is not UTF-8, or holds half a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"{what} is not JSON: {error.msg} at character {error.pos}") from None
    except _NotStrictError as error:
        raise BadJson(f"{what} {error}") from None
    return value


class _NotStrictError(Exception):
    """JSON that some reader would read otherwise than another."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _NotStrictError(
                f"gives the member {name[:40]!r} twice in one object: readers would differ on it"
            )
        found[name] = value
    return found


def _number(digits: str) -> int | float:
    value = float(digits)
    whole = digits.lstrip("-").isdigit()
    if whole and abs(value) <= canonical.SAFE_INTEGER:
        return int(digits)
    if whole or not math.isfinite(value):
        raise _NotStrictError(
            "holds a number that readers would round: beyond 2^53 - 1 write it as text"
        )
    return value


def _constant(word: str) -> Any:
    raise _NotStrictError(f"holds {word}, which JSON does not know")


def read_object(raw: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object strictly.

    Raises:
        BadJson: it is not JSON, or no object.

    """
    value = read_json(raw, what)
    if not isinstance(value, dict):
        raise BadJson(f"{what} is not a JSON object")
    return value


@dataclass(frozen=True)
class Jws:
    """A compact JWS with a JSON object as payload; its signature was not checked yet."""

    text: str = field(repr=False)
    """As it came."""
    header: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signing_input(self) -> bytes:
        """The bytes that are signed."""
        return self.text.rpartition(".")[0].encode()

    @property
    def alg(self) -> str:
        """The algorithm that the header names; one of `ALGORITHMS`."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str | None:
        """The key that the header names; None where it names none."""
        return self.header.get("kid")


def parse(
    text: str, types: Collection[str | None], what: str = "the token", limits: Limits = LIMITS
) -> Jws:
    """Read a compact JWS without believing it.

    Args:
        text: three parts with dots between them.
        types: values of `typ` that are accepted, in lower case and without `application/`; None: it
            may be absent.
        what: how messages call it.

    Raises:
        TokenTooLarge: it is longer than the limits allow.
        MalformedToken: it cannot be read; subclasses say why.
        AlgorithmRefused: it is unsigned, or signed with another algorithm than the four.

    """
    if len(text) > limits.token:
        raise TokenTooLarge(
            f"{what} has {len(text)} characters, and at most {limits.token} are read"
        )
    parts = text.split(".")
    if len(parts) != 3:
        raise MalformedToken(
            f"{what} is not a compact JWS: three parts are needed, and there are {len(parts)}"
        )
    if len(parts[0]) > limits.header:
        raise TokenTooLarge(
            f"{what} has a header of {len(parts[0])} characters; at most {limits.header} are read"
        )
    header = read_object(decode(parts[0], f"the header of {what}"), f"the header of {what}")
    _check_header(header, types, what)
    claims = read_object(decode(parts[1], f"the payload of {what}"), f"the payload of {what}")
    return Jws(text, header, claims, decode(parts[2], f"the signature of {what}"))


def _check_header(header: Mapping[str, Any], types: Collection[str | None], what: str) -> None:
    if "crit" in header:
        raise CriticalHeader(
            f"{what} demands by 'crit' that an extension be understood; none is: ask for it without"
        )
    for name in _MEANINGLESS & header.keys():
        raise BadHeader(f"{what} has '{name}' in its header, which would change what is signed")
    alg = header.get("alg")
    if not isinstance(alg, str):
        raise BadHeader(f"{what} names no algorithm ('alg') in its header")
    if alg not in ALGORITHMS:
        named = repr(alg[:20])
        reason = (
            "it is unsigned"
            if alg.lower() == "none"
            else "only keys of an issuer or holder are accepted"
        )
        raise AlgorithmRefused(
            f"{what} names {named} as algorithm: {reason}; use one of {', '.join(sorted(ALGORITHMS))}"
        )
    if "kid" in header and not isinstance(header["kid"], str):
        raise BadHeader(f"{what} has a 'kid' in its header that is no text")
    kind = header.get("typ")
    if kind is not None and not isinstance(kind, str):
        raise BadHeader(f"{what} has a 'typ' in its header that is no text")
    plain = None if kind is None else kind.lower().removeprefix("application/")
    if plain not in types:
        wanted = " or ".join(sorted(name for name in types if name))
        found = "no 'typ'" if kind is None else f"'typ' {kind[:40]!r}"
        raise WrongTokenType(
            f"{what} has {found} in its header, and {wanted} is needed: it is another kind of token"
        )


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: Signs) -> str:
    """Return a compact JWS; header and payload are canonical JSON (RFC 8785), so that a token can be made again.

    Raises:
        CanonicalError: a claim has no canonical form.

    """
    parts = [canonical.dumps({"alg": key.alg, **header}), canonical.dumps(dict(claims))]
    signed = ".".join(encode(part) for part in parts)
    return f"{signed}.{encode(key.sign(signed.encode()))}"
