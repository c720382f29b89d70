"""What a holder does: look at a credential, choose what to show, and prove to be its holder.

A consent names what will be shown before it is shown. So: `Holding.read`, `choose` the claims, have
a consent made over `Selection.scope`, then `Selection.present` with the consent's id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from careledger.errors import InputError
from careledger.identity.consent.terms import scope_of
from careledger.identity.credentials.errors import ClaimNotHeld, HolderKeyMissing, MalformedClaim
from careledger.identity.credentials.formats import (
    Path,
    StatusReference,
    at_path,
    numeric_date,
    path_of,
    path_text,
)
from careledger.identity.credentials.issuer import W3C_CONTEXT, Issuer
from careledger.identity.credentials.jose import LIMITS, Limits, Signs, sign
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.sd_jwt import Disclosure, SdJwt, Unpacked


@dataclass(frozen=True)
class Holding:
    """An SD-JWT VC as its holder sees it, with everything in it. Whether it is genuine, a `Verifier` says."""

    token: SdJwt = field(repr=False)
    unpacked: Unpacked = field(repr=False)

    @classmethod
    def read(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Read what an issuer issued.

        Raises:
            CredentialError: it cannot be read, or its disclosures are not its own.

        """
        token = SdJwt.read(text, limits)
        return cls(token, token.unpack())

    @property
    def claims(self) -> Mapping[str, Any]:
        """Everything that it says, registered claims such as `iss` and `exp` included."""
        return self.unpacked.claims

    @property
    def vct(self) -> str:
        """Its type."""
        return str(self.claims.get("vct", ""))

    @property
    def issuer(self) -> str:
        """The issuer's DID."""
        return str(self.claims.get("iss", ""))

    @property
    def holder_key(self) -> VerificationKey:
        """The key that presentations have to be signed by.

        Raises:
            HolderKeyMissing: it names none.

        """
        return confirmed_key(self.claims)

    @property
    def status(self) -> StatusReference | None:
        """Where it stands that it was withdrawn."""
        return (
            StatusReference.from_sd_jwt_claim(self.claims["status"])
            if "status" in self.claims
            else None
        )

    @property
    def choices(self) -> list[Path]:
        """The claims and array elements that the holder may show or keep."""
        return list(self.unpacked.disclosed)

    def choose(self, paths: Iterable[str | Sequence[str | int | None]]) -> "Selection":
        """Choose what is shown: these claims with all that is in them, and nothing else that can be kept.

        Args:
            paths: names, or paths such as `["address", "country"]`, `["nationalities", None]`; what
                the issuer says openly is shown anyway, and may be named here or not.

        Raises:
            ClaimNotHeld: there is no such claim.

        """
        wanted: dict[str, Disclosure] = {}
        for path in map(path_of, paths):
            found = False
            for here, disclosure in self.unpacked.disclosed.items():
                above, below = _fits(here, path), _fits(path, here)
                found = found or below
                if above or below:
                    wanted[disclosure.text] = disclosure
            if not (found or _exists(self.claims, path)):
                raise ClaimNotHeld(f"the credential has no claim {path_text(path)}")
        return Selection(self.token.only(wanted.values()))


def confirmed_key(claims: Mapping[str, Any]) -> VerificationKey:
    """Return the holder's key that an issuer confirms (`cnf`, RFC 7800).

    Raises:
        HolderKeyMissing: there is none.
        MalformedClaim: it is no public key of the three types.

    """
    if "cnf" not in claims:
        raise HolderKeyMissing(
            "the credential names no key of its holder ('cnf'), so nobody can prove to be the holder"
        )
    cnf = claims["cnf"]
    if not isinstance(cnf, Mapping) or "jwk" not in cnf:
        raise MalformedClaim("the credential's 'cnf' holds no key as JWK; no other form is read")
    return VerificationKey.from_jwk(cnf["jwk"], "the holder's key")


def _fits(pattern: Sequence[str | int | None], path: Sequence[str | int | None]) -> bool:
    """Say whether a path leads to what the pattern names, or into it."""
    if len(pattern) > len(path):
        return False
    return all(
        a == b or (a is None and isinstance(b, int)) or (b is None and isinstance(a, int))
        for a, b in zip(pattern, path, strict=False)
    )


def _exists(claims: Mapping[str, Any], path: Path) -> bool:
    return any(True for _ in at_path(claims, path))


@dataclass(frozen=True)
class Selection:
    """A credential with what is to be shown of it."""

    token: SdJwt = field(repr=False)

    @property
    def scope(self) -> bytes:
        """What a consent to show exactly this is about, 32 bytes."""
        return self.token.scope

    @property
    def shown(self) -> list[Path]:
        """The claims and array elements that are disclosed."""
        return list(self.token.unpack().disclosed)

    def present(
        self,
        holder: Signs,
        *,
        audience: str,
        nonce: str,
        at: datetime,
        consent: bytes | None = None,
    ) -> str:
        """Return the presentation: the SD-JWT with what was chosen and the holder's proof.

        Args:
            holder: signs by the key that the issuer confirmed.
            audience: whom it is for, as the request names it.
            nonce: of the request.
            at: now.
            consent: the consent's id, 32 bytes; None where none is asked for.

        """
        claims: dict[str, Any] = {
            "iat": numeric_date(at),
            "aud": audience,
            "nonce": nonce,
            "sd_hash": self.token.sd_hash,
        }
        if consent is not None:
            claims["consent"] = consent_text(consent)
        return self.token.text + sign({"typ": "kb+jwt"}, claims, holder)


def consent_text(consent: bytes) -> str:
    """Return a consent's id as the claim `consent` has it.

    Raises:
        InputError: it has not 32 bytes.

    """
    if len(consent) != 32:
        raise InputError(f"a consent's id has 32 bytes, not {len(consent)}")
    return "0x" + consent.hex()


def vc_scope(credential: str) -> bytes:
    """Return what a consent to show a VC-JWT is about, 32 bytes: all of it."""
    return scope_of(credential, [])


def present_vc(
    credentials: Sequence[str],
    holder: Issuer,
    *,
    audience: str,
    nonce: str,
    at: datetime,
    expires_at: datetime | None = None,
    consent: bytes | None = None,
) -> str:
    """Return a W3C presentation (data model 1.1) as JWT.

    Args:
        credentials: VC-JWTs whose subject the holder is; one, where a consent is asked for.
        holder: the subject's DID with a key of its document (`#controller`, or one under
            authentication).

    """
    claims: dict[str, Any] = {
        "iss": holder.did,
        "aud": audience,
        "nonce": nonce,
        "iat": numeric_date(at),
        "nbf": numeric_date(at),
        "vp": {
            "@context": [W3C_CONTEXT],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": list(credentials),
        },
    }
    if expires_at is not None:
        claims["exp"] = numeric_date(expires_at)
    if consent is not None:
        claims["consent"] = consent_text(consent)
    return sign({"typ": "JWT", **holder.header}, claims, holder.key)
