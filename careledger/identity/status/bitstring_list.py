"""W3C Bitstring Status List 1.0: a credential, plain or as VC-JWT of VC 2.0 or 1.1.

The bits are in `credentialSubject.encodedList`, as `u` and base64url of gzip; the list names itself
in `id`, in VC-JWT 1.1 in `jti`.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careledger.errors import InputError
from careledger.identity.credentials.errors import (
    MalformedToken,
    StatusError,
    StatusReason,
    TokenReason,
)
from careledger.identity.credentials.jose import Jws, encode, sign, text_claim, time_claim
from careledger.identity.status import bits
from careledger.identity.status.snapshot import MIN_SIZE, StatusListSnapshot
from careledger.identity.status.status_list import (
    PackedBits,
    ParsedStatusList,
    StatusIssuer,
    StatusListKind,
)
from careledger.values.times import parse_time, time_text, to_seconds

V2_CONTEXT = "https://www.w3.org/ns/credentials/v2"
V1_CONTEXTS = [
    "https://www.w3.org/2018/credentials/v1",
    "https://www.w3.org/ns/credentials/status/v1",
]
LIST_TYPES = ["VerifiableCredential", "BitstringStatusListCredential"]

_LIST = "the status list credential"
_ZONE = re.compile(r"(?:Z|[+-][0-9:]+)$", re.ASCII)


# -- export


def bitstring_credential(
    snapshot: StatusListSnapshot, uri: str, issuer: StatusIssuer
) -> dict[str, Any]:
    """Return a snapshot as a Bitstring Status List credential, unsigned, in the terms of VC 2.0.

    Args:
        uri: where it will be found, as in the credentials' `credentialStatus.statusListCredential`.

    """
    return {
        "@context": [V2_CONTEXT],
        "id": uri,
        "type": LIST_TYPES,
        "issuer": issuer.did,
        "validFrom": time_text(snapshot.taken_at),
        "validUntil": time_text(snapshot.taken_at + issuer.lifetime),
        "credentialSubject": _subject(snapshot, uri),
    }


def export_plain(snapshot: StatusListSnapshot, uri: str, issuer: StatusIssuer) -> str:
    """Return the unsigned credential as text, for an issuer who signs it otherwise."""
    return json.dumps(bitstring_credential(snapshot, uri, issuer), indent=2)


def export_vc2(snapshot: StatusListSnapshot, uri: str, issuer: StatusIssuer) -> str:
    """Return the credential signed as a JWT of VC 2.0: it is the payload (VC-JOSE-COSE)."""
    issued_at = to_seconds(snapshot.taken_at)
    claims = bitstring_credential(snapshot, uri, issuer) | {
        "iat": issued_at,
        "exp": issued_at + int(issuer.lifetime.total_seconds()),
    }
    return sign({"typ": "vc+jwt", "kid": issuer.kid, "cty": "vc"}, claims, issuer.key)


def export_vc1(snapshot: StatusListSnapshot, uri: str, issuer: StatusIssuer) -> str:
    """Return the credential signed as VC-JWT 1.1, in the claim `vc`, for clients as did-jwt-vc."""
    issued_at = to_seconds(snapshot.taken_at)

    claims = {
        "iss": issuer.did,
        "jti": uri,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + int(issuer.lifetime.total_seconds()),
        "vc": {
            "@context": V1_CONTEXTS,
            "type": LIST_TYPES,
            "credentialSubject": _subject(snapshot, uri),
        },
    }
    return sign({"typ": "JWT", "kid": issuer.kid}, claims, issuer.key)


def _subject(snapshot: StatusListSnapshot, uri: str) -> Mapping[str, str]:
    packed = bits.compress(bits.mirror(snapshot.bits), bits.GZIP)
    return {
        "id": f"{uri}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": "u" + encode(packed),
    }


# -- reading


def _parse(token: Jws) -> ParsedStatusList:
    claims = token.claims
    credential = claims.get("vc", claims)
    if not isinstance(credential, Mapping):
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{_LIST} has a 'vc' that is not an object"
        )

    issued_at = _earliest(claims, credential, ("iat", "nbf"), ("validFrom", "issuanceDate"))
    if issued_at is None:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"{_LIST} does not say when it was made, so nobody knows how old it is",
        )

    return ParsedStatusList(
        uri=credential.get("id", claims.get("jti")),
        issuers=_issuers(claims, credential),
        issued_at=issued_at,
        expires_at=_earliest(claims, credential, ("exp",), ("validUntil", "expirationDate")),
        packed=_packed(credential),
        min_size=MIN_SIZE,
    )


def _issuers(claims: Mapping[str, Any], credential: Mapping[str, Any]) -> tuple[Any, ...]:
    named = credential.get("issuer", claims.get("iss"))
    issuer = named.get("id") if isinstance(named, Mapping) else named
    return (issuer, claims["iss"]) if "iss" in claims else (issuer,)


def _packed(credential: Mapping[str, Any]) -> PackedBits:
    kinds = credential.get("type")
    subject = credential.get("credentialSubject")
    if isinstance(subject, list) and len(subject) == 1:
        (subject,) = subject
    is_list = isinstance(kinds, list) and "BitstringStatusListCredential" in kinds
    if not is_list or not isinstance(subject, Mapping):
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"{_LIST} is not one: it has another type or another subject",
        )

    purposes = subject.get("statusPurpose")
    if not isinstance(purposes, list):
        purposes = [purposes]
    if subject.get("type") != "BitstringStatusList" or "revocation" not in purposes:
        raise StatusError(StatusReason.STATUS_UNREADABLE, f"{_LIST} is not a list of revocations")

    text = text_claim(subject, "encodedList", _LIST)
    if not text.startswith("u"):
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"{_LIST} has a list that is not multibase base64url: no leading 'u'",
        )
    return PackedBits(text[1:], bits.GZIP, mirrored=True)


def _earliest(
    claims: Mapping[str, Any],
    credential: Mapping[str, Any],
    numbers: tuple[str, ...],
    texts: tuple[str, ...],
) -> datetime | None:
    """Return the earliest of the times that a credential names as number or as text."""
    found = [time_claim(claims, name, _LIST) for name in numbers]
    found += [_time(credential, name) for name in texts if name in credential]
    return min((at for at in found if at is not None), default=None)


def _time(credential: Mapping[str, Any], name: str) -> datetime:
    text = text_claim(credential, name, _LIST)
    # XML Schema's dateTime, which VC 1.1 uses, may leave the zone out: it is UTC then.
    zoned = text if _ZONE.search(text) else f"{text}Z"
    try:
        return parse_time(zoned, name)
    except InputError:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{_LIST} has a '{name}' that is not a time"
        ) from None


PLAIN = StatusListKind("plain", export_plain)
VC2 = StatusListKind("bitstring", export_vc2, frozenset({"vc+jwt"}), _parse)
VC1 = StatusListKind("bitstring-vc1", export_vc1, frozenset({"jwt", None}), _parse)
