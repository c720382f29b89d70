"""SD-JWT (RFC 9901): an issuer-signed JWT, disclosures, and the holder's key binding, in one text.

`<issuer-signed JWT>~<disclosure>~…~<disclosure>~[<key binding JWT>]`. This module parses, hashes
and puts together; the verifier says who signed, and whether it counts.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.identity.consent.terms import scope_of
from careledger.identity.credentials.claim_paths import ClaimPath
from careledger.identity.credentials.errors import (
    DisclosureError,
    DisclosureReason,
    MalformedToken,
    TokenReason,
)
from careledger.identity.credentials.jose import LIMITS, Jws, Limits, decode, encode, parse_json

TYPES = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
"""Values of `typ` of an SD-JWT VC; the second is that of earlier drafts."""

KEY_BINDING_TYPES = frozenset({"kb+jwt"})

RESERVED = frozenset({"_sd", "_sd_alg", "..."})
"""Names that no claim may have."""

NEVER_DISCLOSED = frozenset(
    {"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}
)
"""Claims that an SD-JWT VC always shows whole, so that no holder can leave any of it out."""

_HASHES: dict[str, Callable[[bytes], bytes]] = {
    "sha-256": sha256,
    "sha-384": lambda data: hashlib.sha384(data).digest(),
    "sha-512": lambda data: hashlib.sha512(data).digest(),
}


@dataclass(frozen=True)
class Disclosure:
    """A salt with a claim, or with an element of an array."""

    text: str = field(repr=False)
    """As it came, base64url; what is hashed."""
    salt: str = field(repr=False)
    name: str | None
    """None for an element of an array."""
    value: Any = field(repr=False)

    @classmethod
    def make(cls, salt: str, value: Any, name: str | None = None) -> Self:
        """Make a disclosure; its text is canonical JSON, so it can be made again."""
        parts = [salt, value] if name is None else [salt, name, value]
        return cls(encode(canonical.dumps(parts)), salt, name, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a disclosure.

        Raises:
            MalformedToken: it is not base64url of an array of a salt and a value, or of a salt, a
                name and a value; or it has a name that no claim may have.

        """
        parts = parse_json(decode(text, "a disclosure"), "a disclosure")
        if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
            raise MalformedToken(
                TokenReason.MALFORMED_DISCLOSURE,
                "a disclosure is an array of a salt, for a claim its name, and the value",
            )
        if len(parts) == 2:
            return cls(text, parts[0], None, parts[1])

        name = parts[1]
        if not isinstance(name, str):
            raise MalformedToken(
                TokenReason.MALFORMED_DISCLOSURE,
                "a disclosure has a claim's name that is not a text",
            )
        if name in RESERVED:
            raise MalformedToken(
                TokenReason.RESERVED_CLAIM_NAME,
                f"a disclosure has the name {name!r}, which SD-JWT uses itself",
            )
        return cls(text, parts[0], name, parts[2])

    def digest(self, hash_name: str = "sha-256") -> str:
        """Return the digest, base64url, that replaces it in what the issuer signed."""
        return encode(hasher(hash_name)(self.text.encode()))


def hasher(name: Any) -> Callable[[bytes], bytes]:
    """Return the hash function that `_sd_alg` names.

    Raises:
        DisclosureError: it is not one of the three that are safe.

    """
    found = _HASHES.get(name) if isinstance(name, str) else None

    if found is None:
        raise DisclosureError(
            DisclosureReason.HASH_REFUSED,
            f"'_sd_alg' names another hash function than {', '.join(_HASHES)}",
        )
    return found


@dataclass(frozen=True)
class SdJwt:
    """An SD-JWT as it was parsed; nothing in it has been checked."""

    issuer_jwt: Jws
    disclosures: tuple[Disclosure, ...]
    key_binding: str | None = field(default=None, repr=False)
    """The key binding JWT; None where there is none."""

    @classmethod
    def parse(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Parse an SD-JWT, with or without key binding.

        Raises:
            MalformedToken: it cannot be read; its reason says why.
            TokenSignatureError: it is unsigned, or signed with another algorithm than the four.
            DisclosureError: a disclosure is given twice.

        """
        limits.check_token(text, "the SD-JWT")
        first, *rest = text.split("~")
        if not rest:
            raise MalformedToken(
                TokenReason.MALFORMED_TOKEN,
                "the SD-JWT has no '~' after the issuer-signed JWT: "
                "it was cut, or is another token",
            )

        *disclosures, key_binding = rest
        if len(disclosures) > limits.disclosures:
            raise MalformedToken(
                TokenReason.TOKEN_TOO_LARGE,
                f"the SD-JWT has {len(disclosures)} disclosures, "
                f"and at most {limits.disclosures} are read",
            )
        if len(set(disclosures)) != len(disclosures):
            raise DisclosureError(
                DisclosureReason.DUPLICATE_DISCLOSURE,
                "the SD-JWT gives a disclosure twice; once is needed",
            )

        issuer_jwt = Jws.parse(first, TYPES, "the issuer-signed JWT", limits)
        parsed = tuple(Disclosure.parse(one) for one in disclosures)
        return cls(issuer_jwt, parsed, key_binding or None)

    @property
    def text(self) -> str:
        """The SD-JWT without key binding, up to its last `~`: what `sd_hash` is over."""
        return "~".join([self.issuer_jwt.text, *(one.text for one in self.disclosures), ""])

    @property
    def hash_name(self) -> str:
        """What disclosures are hashed by."""
        return str(self.issuer_jwt.claims.get("_sd_alg", "sha-256"))

    @property
    def sd_hash(self) -> str:
        """What the key binding is over: the hash of `text`, base64url."""
        return encode(hasher(self.hash_name)(self.text.encode()))

    @property
    def scope(self) -> bytes:
        """What a consent to show exactly this is about, 32 bytes."""
        return scope_of(self.issuer_jwt.text, [one.text for one in self.disclosures])

    def only(self, disclosures: Iterable[Disclosure]) -> Self:
        """Return the same credential with some of its disclosures, and no key binding."""
        wanted = {one.text for one in disclosures}
        kept = tuple(one for one in self.disclosures if one.text in wanted)
        return type(self)(self.issuer_jwt, kept)

    def process(self) -> "ProcessedPayload":
        """Put the disclosures in their places (RFC 9901, 7.1).

        Raises:
            DisclosureError: they are not what the issuer signed; its reason says why.
            MalformedToken: a digest is malformed, or a claim is disclosed that may not be.

        """
        return _Processing(self).payload()


@dataclass(frozen=True)
class ProcessedPayload:
    """The claims of an SD-JWT with its disclosures in their places (RFC 9901, 7.1)."""

    claims: dict[str, Any] = field(repr=False)
    disclosed: dict[ClaimPath, Disclosure]
    """By path of what was disclosed; an element has its number among those that are shown."""


class _Processing:
    """The walk of RFC 9901, 7.1, steps 3 to 5."""

    def __init__(self, token: SdJwt) -> None:
        signed = token.issuer_jwt.claims
        self.hash_name = signed.get("_sd_alg", "sha-256")
        hasher(self.hash_name)

        self.signed = {name: value for name, value in signed.items() if name != "_sd_alg"}
        self.by_digest = {one.digest(self.hash_name): one for one in token.disclosures}
        self.seen: set[str] = set()
        self.disclosed: dict[ClaimPath, Disclosure] = {}

    def payload(self) -> ProcessedPayload:
        claims = self._object(self.signed, (), 0)

        unused = self.by_digest.keys() - self.seen
        if unused:
            raise DisclosureError(
                DisclosureReason.DISCLOSURE_NOT_SIGNED,
                f"the issuer did not sign {len(unused)} of the disclosures: "
                "they were changed, or belong to another credential",
            )
        hidden = sorted(str(path[0]) for path in self.disclosed if path[0] in NEVER_DISCLOSED)
        if hidden:
            raise MalformedToken(
                TokenReason.RESERVED_CLAIM_NAME,
                f"the claim {hidden[0]!r}, or a part of it, is disclosed: the format forbids that",
            )
        return ProcessedPayload(claims, self.disclosed)

    def _value(self, value: Any, path: ClaimPath, depth: int) -> Any:
        # Disclosures in disclosures may nest deeper than any one JSON text.
        if depth > canonical.MAX_DEPTH:
            raise MalformedToken(
                TokenReason.BAD_JSON,
                f"the credential is nested deeper than {canonical.MAX_DEPTH} levels",
            )

        if isinstance(value, Mapping):
            return self._object(value, path, depth)
        if isinstance(value, list):
            return self._array(value, path, depth)
        return value

    def _object(self, value: Mapping[str, Any], path: ClaimPath, depth: int) -> dict[str, Any]:
        digests = value.get("_sd", [])
        if not isinstance(digests, list) or not all(isinstance(one, str) for one in digests):
            raise MalformedToken(TokenReason.MALFORMED_CLAIM, "'_sd' is not an array of digests")
        if misplaced := sorted(RESERVED & value.keys() - {"_sd"}):
            raise MalformedToken(
                TokenReason.RESERVED_CLAIM_NAME,
                f"a claim has the name {misplaced[0]!r}, which SD-JWT uses itself",
            )

        found = {
            name: self._value(inner, (*path, name), depth + 1)
            for name, inner in value.items()
            if name != "_sd"
        }

        for digest in digests:
            disclosure = self._disclosure(digest)
            if disclosure is None:
                continue
            if disclosure.name is None:
                raise MalformedToken(
                    TokenReason.MALFORMED_DISCLOSURE,
                    "an array element is disclosed in the place of a claim",
                )
            if disclosure.name in found:
                raise DisclosureError(
                    DisclosureReason.CLAIM_COLLISION,
                    f"the claim {disclosure.name[:40]!r} is disclosed and is there already",
                )

            here = (*path, disclosure.name)
            self.disclosed[here] = disclosure
            found[disclosure.name] = self._value(disclosure.value, here, depth + 1)
        return found

    def _array(self, value: list[Any], path: ClaimPath, depth: int) -> list[Any]:
        found: list[Any] = []
        for inner in value:
            here = (*path, len(found))
            if not isinstance(inner, Mapping) or "..." not in inner:
                found.append(self._value(inner, here, depth + 1))
                continue

            digest = inner["..."]
            if set(inner) != {"..."} or not isinstance(digest, str):
                raise MalformedToken(
                    TokenReason.MALFORMED_CLAIM, "the digest of an array element is malformed"
                )
            disclosure = self._disclosure(digest)
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise MalformedToken(
                    TokenReason.MALFORMED_DISCLOSURE,
                    "a claim is disclosed in the place of an array element",
                )

            self.disclosed[here] = disclosure
            found.append(self._value(disclosure.value, here, depth + 1))
        return found

    def _disclosure(self, digest: str) -> Disclosure | None:
        """Return the disclosure of a digest; None where the holder does not show it."""
        if digest in self.seen:
            raise DisclosureError(
                DisclosureReason.DUPLICATE_DIGEST,
                "a digest is in two places, so what is disclosed there would be ambiguous",
            )
        self.seen.add(digest)
        return self.by_digest.get(digest)
