"""IETF Token Status List: a JWT with `typ` `statuslist+jwt`.

The bits are in `status_list.lst`, as base64url of zlib; the list names itself in `sub`.
"""

from collections.abc import Mapping

from careledger.identity.credentials.errors import MalformedToken, TokenReason
from careledger.identity.credentials.jose import Jws, encode, sign, text_claim, time_claim
from careledger.identity.status import bits
from careledger.identity.status.snapshot import StatusListSnapshot
from careledger.identity.status.status_list import (
    PackedBits,
    ParsedStatusList,
    StatusIssuer,
    StatusListKind,
)
from careledger.values.times import to_seconds

_LIST = "the status list token"
_WIDTHS = (1, 2, 4, 8)


def export_token_list(snapshot: StatusListSnapshot, uri: str, issuer: StatusIssuer) -> str:
    """Return a snapshot as a Token Status List JWT.

    Args:
        uri: where it will be found, as in the credentials' `status.status_list.uri`.

    """
    issued_at = to_seconds(snapshot.taken_at)
    packed = bits.compress(snapshot.bits, bits.ZLIB)

    claims = {
        "iss": issuer.did,
        "sub": uri,
        "iat": issued_at,
        "exp": issued_at + int(issuer.lifetime.total_seconds()),
        "ttl": int(issuer.refresh.total_seconds()),
        "status_list": {"bits": 1, "lst": encode(packed)},
        "careledger": snapshot.source,
    }
    return sign({"typ": "statuslist+jwt", "kid": issuer.kid}, claims, issuer.key)


def _parse(token: Jws) -> ParsedStatusList:
    claims = token.claims
    content = claims.get("status_list")
    issued_at = time_claim(claims, "iat", _LIST)
    if not isinstance(content, Mapping) or issued_at is None:
        raise MalformedToken(TokenReason.MALFORMED_CLAIM, f"{_LIST} lacks 'status_list' or 'iat'")

    width = content.get("bits")
    if width not in _WIDTHS or isinstance(width, bool):
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, f"{_LIST} has a 'bits' that is not 1, 2, 4 or 8"
        )

    source = claims.get("careledger")
    return ParsedStatusList(
        uri=text_claim(claims, "sub", _LIST),
        issuers=(claims["iss"],) if "iss" in claims else (),
        issued_at=issued_at,
        expires_at=time_claim(claims, "exp", _LIST),
        packed=PackedBits(
            text_claim(content, "lst", _LIST), bits.ZLIB, mirrored=False, width=width
        ),
        source=source if isinstance(source, Mapping) else None,
    )


KIND = StatusListKind("token", export_token_list, frozenset({"statuslist+jwt"}), _parse)
