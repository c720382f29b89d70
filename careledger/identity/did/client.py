"""The typed client of `IdentityRegistry`: a method for each function."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import TransactionReceipt
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import Vrs
from careledger.identity.did import events  # noqa: F401  declares what logs are decoded as
from careledger.identity.did.errors import erc1056
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import (
    GuardianApproval,
    Guardianship,
    Operation,
    Recovery,
    name32,
)
from careledger.values.times import from_seconds, to_seconds


class IdentityRegistry(ContractClient):
    """The identities of everybody.

    Methods that only the controller may call raise `BadActor` or `NotIdentityController`.
    """

    name = "IdentityRegistry"

    @property
    def messages(self) -> IdentityMessages:
        """The messages that are signed for this registry."""
        return IdentityMessages(self.chain.chain_id, self.address)

    # -- ERC-1056

    def change_owner(self, identity: str, new_owner: str) -> TransactionReceipt:
        """Give an identity another controller."""
        return self._standard("changeOwner", identity, new_owner)

    def change_owner_signed(
        self, identity: str, signature: Vrs, new_owner: str
    ) -> TransactionReceipt:
        """Relay a change of the controller."""
        return self._standard("changeOwnerSigned", identity, *signature, new_owner)

    def add_delegate(
        self, identity: str, delegate_type: str | bytes, delegate: str, validity: int | timedelta
    ) -> TransactionReceipt:
        """Name a delegate for so many seconds."""
        return self._standard(
            "addDelegate", identity, name32(delegate_type), delegate, _seconds(validity)
        )

    def add_delegate_signed(
        self,
        identity: str,
        signature: Vrs,
        delegate_type: str | bytes,
        delegate: str,
        validity: int,
    ) -> TransactionReceipt:
        """Relay the naming of a delegate; validity in seconds, as it was signed."""
        return self._standard(
            "addDelegateSigned", identity, *signature, name32(delegate_type), delegate, validity
        )

    def revoke_delegate(
        self, identity: str, delegate_type: str | bytes, delegate: str
    ) -> TransactionReceipt:
        """Dismiss a delegate."""
        return self._standard("revokeDelegate", identity, name32(delegate_type), delegate)

    def revoke_delegate_signed(
        self, identity: str, signature: Vrs, delegate_type: str | bytes, delegate: str
    ) -> TransactionReceipt:
        """Relay the dismissal of a delegate."""
        return self._standard(
            "revokeDelegateSigned", identity, *signature, name32(delegate_type), delegate
        )

    def set_attribute(
        self, identity: str, name: str | bytes, value: bytes, validity: int | timedelta
    ) -> TransactionReceipt:
        """Publish an attribute for so many seconds."""
        return self._standard("setAttribute", identity, name32(name), value, _seconds(validity))

    def set_attribute_signed(
        self, identity: str, signature: Vrs, name: str | bytes, value: bytes, validity: int
    ) -> TransactionReceipt:
        """Relay the publication of an attribute; validity in seconds, as it was signed."""
        return self._standard(
            "setAttributeSigned", identity, *signature, name32(name), value, validity
        )

    def revoke_attribute(
        self, identity: str, name: str | bytes, value: bytes
    ) -> TransactionReceipt:
        """Withdraw an attribute."""
        return self._standard("revokeAttribute", identity, name32(name), value)

    def revoke_attribute_signed(
        self, identity: str, signature: Vrs, name: str | bytes, value: bytes
    ) -> TransactionReceipt:
        """Relay the withdrawal of an attribute."""
        return self._standard("revokeAttributeSigned", identity, *signature, name32(name), value)

    def _standard(self, function: str, *arguments: Any) -> TransactionReceipt:
        with erc1056():
            return self._write(function, *arguments)

    def owners(self, identity: str, block: Block = "latest") -> ChecksumAddress:
        """Return the recorded controller; the zero address where none was recorded."""
        return ChecksumAddress(self._read("owners", identity, block=block))

    def delegates(
        self, identity: str, delegate_type: str | bytes, delegate: str, block: Block = "latest"
    ) -> datetime | None:
        """Return until when a delegate is valid; None where it never was."""
        until = self._read(
            "delegates", identity, keccak256(name32(delegate_type)), delegate, block=block
        )
        return from_seconds(until) if until else None

    def changed(self, identity: str, block: Block = "latest") -> int:
        """Return the block of the latest change; 0 where there is none."""
        return int(self._read("changed", identity, block=block))

    def nonce(self, controller: str, block: Block = "latest") -> int:
        """Return the nonce of a controller's next signature."""
        return int(self._read("nonce", controller, block=block))

    def identity_owner(self, identity: str, block: Block = "latest") -> ChecksumAddress:
        """Return the controller of an identity: the identity itself until it is changed."""
        return ChecksumAddress(self._read("identityOwner", identity, block=block))

    def valid_delegate(
        self, identity: str, delegate_type: str | bytes, delegate: str, block: Block = "latest"
    ) -> bool:
        """Say whether a delegate's expiry lies in the future."""
        return bool(
            self._read("validDelegate", identity, name32(delegate_type), delegate, block=block)
        )

    # -- authority

    def may_act(
        self, identity: str, role: str | bytes, actor: str, block: Block = "latest"
    ) -> bool:
        """Say whether an account may act for an identity in a role."""
        return bool(self._read("mayAct", identity, name32(role), actor, block=block))

    # -- beside ERC-1056

    def deactivate(self, identity: str) -> TransactionReceipt:
        """Deactivate an identity for good."""
        return self._write("deactivate", identity)

    def execute(self, identity: str, operations: Sequence[Operation]) -> TransactionReceipt:
        """Do several things for one identity, all or none."""
        return self._write("execute", identity, [step.abi() for step in operations])

    def cancel_signatures(self) -> TransactionReceipt:
        """Void every unused signature of the account that sends this."""
        return self._write("cancelSignatures")

    def change_owner_by_sig(
        self, identity: str, new_owner: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Relay typed data `ChangeOwner`."""
        return self._write("changeOwnerBySig", identity, new_owner, to_seconds(deadline), signature)

    def add_delegate_by_sig(
        self,
        identity: str,
        delegate_type: str | bytes,
        delegate: str,
        valid_to: datetime,
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `AddDelegate`."""
        return self._write(
            "addDelegateBySig",
            identity,
            name32(delegate_type),
            delegate,
            to_seconds(valid_to),
            to_seconds(deadline),
            signature,
        )

    def revoke_delegate_by_sig(
        self,
        identity: str,
        delegate_type: str | bytes,
        delegate: str,
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `RevokeDelegate`."""
        return self._write(
            "revokeDelegateBySig",
            identity,
            name32(delegate_type),
            delegate,
            to_seconds(deadline),
            signature,
        )

    def set_attribute_by_sig(
        self,
        identity: str,
        name: str | bytes,
        value: bytes,
        valid_to: datetime,
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `SetAttribute`."""
        return self._write(
            "setAttributeBySig",
            identity,
            name32(name),
            value,
            to_seconds(valid_to),
            to_seconds(deadline),
            signature,
        )

    def revoke_attribute_by_sig(
        self,
        identity: str,
        name: str | bytes,
        value: bytes,
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `RevokeAttribute`."""
        return self._write(
            "revokeAttributeBySig", identity, name32(name), value, to_seconds(deadline), signature
        )

    def execute_by_sig(
        self,
        identity: str,
        operations: Sequence[Operation],
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `Batch`."""
        steps = [step.abi() for step in operations]
        return self._write("executeBySig", identity, steps, to_seconds(deadline), signature)

    # -- recovery

    def set_guardians(
        self, identity: str, root: bytes, threshold: int, delay: timedelta
    ) -> TransactionReceipt:
        """Name guardians by the root of their tree; zeros dismiss them."""
        return self._write("setGuardians", identity, root, threshold, _seconds(delay))

    def set_guardians_by_sig(
        self,
        identity: str,
        root: bytes,
        threshold: int,
        delay: timedelta,
        *,
        deadline: datetime,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay typed data `SetGuardians`."""
        return self._write(
            "setGuardiansBySig",
            identity,
            root,
            threshold,
            _seconds(delay),
            to_seconds(deadline),
            signature,
        )

    def start_recovery(
        self, identity: str, new_owner: str, approvals: Sequence[GuardianApproval]
    ) -> TransactionReceipt:
        """Start to give an identity to a new controller; approvals in any order."""
        ordered = sorted(approvals, key=lambda one: int(one.guardian, 16))
        return self._write("startRecovery", identity, new_owner, [one.abi() for one in ordered])

    def stop_recovery(self, identity: str) -> TransactionReceipt:
        """Object to a recovery."""
        return self._write("stopRecovery", identity)

    def stop_recovery_by_sig(
        self, identity: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Relay typed data `StopRecovery`."""
        return self._write("stopRecoveryBySig", identity, to_seconds(deadline), signature)

    def finish_recovery(self, identity: str) -> TransactionReceipt:
        """Give an identity to its new controller, after the delay."""
        return self._write("finishRecovery", identity)

    def guardianship(self, identity: str, block: Block = "latest") -> Guardianship:
        """Return the guardians that an identity has committed to."""
        return Guardianship(*self._read("guardianship", identity, block=block))

    def recovery(self, identity: str, block: Block = "latest") -> Recovery:
        """Return the recovery that was started last, while it is neither stopped nor finished."""
        new_owner, ready_at, live = self._read("recovery", identity, block=block)
        return Recovery(new_owner, from_seconds(ready_at), live)

    def guardian_leaf(self, guardian: str, salt: bytes) -> bytes:
        """Return the leaf of a guardian in the tree."""
        return bytes(self._read("guardianLeaf", guardian, salt))

    def min_recovery_delay(self) -> timedelta:
        """Return the shortest time that a controller can have to object."""
        return timedelta(seconds=self._read("MIN_RECOVERY_DELAY"))

    def max_recovery_delay(self) -> timedelta:
        """Return the longest time that a controller can have to object."""
        return timedelta(seconds=self._read("MAX_RECOVERY_DELAY"))

    def deactivated(self) -> ChecksumAddress:
        """Return the controller of deactivated identities."""
        return ChecksumAddress(self._read("DEACTIVATED"))

    def eip712_domain(self) -> tuple[bytes, str, str, int, str, bytes, list[int]]:
        """Return the EIP-5267 description of the signing domain."""
        fields: tuple[bytes, str, str, int, str, bytes, list[int]] = self._read("eip712Domain")
        return fields


def _seconds(duration: int | timedelta) -> int:
    return int(duration.total_seconds()) if isinstance(duration, timedelta) else duration
