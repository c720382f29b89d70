"""The facts that a verification establishes, as they are written under `--json`."""

from typing import Any

from careledger.interactions.findings import read_record
from careledger.interactions.formats import AnchoredBatch
from careledger.interactions.receipt import Receipt
from careledger.interactions.verdict import Verdict, VerificationResult
from careledger.values.times import LATEST_SECONDS, from_seconds, time_text

Facts = dict[str, Any]


def time_fact(seconds: int) -> str:
    """Return a time in RFC 3339; a receipt may say one beyond the calendar, shown as a number."""
    return time_text(from_seconds(seconds)) if seconds <= LATEST_SECONDS else f"{seconds} s"


def receipt_facts(receipt: Receipt) -> Facts:
    """Return what a receipt says of itself; a verification adds what it finds."""
    facts: Facts = receipt.log.to_json()
    if receipt.anchored:
        shown = receipt.anchored.batch
        facts["index"] = receipt.fields.index
        facts["batch"] = shown.id
        facts["anchoredAt"] = time_fact(shown.batch.anchored_at)
    if receipt.promise:
        facts["anchorBy"] = time_fact(receipt.promise.anchor_by)
    return facts


def opened_verdict(receipt: Receipt, batch: AnchoredBatch, facts: Facts) -> VerificationResult:
    """Return the verdict on a receipt in which nothing was altered."""
    record, _ = read_record(receipt)
    if record is None or receipt.salts is None:
        return VerificationResult(Verdict.ERASED, (), facts)

    facts["id"] = record.id
    facts["kind"] = record.kind
    facts["startedAt"] = time_text(record.started_at)
    if receipt.promise and batch.anchored_at > receipt.promise.anchor_by:
        return VerificationResult(Verdict.LATE, (), facts)
    return VerificationResult(Verdict.MATCH, (), facts)
