"""What a holder does with a credential: choose what to show, and prove to be its holder.

A consent names what will be shown before it is shown. So: `HeldCredential.parse`, `select` the
claims, have a consent made over `SelectiveDisclosure.scope`, then `SelectiveDisclosure.present`
with the consent's id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from careledger.errors import InputError
from careledger.identity.credentials.claim_paths import (
    ClaimPath,
    has_path,
    leads_into,
    path_of,
    path_text,
)
from careledger.identity.credentials.errors import ClaimNotHeld
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.jose import LIMITS, JwsSigner, Limits, sign
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.sd_jwt import Disclosure, ProcessedPayload, SdJwt
from careledger.identity.credentials.sd_jwt_vc import confirmed_key
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.vc_jwt import W3C_CONTEXT
from careledger.values.times import to_seconds


@dataclass(frozen=True)
class HeldCredential:
    """An SD-JWT VC as its holder sees it, whole; whether it is genuine, a `Verifier` says."""

    token: SdJwt = field(repr=False)
    payload: ProcessedPayload = field(repr=False)

    @classmethod
    def parse(cls, text: str, limits: Limits = LIMITS) -> Self:
        """Parse what an issuer issued.

        Raises:
            CredentialError: it cannot be read, or its disclosures are not its own.

        """
        token = SdJwt.parse(text, limits)
        return cls(token, token.process())

    @property
    def claims(self) -> Mapping[str, Any]:
        """Everything that it says, registered claims such as `iss` and `exp` included."""
        return self.payload.claims

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
        """The key that has to sign presentations.

        Raises:
            HolderKeyMissing: it does not name one.

        """
        return confirmed_key(self.claims)

    @property
    def status(self) -> StatusReference | None:
        """Where the issuer keeps whether it was revoked."""
        if "status" not in self.claims:
            return None
        return StatusReference.from_sd_jwt_claim(self.claims["status"])

    @property
    def disclosable(self) -> list[ClaimPath]:
        """The claims and array elements that the holder may show or keep."""
        return list(self.payload.disclosed)

    def select(self, paths: Iterable[str | Sequence[str | int | None]]) -> "SelectiveDisclosure":
        """Choose what is shown: these claims with all that is in them, and nothing else.

        What the issuer says openly is always shown, whether it is named here or not.

        Args:
            paths: names, or paths such as `["address", "country"]`, `["nationalities", None]`.

        Raises:
            ClaimNotHeld: the credential has no such claim.

        """
        wanted: dict[str, Disclosure] = {}
        for path in map(path_of, paths):
            found = False
            for here, disclosure in self.payload.disclosed.items():
                is_above = leads_into(here, path)
                is_below = leads_into(path, here)
                found = found or is_below
                if is_above or is_below:
                    wanted[disclosure.text] = disclosure
            if not (found or has_path(self.claims, path)):
                raise ClaimNotHeld(f"the credential has no claim {path_text(path)}")

        return SelectiveDisclosure(self.token.only(wanted.values()))


@dataclass(frozen=True)
class SelectiveDisclosure:
    """A credential with the claims that its holder chose to show."""

    token: SdJwt = field(repr=False)

    @property
    def scope(self) -> bytes:
        """What a consent to show exactly this is about, 32 bytes."""
        return self.token.scope

    @property
    def disclosed(self) -> list[ClaimPath]:
        """The claims and array elements that are disclosed."""
        return list(self.token.process().disclosed)

    def present(
        self,
        holder: JwsSigner,
        *,
        audience: str,
        nonce: str,
        at: datetime,
        consent: bytes | None = None,
    ) -> str:
        """Return the presentation: the SD-JWT with what was chosen, and the holder's proof.

        Args:
            holder: signs by the key that the issuer confirmed.
            audience: whom it is for, as the request names it.
            nonce: of the request.
            at: now.
            consent: the consent's id, 32 bytes; None where none is asked for.

        """
        claims: dict[str, Any] = {
            "iat": to_seconds(at),
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
        InputError: the id does not have 32 bytes.

    """
    if len(consent) != 32:
        raise InputError(f"a consent's id has 32 bytes, not {len(consent)}")
    return "0x" + consent.hex()


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
        "iat": to_seconds(at),
        "nbf": to_seconds(at),
        "vp": {
            "@context": [W3C_CONTEXT],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": list(credentials),
        },
    }
    if expires_at is not None:
        claims["exp"] = to_seconds(expires_at)
    if consent is not None:
        claims["consent"] = consent_text(consent)

    return sign({"typ": "JWT", **holder.header}, claims, holder.key)
