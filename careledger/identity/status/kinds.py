"""The kinds of exported status lists, and the one place that chooses between them.

A further kind is a module with a `StatusListKind`, and a line in `KINDS`.
"""

from datetime import datetime
from typing import Any, Protocol

from careledger.errors import InputError
from careledger.identity.credentials.errors import (
    IssuerError,
    IssuerReason,
    MalformedToken,
    StatusError,
    StatusReason,
    TokenReason,
)
from careledger.identity.credentials.jose import Jws, Limits
from careledger.identity.status import bitstring_list, token_list
from careledger.identity.status.status_list import ParsedStatusList, StatusList, StatusListKind

KINDS = (
    token_list.KIND,
    bitstring_list.VC2,
    bitstring_list.VC1,
    bitstring_list.PLAIN,
)

MAX_TEXT = 4 * 2**20
"""Characters of a list that is read."""

_TYPES = frozenset[str | None]().union(*(kind.types for kind in KINDS))
_LIMITS = Limits(token=MAX_TEXT)


class IssuerKeys(Protocol):
    """Checks a signature with the keys of a DID document, as `DidKeys` does."""

    def check(self, token: Jws, did: str, at: datetime, /) -> Any:
        """Raise a `CredentialError` unless a key of the issuer, as of a time, signed the token."""


def kind_named(name: str) -> StatusListKind:
    """Return a kind of lists by its name.

    Raises:
        InputError: there is none of this name.

    """
    for kind in KINDS:
        if kind.name == name:
            return kind

    names = ", ".join(kind.name for kind in KINDS)
    raise InputError(f"{name!r} is not a kind of status list: use one of {names}")


def read_status_list(text: str, uri: str, issuer: str, keys: IssuerKeys) -> StatusList:
    """Read a signed list of any kind, and check whose it is.

    A plain credential is not read: anybody could have written it.

    Args:
        uri: where it was found, as the credential names it.
        issuer: DID of the issuer of the credential.

    Raises:
        MalformedToken: it cannot be read.
        StatusError: it is another list, or its bits cannot be read.
        IssuerError: it is another issuer's.
        CredentialError: the signature is not the issuer's.

    """
    token = Jws.parse(text, _TYPES, "the status list", _LIMITS)
    parsed = _parse(token)

    if parsed.uri != uri:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"the status list calls itself {str(parsed.uri)[:200]!r}, and {uri!r} was asked for",
        )
    for named in parsed.issuers:
        if named != issuer:
            raise IssuerError(
                IssuerReason.UNTRUSTED_ISSUER,
                f"the status list is by {str(named)[:200]!r}, and one by {issuer} is needed",
            )
    keys.check(token, issuer, parsed.issued_at)

    # Only now, for bits may decompress into far more than was sent.
    content = parsed.packed.unpack()
    if len(content) * 8 < parsed.min_size:
        raise StatusError(
            StatusReason.STATUS_UNREADABLE,
            f"the status list has {len(content) * 8} indexes, and at least {parsed.min_size} "
            "are needed",
        )
    return StatusList(
        uri,
        issuer,
        parsed.issued_at,
        parsed.expires_at,
        content,
        parsed.packed.width,
        parsed.source,
    )


def _parse(token: Jws) -> ParsedStatusList:
    for kind in KINDS:
        if token.type in kind.types and kind.parse is not None:
            return kind.parse(token)
    raise MalformedToken(
        TokenReason.WRONG_TOKEN_TYPE, "the status list is of a kind that is not read"
    )  # pragma: no cover
