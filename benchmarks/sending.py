"""Transactions a second: our pipelined sender beside plain web3.py, on one Anvil in one run.

The same work on both sides: `setAttribute` on an IdentityRegistry, simulated, priced, signed, sent
and waited for by one account. Nothing is asserted; figures depend on the machine. `--json` prints
one document.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # without an installation, too

import typer
from eth_account import Account
from web3 import HTTPProvider, Web3

from careledger.chain import artifacts
from careledger.chain.compile import compile_all
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.cli.options import Json
from careledger.cli.program import run_command
from careledger.console import Out

NAME, VALUE, VALIDITY = b"did/pub".ljust(32, b"\0"), b"benchmark", 86_400
BLOCKS = {"a block per transaction": [], "a block every second": ["--block-time", "1"]}
Send = Callable[[Chain, str, int], None]


def web3(chain: Chain, registry: str, count: int, ahead: bool) -> None:
    """Build, sign and send by web3.py.

    Args:
        ahead: count the nonces by hand and wait for all at the end, instead of waiting for each
            before the next.
    """
    w3 = Web3(HTTPProvider(chain.url))
    account = development_accounts(3)[2]
    contract = w3.eth.contract(registry, abi=artifacts.load("IdentityRegistry").abi)
    call = contract.functions.setAttribute(account.address, NAME, VALUE, VALIDITY)
    nonce = w3.eth.get_transaction_count(account.address)
    sent = []
    for number in range(count):
        transaction = call.build_transaction({"from": account.address, "nonce": nonce + number})
        signed = Account.sign_transaction(transaction, account.key)
        sent.append(w3.eth.send_raw_transaction(signed.raw_transaction))
        if not ahead:
            w3.eth.wait_for_transaction_receipt(sent.pop(), poll_latency=0.01)
    for waiting in sent:
        w3.eth.wait_for_transaction_receipt(waiting, poll_latency=0.01)


def one_by_one(chain: Chain, registry: str, count: int) -> None:
    """Send as web3.py's documentation does."""
    web3(chain, registry, count, ahead=False)


def ahead(chain: Chain, registry: str, count: int) -> None:
    """Send as fast as web3.py lets one who does not wait, and counts the nonces."""
    web3(chain, registry, count, ahead=True)


def pipelined(chain: Chain, registry: str, count: int) -> None:
    """Hand all over to our sender, then wait for all."""
    sender = Sender(chain, development_accounts(2)[1])
    contract = Web3().eth.contract(abi=artifacts.load("IdentityRegistry").abi)
    data = bytes.fromhex(
        contract.encode_abi("setAttribute", [sender.address, NAME, VALUE, VALIDITY])[2:]
    )
    for pending in [sender.send(registry, data) for _ in range(count)]:
        sender.wait(pending)


def rate(send: Send, chain: Chain, registry: str, count: int) -> float:
    """Return transactions a second, the first ones left out of account."""
    send(chain, registry, 2)
    started = time.perf_counter()
    send(chain, registry, count)
    return count / (time.perf_counter() - started)


def main(
    count: Annotated[int, typer.Option(min=4, help="Transactions of those who send ahead.")] = 400,
    json: Json = False,
) -> None:
    """Measure transactions a second: our sender beside web3.py, on one Anvil in one run."""
    out = Out(json)
    compile_all()
    rows = []
    for blocks, options in BLOCKS.items():
        with LocalNode("anvil", extra=options) as chain:
            deployer = Sender(chain, development_accounts(1)[0])
            registry = deployer.transact(
                None, artifacts.load("IdentityRegistry").bytecode
            ).contract_address
            assert registry
            few = 5 if options else count // 4  # one a block: a longer run shows nothing more
            plain = rate(one_by_one, chain, registry, few)
            rows.append(
                (
                    blocks,
                    plain,
                    *(rate(send, chain, registry, count) for send in (ahead, pipelined)),
                )
            )
    columns = ("chain", "web3.py, one by one #", "web3.py, ahead #", "our sender #")
    lines = [(blocks, *(f"{figure:,.0f}" for figure in figures)) for blocks, *figures in rows]
    out.table("Transactions a second", columns, lines)
    out.document(
        [{"chain": blocks, "oneByOne": a, "ahead": b, "careledger": c} for blocks, a, b, c in rows]
    )


if __name__ == "__main__":
    run_command(main)
