"""Is this what was anchored? Judge a receipt against a node, or against a block hash that somebody trusts."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain
from careledger.chain.transactions import Receipt as TransactionReceipt
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import recover
from careledger.errors import InputError, NodeError, ProofError, SignatureError
from careledger.interactions import evidence, formats
from careledger.interactions.anchoring import finality, log_tree
from careledger.interactions.client import BatchAnchored, InteractionLog
from careledger.interactions.findings import differing, examine, examine_log, read_record, unproven
from careledger.interactions.formats import AnchoredBatch
from careledger.interactions.receipt import (
    Acknowledgement,
    AnchoringPromise,
    AnchorProof,
    Receipt,
    ReceiptState,
)
from careledger.interactions.verdict import Finding, Verdict, VerificationResult


class _Registry:
    """The part of the identity registry that a verification asks."""

    def __init__(self, chain: Chain, at: str) -> None:
        self.chain, self.at = chain, at

    def may_act(self, brand: str, actor: str) -> bool:
        arguments = encode(["address", "bytes32", "address"], [brand, formats.AGENT_ROLE, actor])
        return any(
            self.chain.call(self.at, keccak256(b"mayAct(address,bytes32,address)")[:4] + arguments)
        )

    def controller(self, identity: str) -> str:
        answer = self.chain.call(
            self.at, keccak256(b"identityOwner(address)")[:4] + encode(["address"], [identity])
        )
        return to_checksum_address(answer[12:32])


def verify(receipt: Receipt, chain: Chain, contract: str | None = None) -> VerificationResult:
    """Judge a receipt against a node.

    Args:
        receipt: what the customer holds.
        chain: the node; its answers are believed.
        contract: the InteractionLog that the verifier trusts; when None, the one that the receipt
            names is believed to be it if its code is ours.

    Raises:
        WrongChain: the node serves another chain than the receipt's.
        NodeError: the node cannot be asked.

    """
    chain.expect(receipt.log.chain_id)
    facts = _facts(receipt)
    client = InteractionLog(chain, receipt.log.contract)
    if contract is not None and contract.lower() != receipt.log.contract.lower():
        reason = f"the receipt names {receipt.log.contract}, the trusted contract is {contract}"
        return VerificationResult(Verdict.ALTERED, [Finding("contract", reason)], facts)
    if not client.artifact.matches(chain.code(receipt.log.contract)):
        return VerificationResult(
            Verdict.UNKNOWN,
            [Finding("contract", "there is no InteractionLog at this address")],
            facts,
        )
    if receipt.anchored is None:
        return _judge_promise(receipt, client, facts)
    return _Online(receipt, receipt.anchored, client, facts).judge()


def verify_offline(
    receipt: Receipt, block_hash: bytes, contract: str | None = None
) -> VerificationResult:
    """Judge a receipt by its own evidence, against a block hash that the verifier trusts. No node is asked.

    Args:
        receipt: what the customer holds, with evidence.
        block_hash: of a block of the receipt's chain, from a source of the verifier's own.
        contract: the InteractionLog that the verifier trusts; when None, the receipt's.

    Raises:
        InputError: the receipt carries no evidence.

    """
    facts = _facts(receipt)
    if contract is not None and contract.lower() != receipt.log.contract.lower():
        reason = f"the receipt names {receipt.log.contract}, the trusted contract is {contract}"
        return VerificationResult(Verdict.ALTERED, [Finding("contract", reason)], facts)
    if receipt.evidence is None or receipt.anchored is None:
        raise InputError(
            "the receipt carries no offline evidence: give --rpc to verify it against a node"
        )
    try:
        batch = evidence.check(receipt.evidence, receipt.log, receipt.anchored.batch.id, block_hash)
    except ProofError as error:
        return VerificationResult(Verdict.ALTERED, [Finding("evidence", str(error))], facts)
    facts["anchoredAt"] = _time(batch.anchored_at)
    findings = examine(receipt, receipt.anchored.batch, batch) + examine_log(
        receipt, receipt.anchored, batch
    )
    findings += _signatures(receipt, None)
    if findings:
        return VerificationResult(Verdict.ALTERED, findings, facts)
    return _opened(receipt, batch, facts)


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s"


def _facts(receipt: Receipt) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "chainId": receipt.log.chain_id,
        "contract": receipt.log.contract,
        "brand": receipt.log.brand,
    }
    if receipt.anchored:
        shown = receipt.anchored.batch
        facts |= {
            "index": receipt.fields.index,
            "batch": shown.id,
            "anchoredAt": _time(shown.batch.anchored_at),
        }
    if receipt.promise:
        facts["anchorBy"] = _time(receipt.promise.anchor_by)
    return facts


def _opened(receipt: Receipt, batch: AnchoredBatch, facts: dict[str, Any]) -> VerificationResult:
    """Nothing was altered: say what remains to be said."""
    record, _ = read_record(receipt)
    if record is None or receipt.salts is None:
        return VerificationResult(Verdict.ERASED, (), facts)
    facts |= {"id": record.id, "kind": record.kind, "startedAt": _time(record.seconds())}
    if receipt.promise and batch.anchored_at > receipt.promise.anchor_by:
        return VerificationResult(Verdict.LATE, (), facts)
    return VerificationResult(Verdict.MATCH, (), facts)


def _recovered(digest: bytes, signature: bytes) -> str:
    try:
        return "0x" + recover(digest, signature).hex()
    except SignatureError:
        return ""


def _signed(chain: Chain | None, signer: str, digest: bytes, signature: bytes) -> bool:
    """Say whether an account signed, or a contract wallet says that it did (ERC-1271; needs a node)."""
    if _recovered(digest, signature) == signer.lower():
        return True
    if chain is None or not chain.code(signer):
        return False
    padded = signature + bytes(-len(signature) % 32)
    words = [digest, (64).to_bytes(32, "big"), len(signature).to_bytes(32, "big"), padded]
    try:
        return (
            chain.call(signer, bytes.fromhex("1626ba7e") + b"".join(words))[:4].hex() == "1626ba7e"
        )
    except Reverted:
        return False


def _signatures(receipt: Receipt, client: InteractionLog | None) -> list[Finding]:
    """Check the two signatures; without a node only whether they are their signers'."""
    registry = _Registry(client.chain, client.registry()) if client else None
    findings = []
    if receipt.promise:
        findings += _promise(receipt, receipt.promise, registry)
    if receipt.acknowledgement:
        findings += _acknowledgement(receipt, receipt.acknowledgement, registry)
    return findings


def _promise(
    receipt: Receipt, given: AnchoringPromise, registry: _Registry | None
) -> list[Finding]:
    digest = formats.promise_digest(receipt.log, receipt.fields, given.anchor_by)
    if not _signed(registry.chain if registry else None, given.signer, digest, given.signature):
        return [Finding("promise", f"it is not signed by {given.signer}")]
    if registry and not registry.may_act(receipt.log.brand, given.signer):
        return [Finding("promise", f"{given.signer} may not, or no longer, sign for the brand")]
    return []


def _acknowledgement(
    receipt: Receipt, given: Acknowledgement, registry: _Registry | None
) -> list[Finding]:
    digest = formats.acknowledgement_digest(
        receipt.log, given.customer, receipt.fields, given.deadline
    )
    signer = registry.controller(given.customer) if registry else given.customer
    if not _signed(registry.chain if registry else None, signer, digest, given.signature):
        return [Finding("acknowledgement", f"it is not signed by {signer}")]
    record, _ = read_record(receipt)
    if record is not None and not record.customer.lower().endswith(given.customer.lower()):
        return [Finding("acknowledgement", f"{given.customer} is not the customer in the record")]
    return []


def _judge_promise(
    receipt: Receipt, client: InteractionLog, facts: dict[str, Any]
) -> VerificationResult:
    record, fault = read_record(receipt)
    findings = _signatures(receipt, client)
    findings += [Finding("record", fault)] if fault else []
    findings += [
        Finding(
            "record" if name == "content" else f"interaction.{name}", "it is not what was promised"
        )
        for name in differing(receipt, record)
    ]
    if findings or receipt.promise is None:
        return VerificationResult(Verdict.ALTERED, findings, facts)
    over = client.chain.timestamp() > receipt.promise.anchor_by
    return VerificationResult(Verdict.PROMISE_BROKEN if over else Verdict.PENDING, (), facts)


class _Online:
    """The judgement of an anchored receipt against a node, step by step."""

    def __init__(
        self, receipt: Receipt, anchored: AnchorProof, client: InteractionLog, facts: dict[str, Any]
    ) -> None:
        self.receipt, self.anchored, self.client, self.facts = receipt, anchored, client, facts
        self.brand, self.batch_id, self.place = receipt.log.brand, anchored.batch.id, anchored.place

    def judge(self) -> VerificationResult:
        elsewhere = self._elsewhere()
        if elsewhere:
            return elsewhere
        batch = self.client.batch(self.brand, self.batch_id)
        self.facts["anchoredAt"] = _time(batch.anchored_at)
        moved = self._moved()
        findings = examine(self.receipt, self.anchored.batch, batch)
        findings += self._log(batch) + _signatures(self.receipt, self.client)
        findings += self._transaction(moved) + self._evidence(moved)
        if moved and all(
            finding.part.startswith(("batch.", "log.", "anchor.")) for finding in findings
        ):
            return VerificationResult(
                Verdict.REORGED, [moved, *findings], self.facts
            )  # what a reorganisation changes, and no more
        if findings:
            return VerificationResult(Verdict.ALTERED, findings, self.facts)
        if self.receipt.acknowledgement:
            leaf = self.client.leaf_of(self.receipt.fields)
            at = self.client.acknowledged_at(
                self.receipt.acknowledgement.customer, self.brand, leaf
            )
            self.facts["acknowledgedAt"] = _time(at) if at else None
        state = finality(self.client.chain, self.place.block_number)
        self.facts |= {"block": self.place.block_number, "state": state.value}
        return _opened(self.receipt, batch, self.facts)

    def _elsewhere(self) -> VerificationResult | None:
        """Find the interaction in another batch than the receipt says, or say that the batch is not there."""
        head, found = self.client.head(self.brand), self.batch_id
        if self.receipt.fields.index < head.interactions:
            found = self.client.batch_of(self.brand, self.receipt.fields.index)
        if found == self.batch_id < head.batches:
            return None
        shown = replace(self.anchored.batch, id=found)
        if found < head.batches:
            shown = replace(shown, batch=self.client.batch(self.brand, found))
            if unproven(self.receipt.log, self.receipt.fields, shown) is None:
                finding = Finding(
                    "batch.id", f"the interaction is in batch {found}, not in {self.batch_id}"
                )
                self.facts |= {"batch": found, "anchoredAt": _time(shown.batch.anchored_at)}
                moved = self._moved()
                if moved:
                    return VerificationResult(Verdict.REORGED, [finding, moved], self.facts)
                return VerificationResult(Verdict.ALTERED, [finding], self.facts)
        if self.batch_id < head.batches:
            return None  # the batch is there, and does not hold that number: examine says so
        record, _ = read_record(self.receipt)
        if record is not None and not record.brand.lower().endswith(self.brand.lower()):
            return VerificationResult(
                Verdict.ALTERED,
                [Finding("brand", f"the record is one of {record.brand}")],
                self.facts,
            )
        finding = Finding(
            "batch.id", f"the brand has anchored {head.batches} batches and none is {self.batch_id}"
        )
        moved = self._moved()
        return VerificationResult(
            Verdict.UNKNOWN, [finding, moved] if moved else [finding], self.facts
        )

    def _moved(self) -> Finding | None:
        """Say that the receipt's block is not part of the chain; None when it is."""
        chain, number = self.client.chain, self.place.block_number
        try:
            there = str(chain.block(number)["hash"])
        except NodeError:
            return Finding("anchor.blockNumber", f"the chain has no block {number}")
        if there == "0x" + self.place.block_hash.hex():
            return None
        return Finding(
            "anchor.blockHash",
            f"block {number} of the chain is {there}: reorganised, or altered here",
        )

    def _transaction(self, moved: Finding | None) -> list[Finding]:
        """Look for the batch's event in the transaction that the receipt names."""
        chain = self.client.chain
        raw = chain.request("eth_getTransactionReceipt", "0x" + self.place.transaction.hex())
        if raw is None:
            return (
                []
                if moved
                else [Finding("anchor.transaction", "the chain has no such transaction")]
            )
        mined = TransactionReceipt.from_rpc(raw)
        events = [event for event in self.client.events(mined) if isinstance(event, BatchAnchored)]
        if not any((event.brand, event.id) == (self.brand, self.batch_id) for event in events):
            return [Finding("anchor.transaction", "it did not anchor this batch")]
        if moved is None and mined.block_hash != self.place.block_hash:
            return [
                Finding("anchor.blockHash", f"the transaction is in block {mined.block_number}")
            ]
        if (
            self.receipt.state is ReceiptState.FINAL
            and finality(chain, mined.block_number) is not ReceiptState.FINAL
        ):
            return [Finding("state", "it says FINAL, and the chain has not made the block final")]
        return []

    def _log(self, batch: AnchoredBatch) -> list[Finding]:
        """Compare the receipt's head with the log's at that size, then the proof with the head."""
        tree, shown = log_tree(self.client, self.brand), self.anchored.log
        if shown.size > len(tree):
            return [
                Finding("log.size", f"the brand has anchored {len(tree)} batches, not {shown.size}")
            ]
        if tree.root(shown.size) != shown.head:
            for size in range(1, len(tree) + 1):
                if tree.root(size) == shown.head:
                    return [
                        Finding(
                            "log.size",
                            f"the head is that of the first {size} batches, not {shown.size}",
                        )
                    ]
            return [Finding("log.head", f"it is not the head of the first {shown.size} batches")]
        return examine_log(self.receipt, self.anchored, batch)

    def _evidence(self, moved: Finding | None) -> list[Finding]:
        """Check the offline evidence, too, so that a receipt with a broken one is not kept for a good one."""
        if self.receipt.evidence is None or moved:
            return []
        try:
            evidence.check(
                self.receipt.evidence, self.receipt.log, self.batch_id, self.place.block_hash
            )
        except ProofError as error:
            return [Finding("evidence", str(error))]
        return []
