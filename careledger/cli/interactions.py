"""`careledger interactions`: anchor a file of interactions, write receipts, verify them."""

from pathlib import Path
from typing import Annotated

import typer

from careledger.chain import deploy as deployment
from careledger.chain.keys import load_account
from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain, connect
from careledger.chain.send import Sender
from careledger.console import Json, Out, Rpc
from careledger.crypto.documents import JsonNode
from careledger.errors import NotFound, SettingsError, WrongChain
from careledger.files import read_file, write_private
from careledger.interactions import anchoring, formats
from careledger.interactions.batch import Batch
from careledger.interactions.client import InteractionLog
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import read_interactions
from careledger.interactions.verdict import Verdict, VerificationResult
from careledger.interactions.verification import verify as judge
from careledger.interactions.verification import verify_offline
from careledger.settings import Settings
from careledger.values.addresses import address

app = typer.Typer(
    help="The anchored record of what was said and agreed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Contract = Annotated[
    str | None,
    typer.Option(
        help="InteractionLog's address; that of the deployment record when not given.",
        show_default=False,
    ),
]
Deployments = Annotated[
    Path | None,
    typer.Option(
        envvar="CARELEDGER_DEPLOYMENTS",
        help="Folder of the deployment records.",
        show_default=False,
    ),
]
Keys = Annotated[Path, typer.Option(help="File of the customers' keys; made when it is not there.")]


def _deployed(chain: Chain, contract: str | None, folder: Path | None) -> str | None:
    """Return the contract that was named, or that of the deployment record; None where there is neither."""
    if contract is not None:
        return address(contract, "--contract")
    try:
        return deployment.addresses(chain, folder or Settings.from_environment().deployments).get(
            "InteractionLog"
        )
    except NotFound:
        return None


def _client(
    chain: Chain, contract: str | None, folder: Path | None, sender: Sender | None = None
) -> InteractionLog:
    at = _deployed(chain, contract, folder)
    if at is None:
        raise NotFound(
            f"no InteractionLog is recorded for chain {chain.chain_id}: deploy, or give --contract"
        )
    client = InteractionLog(chain, at, sender)
    if not client.artifact.matches(chain.code(at)):
        raise NotFound(f"there is no InteractionLog at {at} on chain {chain.chain_id}")
    return client


def _sender(chain: Chain, settings: Settings) -> Sender:
    named = settings.keystore or settings.private_key
    known = DevelopmentChain.of(chain) is not None and not named
    return Sender(chain, development_accounts(1)[0] if known else load_account(settings))


@app.command()
def anchor(
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
    contract: Contract = None,
    deployments: Deployments = None,
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Anchor a file of interactions as one batch; safe to run again after any interruption.

    The key that signs comes from CARELEDGER_KEYSTORE or CARELEDGER_PRIVATE_KEY; on a development
    chain the first well-known account signs when neither is set.

    Example: careledger interactions anchor examples/interactions.json --keys customer-keys.json
    """
    out, settings = Out(json_), Settings.from_environment()
    text = read_file(file, "interactions")
    chain = connect(rpc or settings.rpc)
    sender = _sender(chain, settings)
    client = _client(chain, contract, deployments, sender)
    who = address(brand, "--brand") if brand else sender.address
    target = batch or file.with_suffix(".batch.json")
    records = read_interactions(text, formats.did(chain.chain_id, who), str(file))
    prepared = anchoring.prepare(client, who, records, Keyring(keys), target)
    done = anchoring.anchor(client, prepared, target)
    place = done.place()
    per = f"{place.gas_used / done.count:,.1f}" if place.gas_used else ""
    out.table(
        f"{done.count} interactions anchored as batch {place.id} of {who}",
        ["from", "to", "root", "gas #", "gas an interaction #", "transaction"],
        [
            [
                done.first,
                done.first + done.count - 1,
                "0x" + done.root.hex(),
                f"{place.gas_used:,}" if place.gas_used else "by an earlier run",
                per,
                "0x" + place.transaction_hash.hex(),
            ]
        ],
        caption=f"batch: {target}, customers' keys: {keys}; keep both private",
    )
    out.document(
        {
            "brand": who,
            "contract": client.address,
            "chainId": chain.chain_id,
            "batch": place.id,
            "first": done.first,
            "count": done.count,
            "root": done.root,
            "gasUsed": place.gas_used,
            "transaction": place.transaction_hash,
            "blockNumber": place.block_number,
            "file": str(target),
            "keys": str(keys),
        }
    )


@app.command()
def receipt(
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
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """Write the receipt of one interaction, for its customer to keep.

    Example: careledger interactions receipt interactions.batch.json --id call-0001 --out
    receipt.json
    """
    out, settings = Out(json_), Settings.from_environment()
    held = Batch.load(batch)
    place = held.find(interaction)
    if not keys.exists():
        raise SettingsError(f"the key file {keys} is not there: give --keys")
    chain = connect(rpc or settings.rpc)
    chain.expect(held.log.chain_id)
    client = _client(chain, held.log.contract, None)
    made = anchoring.receipt(client, held, place, Keyring(keys), with_record=record)
    write_private(out_file, made.dumps())
    out.say(
        f"{out_file}: receipt of interaction {made.fields.index} ('{interaction}'), {made.state.value}"
    )
    out.document(
        {
            "file": str(out_file),
            "id": interaction,
            "index": made.fields.index,
            "state": made.state.value,
        }
    )


@app.command()
def verify(
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
    contract: Contract = None,
    deployments: Deployments = None,
    rpc: Annotated[
        list[str] | None,
        typer.Option(
            envvar="CARELEDGER_RPC",
            metavar="URL",
            help="A node; give several to ask each.",
            show_default=False,
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Say whether a receipt and its record are what was anchored. Exit status 0 only when they are.

    Examples: careledger interactions verify receipt.json careledger interactions verify
              receipt.json --rpc http://one:8545 --rpc http://two:8545 careledger interactions
              verify receipt.json --block-hash 0x…
    """
    out = Out(json_)
    held = Receipt.loads(read_file(file, "receipt"))
    if record is not None:
        held = held.with_record(read_file(record, "record"))
    if block_hash is not None:
        trusted = address(contract, "--contract") if contract else None
        result = verify_offline(held, JsonNode(block_hash, "--block-hash").hex(32), trusted)
    else:
        result = _ask(
            [connect(url) for url in rpc or [Settings.from_environment().rpc]],
            held,
            contract,
            deployments,
        )
    if not json_:
        typer.echo(result.sentence())  # in one line, however wide the terminal is
    out.document(result.document())
    if result.verdict is not Verdict.MATCH:
        raise SystemExit(1)


def _ask(
    chains: list[Chain], held: Receipt, contract: str | None, folder: Path | None
) -> VerificationResult:
    """Judge by every node; they have to agree."""
    results = []
    for chain in chains:
        chain.expect(held.log.chain_id)
        results.append(judge(held, chain, _deployed(chain, contract, folder)))
    for chain, result in zip(chains, results, strict=True):
        if (result.verdict, result.parts) != (results[0].verdict, results[0].parts):
            raise WrongChain(
                f"the nodes disagree: {chains[0].url} says {results[0].verdict.value}, "
                f"{chain.url} says {result.verdict.value}"
            )
    return results[0]
