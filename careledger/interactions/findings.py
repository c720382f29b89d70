"""Whether a receipt opens the leaf that a batch holds, and if it does not, which part is to blame.

Everything here follows from the receipt and one anchored batch; nothing is asked of a node.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from careledger.crypto import merkle, rfc6962
from careledger.crypto.documents import MalformedDocument
from careledger.errors import InputError, ProofError
from careledger.interactions import formats
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress
from careledger.interactions.proofs import AnchorProof, BatchProof
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import Finding

FIELD_MEMBERS = {
    "content": "content",
    "parties": "parties",
    "kind": "kind",
    "started_at": "startedAt",
    "index": "index",
}
"""Members of `interaction` in a receipt, by the names of `LeafFields`."""
INDEX_SEARCH = 2**14
"""Up to so many numbers are tried to find out that the number was altered; hashing them takes under
a second."""


def examine(receipt: Receipt, shown: BatchProof, batch: AnchoredBatch) -> list[Finding]:
    """Compare a receipt with the batch that is anchored; returns what does not fit.

    Args:
        receipt: what the customer holds.
        shown: the receipt's part about the batch.
        batch: as the chain has it, whatever the receipt says.

    """
    findings = _compare_batches(shown.batch, batch)
    record, fault = read_record(receipt)

    in_truth = replace(shown, batch=batch)
    why = proof_fault(receipt.log, receipt.fields, in_truth)
    if why is None:
        return findings + _opened(receipt, record, fault)
    return findings + _blamed(receipt, record, in_truth, why)


def _compare_batches(shown: AnchoredBatch, batch: AnchoredBatch) -> list[Finding]:
    values: list[tuple[str, bytes | int, bytes | int]] = [
        ("root", shown.root, batch.root),
        ("first", shown.first, batch.first),
        ("count", shown.count, batch.count),
        ("anchoredAt", shown.anchored_at, batch.anchored_at),
    ]

    return [
        Finding(f"batch.{name}", f"the receipt says {_text(said)}, anchored is {_text(true)}")
        for name, said, true in values
        if said != true
    ]


def _text(value: bytes | int) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def read_record(receipt: Receipt) -> tuple[InteractionRecord | None, str]:
    """Return the record that a receipt carries, or None and why it cannot be read."""
    if receipt.record is None:
        return None, ""
    try:
        return InteractionRecord.parse(receipt.record), ""
    except MalformedDocument as error:
        return None, str(error)


def proof_fault(log: LogAddress, fields: LeafFields, shown: BatchProof) -> str | None:
    """Say why a proof does not show that fields are in its batch; None when it shows that."""
    batch = shown.batch
    last = batch.first + batch.count - 1
    if not batch.first <= fields.index <= last:
        return f"number {fields.index} is not one of the batch's {batch.first} to {last}"

    try:
        merkle.verify(formats.leaf_value(log, fields), shown.proof, batch.root, batch.count)
    except ProofError as error:
        return str(error)
    return None


def differing_fields(receipt: Receipt, record: InteractionRecord | None) -> dict[str, bytes | int]:
    """Return what the record and the salts lead to, for the fields where that differs.

    The keys are the names of `LeafFields`.
    """
    made = _commitments(receipt, record)
    return {name: value for name, value in made.items() if getattr(receipt.fields, name) != value}


def _commitments(receipt: Receipt, record: InteractionRecord | None) -> dict[str, bytes | int]:
    """Return the fields that the record and the salts lead to, as far as they are there."""
    made: dict[str, bytes | int] = {}
    salts = receipt.salts

    if salts is not None and receipt.record is not None:
        made["content"] = formats.content_commitment(salts.content, receipt.record)
    if salts is not None and record is not None:
        made["parties"] = formats.parties_commitment(salts.parties, record.agent, record.customer)
    if record is not None:
        made["kind"] = formats.KINDS[record.kind]
        made["started_at"] = record.seconds()
    return made


def _opened(receipt: Receipt, record: InteractionRecord | None, fault: str) -> list[Finding]:
    """The fields are those of a leaf: whatever else differs from them was altered."""
    wrong = differing_fields(receipt, record)
    if "content" in wrong:
        reason = "it is not the record that was anchored, or salts.content is not its salt"
        return [Finding("record", reason)]
    if fault:
        return [Finding("record", f"it is what was anchored, but it is not a record ({fault})")]

    findings = []
    if "parties" in wrong:
        reason = "it is not the salt of the two parties in the record"
        findings.append(Finding("salts.parties", reason))

    for name in ("kind", "started_at"):
        if name in wrong:
            reason = f"its {FIELD_MEMBERS[name]} is not the leaf's: the brand anchored them so"
            findings.append(Finding("record", reason))

    brand = formats.did(receipt.log.chain_id, receipt.log.brand)
    if record is not None and record.brand.lower() != brand.lower():
        findings.append(Finding("brand", f"the record is one of {record.brand}"))
    return findings


def _blamed(
    receipt: Receipt, record: InteractionRecord | None, shown: BatchProof, why: str
) -> list[Finding]:
    """The fields are not those of a leaf: find the fewest whose correction makes the proof hold."""
    wrong = differing_fields(receipt, record)
    for size in range(1, len(wrong) + 1):
        for names in combinations(wrong, size):
            corrections = {name: wrong[name] for name in names}
            fields = replace(receipt.fields, **corrections)  # type: ignore[arg-type]
            if proof_fault(receipt.log, fields, shown) is None:
                findings = [_field_finding(name) for name in names]
                return findings + _opened(replace(receipt, fields=fields), record, "")

    for index in _indices(shown.batch):
        fields = replace(receipt.fields, index=index)
        if proof_fault(receipt.log, fields, shown) is None:
            reason = f"the number is {index}, not {receipt.fields.index}"
            findings = [Finding("interaction.index", reason)]
            return findings + _opened(replace(receipt, fields=fields), record, "")

    # No correction of the fields helps: the proof itself is wrong.
    findings = [Finding("batch.proof", why)]
    if "content" in wrong:
        findings.append(Finding("record", "it does not lead to interaction.content"))
    findings += [_field_finding(name) for name in wrong if name != "content"]
    return findings


def _field_finding(name: str) -> Finding:
    reason = "it is not what the record leads to, nor what was anchored"
    return Finding(f"interaction.{FIELD_MEMBERS[name]}", reason)


def _indices(batch: AnchoredBatch) -> Iterator[int]:
    if batch.count <= INDEX_SEARCH:
        yield from range(batch.first, batch.first + batch.count)


def examine_log(receipt: Receipt, anchored: AnchorProof, batch: AnchoredBatch) -> list[Finding]:
    """Check that the batch's record is in the log whose head the receipt names.

    The head itself is not checked.
    """
    proof = anchored.log
    batch_id = anchored.batch.id
    leaf = rfc6962.leaf_hash(formats.batch_record(receipt.log, batch_id, batch))

    try:
        rfc6962.verify_inclusion(leaf, batch_id, proof.size, proof.proof, proof.head)
    except InputError:
        return [Finding("log.size", f"a log of {proof.size} batches has no batch {batch_id}")]
    except ProofError as error:
        return [Finding("log.proof", str(error))]
    return []
