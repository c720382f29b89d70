"""One chain for peers and ours alike: deploy, send, read the gas of the receipt."""

from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from packages import Build

from careledger.chain import artifacts
from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender

START = 1_800_000_000
"""Time of the first block, as in the tests; seconds since 1970 UTC."""
DEADLINE = 4_000_000_000
"""Far beyond every block: the same calldata in every run."""
ETHER = 10**18


def keyed(name: str) -> LocalAccount:
    """Return an account without ether that is always the same for a name."""
    account: LocalAccount = Account.from_key(keccak(text=f"careledger benchmark {name}"))
    return account


@dataclass(frozen=True)
class Row:
    """One operation on both sides."""

    operation: str
    """And how things stand when it is done."""
    peer: str
    """Contract and function of the peer."""
    peer_gas: float | None
    """None where there is no peer to be had."""
    our_row: str
    """Contract, operation and variant, named as in `benchmarks/gas.json`."""
    our_gas: float


class Contract:
    """A deployed contract that is called by name or, where a name is overloaded, by signature."""

    def __init__(self, chain: Chain, address: str, abi: artifacts.Abi) -> None:
        self.chain, self.address = chain, address
        functions = [entry for entry in abi if entry["type"] == "function"]
        self._entries = {entry["name"]: entry for entry in functions}
        self._entries |= {artifacts.signature(entry): entry for entry in functions}

    def has(self, function: str) -> bool:
        """Say whether the contract has a function."""
        return function in self._entries

    def encode(self, function: str, *arguments: Any) -> bytes:
        """Return the calldata of a call."""
        entry = self._entries[function]
        return keccak(text=artifacts.signature(entry))[:4] + encode(
            artifacts.types(entry), arguments
        )

    def read(self, function: str, *arguments: Any) -> Any:
        """Call a function and return what it answers."""
        kinds = artifacts.types({"inputs": self._entries[function]["outputs"]})
        values = decode(kinds, self.chain.call(self.address, self.encode(function, *arguments)))
        return values[0] if len(values) == 1 else values

    def gas(self, sender: Sender, function: str, *arguments: Any, value: int = 0) -> int:
        """Send a transaction and return the gas that it was charged."""
        return sender.transact(self.address, self.encode(function, *arguments), value).gas_used


@dataclass
class Bench:
    """The chain, who acts on it, and what was deployed."""

    chain: Chain
    builds: list[Build] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.actors = [Sender(self.chain, account) for account in development_accounts(10)]
        self.development = DevelopmentChain(self.chain)

    def deploy(self, build: Build, *arguments: Any) -> Contract:
        """Deploy a contract from the first account."""
        if build not in self.builds:
            self.builds.append(build)
        constructor = [entry for entry in build.abi if entry["type"] == "constructor"]
        kinds = artifacts.types(constructor[0]) if constructor else []
        receipt = self.actors[0].transact(None, build.bytecode + encode(kinds, arguments))
        assert receipt.contract_address
        return Contract(self.chain, receipt.contract_address, build.abi)

    def pass_time(self, seconds: int) -> None:
        """Let time pass on the chain."""
        self.development.warp(self.chain.timestamp() + seconds)

    def in_one_block(
        self, contract: Contract, calls: list[tuple[Sender, str, tuple[Any, ...]]]
    ) -> list[int]:
        """Send calls into one block, and return the gas of each."""
        self.chain.request("evm_setAutomine", False)
        sent = [
            (
                sender,
                sender.send(contract.address, contract.encode(function, *arguments), gas=1_000_000),
            )
            for sender, function, arguments in calls
        ]
        self.chain.request("evm_mine")
        self.chain.request("evm_setAutomine", True)
        return [sender.wait(pending).gas_used for sender, pending in sent]
