"""What a brand signs to promise an interaction, and what a customer signs to acknowledge one."""

from dataclasses import dataclass
from typing import Any, Self

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.typed_data import TypedData
from careledger.interactions.formats import LeafFields, LogAddress

PROMISE_TYPE = (
    "Promise(address brand,bytes32 content,bytes32 parties,uint16 kind,uint64 startedAt,"
    "uint64 anchorBy)"
)
ACKNOWLEDGEMENT_TYPE = (
    "Acknowledgement(address customer,address brand,bytes32 content,bytes32 parties,"
    "uint16 kind,uint64 startedAt,uint64 index,uint256 deadline)"
)


@dataclass(frozen=True)
class AnchoringPromise:
    """The brand's signature that it will anchor the interaction."""

    anchor_by: int
    """Seconds since 1970 UTC."""
    signer: str
    """The brand's controller, or a delegate of it for careledger.agent."""
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "anchorBy": self.anchor_by,
            "signer": self.signer,
            "signature": hexed(self.signature),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["anchorBy", "signer", "signature"])
        return cls(
            members["anchorBy"].integer(),
            members["signer"].address(),
            members["signature"].hex(),
        )


@dataclass(frozen=True)
class Acknowledgement:
    """The customer's countersignature, as `acknowledgeBySig` takes it."""

    customer: str
    deadline: int
    """Seconds since 1970 UTC."""
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """Return the part of a receipt."""
        return {
            "customer": self.customer,
            "deadline": self.deadline,
            "signature": hexed(self.signature),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read the part of a receipt; raises `MalformedDocument`."""
        members = node.object(["customer", "deadline", "signature"])
        return cls(
            members["customer"].address(),
            members["deadline"].integer(),
            members["signature"].hex(),
        )


def promise_message(log: LogAddress, fields: LeafFields, anchor_by: int) -> TypedData:
    """Return what a brand signs to promise that an interaction will be anchored by a time.

    Args:
        log: where it will be anchored.
        fields: of its leaf; the number is not known yet and plays no part.
        anchor_by: seconds since 1970 UTC.

    """
    message = {"brand": log.brand} | fields.to_json() | {"anchorBy": anchor_by}
    return TypedData(log.signing_domain, PROMISE_TYPE, message)


def acknowledgement_message(
    log: LogAddress, customer: str, fields: LeafFields, deadline: int
) -> TypedData:
    """Return what a customer signs to acknowledge an interaction.

    Its digest is that of the contract's view `acknowledgementDigest`.

    Args:
        log: where the interaction is anchored.
        customer: the customer's identity.
        fields: of its leaf.
        deadline: the last second in which the contract takes the signature, since 1970 UTC.

    """
    message = {"customer": customer, "brand": log.brand} | fields.to_json()
    message |= {"index": fields.index, "deadline": deadline}

    return TypedData(log.signing_domain, ACKNOWLEDGEMENT_TYPE, message)
