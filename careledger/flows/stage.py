"""What a scripted flow plays on: a chain, the suite deployed on it, actors with ether, and time.

Without an address the flow gets an Anvil of its own, which ends with it. With one it plays there:
on a development chain with the well-known keys, elsewhere with the key that the settings name.

A script in `scripts/` is a typed function and two lines, and runs in three ways: by python, by
`brownie run`, and as `careledger demo <flow>`:

```python
def flow(rpc: Rpc = None, json: Json = False) -> None:
    '''Play ...'''
    out = Out(json)
    with open_stage(rpc) as stage:
        ...  # the noun's own functions; then out.table(...) for people, out.document(...) for machines


def main() -> None:
    '''Run by `brownie run scripts/<name>.py`, on Brownie's network.'''
    run_command(flow, [] if brownie_rpc() else None)


if __name__ == "__main__":
    main()
```
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_typing import ChecksumAddress

from careledger.chain.deploy import deploy
from careledger.chain.keys import load_account
from careledger.chain.node import DevelopmentChain, LocalNode, development_accounts
from careledger.chain.rpc import Chain, connect
from careledger.chain.send import Sender
from careledger.settings import Settings

ETHER = 10**18


@dataclass
class Stage:
    """Everything that a flow needs to begin."""

    chain: Chain
    addresses: dict[str, ChecksumAddress]
    """The suite, by contract name."""
    patron: Sender
    """Deploys, and gives the actors their ether."""
    development: DevelopmentChain | None
    """Lets time pass; None on a chain where it passes by itself only."""
    deployments: Path
    """Folder of the deployment record, for commands that are called from the flow."""
    actors: dict[str, Sender] = field(default_factory=dict)

    def actor(self, name: str, ether: float = 1) -> Sender:
        """Return the sender of a person or brand of the story; new ones get a new key and some ether."""
        if name not in self.actors:
            sender = Sender(self.chain, Account.create())
            if ether:
                self.patron.transact(sender.address, value=int(ether * ETHER))
            self.actors[name] = sender
        return self.actors[name]

    def name_of(self, at: str) -> str:
        """Return who is at an address, as the story calls them, or the address."""
        named = {sender.address: name for name, sender in self.actors.items()} | {
            address: name for name, address in self.addresses.items()
        }
        return named.get(ChecksumAddress(at), at)  # type: ignore[arg-type]

    def wait_until(self, at: int, told: Callable[[str], None] = lambda _: None) -> None:
        """Let time pass until a block may carry this time, in seconds since 1970 UTC."""
        left = at - self.chain.timestamp()
        if left <= 0:
            return
        if self.development:
            told(f"time: {left} s pass on the development chain")
            self.development.warp(at)
            return
        told(f"time: waiting {left} s")
        while self.chain.timestamp() < at:
            time.sleep(1)


def brownie_rpc() -> str | None:
    """Return the address of the network that Brownie is connected to; None outside Brownie."""
    brownie = sys.modules.get("brownie")
    if brownie is None or not brownie.network.is_connected():
        return None
    return str(brownie.web3.provider.endpoint_uri)


@contextmanager
def open_stage(
    rpc: str | None,
    settings: Settings | None = None,
    progress: Callable[[str, str], None] = lambda _name, _what: None,
) -> Iterator[Stage]:
    """Set the stage for a flow, and clear it away afterwards.

    Args:
        rpc: the node to play on; Brownie's network, else an Anvil of its own, when None.
        settings: where the key and the deployment records are; the environment's when None.
        progress: told each contract and what became of it.

    Raises:
        NodeError, SettingsError, WrongChain, Conflict: as `connect`, `load_account` and `deploy`
        say.

    """
    settings = settings or Settings.from_environment()
    with ExitStack() as stack:
        lasting = rpc is not None
        rpc = rpc or brownie_rpc()
        chain = connect(rpc) if rpc else stack.enter_context(LocalNode("anvil"))
        development = DevelopmentChain.of(chain)
        named = settings.keystore or settings.private_key
        account = (
            development_accounts(1)[0] if development and not named else load_account(settings)
        )
        patron = Sender(chain, account)
        folder = (
            settings.deployments
            if lasting
            else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        )
        addresses = deploy(chain, patron, folder, progress)
        yield Stage(chain, addresses, patron, development, folder)
        if brownie_rpc():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Brownie warns of its own snapshot
                sys.modules[
                    "brownie"
                ].chain.snapshot()  # or it ends with a traceback of its undo thread
