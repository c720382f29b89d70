"""What issuing, presenting and verifying share: paths to claims, where a status is kept, times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from careledger.errors import InputError
from careledger.identity.credentials.errors import MalformedClaim
from careledger.values.addresses import address
from careledger.values.times import to_seconds

Path = tuple[str | int | None, ...]
"""Where a claim is: names of members, numbers of array elements from 0, None for every element (as
in OpenID4VP)."""

SD_JWT_VC, VC_JWT = "dc+sd-jwt", "jwt_vc"
"""The two formats of credentials."""

_LATEST = 253_402_300_799
"""The end of the year 9999: the latest time that every reader knows."""


def path_of(given: str | Sequence[str | int | None]) -> Path:
    """Return a path from a name or a list of names, numbers and None.

    Raises:
        InputError: it is empty, or something else stands in it.

    """
    parts = (given,) if isinstance(given, str) else tuple(given)
    for part in parts:
        number = isinstance(part, int) and not isinstance(part, bool) and part >= 0
        if not (number or part is None or isinstance(part, str)):
            raise InputError("a path to a claim holds names, numbers from 0 and null, nothing else")
    if not parts or not isinstance(parts[0], str):
        raise InputError("a path to a claim begins with its name")
    return parts


def path_text(path: Sequence[str | int | None]) -> str:
    """Return a path as people read it: `address.street`, `nationalities[0]`, `nationalities[]`."""
    text = ""
    for part in path:
        text += f".{part}" if isinstance(part, str) else f"[{'' if part is None else part}]"
    return text.removeprefix(".")


def at_path(value: Any, path: Sequence[str | int | None]) -> Iterator[Any]:
    """Yield what is found at a path; nothing where there is nothing."""
    if not path:
        yield value
        return
    first, rest = path[0], path[1:]
    if isinstance(first, str):
        if isinstance(value, Mapping) and first in value:
            yield from at_path(value[first], rest)
    elif isinstance(value, list):
        for inner in value if first is None else value[first : first + 1]:
            yield from at_path(inner, rest)


@dataclass(frozen=True)
class StatusReference:
    """Where it is kept whether a credential was withdrawn: a bit of `CredentialStatus`, and a list exported from it."""

    uri: str
    """Of the exported list."""
    index: int
    """The credential's number in the list."""
    chain_id: int | None = None
    """The members from here on are None in credentials of issuers who keep their status off the
    chain."""
    contract: str | None = None
    issuer: str | None = None
    """Address of the identity that keeps the list."""
    list_id: bytes | None = None
    """32 bytes."""

    @property
    def on_chain(self) -> bool:
        """Whether the status can be read from a chain."""
        return self.contract is not None

    @property
    def chain_part(self) -> dict[str, Any]:
        """The member `careledger`."""
        if (
            self.contract is None
            or self.issuer is None
            or self.list_id is None
            or self.chain_id is None
        ):
            raise InputError("this status is not kept on a chain")
        return {
            "chainId": self.chain_id,
            "contract": address(self.contract, "status contract"),
            "issuer": address(self.issuer, "status issuer"),
            "list": "0x" + self.list_id.hex(),
            "index": self.index,
        }

    @property
    def sd_jwt_claim(self) -> dict[str, Any]:
        """The claim `status` of an SD-JWT VC (Token Status List)."""
        claim: dict[str, Any] = {"status_list": {"idx": self.index, "uri": self.uri}}
        return claim | ({"careledger": self.chain_part} if self.on_chain else {})

    @property
    def vc_entry(self) -> dict[str, Any]:
        """The member `credentialStatus` of a W3C credential (Bitstring Status List)."""
        entry: dict[str, Any] = {
            "id": f"{self.uri}#{self.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(self.index),
            "statusListCredential": self.uri,
        }
        return entry | ({"careledger": self.chain_part} if self.on_chain else {})

    @classmethod
    def from_sd_jwt_claim(cls, claim: Any) -> Self:
        """Read `sd_jwt_claim` back.

        Raises:
            MalformedClaim: it is something else.

        """
        claim = _object(claim, "status")
        entry = _object(claim.get("status_list"), "status.status_list")
        uri, index = entry.get("uri"), entry.get("idx")
        return cls(*_place(uri, index), **_chain_part(claim, index))

    @classmethod
    def from_vc_entry(cls, entry: Any) -> Self:
        """Read `vc_entry` back.

        Raises:
            MalformedClaim: it is something else.

        """
        if isinstance(entry, list) and len(entry) == 1:
            entry = entry[0]
        entry = _object(entry, "credentialStatus")
        text = entry.get("statusListIndex")
        if (
            entry.get("type") != "BitstringStatusListEntry"
            or entry.get("statusPurpose") != "revocation"
        ):
            raise MalformedClaim(
                "credentialStatus is no BitstringStatusListEntry for revocation: no other kind is read"
            )
        index = (
            int(text)
            if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20
            else None
        )
        return cls(*_place(entry.get("statusListCredential"), index), **_chain_part(entry, index))


def _place(uri: Any, index: Any) -> tuple[str, int]:
    if not isinstance(uri, str) or not uri:
        raise MalformedClaim("the credential's status names no list")
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise MalformedClaim(
            "the credential's status names no place in the list: a number from 0 is needed"
        )
    return uri, index


def _chain_part(claim: Mapping[str, Any], index: Any) -> dict[str, Any]:
    if "careledger" not in claim:
        return {}
    part = _object(claim["careledger"], "the status's member careledger")
    if part.get("index") != index:
        raise MalformedClaim(
            "the credential's status names two places: the list's and the chain's index differ"
        )
    chain_id, list_id = part.get("chainId"), part.get("list")
    try:
        raw = bytes.fromhex(str(list_id).removeprefix("0x"))
        contract, issuer = address(part.get("contract", "")), address(part.get("issuer", ""))
    except (ValueError, InputError):
        raise MalformedClaim(
            "the credential's status has an address or a list that is none"
        ) from None
    if not isinstance(chain_id, int) or isinstance(chain_id, bool) or len(raw) != 32:
        raise MalformedClaim("the credential's status has a chain id or a list that is none")
    return {"chain_id": chain_id, "contract": contract, "issuer": issuer, "list_id": raw}


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedClaim(f"{what} is not a JSON object")
    return value


def numeric_date(at: datetime) -> int:
    """Return a time as tokens write it: whole seconds since 1970 UTC (RFC 7519's NumericDate).

    Raises:
        InputError: it has no time zone, or lies before 1970.

    """
    return to_seconds(at)


def read_date(claims: Mapping[str, Any], name: str, what: str) -> int | None:
    """Return a time that a token names, in seconds since 1970 UTC, fractions left out; None where it names none.

    Raises:
        MalformedClaim: it is no number, or no time between 1970 and 9999.

    """
    value = claims.get(name)
    if name not in claims:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        raise MalformedClaim(f"{what}: '{name}' is no time in seconds since 1970 UTC")
    return int(value)


def read_text(claims: Mapping[str, Any], name: str, what: str) -> str:
    """Return a text that a token has to name.

    Raises:
        MalformedClaim: it is missing, empty or no text.

    """
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedClaim(f"{what}: '{name}' is missing or no text")
    return value
