"""SD-JWT (RFC 9901): an issuer-signed JWT, disclosures, and the holder's key binding, in one text.

`<issuer-signed JWT>~<disclosure>~…~<disclosure>~[<key binding JWT>]`. This file reads, hashes and
puts together; who signed, and whether it counts, is the verifier's business.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.identity.consent.terms import scope_of
from careledger.identity.credentials.errors import (
    BadJson,
    ClaimCollision,
    DisclosureNotSigned,
    DuplicateDigest,
    DuplicateDisclosure,
    HashRefused,
    MalformedClaim,
    MalformedDisclosure,
    MalformedToken,
    ReservedClaimName,
    TokenTooLarge,
)
from careledger.identity.credentials.formats import Path
from careledger.identity.credentials.jose import (
    LIMITS,
    Jws,
    Limits,
    decode,
    encode,
    parse,
    read_json,
)

TYPES = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
"""Values of `typ` of an SD-JWT VC; the second is that of earlier drafts."""
KEY_BINDING_TYPES = frozenset({"kb+jwt"})
RESERVED = frozenset({"_sd", "_sd_alg", "..."})
"""Names that no claim may have."""
NEVER_DISCLOSED = frozenset(
    {"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}
)
"""Claims that an SD-JWT VC holds openly, with all that is in them, so that no holder can leave any
of it out."""

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
        """Write a disclosure; canonical JSON, so that it can be made again."""
        parts = [salt, value] if name is None else [salt, name, value]
        return cls(encode(canonical.dumps(parts)), salt, name, value)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a disclosure.

        Raises:
            MalformedDisclosure: it is no array of a salt and a value, or of a salt, a name and a
                value.
            MalformedToken: it cannot even be read so far.
            ReservedClaimName: it is named as no claim may be.

        """
        parts = read_json(decode(text, "a disclosure"), "a disclosure")
        if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
            raise MalformedDisclosure(
                "a disclosure is an array of a salt, for a claim its name, and the value"
            )
        if len(parts) == 2:
            return cls(text, parts[0], None, parts[1])
        name = parts[1]
        if not isinstance(name, str):
            raise MalformedDisclosure("a disclosure names its claim by something else than a text")
        if name in RESERVED:
            raise ReservedClaimName(
                f"a disclosure is named {name!r}, which selective disclosure keeps for itself"
            )
        return cls(text, parts[0], name, parts[2])

    def digest(self, hash_name: str = "sha-256") -> str:
        """Return the digest that stands for it in what the issuer signed, base64url."""
        return encode(hasher(hash_name)(self.text.encode()))


def hasher(name: Any) -> Callable[[bytes], bytes]:
    """Return the hash function that `_sd_alg` names.

    Raises:
        HashRefused: it is another than the three that are safe.

    """
    found = _HASHES.get(name) if isinstance(name, str) else None
    if found is None:
        raise HashRefused(f"'_sd_alg' names another hash function than {', '.join(_HASHES)}")
    return found


@dataclass(frozen=True)
class SdJwt:
    """An SD-JWT as it was received; nothing in it was checked yet."""

    issuer_jwt: Jws
    disclosures: tuple[Disclosure, ...]
    key_binding: str | None = field(default=None, repr=False)
    """The key binding JWT; None where there is none."""

    @classmethod
    def read(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Read an SD-JWT, with or without key binding.

        Raises:
            MalformedToken: it cannot be read; subclasses say why.
            AlgorithmRefused: it is unsigned, or signed with another algorithm than the four.
            DuplicateDisclosure: a disclosure is given twice.

        """
        if len(text) > limits.token:
            raise TokenTooLarge(
                f"the SD-JWT has {len(text)} characters, and at most {limits.token} are read"
            )
        first, *middle, last = text.split("~") if "~" in text else (text, None)
        if last is None:
            raise MalformedToken(
                "the SD-JWT has no '~' after what the issuer signed: it was cut, or is another token"
            )
        if len(middle) > limits.disclosures:
            raise TokenTooLarge(
                f"the SD-JWT has {len(middle)} disclosures, and at most {limits.disclosures} are read"
            )
        if len(set(middle)) != len(middle):
            raise DuplicateDisclosure(
                "the SD-JWT gives a disclosure twice: whoever presents gives each once"
            )
        jws = parse(first or "", TYPES, "the issuer-signed JWT", limits)
        return cls(jws, tuple(Disclosure.read(one or "") for one in middle), last or None)

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
        """What a consent to this reading is about, 32 bytes."""
        return scope_of(self.issuer_jwt.text, [one.text for one in self.disclosures])

    def only(self, disclosures: Iterable[Disclosure]) -> Self:
        """Return the same credential with some of its disclosures, and no key binding."""
        wanted = {one.text for one in disclosures}
        return type(self)(
            self.issuer_jwt, tuple(one for one in self.disclosures if one.text in wanted)
        )

    def unpack(self) -> "Unpacked":
        """Put the disclosures in their places (RFC 9901, 7.1).

        Raises:
            DisclosureError: they are not what the issuer signed; subclasses say why.
            MalformedToken: what stands for disclosures is malformed, or a disclosed claim may not
                be one.

        """
        return _Unpacking(self).done()


@dataclass(frozen=True)
class Unpacked:
    """The claims of an SD-JWT, its disclosures in their places."""

    claims: dict[str, Any] = field(repr=False)
    disclosed: dict[Path, Disclosure]
    """Which disclosure each disclosed claim or element came in; number of an element among those
    that are shown."""


class _Unpacking:
    """The walk of RFC 9901, 7.1, steps 3 to 5."""

    def __init__(self, token: SdJwt) -> None:
        payload = token.issuer_jwt.claims
        self.hash_name = payload.get("_sd_alg", "sha-256")
        self.payload = {name: value for name, value in payload.items() if name != "_sd_alg"}
        hasher(self.hash_name)
        self.by_digest = {one.digest(self.hash_name): one for one in token.disclosures}
        self.seen: set[str] = set()
        self.disclosed: dict[Path, Disclosure] = {}

    def done(self) -> Unpacked:
        claims = self._object(self.payload, (), 0)
        if unused := [one for digest, one in self.by_digest.items() if digest not in self.seen]:
            raise DisclosureNotSigned(
                f"{len(unused)} of the disclosures have a digest that the issuer signed nowhere: they were changed, "
                f"or belong to another credential"
            )
        early = sorted(str(path[0]) for path in self.disclosed if path[0] in NEVER_DISCLOSED)
        if early:
            raise ReservedClaimName(
                f"the claim {early[0]!r} is disclosed selectively, in whole or in part; issuers say it openly"
            )
        return Unpacked(claims, self.disclosed)

    def _value(self, value: Any, path: Path, depth: int) -> Any:
        if depth > canonical.MAX_DEPTH:
            raise BadJson(
                f"the credential is nested deeper than {canonical.MAX_DEPTH} levels: no reader goes there"
            )
        if isinstance(value, Mapping):
            return self._object(value, path, depth)
        if isinstance(value, list):
            return self._array(value, path, depth)
        return value

    def _object(self, value: Mapping[str, Any], path: Path, depth: int) -> dict[str, Any]:
        digests = value.get("_sd", [])
        if not isinstance(digests, list) or not all(isinstance(one, str) for one in digests):
            raise MalformedClaim("'_sd' is not an array of digests")
        if misplaced := sorted(RESERVED & value.keys() - {"_sd"}):
            raise ReservedClaimName(
                f"a claim is named {misplaced[0]!r}, which selective disclosure keeps for itself"
            )
        found = {
            name: self._value(inner, (*path, name), depth + 1)
            for name, inner in value.items()
            if name != "_sd"
        }
        for digest in digests:
            disclosure = self._found(digest)
            if disclosure is None:
                continue
            if disclosure.name is None:
                raise MalformedDisclosure(
                    "an array element is disclosed where a claim with a name has to be"
                )
            if disclosure.name in found:
                raise ClaimCollision(
                    f"the claim {disclosure.name[:40]!r} is disclosed, and stands there already"
                )
            here = (*path, disclosure.name)
            self.disclosed[here] = disclosure
            found[disclosure.name] = self._value(disclosure.value, here, depth + 1)
        return found

    def _array(self, value: list[Any], path: Path, depth: int) -> list[Any]:
        found: list[Any] = []
        for inner in value:
            here = (*path, len(found))
            if not isinstance(inner, Mapping) or "..." not in inner:
                found.append(self._value(inner, here, depth + 1))
                continue
            if set(inner) != {"..."} or not isinstance(inner["..."], str):
                raise MalformedClaim(
                    "what stands for an array element holds something beside its digest"
                )
            disclosure = self._found(inner["..."])
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise MalformedDisclosure(
                    "a claim with a name is disclosed where an array element has to be"
                )
            self.disclosed[here] = disclosure
            found.append(self._value(disclosure.value, here, depth + 1))
        return found

    def _found(self, digest: str) -> Disclosure | None:
        if digest in self.seen:
            raise DuplicateDigest(
                "a digest stands in two places: what is disclosed there would be ambiguous"
            )
        self.seen.add(digest)
        return self.by_digest.get(digest)
