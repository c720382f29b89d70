"""Where an issuer keeps whether a credential was revoked, as both formats write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from careledger.errors import InputError
from careledger.identity.credentials.errors import MalformedToken, TokenReason
from careledger.values.addresses import address


@dataclass(frozen=True)
class StatusReference:
    """The status list of a credential and its index there; the chain and the contract too.

    The list at `uri` is made from the bits of the contract `CredentialStatus`. An issuer that keeps
    its status off the chain leaves the members of the chain out.
    """

    uri: str
    """Of the exported list."""
    index: int
    """The credential's number in the list."""
    chain_id: int | None = None
    """None, like the members below, where the status is not kept on a chain."""
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
        """The member `careledger`.

        Raises:
            InputError: the status is not kept on a chain.

        """
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
        return claim | self._extension

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
        return entry | self._extension

    @property
    def _extension(self) -> dict[str, Any]:
        return {"careledger": self.chain_part} if self.on_chain else {}

    @classmethod
    def from_sd_jwt_claim(cls, claim: Any) -> Self:
        """Read `sd_jwt_claim` back.

        Raises:
            MalformedToken: the claim has another form.

        """
        members = _object(claim, "status")
        entry = _object(members.get("status_list"), "status.status_list")
        uri, index = _list_entry(entry.get("uri"), entry.get("idx"))

        return cls(uri, index, **_chain_members(members, index))

    @classmethod
    def from_vc_entry(cls, entry: Any) -> Self:
        """Read `vc_entry` back.

        Raises:
            MalformedToken: the entry has another form.

        """
        if isinstance(entry, list) and len(entry) == 1:
            entry = entry[0]
        members = _object(entry, "credentialStatus")

        is_entry = members.get("type") == "BitstringStatusListEntry"
        if not is_entry or members.get("statusPurpose") != "revocation":
            raise MalformedToken(
                TokenReason.MALFORMED_CLAIM,
                "credentialStatus is not a BitstringStatusListEntry for revocation, "
                "the only kind that is read here",
            )

        number = _decimal(members.get("statusListIndex"))
        uri, index = _list_entry(members.get("statusListCredential"), number)
        return cls(uri, index, **_chain_members(members, index))


def _list_entry(uri: Any, index: Any) -> tuple[str, int]:
    if not isinstance(uri, str) or not uri:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM, "the credential's status does not name a list"
        )
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential's status does not name an index of the list: a number from 0 is needed",
        )
    return uri, index


def _chain_members(claim: Mapping[str, Any], index: int) -> dict[str, Any]:
    """Return the fields that the member `careledger` fills; none where it is not there."""
    if "careledger" not in claim:
        return {}

    part = _object(claim["careledger"], "the member careledger of the status")
    if part.get("index") != index:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential's status names two indexes: the list's and the chain's differ",
        )

    try:
        list_id = bytes.fromhex(str(part.get("list")).removeprefix("0x"))
        contract = address(part.get("contract", ""))
        issuer = address(part.get("issuer", ""))
    except (ValueError, InputError):
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential's status has an address or a list that is not valid",
        ) from None

    chain_id = part.get("chainId")
    if not isinstance(chain_id, int) or isinstance(chain_id, bool) or len(list_id) != 32:
        raise MalformedToken(
            TokenReason.MALFORMED_CLAIM,
            "the credential's status has a chain id or a list that is not valid",
        )
    return {"chain_id": chain_id, "contract": contract, "issuer": issuer, "list_id": list_id}


def _decimal(text: Any) -> int | None:
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    return None


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedToken(TokenReason.MALFORMED_CLAIM, f"{what} is not a JSON object")
    return value
