"""A brand's delegate anchors interactions; a customer countersigns, and verifies a receipt."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from careledger.files import write_private
from careledger.flows.stage import Stage
from careledger.flows.steps import Steps
from careledger.interactions import anchoring, formats
from careledger.interactions.batch import Batch
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import InteractionRecord
from careledger.interactions.verdict import VerificationResult
from careledger.interactions.verification import verify, verify_offline
from careledger.values.times import to_seconds

DAY = timedelta(days=1)


@dataclass
class AnchorStory:
    """The brand Lumbre, its agent Ines, the customer Marta, and what they do."""

    stage: Stage
    folder: Path
    """For the batches, the receipts and the customers' keys."""
    steps: Steps
    batch: Batch | None = None
    results: dict[str, VerificationResult] = field(default_factory=dict)
    """What was verified, by the name of its file."""

    def __post_init__(self) -> None:
        stage = self.stage
        self.brand = stage.actor("Lumbre")
        self.agent = stage.actor("Ines, an agent")
        self.customer = stage.actor("Marta, a customer", ether=0)

        suite = stage.suite
        self.name = suite.identity.did(self.brand.address)
        self.registry = suite.identity.registry.using(self.brand)
        self.log = suite.interactions.log.using(self.agent)
        self.keyring = Keyring(self.folder / "customer-keys.json")

    def play(self, records: Sequence[InteractionRecord]) -> None:
        """Anchor a batch and an urgent agreement, countersign the agreement, verify a receipt."""
        self.appoint()
        self.batch = self.anchor(records, "batch.json", f"anchors {len(records)} interactions")

        urgent = self.agreement()
        alone = self.anchor([urgent], "urgent.json", "anchors an urgent agreement at once")
        self.countersign(alone)

        self.verify_receipt(self.batch)

    def appoint(self) -> None:
        """Let the brand name its agent."""
        receipt = self.registry.add_delegate(
            self.brand.address, formats.AGENT_ROLE, self.agent.address, 30 * DAY
        )
        self.steps.add("Lumbre", "names Ines its delegate for 30 days", receipt)

    def anchor(self, records: Sequence[InteractionRecord], name: str, what: str) -> Batch:
        """Anchor records as one batch, whose file is left in the folder."""
        file = self.folder / name
        file.unlink(missing_ok=True)  # of an earlier chain

        batch = anchoring.prepare(self.log, self.brand.address, records, self.keyring, file)
        batch = anchoring.anchor(self.log, batch, file)

        receipt = self.stage.receipt(batch.known_anchor().transaction_hash)
        each = receipt.gas_used / batch.count
        self.steps.add("Ines, an agent", f"{what}: {each:,.0f} gas each", receipt)
        return batch

    def agreement(self) -> InteractionRecord:
        """Return an interaction that is anchored at once and alone: something was agreed."""
        fields = {
            "id": "agreement-urgent-001",
            "agent": "did:web:lumbre.example:agents:ines",
            "customer": self.stage.suite.identity.did(self.customer.address),
            "kind": "agreement",
            "startedAt": "2026-03-05T12:30:00Z",
            "content": {
                "language": "en",
                "agreed": ["The technician comes today before 18:00, or the visit is free"],
            },
        }
        return InteractionRecord.create(fields, self.name)

    def countersign(self, batch: Batch) -> None:
        """Let Marta sign the agreement; Ines sends it and pays."""
        fields = batch.entries[0].fields
        deadline = to_seconds(self.stage.soon(DAY))
        signed = anchoring.acknowledgement(
            batch.log, self.customer.address, fields, deadline, self.customer.account
        )

        receipt = self.log.acknowledge_by_sig(
            self.customer.address,
            self.brand.address,
            batch.known_anchor().id,
            fields,
            [],
            deadline=deadline,
            signature=signed.signature,
        )
        self.steps.add(
            "Marta, a customer", "countersigns the agreement", receipt, paid_by="Ines, an agent"
        )

    def verify_receipt(self, batch: Batch) -> None:
        """Write a receipt and a changed copy of it, read both back, and judge them."""
        written = anchoring.receipt(self.log, batch, 0, self.keyring)
        content = written.canonical()
        files = {"receipt.json": content, "receipt-changed.json": one_byte_changed(content)}

        for name, text in files.items():
            write_private(self.folder / name, text)
            held = Receipt.read(self.folder / name)
            self.results[name] = verify(held, self.stage.chain, self.log.address)

        # A chain whose node keeps no old state gives no evidence for verification offline.
        if written.evidence and written.anchored:
            trusted = written.anchored.anchor.block_hash
            result = verify_offline(written, trusted, self.log.address)
            self.results["receipt.json, offline"] = result

    def to_json(self) -> dict[str, Any]:
        """Return what happened as it is written under `--json`."""
        assert self.batch is not None  # noqa: S101  the story was played
        head = self.log.head(self.brand.address)

        return {
            "steps": self.steps.to_json(),
            "batch": {
                "id": self.batch.known_anchor().id,
                "count": self.batch.count,
                "root": self.batch.root,
                "gasUsed": self.batch.known_anchor().gas_used,
            },
            "head": {
                "root": head.root,
                "batches": head.batches,
                "interactions": head.interactions,
            },
            "files": {file: result.to_json() for file, result in self.results.items()},
            "folder": str(self.folder),
        }


def one_byte_changed(receipt: bytes) -> bytes:
    """Return a receipt with one other byte in its record: a digit, so that it still reads well."""
    document = json.loads(receipt)
    record: str = document["record"]

    at = record.index('"said"')
    while not record[at].isdigit():
        at += 1
    digit = str((int(record[at]) + 1) % 10)

    document["record"] = record[:at] + digit + record[at + 1 :]
    return json.dumps(document).encode()
