"""W3C credentials and presentations of the data model 1.1, as JWT (its section 6.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from careledger.identity.credentials.errors import MalformedClaim
from careledger.identity.credentials.formats import StatusReference, read_date, read_text
from careledger.identity.credentials.issuer import W3C_CONTEXT
from careledger.identity.credentials.jose import LIMITS, Jws, Limits, parse

TYPES: frozenset[str | None] = frozenset({"jwt", "vc+jwt", "vp+jwt", None})
"""Values of `typ`; the data model 1.1 says JWT, and many leave it out."""

_CREDENTIAL, _PRESENTATION = "the credential", "the presentation"


@dataclass(frozen=True)
class VcJwt:
    """A credential as it was received; nothing in it was checked yet."""

    token: Jws = field(repr=False)
    issuer: str
    subject: str | None
    """The holder's DID."""
    types: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    """`credentialSubject`, without its id."""
    status: StatusReference | None

    @classmethod
    def read(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Read a VC-JWT.

        Raises:
            MalformedToken: it cannot be read; subclasses say why.
            AlgorithmRefused: it is unsigned, or signed with another algorithm than the four.

        """
        token = parse(text, TYPES, _CREDENTIAL, limits)
        vc = _inner(token, "vc", "VerifiableCredential", _CREDENTIAL)
        issuer = read_text(token.claims, "iss", _CREDENTIAL)
        inner = vc.get("issuer", issuer)
        if (inner.get("id") if isinstance(inner, Mapping) else inner) != issuer:
            raise MalformedClaim("the credential names two issuers: 'iss' and 'vc.issuer' differ")
        for name, said in (("exp", "expirationDate"), ("exp", "validUntil"), ("nbf", "validFrom")):
            if said in vc and name not in token.claims:
                raise MalformedClaim(
                    f"the credential says '{said}' and has no '{name}', which a JWT has to have then"
                )
        entry = vc.get("credentialStatus")
        status = None if entry is None else StatusReference.from_vc_entry(entry)
        subject, claims = _subject(token, vc)
        return cls(token, issuer, subject, tuple(vc["type"]), claims, status)


def _subject(token: Jws, vc: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    given = vc.get("credentialSubject")
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, Mapping) or not given:
        raise MalformedClaim(
            "the credential has no 'credentialSubject', or several: exactly one is read"
        )
    named = [one for one in (token.claims.get("sub"), given.get("id")) if one is not None]
    if not all(isinstance(one, str) for one in named) or len(set(named)) > 1:
        raise MalformedClaim(
            "the credential names two subjects: 'sub' and 'credentialSubject.id' differ"
        )
    return (named[0] if named else None), {
        name: value for name, value in given.items() if name != "id"
    }


@dataclass(frozen=True)
class VpJwt:
    """A presentation as it was received; nothing in it was checked yet."""

    token: Jws = field(repr=False)
    holder: str
    """Its signer's DID."""
    audience: tuple[str, ...]
    nonce: str
    credentials: tuple[str, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Read a presentation; its credentials are not yet looked at.

        Raises:
            MalformedToken: it cannot be read; subclasses say why.
            AlgorithmRefused: it is unsigned, or signed with another algorithm than the four.

        """
        token = parse(text, TYPES, _PRESENTATION, limits)
        vp = _inner(token, "vp", "VerifiablePresentation", _PRESENTATION)
        holder = read_text(token.claims, "iss", _PRESENTATION)
        if vp.get("holder", holder) != holder:
            raise MalformedClaim("the presentation names two holders: 'iss' and 'vp.holder' differ")
        audience = token.claims.get("aud")
        named: list[Any] = audience if isinstance(audience, list) else [audience]
        if not named or not all(isinstance(one, str) for one in named):
            raise MalformedClaim(
                "the presentation says not, or not as text, whom it is for ('aud')"
            )
        inside = vp.get("verifiableCredential")
        credentials: list[Any] = inside if isinstance(inside, list) else [inside]
        if not credentials or not all(isinstance(one, str) for one in credentials):
            raise MalformedClaim("the presentation holds no credential, or one that is no JWT")
        return cls(
            token,
            holder,
            tuple(named),
            read_text(token.claims, "nonce", _PRESENTATION),
            tuple(credentials),
        )

    @property
    def issued_at(self) -> int | None:
        """When it was made, in seconds since 1970 UTC; some holders leave it out."""
        made = read_date(self.token.claims, "iat", _PRESENTATION)
        return made if made is not None else read_date(self.token.claims, "nbf", _PRESENTATION)


def _inner(token: Jws, name: str, kind: str, what: str) -> Mapping[str, Any]:
    inner = token.claims.get(name)
    if not isinstance(inner, Mapping):
        raise MalformedClaim(f"{what} has no claim '{name}': it is another kind of token")
    types, contexts = inner.get("type"), inner.get("@context")
    if (
        not isinstance(types, list)
        or kind not in types
        or not all(isinstance(one, str) for one in types)
    ):
        raise MalformedClaim(f"{what}: '{name}.type' is no list of names with {kind} among them")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    if first != W3C_CONTEXT:
        raise MalformedClaim(
            f"{what}: '{name}.@context' begins with something else than {W3C_CONTEXT}"
        )
    return inner
