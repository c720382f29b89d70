"""What a controller or a guardian signs: EIP-712 typed data, and the digest of ERC-1056."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eth_typing import ChecksumAddress

from careledger.crypto.documents import hexed
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import SigningDomain, TypedData
from careledger.errors import InputError
from careledger.identity.did.model import Operation, name32, name_text
from careledger.values.times import to_seconds

NAME = "CareLedger IdentityRegistry"
VERSION = "1"

_COUNTED = ["uint256 nonce", "uint256 deadline"]
TYPES: dict[str, list[str]] = {
    "ChangeOwner": ["address identity", "address newOwner", *_COUNTED],
    "AddDelegate": [
        "address identity", "string delegateType", "address delegate", "uint256 validTo", *_COUNTED,
    ],
    "RevokeDelegate": ["address identity", "string delegateType", "address delegate", *_COUNTED],
    "SetAttribute": [
        "address identity", "string name", "bytes value", "uint256 validTo", *_COUNTED,
    ],
    "RevokeAttribute": ["address identity", "string name", "bytes value", *_COUNTED],
    "Batch": ["address identity", "Operation[] operations", *_COUNTED],
    "Operation": [
        "string action", "string name", "address account", "bytes value", "uint256 validTo",
    ],
    "SetGuardians": [
        "address identity", "bytes32 root", "uint8 threshold", "uint32 delay", *_COUNTED,
    ],
    "StopRecovery": ["address identity", *_COUNTED],
    "ApproveRecovery": [
        "address identity", "address controller", "address newOwner", "uint256 round",
        "uint256 deadline",
    ],
}  # fmt: skip
"""Members of each struct, in order; EIP-712's encodeType follows from them."""


def encoded_type(kind: str) -> str:
    """Return EIP-712's encodeType of a struct."""
    definition = f"{kind}({','.join(TYPES[kind])})"
    return definition + encoded_type("Operation") if kind == "Batch" else definition


@dataclass(frozen=True)
class IdentityMessages:
    """The messages for one registry: its methods return what is signed.

    `nonce` is the controller's (`IdentityRegistry.nonce`), `deadline` the last moment for a
    relayer.
    """

    chain_id: int
    registry: ChecksumAddress

    def change_owner(
        self, identity: str, new_owner: str, *, nonce: int, deadline: datetime
    ) -> TypedData:
        """Return `ChangeOwner`: give the identity another controller."""
        return self._typed("ChangeOwner", identity, nonce, deadline, newOwner=new_owner)

    def add_delegate(
        self,
        identity: str,
        delegate_type: str | bytes,
        delegate: str,
        valid_to: datetime,
        *,
        nonce: int,
        deadline: datetime,
    ) -> TypedData:
        """Return `AddDelegate`: name a delegate until a point in time."""
        members = {
            "delegateType": _text(delegate_type),
            "delegate": delegate,
            "validTo": to_seconds(valid_to),
        }

        return self._typed("AddDelegate", identity, nonce, deadline, **members)

    def revoke_delegate(
        self,
        identity: str,
        delegate_type: str | bytes,
        delegate: str,
        *,
        nonce: int,
        deadline: datetime,
    ) -> TypedData:
        """Return `RevokeDelegate`: dismiss a delegate."""
        members = {"delegateType": _text(delegate_type), "delegate": delegate}

        return self._typed("RevokeDelegate", identity, nonce, deadline, **members)

    def set_attribute(
        self,
        identity: str,
        name: str | bytes,
        value: bytes,
        valid_to: datetime,
        *,
        nonce: int,
        deadline: datetime,
    ) -> TypedData:
        """Return `SetAttribute`: publish an attribute until a point in time."""
        members = {"name": _text(name), "value": hexed(value), "validTo": to_seconds(valid_to)}

        return self._typed("SetAttribute", identity, nonce, deadline, **members)

    def revoke_attribute(
        self, identity: str, name: str | bytes, value: bytes, *, nonce: int, deadline: datetime
    ) -> TypedData:
        """Return `RevokeAttribute`: withdraw an attribute."""
        return self._typed(
            "RevokeAttribute", identity, nonce, deadline, name=_text(name), value=hexed(value)
        )

    def batch(
        self, identity: str, operations: Sequence[Operation], *, nonce: int, deadline: datetime
    ) -> TypedData:
        """Return `Batch`: do several things, all or none."""
        steps = [
            {
                "action": step.action.text,
                "name": name_text(step.name),
                "account": step.account,
                "value": hexed(step.value),
                "validTo": step.valid_to,
            }
            for step in operations
        ]

        return self._typed("Batch", identity, nonce, deadline, operations=steps)

    def set_guardians(
        self,
        identity: str,
        root: bytes,
        threshold: int,
        delay: timedelta,
        *,
        nonce: int,
        deadline: datetime,
    ) -> TypedData:
        """Return `SetGuardians`: name guardians, or dismiss them with zeros."""
        members = {
            "root": hexed(root),
            "threshold": threshold,
            "delay": int(delay.total_seconds()),
        }

        return self._typed("SetGuardians", identity, nonce, deadline, **members)

    def stop_recovery(self, identity: str, *, nonce: int, deadline: datetime) -> TypedData:
        """Return `StopRecovery`: object to a recovery."""
        return self._typed("StopRecovery", identity, nonce, deadline)

    def approve_recovery(
        self,
        identity: str,
        controller: str,
        new_owner: str,
        *,
        in_round: int,
        deadline: datetime,
    ) -> TypedData:
        """Return `ApproveRecovery`, for a guardian: hand the identity to a new controller.

        Args:
            controller: the present one; the approval is void once it changes.
            in_round: the guardianship's (`IdentityRegistry.guardianship`).

        """
        message = {
            "identity": identity,
            "controller": controller,
            "newOwner": new_owner,
            "round": in_round,
            "deadline": to_seconds(deadline),
        }

        return self._message("ApproveRecovery", message)

    def _typed(
        self, kind: str, identity: str, nonce: int, deadline: datetime, **members: Any
    ) -> TypedData:
        counted = {"nonce": nonce, "deadline": to_seconds(deadline, "deadline")}
        return self._message(kind, {"identity": identity, **members, **counted})

    def _message(self, kind: str, message: Mapping[str, Any]) -> TypedData:
        domain = SigningDomain(NAME, VERSION, self.chain_id, self.registry)
        return TypedData(domain, encoded_type(kind), message)


def _text(name: str | bytes) -> str:
    return name_text(name32(name))


def erc1056_digest(
    registry: str, nonce: int, identity: str, operation: str, *packed: bytes
) -> bytes:
    """Return the 32 bytes that are signed for ERC-1056; without chain and without deadline.

    Args:
        nonce: the controller's.
        operation: the function's name without `Signed`, such as `addDelegate`.
        packed: its arguments after the identity: 20 bytes an address, 32 a name or a number, a
            value as it is.

    """
    signed = [
        b"\x19\x00",
        _address_bytes(registry),
        nonce.to_bytes(32, "big"),
        _address_bytes(identity),
        operation.encode(),
        *packed,
    ]

    return keccak256(b"".join(signed))


def _address_bytes(text: str) -> bytes:
    raw = bytes.fromhex(text.removeprefix("0x"))
    if len(raw) != 20:
        raise InputError(f"{text!r} is not an address")
    return raw
