"""What a scripted flow plays on: a chain, the suite deployed on it, actors with ether, and time.

Without an address the flow gets an Anvil of its own, which ends with it. With one it plays there:
on a development chain with the well-known keys, elsewhere with the key that the settings name.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from eth_account import Account
from eth_typing import ChecksumAddress

from careledger.chain.node import DevelopmentChain
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.settings import Settings
from careledger.suite import Suite
from careledger.values.times import to_seconds

ETHER = 10**18


@dataclass
class Stage:
    """Everything that a flow needs to begin."""

    suite: Suite
    """On a chain where it is deployed; its key gives the actors their ether."""
    development: DevelopmentChain | None = field(init=False)
    """Lets time pass; None on a chain where it passes by itself only."""
    actors: dict[str, Sender] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.development = self.suite.development

    @property
    def chain(self) -> Chain:
        """The chain of the suite."""
        return self.suite.chain

    @property
    def addresses(self) -> Mapping[str, ChecksumAddress]:
        """The suite's contracts by name."""
        return self.suite.addresses

    @property
    def patron(self) -> Sender:
        """Who has deployed the suite, and pays for what no actor pays for."""
        return self.suite.sender

    def actor(self, name: str, ether: float = 1) -> Sender:
        """Return the sender of a person or brand; a new one gets a new key and some ether."""
        if name not in self.actors:
            sender = Sender(self.chain, Account.create())
            if ether:
                self.patron.transact(sender.address, value=int(ether * ETHER))
            self.actors[name] = sender
        return self.actors[name]

    def name_of(self, at: str) -> str:
        """Return the name of an actor or a contract of the suite by its address, or the address."""
        names: dict[str, str] = {address: name for name, address in self.addresses.items()}
        names |= {sender.address: name for name, sender in self.actors.items()}
        return names.get(at, at)

    def receipt(self, transaction_hash: bytes) -> TransactionReceipt:
        """Return the receipt of a mined transaction."""
        raw = self.chain.request("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
        return TransactionReceipt.from_rpc(raw)

    def now(self) -> datetime:
        """Return the later of the newest block's time and this machine's, in whole seconds."""
        return self.suite.now()

    def soon(self, span: timedelta = timedelta(hours=1)) -> datetime:
        """Return a deadline for what is signed now."""
        return self.now() + span

    def wait_until(self, at: datetime, progress: Callable[[str], None] = lambda _: None) -> None:
        """Let time pass until a block may carry this time.

        Args:
            progress: called with a sentence when there is something to wait for.

        """
        second = to_seconds(at)
        left = second - self.chain.timestamp()
        if left <= 0:
            return

        if self.development:
            progress(f"time: {left} s pass on the development chain")
            self.development.warp(second)
            return

        progress(f"time: waiting {left} s")
        while self.chain.timestamp() < second:
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
        progress: called with each contract and what became of it.

    Raises:
        NodeError, SettingsError, ToolchainError, WrongChain, Conflict: as `Suite.deploy` says.

    """
    address = rpc or brownie_rpc()
    if address is None:
        with Suite.local() as suite:
            yield Stage(suite)
        return

    with ExitStack() as stack:
        # Brownie's chain ends with Brownie, so its record is not kept either.
        folder = None if rpc else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        suite = stack.enter_context(Suite.open(address, deployments=folder, settings=settings))
        suite.deploy(progress)

        yield Stage(suite)

        if brownie_rpc():
            _snapshot_brownie()


def _snapshot_brownie() -> None:
    """Take a snapshot of Brownie's network, or Brownie ends with a traceback of its undo thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Brownie warns of its own snapshot
        sys.modules["brownie"].chain.snapshot()
