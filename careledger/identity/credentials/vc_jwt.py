"""W3C credentials and presentations of the data model 1.1, as JWT (its section 6.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from careledger.identity.consent.terms import scope_of
from careledger.identity.credentials.credential import (
    Credential,
    CredentialFormat,
    HolderProof,
    Presentation,
    named_consent,
    signing_time,
)
from careledger.identity.credentials.errors import MalformedToken, TokenReason
from careledger.identity.credentials.jose import LIMITS, Jws, Limits, TokenTimes, text_claim
from careledger.identity.credentials.status_reference import StatusReference

TYPES: frozenset[str | None] = frozenset({"jwt", "vc+jwt", "vp+jwt", None})
"""Values of `typ`; the data model 1.1 says JWT, and many leave it out."""

W3C_CONTEXT = "https://www.w3.org/2018/credentials/v1"
"""The first context of every W3C credential of the data model 1.1."""

STATUS_CONTEXT = "https://www.w3.org/ns/credentials/status/v1"
"""The context that defines BitstringStatusListEntry."""

_CREDENTIAL = "the credential"
_PRESENTATION = "the presentation"


@dataclass(frozen=True)
class VcJwt:
    """A W3C credential as it was parsed; nothing in it has been checked."""

    token: Jws = field(repr=False)
    issuer: str
    subject: str | None
    """The holder's DID."""
    types: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    """`credentialSubject`, without its id."""
    status: StatusReference | None

    @classmethod
    def parse(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Parse a VC-JWT.

        Raises:
            MalformedToken: it cannot be read; its reason says why.
            TokenSignatureError: it is unsigned, or signed with another algorithm than the four.

        """
        return cls.from_jws(Jws.parse(text, TYPES, _CREDENTIAL, limits))

    @classmethod
    def from_jws(cls, token: Jws) -> Self:
        """Take a credential from a parsed token.

        Raises:
            MalformedToken: it holds something else.

        """
        vc = _content(token, "vc", "VerifiableCredential", _CREDENTIAL)

        issuer = text_claim(token.claims, "iss", _CREDENTIAL)
        named = vc.get("issuer", issuer)
        if (named.get("id") if isinstance(named, Mapping) else named) != issuer:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                "the credential names two issuers: 'iss' and 'vc.issuer' differ",
            )

        for name, said in (("exp", "expirationDate"), ("exp", "validUntil"), ("nbf", "validFrom")):
            if said in vc and name not in token.claims:
                raise MalformedToken(
                    TokenReason.MALFORMED_CLAIM,
                    f"the credential has '{said}' but not '{name}', which a JWT needs then",
                )

        entry = vc.get("credentialStatus")
        status = None if entry is None else StatusReference.from_vc_entry(entry)
        subject, claims = _subject(token, vc)
        return cls(token, issuer, subject, tuple(vc["type"]), claims, status)


@dataclass(frozen=True)
class VpJwt:
    """A W3C presentation as it was parsed; nothing in it has been checked."""

    token: Jws = field(repr=False)
    holder: str
    """Its signer's DID."""
    audience: tuple[str, ...]
    nonce: str
    credentials: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Parse a presentation; its credentials are left as they are.

        Raises:
            MalformedToken: it cannot be read; its reason says why.
            TokenSignatureError: it is unsigned, or signed with another algorithm than the four.

        """
        return cls.from_jws(Jws.parse(text, TYPES, _PRESENTATION, limits))

    @classmethod
    def from_jws(cls, token: Jws) -> Self:
        """Take a presentation from a parsed token.

        Raises:
            MalformedToken: it holds something else.

        """
        vp = _content(token, "vp", "VerifiablePresentation", _PRESENTATION)
        holder = text_claim(token.claims, "iss", _PRESENTATION)
        if vp.get("holder", holder) != holder:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                "the presentation names two holders: 'iss' and 'vp.holder' differ",
            )

        audience = _texts(token.claims.get("aud"))
        if audience is None:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                "the presentation does not say as text whom it is for ('aud')",
            )
        credentials = _texts(vp.get("verifiableCredential"))
        if credentials is None:
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                "the presentation holds no credential, or one that is not a JWT",
            )

        nonce = text_claim(token.claims, "nonce", _PRESENTATION)
        return cls(token, holder, audience, nonce, credentials)


def _texts(value: Any) -> tuple[str, ...] | None:
    """Return one text, or a list of them, as a tuple; None where it is something else."""
    found: list[Any] = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(one, str) for one in found):
        return None
    return tuple(found)


def _subject(token: Jws, vc: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """Return the subject's id, and what is said of it."""
    given = vc.get("credentialSubject")
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, Mapping) or not given:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential does not have exactly one 'credentialSubject'",
        )

    named = [one for one in (token.claims.get("sub"), given.get("id")) if one is not None]
    if not all(isinstance(one, str) for one in named) or len(set(named)) > 1:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential names two subjects: 'sub' and 'credentialSubject.id' differ",
        )

    claims = {name: value for name, value in given.items() if name != "id"}
    return (named[0] if named else None), claims


def _content(token: Jws, name: str, kind: str, what: str) -> Mapping[str, Any]:
    """Return the claim `vc` or `vp`."""
    content = token.claims.get(name)
    if not isinstance(content, Mapping):
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            f"{what} has no claim '{name}': it is another kind of token",
        )

    types = content.get("type")
    names = [one for one in types if isinstance(one, str)] if isinstance(types, list) else []
    if names != types or kind not in names:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            f"{what}: '{name}.type' is not a list of names with {kind} among them",
        )

    contexts = content.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    if first != W3C_CONTEXT:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            f"{what}: '{name}.@context' does not begin with {W3C_CONTEXT}",
        )
    return content


# -- the form for every format


def vc_scope(credential: str) -> bytes:
    """Return what a consent to show a VC-JWT is about, 32 bytes: all of it."""
    return scope_of(credential, [])


def _recognises(text: str) -> bool:
    return "~" not in text and text.count(".") == 2


def _parse(text: str, limits: Limits) -> Credential | Presentation:
    token = Jws.parse(text, TYPES, "the token", limits)
    if "vp" not in token.claims:
        return _credential(VcJwt.from_jws(token))

    vp = VpJwt.from_jws(token)
    if len(vp.credentials) != 1:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            f"the presentation holds {len(vp.credentials)} credentials, and exactly one is read",
        )
    credential = _credential(VcJwt.parse(vp.credentials[0], limits))
    return Presentation(text, credential, _proof(vp))


def _credential(vc: VcJwt) -> Credential:
    times = TokenTimes.parse(vc.token.claims, _CREDENTIAL)

    return Credential(
        format=FORMAT.name,
        token=vc.token,
        issuer=vc.issuer,
        types=vc.types,
        subject=vc.subject,
        claims=vc.claims,
        disclosed=tuple((name,) for name in sorted(vc.claims)),
        holder_key=None,
        status=vc.status,
        signed_at=signing_time(times),
        times=times,
        scope=vc_scope(vc.token.text),
    )


def _proof(vp: VpJwt) -> HolderProof:
    times = TokenTimes.parse(vp.token.claims, _PRESENTATION)

    return HolderProof(
        token=vp.token,
        holder=vp.holder,
        audience=vp.audience,
        nonce=vp.nonce,
        signed_at=times.issued_at or times.not_before,
        times=times,
        consent_id=named_consent(vp.token.claims),
        covers_disclosures=True,  # the credential stands inside of what the holder signs
    )


FORMAT = CredentialFormat("jwt_vc", _recognises, _parse)
