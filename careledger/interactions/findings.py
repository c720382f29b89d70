"""Does a receipt open the leaf that a batch holds, and if it does not, which part of it is to blame?

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
from careledger.interactions.receipt import AnchorProof, BatchProof, Receipt
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import Finding

_NAMES = {
    "content": "content",
    "parties": "parties",
    "kind": "kind",
    "started_at": "startedAt",
    "index": "index",
}
INDEX_SEARCH = 2**14
"""Up to so many numbers are tried to find out that the number was altered; hashing them takes under
a second."""


def examine(receipt: Receipt, shown: BatchProof, batch: AnchoredBatch) -> list[Finding]:
    """Compare a receipt with the batch that is anchored and return what does not fit, nothing if all does.

    Args:
        receipt: what the customer holds.
        shown: the receipt's part about the batch.
        batch: as the chain has it, whatever the receipt says.

    """
    findings = [
        Finding(f"batch.{name}", f"the receipt says {_show(said)}, anchored is {_show(true)}")
        for name, said, true in (
            ("root", shown.batch.root, batch.root),
            ("first", shown.batch.first, batch.first),
            ("count", shown.batch.count, batch.count),
            ("anchoredAt", shown.batch.anchored_at, batch.anchored_at),
        )
        if said != true
    ]
    record, fault = read_record(receipt)
    shown = replace(shown, batch=batch)
    why = unproven(receipt.log, receipt.fields, shown)
    if why is None:
        return findings + _opened(receipt, record, fault)
    return findings + _blamed(receipt, record, shown, why)


def _show(value: bytes | int) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def read_record(receipt: Receipt) -> tuple[InteractionRecord | None, str]:
    """Return the record that a receipt carries, or None and why it cannot be read."""
    if receipt.record is None:
        return None, ""
    try:
        return InteractionRecord.parse(receipt.record), ""
    except MalformedDocument as error:
        return None, str(error)


def unproven(log: LogAddress, fields: LeafFields, shown: BatchProof) -> str | None:
    """Say why a proof does not show fields to be in its batch; None when it does."""
    batch = shown.batch
    if not batch.first <= fields.index < batch.first + batch.count:
        return f"number {fields.index} is not one of the batch's {batch.first} to {batch.first + batch.count - 1}"
    try:
        merkle.verify(formats.leaf_value(log, fields), shown.proof, batch.root, batch.count)
    except ProofError as error:
        return str(error)
    return None


def _commitments(receipt: Receipt, record: InteractionRecord | None) -> dict[str, bytes | int]:
    """Return the fields that the record and the salts lead to, as far as they are there."""
    made: dict[str, bytes | int] = {}
    if receipt.record is not None and receipt.salts is not None:
        made["content"] = formats.content_commitment(receipt.salts.content, receipt.record)
    if record is not None:
        if receipt.salts is not None:
            made["parties"] = formats.parties_commitment(
                receipt.salts.parties, record.agent, record.customer
            )
        made["kind"] = formats.KINDS[record.kind]
        made["started_at"] = record.seconds()
    return made


def differing(receipt: Receipt, record: InteractionRecord | None) -> dict[str, bytes | int]:
    """Return what the record and the salts lead to, for the fields (by their Python names) where that differs."""
    made = _commitments(receipt, record)
    return {name: value for name, value in made.items() if getattr(receipt.fields, name) != value}


def _opened(receipt: Receipt, record: InteractionRecord | None, fault: str) -> list[Finding]:
    """The fields are those of a leaf: whatever else differs from them was altered."""
    wrong = differing(receipt, record)
    if "content" in wrong:
        return [
            Finding(
                "record", "it is not the record that was anchored, or salts.content is not its salt"
            )
        ]
    if fault:
        return [Finding("record", f"it is what was anchored, and yet no record ({fault})")]
    findings = []
    if "parties" in wrong:
        findings.append(
            Finding("salts.parties", "it is not the salt of the two parties in the record")
        )
    findings += [
        Finding(
            "record", f"its {_NAMES[name]} is another than the leaf's: the brand anchored them so"
        )
        for name in wrong
        if name in ("kind", "started_at")
    ]
    brand = formats.did(receipt.log.chain_id, receipt.log.brand)
    if record is not None and record.brand.lower() != brand.lower():
        findings.append(Finding("brand", f"the record is one of {record.brand}"))
    return findings


def _blamed(
    receipt: Receipt, record: InteractionRecord | None, shown: BatchProof, why: str
) -> list[Finding]:
    """The fields are not those of a leaf: find the fewest that have to be put right for the proof to hold."""
    wrong = differing(receipt, record)
    for size in range(1, len(wrong) + 1):
        for names in combinations(wrong, size):
            corrected = replace(receipt.fields, **{name: wrong[name] for name in names})  # type: ignore[arg-type]
            if unproven(receipt.log, corrected, shown) is None:
                findings = [_field(name) for name in names]
                return findings + _opened(replace(receipt, fields=corrected), record, "")
    for index in _indices(shown.batch):
        corrected = replace(receipt.fields, index=index)
        if unproven(receipt.log, corrected, shown) is None:
            finding = Finding(
                "interaction.index", f"the number is {index}, not {receipt.fields.index}"
            )
            return [finding, *_opened(replace(receipt, fields=corrected), record, "")]
    findings = [Finding("batch.proof", why)]
    if "content" in wrong:
        findings.append(Finding("record", "it does not lead to interaction.content"))
    findings += [_field(name) for name in wrong if name != "content"]
    return findings


def _field(name: str) -> Finding:
    return Finding(
        f"interaction.{_NAMES[name]}", "it is not what the record leads to, nor what was anchored"
    )


def _indices(batch: AnchoredBatch) -> Iterator[int]:
    if batch.count <= INDEX_SEARCH:
        yield from range(batch.first, batch.first + batch.count)


def examine_log(receipt: Receipt, anchored: AnchorProof, batch: AnchoredBatch) -> list[Finding]:
    """Check that the batch's record is in the log whose head the receipt names; the head itself is not checked."""
    log_proof, batch_id = anchored.log, anchored.batch.id
    leaf = rfc6962.leaf_hash(formats.batch_record(receipt.log, batch_id, batch))
    try:
        rfc6962.verify_inclusion(leaf, batch_id, log_proof.size, log_proof.proof, log_proof.head)
    except InputError:
        return [Finding("log.size", f"a log of {log_proof.size} batches has no batch {batch_id}")]
    except ProofError as error:
        return [Finding("log.proof", str(error))]
    return []
