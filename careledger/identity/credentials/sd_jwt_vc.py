"""SD-JWT VC: a credential in an SD-JWT, whose holder shows a part of it."""

from collections.abc import Mapping
from typing import Any

from careledger.identity.credentials.claim_paths import path_text
from careledger.identity.credentials.credential import (
    Credential,
    CredentialFormat,
    HolderProof,
    Presentation,
    named_consent,
    signing_time,
)
from careledger.identity.credentials.errors import HolderKeyMissing, MalformedToken, TokenReason
from careledger.identity.credentials.jose import Jws, Limits, TokenTimes, text_claim
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.sd_jwt import KEY_BINDING_TYPES, SdJwt
from careledger.identity.credentials.status_reference import StatusReference

_CREDENTIAL = "the credential"
_KEY_BINDING = "the key binding"


def confirmed_key(claims: Mapping[str, Any]) -> VerificationKey:
    """Return the holder's key that an issuer confirms (`cnf`, RFC 7800).

    Raises:
        HolderKeyMissing: the claims do not name one.
        MalformedToken: it is not a public key of the three types.

    """
    if "cnf" not in claims:
        raise HolderKeyMissing(
            "the credential does not name its holder's key ('cnf'), so nobody can prove to have it"
        )

    cnf = claims["cnf"]
    if not isinstance(cnf, Mapping) or "jwk" not in cnf:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential's 'cnf' has no key as JWK, the only form that is read",
        )
    return VerificationKey.from_jwk(cnf["jwk"], "the holder's key")


def _recognises(text: str) -> bool:
    return "~" in text


def _parse(text: str, limits: Limits) -> Credential | Presentation:
    token = SdJwt.parse(text, limits)
    credential = _credential(token)
    if token.key_binding is None:
        return credential

    key = confirmed_key(credential.claims)
    return Presentation(text, credential, _proof(token, token.key_binding, key, limits))


def _credential(token: SdJwt) -> Credential:
    payload = token.process()
    claims = payload.claims
    times = TokenTimes.parse(token.issuer_jwt.claims, _CREDENTIAL)
    subject = claims.get("sub")

    return Credential(
        format=FORMAT.name,
        token=token.issuer_jwt,
        issuer=text_claim(claims, "iss", _CREDENTIAL),
        types=(text_claim(claims, "vct", _CREDENTIAL),),
        subject=subject if isinstance(subject, str) else None,
        claims=claims,
        disclosed=tuple(sorted(payload.disclosed, key=path_text)),
        holder_key=confirmed_key(claims) if "cnf" in claims else None,
        status=StatusReference.from_sd_jwt_claim(claims["status"]) if "status" in claims else None,
        signed_at=signing_time(times),
        times=times,
        scope=token.scope,
    )


def _proof(token: SdJwt, key_binding: str, key: VerificationKey, limits: Limits) -> HolderProof:
    jws = Jws.parse(key_binding, KEY_BINDING_TYPES, _KEY_BINDING, limits)
    times = TokenTimes.parse(jws.claims, _KEY_BINDING)
    if times.issued_at is None:
        raise MalformedToken(TokenReason.MALFORMED_CLAIM, f"{_KEY_BINDING}: 'iat' is missing")

    return HolderProof(
        token=jws,
        holder=key,
        audience=(text_claim(jws.claims, "aud", _KEY_BINDING),),
        nonce=text_claim(jws.claims, "nonce", _KEY_BINDING),
        signed_at=times.issued_at,
        times=times,
        consent_id=named_consent(jws.claims),
        covers_disclosures=text_claim(jws.claims, "sd_hash", _KEY_BINDING) == token.sd_hash,
    )


FORMAT = CredentialFormat("dc+sd-jwt", _recognises, _parse)
