"""A credential of either format, in one form for the verifier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from careledger.identity.credentials.errors import MalformedClaim
from careledger.identity.credentials.formats import (
    SD_JWT_VC,
    VC_JWT,
    Path,
    StatusReference,
    path_text,
    read_date,
    read_text,
)
from careledger.identity.credentials.jose import LIMITS, Jws, Limits, parse
from careledger.identity.credentials.presentation import vc_scope
from careledger.identity.credentials.sd_jwt import SdJwt
from careledger.identity.credentials.vc_jwt import TYPES, VcJwt, VpJwt


@dataclass(frozen=True)
class Received:
    """A credential of either format, as it was received; nothing in it was checked yet."""

    format: str
    token: Jws = field(repr=False)
    issuer: str
    types: tuple[str, ...]
    subject: str | None
    claims: Mapping[str, Any] = field(repr=False)
    disclosed: tuple[Path, ...]
    status: StatusReference | None
    scope: bytes

    def _date(self, name: str) -> int | None:
        return read_date(self.token.claims, name, "the credential")

    @property
    def signed_at(self) -> int:
        """`iat`, else `nbf`, which W3C credentials have in its place."""
        for name in ("iat", "nbf"):
            if (found := self._date(name)) is not None:
                return found
        raise MalformedClaim(
            "the credential says not when it was signed ('iat'), so the issuer's key cannot be checked"
        )


def from_sd_jwt(token: SdJwt) -> Received:
    """Read an SD-JWT VC, its disclosures in their places.

    Raises:
        CredentialError: it cannot be read, or its disclosures are not its own.

    """
    unpacked = token.unpack()
    claims = unpacked.claims
    status = StatusReference.from_sd_jwt_claim(claims["status"]) if "status" in claims else None
    subject = claims.get("sub")
    return Received(
        format=SD_JWT_VC,
        token=token.issuer_jwt,
        issuer=read_text(claims, "iss", "the credential"),
        types=(read_text(claims, "vct", "the credential"),),
        subject=subject if isinstance(subject, str) else None,
        claims=claims,
        disclosed=tuple(sorted(unpacked.disclosed, key=path_text)),
        status=status,
        scope=token.scope,
    )


def from_vc_jwt(text: str, limits: Limits) -> Received:
    """Read a VC-JWT.

    Raises:
        CredentialError: it cannot be read.

    """
    vc = VcJwt.read(text, limits)
    return Received(
        format=VC_JWT,
        token=vc.token,
        issuer=vc.issuer,
        types=vc.types,
        subject=vc.subject,
        claims=vc.claims,
        disclosed=tuple((name,) for name in sorted(vc.claims)),
        status=vc.status,
        scope=vc_scope(text),
    )


def received(text: str, limits: Limits = LIMITS) -> Received:
    """Read a credential, or the one in a presentation, of either format.

    Raises:
        CredentialError: it cannot be read, or holds several.

    """
    if "~" in text:
        return from_sd_jwt(SdJwt.read(text, limits))
    if "vp" not in parse(text, TYPES, "the credential", limits).claims:
        return from_vc_jwt(text, limits)
    credentials = VpJwt.read(text, limits).credentials
    if len(credentials) != 1:
        raise MalformedClaim(
            f"the presentation holds {len(credentials)} credentials, and one is read"
        )
    return from_vc_jwt(credentials[0], limits)
