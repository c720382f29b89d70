"""The judgement of an anchored receipt by a node, step by step."""

from dataclasses import replace

from careledger.chain.transactions import TransactionReceipt
from careledger.crypto.rfc6962 import LogTree
from careledger.errors import NodeError, ProofError
from careledger.interactions import evidence
from careledger.interactions.anchoring import finality, log_tree
from careledger.interactions.client import InteractionLog
from careledger.interactions.events import BatchAnchored
from careledger.interactions.facts import Facts, opened_verdict, time_fact
from careledger.interactions.findings import examine, examine_log, proof_fault, read_record
from careledger.interactions.formats import AnchoredBatch
from careledger.interactions.proofs import AnchorProof
from careledger.interactions.receipt import Receipt, ReceiptState
from careledger.interactions.signatures import check_signatures
from careledger.interactions.verdict import Finding, Verdict, VerificationResult

_REORGANISED = ("batch.", "log.", "anchor.")
"""The parts of a receipt that a reorganisation changes."""


class NodeVerification:
    """One receipt and one node."""

    def __init__(
        self, receipt: Receipt, anchored: AnchorProof, client: InteractionLog, facts: Facts
    ) -> None:
        """Prepare the verification; nothing is asked yet.

        Args:
            receipt: what the customer holds.
            anchored: its proofs.
            client: the contract that the receipt names, as a node serves it.
            facts: what the receipt says of itself; what is found is added.

        """
        self._receipt = receipt
        self._anchored = anchored
        self._client = client
        self._facts = facts
        self._brand = receipt.log.brand
        self._batch_id = anchored.batch.id

    def judge(self) -> VerificationResult:
        """Ask the node, and return the verdict."""
        elsewhere = self._look_elsewhere()
        if elsewhere:
            return elsewhere

        batch = self._client.batch(self._brand, self._batch_id)
        self._facts["anchoredAt"] = time_fact(batch.anchored_at)
        moved = self._check_block()

        findings = examine(self._receipt, self._anchored.batch, batch)
        findings += self._check_log(batch)
        findings += check_signatures(self._receipt, self._client)
        findings += self._check_transaction(moved)
        findings += self._check_evidence(moved)

        only_reorganised = all(one.part.startswith(_REORGANISED) for one in findings)
        if moved and only_reorganised:
            return self._result(Verdict.REORGED, moved, *findings)
        if findings:
            return self._result(Verdict.ALTERED, *findings)

        self._add_facts()
        return opened_verdict(self._receipt, batch, self._facts)

    def _result(self, verdict: Verdict, *findings: Finding) -> VerificationResult:
        return VerificationResult(verdict, list(findings), self._facts)

    def _add_facts(self) -> None:
        """Add what the chain knows of an unaltered receipt."""
        acknowledgement = self._receipt.acknowledgement
        if acknowledgement:
            leaf = self._client.leaf_of(self._receipt.fields)
            at = self._client.acknowledged_at(acknowledgement.customer, self._brand, leaf)
            self._facts["acknowledgedAt"] = time_fact(at) if at else None

        block_number = self._anchored.anchor.block_number
        self._facts["blockNumber"] = block_number
        self._facts["state"] = finality(self._client.chain, block_number).value

    def _look_elsewhere(self) -> VerificationResult | None:
        """Say that the batch is not there, or that the interaction is in another one."""
        head = self._client.head(self._brand)
        found = self._batch_id
        if self._receipt.fields.index < head.interactions:
            found = self._client.batch_of(self._brand, self._receipt.fields.index)

        if found != self._batch_id and found < head.batches:
            in_another = self._check_other_batch(found)
            if in_another:
                return in_another
        if self._batch_id < head.batches:
            return None  # where it does not hold the interaction's number, `examine` says so

        record, _ = read_record(self._receipt)
        if record is not None and not record.brand.lower().endswith(self._brand.lower()):
            return self._result(
                Verdict.ALTERED, Finding("brand", f"the record is one of {record.brand}")
            )

        reason = f"the brand has anchored {head.batches} batches and none is {self._batch_id}"
        finding = Finding("batch.id", reason)
        moved = self._check_block()
        return self._result(Verdict.UNKNOWN, *([finding, moved] if moved else [finding]))

    def _check_other_batch(self, found: int) -> VerificationResult | None:
        """Say that the interaction is proven to be in another batch than the receipt says."""
        batch = self._client.batch(self._brand, found)
        shown = replace(self._anchored.batch, id=found, batch=batch)
        if proof_fault(self._receipt.log, self._receipt.fields, shown) is not None:
            return None

        self._facts["batch"] = found
        self._facts["anchoredAt"] = time_fact(batch.anchored_at)
        reason = f"the interaction is in batch {found}, not in {self._batch_id}"
        finding = Finding("batch.id", reason)

        moved = self._check_block()
        if moved:
            return self._result(Verdict.REORGED, finding, moved)
        return self._result(Verdict.ALTERED, finding)

    def _check_block(self) -> Finding | None:
        """Say that the receipt's block is not part of the chain; None when it is."""
        number = self._anchored.anchor.block_number
        try:
            there = str(self._client.chain.block(number)["hash"])
        except NodeError:
            return Finding("anchor.blockNumber", f"the chain has no block {number}")

        if there == "0x" + self._anchored.anchor.block_hash.hex():
            return None
        reason = f"block {number} of the chain is {there}: reorganised, or altered here"
        return Finding("anchor.blockHash", reason)

    def _check_transaction(self, moved: Finding | None) -> list[Finding]:
        """Look for the batch's event in the transaction that the receipt names."""
        chain = self._client.chain
        anchor = self._anchored.anchor
        raw = chain.request("eth_getTransactionReceipt", "0x" + anchor.transaction.hex())
        if raw is None:
            finding = Finding("anchor.transaction", "the chain has no such transaction")
            return [] if moved else [finding]

        mined = TransactionReceipt.from_rpc(raw)
        events = self._client.events(mined, BatchAnchored)
        if not any((event.brand, event.id) == (self._brand, self._batch_id) for event in events):
            return [Finding("anchor.transaction", "it did not anchor this batch")]

        if moved is None and mined.block_hash != anchor.block_hash:
            reason = f"the transaction is in block {mined.block_number}"
            return [Finding("anchor.blockHash", reason)]

        says_final = self._receipt.state is ReceiptState.FINAL
        if says_final and finality(chain, mined.block_number) is not ReceiptState.FINAL:
            reason = "it says FINAL, and the chain has not made the block final"
            return [Finding("state", reason)]
        return []

    def _check_log(self, batch: AnchoredBatch) -> list[Finding]:
        """Compare the receipt's head with the log's at that size, then the proof with the head."""
        tree = log_tree(self._client, self._brand)
        shown = self._anchored.log
        if shown.size > len(tree):
            reason = f"the brand has anchored {len(tree)} batches, not {shown.size}"
            return [Finding("log.size", reason)]

        if tree.root(shown.size) != shown.head:
            return [_head_finding(tree, shown.size, shown.head)]
        return examine_log(self._receipt, self._anchored, batch)

    def _check_evidence(self, moved: Finding | None) -> list[Finding]:
        """Check the offline evidence too: a receipt whose evidence is broken is not a good one."""
        given = self._receipt.evidence
        if given is None or moved:
            return []

        block_hash = self._anchored.anchor.block_hash
        try:
            evidence.check(given, self._receipt.log, self._batch_id, block_hash)
        except ProofError as error:
            return [Finding("evidence", str(error))]
        return []


def _head_finding(tree: LogTree, shown_size: int, head: bytes) -> Finding:
    """Say of how many batches a wrong head is, if of any."""
    for size in range(1, len(tree) + 1):
        if tree.root(size) == head:
            reason = f"the head is that of the first {size} batches, not {shown_size}"
            return Finding("log.size", reason)
    return Finding("log.head", f"it is not the head of the first {shown_size} batches")
