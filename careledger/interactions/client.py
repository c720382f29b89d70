"""The typed client of `InteractionLog`."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import TransactionReceipt
from careledger.errors import NodeError
from careledger.interactions.errors import AlreadyAnchored, WrongFirst
from careledger.interactions.events import BatchAnchored
from careledger.interactions.formats import AnchoredBatch, LeafFields


@dataclass(frozen=True)
class LogHead:
    """The log of a brand's batches: its RFC 6962 root, and what it covers."""

    root: bytes
    batches: int
    interactions: int


@dataclass(frozen=True)
class Anchor:
    """Where a batch was anchored."""

    id: int
    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int | None
    """None when an earlier submission had anchored it already."""


class InteractionLog(ContractClient):
    """The anchored interactions of every brand: one method per function of the contract."""

    name = "InteractionLog"

    def anchor_batch(
        self, brand: str, root: bytes, count: int, expected_first: int
    ) -> TransactionReceipt:
        """Anchor the next batch; raises `WrongFirst` when the brand's next number differs."""
        return self._write("anchorBatch", brand, root, count, expected_first)

    def anchor(self, brand: str, root: bytes, count: int, first: int) -> Anchor:
        """Anchor a batch, or find it where an earlier submission has anchored it.

        Raises:
            AlreadyAnchored: another batch holds the first number.
            WrongFirst: the log has not come to the first number yet.

        """
        try:
            receipt = self.anchor_batch(brand, root, count, first)
        except WrongFirst as refusal:
            if refusal.actual <= first:
                raise
            return self._find(brand, root, count, first, refusal)

        event = self.event(receipt, BatchAnchored)
        return Anchor(
            id=event.id,
            transaction_hash=receipt.transaction_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            gas_used=receipt.gas_used,
        )

    def _find(self, brand: str, root: bytes, count: int, first: int, refusal: WrongFirst) -> Anchor:
        batch_id = self.batch_of(brand, first)
        there = self.batch(brand, batch_id)

        if (there.root, there.count, there.first) != (root, count, first):
            raise AlreadyAnchored(batch_id, there.first) from refusal
        return self.anchor_of(brand, batch_id)

    def anchor_of(self, brand: str, batch_id: int) -> Anchor:
        """Return where a batch was anchored, from the node's logs.

        Raises:
            NodeError: the node keeps no logs of that block.

        """
        for event in self.history(BatchAnchored, brand=brand, id=batch_id):
            log = event.log
            return Anchor(batch_id, log.transaction_hash, log.block_number, log.block_hash, None)

        raise NodeError(
            f"the node at {self.chain.shown_url} does not keep the logs of batch {batch_id}: "
            f"ask an archive node"
        )

    def batch(self, brand: str, batch_id: int, block: Block = "latest") -> AnchoredBatch:
        """Return a batch; raises `UnknownBatch` where there is none."""
        return AnchoredBatch(*self._read("batch", brand, batch_id, block=block))

    def batch_of(self, brand: str, index: int) -> int:
        """Return the id of the batch that holds an interaction; raises `UnknownInteraction`."""
        return int(self._read("batchOf", brand, index))

    def head(self, brand: str, block: Block = "latest") -> LogHead:
        """Return the head of a brand's log."""
        return LogHead(*self._read("head", brand, block=block))

    def record_of(self, brand: str, batch_id: int) -> bytes:
        """Return the 112 bytes with which a batch entered the log."""
        return bytes(self._read("recordOf", brand, batch_id))

    def leaf_of(self, fields: LeafFields) -> bytes:
        """Return the leaf of an interaction."""
        return bytes(self._read("leafOf", fields.abi()))

    def verify(self, brand: str, batch_id: int, fields: LeafFields, proof: list[bytes]) -> bool:
        """Let the contract say whether an interaction is in a batch."""
        return bool(self._read("verify", brand, batch_id, fields.abi(), proof))

    def acknowledge(
        self, customer: str, brand: str, batch_id: int, fields: LeafFields, proof: list[bytes]
    ) -> TransactionReceipt:
        """Countersign an interaction, as the customer's controller."""
        return self._write("acknowledge", customer, brand, batch_id, fields.abi(), proof)

    def acknowledge_by_sig(
        self,
        customer: str,
        brand: str,
        batch_id: int,
        fields: LeafFields,
        proof: list[bytes],
        *,
        deadline: int,
        signature: bytes,
    ) -> TransactionReceipt:
        """Relay a customer's countersignature; `deadline` in seconds since 1970 UTC."""
        arguments = (customer, brand, batch_id, fields.abi(), proof, deadline, signature)
        return self._write("acknowledgeBySig", *arguments)

    def acknowledged_at(self, customer: str, brand: str, leaf: bytes) -> int:
        """Return when a customer acknowledged, in seconds since 1970 UTC; 0 if not."""
        return int(self._read("acknowledgedAt", customer, brand, leaf))

    def acknowledgement_digest(
        self, customer: str, brand: str, fields: LeafFields, deadline: int
    ) -> bytes:
        """Return what a customer signs to acknowledge an interaction."""
        return bytes(self._read("acknowledgementDigest", customer, brand, fields.abi(), deadline))

    def domain(self) -> bytes:
        """Return the first word of the contract's leaves and records."""
        return bytes(self._read("DOMAIN"))

    def registry(self) -> ChecksumAddress:
        """Return the address of the identity registry that the contract asks."""
        return ChecksumAddress(self._read("REGISTRY"))

    def agent_role(self) -> bytes:
        """Return the role of the delegates that may anchor."""
        return bytes(self._read("AGENT_ROLE"))

    def version(self) -> bytes:
        """Return the version of the formats, padded to 32 bytes."""
        return bytes(self._read("VERSION"))

    def acknowledgement_typehash(self) -> bytes:
        """Return the EIP-712 type hash of an acknowledgement."""
        return bytes(self._read("ACKNOWLEDGEMENT_TYPEHASH"))

    def eip712_domain(self) -> tuple[bytes, str, str, int, str, bytes, list[int]]:
        """Return the EIP-5267 description of the signing domain."""
        fields: tuple[bytes, str, str, int, str, bytes, list[int]] = self._read("eip712Domain")
        return fields
