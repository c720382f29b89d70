"""A brand anchors its interactions, a customer gets a receipt, and a changed byte does not go unnoticed."""

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.chain.toolchain import ROOT
from careledger.console import Json, Out, Rpc, run_command
from careledger.files import read_file, write_private
from careledger.flows.stage import Stage, brownie_rpc, open_stage
from careledger.identity.did.client import IdentityRegistry
from careledger.interactions import anchoring, formats
from careledger.interactions.batch import Batch
from careledger.interactions.client import InteractionLog
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import Record, read_interactions
from careledger.interactions.verify import verify, verify_offline

EXAMPLES = ROOT / "examples" / "interactions.json"
DAY = 24 * 3600


def one_byte_changed(receipt: bytes) -> bytes:
    """Return a receipt in which one byte of the record is another: a digit, so that the text still reads well."""
    document = jsonlib.loads(receipt)
    record: str = document["record"]
    place = next(at for at in range(record.index('"said"'), len(record)) if record[at].isdigit())
    document["record"] = record[:place] + str((int(record[place]) + 1) % 10) + record[place + 1 :]
    return jsonlib.dumps(document).encode()


def agreement(customer: str) -> dict[str, Any]:
    """Return an urgent interaction, anchored at once and alone: something was agreed."""
    return {
        "id": "agreement-urgent-001",
        "agent": "did:web:lumbre.example:agents:ines",
        "customer": customer,
        "kind": "agreement",
        "startedAt": "2026-03-05T12:30:00Z",
        "content": {
            "language": "en",
            "agreed": ["The technician comes today before 18:00, or the visit is free"],
        },
    }


def flow(
    interactions: Annotated[
        Path, typer.Option(help="Interactions, as `interactions anchor` reads them.")
    ] = EXAMPLES,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the files go.")] = ROOT
    / "build"
    / "anchor-flow",
    rpc: Rpc = None,
    json: Json = False,
) -> None:
    """Anchor a file of interactions, hand out a receipt, verify it, and find one changed byte."""
    out = Out(json)
    text = read_file(interactions, "interactions")
    with open_stage(rpc) as stage:
        brand, agent = stage.actor("Lumbre"), stage.actor("Ines, an agent")
        customer = stage.actor("Marta, a customer", ether=0)
        registry = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"], brand)
        registry.add_delegate(brand.address, formats.AGENT_ROLE, agent.address, 30 * DAY)
        log = InteractionLog(stage.chain, stage.addresses["InteractionLog"], agent)
        name = formats.did(stage.chain.chain_id, brand.address)
        keyring = Keyring(out_folder / "customer-keys.json")

        def anchored(records: list[Record], file: Path) -> Batch:
            file.unlink(missing_ok=True)  # of an earlier chain
            return anchoring.anchor(
                log, anchoring.prepare(log, brand.address, records, keyring, file), file
            )

        batch = anchored(
            read_interactions(text, name, str(interactions)), out_folder / "batch.json"
        )
        person = formats.did(stage.chain.chain_id, customer.address)
        urgent = anchored([Record.create(agreement(person), name)], out_folder / "urgent.json")
        fields = urgent.entries[0].fields
        deadline = stage.chain.timestamp() + DAY
        signed = anchoring.acknowledgement(
            urgent.log, customer.address, fields, deadline, customer.account
        )
        relayed = log.acknowledge_by_signature(
            customer.address,
            brand.address,
            1,
            fields,
            [],
            deadline=deadline,
            signature=signed.signature,
        )
        out.table(
            f"Anchored for Lumbre ({brand.address}) by its delegate",
            ["what", "interactions #", "gas #", "gas each #", "transaction"],
            [
                ["a batch", batch.count, *_gas(batch)],
                ["an urgent agreement", 1, *_gas(urgent)],
                [
                    "Marta's countersignature, relayed",
                    "",
                    f"{relayed.gas_used:,}",
                    "",
                    _hex(relayed.transaction_hash),
                ],
            ],
        )
        results = _verified(stage, log, batch, keyring, out_folder)
        out.table(
            "careledger interactions verify …",
            ["file", "verdict", "altered"],
            [
                [file, result.verdict.value, ", ".join(result.parts)]
                for file, result in results.items()
            ],
        )
        for result in results.values():
            out.say(result.sentence())
        block = "0x" + batch.place().block_hash.hex()
        out.say(
            f"Try it: careledger interactions verify {out_folder / 'receipt.json'} --block-hash {block}"
        )
        out.document(
            {
                "batch": {
                    "id": 0,
                    "count": batch.count,
                    "root": batch.root,
                    "gasUsed": batch.place().gas_used,
                },
                "urgent": {
                    "id": 1,
                    "count": 1,
                    "gasUsed": urgent.place().gas_used,
                    "acknowledgedGas": relayed.gas_used,
                },
                "head": log.head(brand.address),
                "files": {file: result.document() for file, result in results.items()},
                "folder": str(out_folder),
            }
        )


def _gas(batch: Batch) -> list[str]:
    place = batch.place()
    used = place.gas_used or 0
    return [f"{used:,}", f"{used / batch.count:,.0f}", _hex(place.transaction_hash)]


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


def _verified(
    stage: Stage, log: InteractionLog, batch: Batch, keyring: Keyring, folder: Path
) -> dict[str, Any]:
    """Write a receipt and a changed copy of it, read both back, and judge them."""
    written = anchoring.receipt(log, batch, 0, keyring)
    files = {
        "receipt.json": written.dumps(),
        "receipt-changed.json": one_byte_changed(written.dumps()),
    }
    results = {}
    for name, content in files.items():
        write_private(folder / name, content)
        held = Receipt.loads(read_file(folder / name, "receipt"))
        results[name] = verify(held, stage.chain, log.address)
    if written.evidence and written.anchored:
        trusted = written.anchored.place.block_hash
        results["receipt.json, offline"] = verify_offline(written, trusted, log.address)
    return results


def main() -> None:
    """Run by `brownie run scripts/anchor_flow.py`, on Brownie's network."""
    run_command(flow, [] if brownie_rpc() else None)


if __name__ == "__main__":
    main()
