"""`careledger interactions`: anchor a file of interactions, write receipts, verify them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.errors import NotFound, SettingsError, WrongChain
from careledger.files import read_file
from careledger.values.addresses import address
from careledger.values.hashes import parse_bytes32

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.interactions.receipt import Receipt
    from careledger.interactions.verdict import VerificationResult
    from careledger.suite import Suite

app = group("The anchored record of what was said and agreed.")

Keys = Annotated[Path, typer.Option(help="File of the customers' keys; made when it is not there.")]


@command(app, contracts=["InteractionLog"])
def anchor(
    suite: "Suite",
    out: "Out",
    file: Annotated[
        Path, typer.Argument(help="Interactions: a JSON array, or one JSON object a line.")
    ],
    *,
    keys: Keys = Path("customer-keys.json"),
    batch: Annotated[
        Path | None,
        typer.Option(
            help="Where the batch goes; FILE with .batch.json when not given.", show_default=False
        ),
    ] = None,
    brand: Annotated[
        str | None,
        typer.Option(
            help="The brand's address; the sender's own when not given.", show_default=False
        ),
    ] = None,
) -> None:
    """Anchor a file of interactions as one batch; safe to run again after any interruption.

    The key that signs comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development
    chain the first well-known account signs when neither is set.

    Example: careledger interactions anchor examples/interactions.json --keys customer-keys.json
    """
    from careledger.interactions import anchoring, formats
    from careledger.interactions.keyring import Keyring
    from careledger.interactions.record import read_interactions

    text = read_file(file, "interactions")
    who = address(brand, "--brand") if brand else suite.sender.address
    target = batch or file.with_suffix(".batch.json")

    log = suite.interactions.log
    records = read_interactions(text, formats.did(suite.chain.chain_id, who), str(file))
    prepared = anchoring.prepare(log, who, records, Keyring(keys), target)
    done = anchoring.anchor(log, prepared, target)

    place = done.known_anchor()
    gas = f"{place.gas_used:,}" if place.gas_used else "by an earlier run"
    each = f"{place.gas_used / done.count:,.1f}" if place.gas_used else ""
    out.table(
        f"{done.count} interactions anchored as batch {place.id} of {who}",
        ["from", "to", "root", "gas #", "gas an interaction #", "transaction"],
        [
            [
                done.first,
                done.first + done.count - 1,
                done.root,
                gas,
                each,
                place.transaction_hash,
            ]
        ],
        caption=f"batch: {target}, customers' keys: {keys}; keep both private",
    )
    out.document(
        {
            "brand": who,
            "contract": log.address,
            "chainId": suite.chain.chain_id,
            "batch": place.id,
            "first": done.first,
            "count": done.count,
            "root": done.root,
            "gasUsed": place.gas_used,
            "transactionHash": place.transaction_hash,
            "blockNumber": place.block_number,
            "file": str(target),
            "keys": str(keys),
        }
    )


@command(app)
def receipt(
    suite: "Suite",
    out: "Out",
    batch: Annotated[Path, typer.Argument(help="The batch file that `anchor` wrote.")],
    interaction: Annotated[
        str, typer.Option("--id", help="Which interaction, by the id in its record.")
    ],
    *,
    out_file: Annotated[Path, typer.Option("--out", help="Where the receipt goes.")] = Path(
        "receipt.json"
    ),
    keys: Keys = Path("customer-keys.json"),
    record: Annotated[bool, typer.Option(help="Put the record itself into the receipt.")] = True,
) -> None:
    """Write the receipt of one interaction, for its customer to keep.

    Example: careledger interactions receipt interactions.batch.json --id call-0001 --out
    receipt.json
    """
    from careledger.interactions import anchoring
    from careledger.interactions.batch import Batch
    from careledger.interactions.keyring import Keyring

    held = Batch.read(batch)
    place = held.find(interaction)
    if not keys.exists():
        raise SettingsError(f"the key file {keys} is not there: give --keys")

    suite.chain.expect(held.log.chain_id)
    log = suite.with_contracts({"InteractionLog": held.log.contract}).interactions.log
    made = anchoring.receipt(log, held, place, Keyring(keys), with_record=record)
    made.write(out_file)

    index, state = made.fields.index, made.state.value
    out.say(f"{out_file}: receipt of interaction {index} ('{interaction}'), {state}")
    out.document({"file": str(out_file), "id": interaction, "index": index, "state": state})


@command(app, contracts=["InteractionLog"])
def verify(
    suite: "Suite",
    out: "Out",
    file: Annotated[Path, typer.Argument(help="The receipt.", metavar="RECEIPT")],
    *,
    record: Annotated[
        Path | None,
        typer.Option(help="The record, where the receipt does not carry it.", show_default=False),
    ] = None,
    block_hash: Annotated[
        str | None,
        typer.Option(
            "--block-hash",
            metavar="HASH",
            help="Verify offline, against this block hash.",
            show_default=False,
        ),
    ] = None,
    rpc: Annotated[
        list[str] | None,
        typer.Option(
            envvar="CARELEDGER_RPC",
            metavar="URL",
            help="A node; give several to ask each.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say whether a receipt and its record are what was anchored. Exit status 0 only when they are.

    Examples: careledger interactions verify receipt.json careledger interactions verify
              receipt.json --rpc http://one:8545 --rpc http://two:8545 careledger interactions
              verify receipt.json --block-hash 0x…
    """
    from careledger.interactions.receipt import Receipt
    from careledger.interactions.verdict import Verdict

    held = Receipt.parse(read_file(file, "receipt"))
    if record is not None:
        held = held.with_record(read_file(record, "record"))

    if block_hash is not None:
        from careledger.interactions.verification import verify_offline

        result = verify_offline(
            held, parse_bytes32(block_hash, "--block-hash"), suite.given("InteractionLog")
        )
    else:
        result = _ask([suite.through(url) for url in rpc or [suite.settings.rpc]], held)

    if not out.json:
        typer.echo(result.sentence())  # in one line, however wide the terminal is
    out.document(result.to_json())
    if result.verdict is not Verdict.MATCH:
        raise SystemExit(1)


def _ask(suites: Sequence["Suite"], held: "Receipt") -> "VerificationResult":
    """Judge by every node; they have to agree."""
    from careledger.interactions.verification import verify as judge

    results = []
    for suite in suites:
        suite.chain.expect(held.log.chain_id)
        results.append(judge(held, suite.chain, _trusted(suite, held)))

    first = results[0]
    for suite, result in zip(suites, results, strict=True):
        if (result.verdict, result.parts) != (first.verdict, first.parts):
            raise WrongChain(
                f"the nodes disagree: {suites[0].chain.shown_url} says {first.verdict.value}, "
                f"{suite.chain.shown_url} says {result.verdict.value}"
            )
    return first


def _trusted(suite: "Suite", held: "Receipt") -> str | None:
    """Return the log that was named or recorded; None where there is neither.

    Of several versions, it is the one whose log the receipt names.
    """
    named = suite.given("InteractionLog")
    if named is not None:
        return named
    try:
        version = suite.having("InteractionLog", held.log.contract)
        return version.address("InteractionLog")
    except NotFound:
        return None
