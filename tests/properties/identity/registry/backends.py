"""The two back ends through the real client: the in-process EVM, and an Anvil."""

from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Any

from eth_account.signers.local import LocalAccount

from careledger.chain.artifacts import Artifact
from careledger.chain.events import Event
from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.identity.did.client import IdentityRegistry
from tests.support.evm import Deployed, Evm

Emitted = list[tuple[str, dict[str, Any]]]


class InProcess(IdentityRegistry):
    """The client, its calls diverted into the in-process EVM."""

    name = "IdentityRegistry"

    def __init__(self, deployed: Deployed, sender: Any = None) -> None:
        self.deployed = deployed
        self.address = deployed.address
        self.artifact = deployed.artifact
        self._by = sender
        self.chain = SimpleNamespace(chain_id=deployed.evm.chain_id)

    def using(self, sender: Any) -> "InProcess":
        return InProcess(self.deployed, sender)

    def _write(self, function: str, *arguments: Any, value: int = 0, gas: int | None = None) -> Any:
        return self.deployed.transact(function, *arguments, sender=self._by, value=value, gas=gas)

    def _read(
        self, function: str, *arguments: Any, block: Any = "latest", sender: Any = None
    ) -> Any:
        return self.deployed.call(function, *arguments)


class Stage(ABC):
    """A registry, people who can pay, and time; each back end adds its own part."""

    people: list[LocalAccount]
    registry: IdentityRegistry
    now: int
    """When the next transaction will happen; seconds since 1970 UTC."""
    block: int
    """In which block."""
    exact: bool
    """Whether time can be met to the second. On a node a simulation is not of the second of its
    block."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew: nobody has changed anything."""

    @abstractmethod
    def by(self, who: LocalAccount) -> IdentityRegistry:
        """Return the registry as somebody uses it, who pays."""

    @abstractmethod
    def emitted(self, receipt: Any) -> Emitted:
        """Return the events of a transaction."""

    @abstractmethod
    def next_block(self) -> None:
        """The next transaction is in another block than the last."""

    @abstractmethod
    def wait(self, seconds: int) -> None:
        """Let time pass."""


class Deep(Stage):
    """The in-process EVM; a block is as long as nobody lets time pass."""

    exact = True

    def __init__(self, artifact: Artifact | None = None) -> None:
        self.people = development_accounts(10)
        self.evm = Evm(code_size=2**17 if artifact else None)
        for person in self.people:
            self.evm.fund(person)
        self.registry = InProcess(self.evm.deploy("IdentityRegistry", artifact=artifact))
        self.evm.sleep(1)
        self._start = self.evm.snapshot()

    def reset(self) -> None:
        self.evm.revert(self._start)
        self._start = self.evm.snapshot()

    @property
    def now(self) -> int:  # type: ignore[override]
        return self.evm.now

    @property
    def block(self) -> int:  # type: ignore[override]
        return self.evm.number

    def by(self, who: LocalAccount) -> IdentityRegistry:
        return self.registry.using(who)

    def emitted(self, receipt: Any) -> Emitted:
        return [(event.name, event.arguments) for event in receipt.events]

    def next_block(self) -> None:
        self.evm.sleep(1)

    def wait(self, seconds: int) -> None:
        self.evm.sleep(seconds)


class Real(Stage):
    """An Anvil: a block a transaction, a second after the one before."""

    exact = False

    def __init__(self, chain: Chain, accounts: list[LocalAccount], at: str) -> None:
        self.people, self.chain, self.at = accounts, chain, at
        self.development = DevelopmentChain(chain)
        self._start = self.development.snapshot()

    def reset(self) -> None:
        self.development.revert(self._start)
        self._start = self.development.snapshot()
        self._senders = {a.address: Sender(self.chain, a, stuck_after=60) for a in self.people}
        self.registry = IdentityRegistry(self.chain, self.at)
        self.next_block()

    def by(self, who: LocalAccount) -> IdentityRegistry:
        return self.registry.using(self._senders[who.address])

    def emitted(self, receipt: Any) -> Emitted:
        return [
            (type(event).__name__, _arguments(event)) for event in self.registry.events(receipt)
        ]

    def next_block(self) -> None:
        newest = self.chain.block()
        self.now, self.block = int(newest["timestamp"], 16) + 1, int(newest["number"], 16) + 1
        self.chain.request("evm_setNextBlockTimestamp", hex(self.now))

    def wait(self, seconds: int) -> None:
        self.development.warp(self.now + seconds)
        self.next_block()


def _arguments(event: Event) -> dict[str, Any]:
    return {name: value for name, value in vars(event).items() if name != "log"}
