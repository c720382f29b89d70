"""An in-process EVM: the same contracts, thousands of transactions a second, no node.

For unit tests and for the deep runs of the stateful properties. What only a node can show
(receipts, logs by query, gas as charged) is tested on Anvil.
"""

import re
from dataclasses import dataclass
from typing import Any

from eth_abi import decode, encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from careledger.chain import artifacts
from careledger.chain.abi import clean, snake
from careledger.chain.reverts import Reverted, decode_revert

CHAIN_ID = 31337
START = 1_800_000_000
"""Time of the first block, seconds since 1970 UTC."""
ETHER = 10**18


def actor(name: str) -> LocalAccount:
    """Return a test account that is always the same for a name; its key is no secret."""
    return Account.from_key(keccak(text=f"careledger test actor {name}"))


@dataclass(frozen=True)
class Emitted:
    """A decoded event of any contract that the harness knows the ABI of."""

    address: str
    name: str
    arguments: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.arguments[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Done:
    """A transaction that succeeded."""

    value: Any
    """What the function returned."""
    events: list[Emitted]
    gas: int
    """Execution gas as the in-process EVM counts it; no substitute for a node's receipt."""

    def named(self, name: str) -> list[Emitted]:
        return [event for event in self.events if event.name == name]


class Deployed:
    """A contract in the in-process EVM: `c.call("f", …)`, `c.transact("f", …, sender=a)`."""

    def __init__(self, evm: "Evm", address: str, artifact: artifacts.Artifact) -> None:
        self.evm, self.address, self.artifact = evm, to_checksum_address(address), artifact
        self._entries: dict[
            str, dict[str, Any]
        ] = {}  # looked up already: an ABI is long, and calls are many

    def _entry(self, function: str) -> dict[str, Any]:
        if function not in self._entries:
            entries = self.artifact.entries("function")
            found = [e for e in entries if function in (e["name"], artifacts.signature(e))]
            assert len(found) == 1, f"{self.artifact.name} has {len(found)} functions {function}"
            self._entries[function] = found[0]
        return self._entries[function]

    def encode(self, function: str, *arguments: Any) -> bytes:
        entry = self._entry(function)
        selector = bytes.fromhex(self.artifact.raw["methodIdentifiers"][artifacts.signature(entry)])
        return selector + encode(artifacts.types(entry), arguments)

    def _decode(self, function: str, answer: bytes) -> Any:
        kinds = artifacts.types({"inputs": self._entry(function)["outputs"]})
        values = [
            clean(kind, value) for kind, value in zip(kinds, decode(kinds, answer), strict=True)
        ]
        return values[0] if len(values) == 1 else (tuple(values) or None)

    def call(self, function: str, *arguments: Any, sender: Any = None, value: int = 0) -> Any:
        """Run without keeping the effects; raises the decoded refusal."""
        answer = self.evm.raw_call(self.address, self.encode(function, *arguments), sender, value)
        return self._decode(function, answer)

    def transact(
        self,
        function: str,
        *arguments: Any,
        sender: Any = None,
        value: int = 0,
        gas: int | None = None,
    ) -> Done:
        """Run and keep the effects; raises the decoded refusal and then keeps none."""
        answer, events, used = self.evm.raw_transact(
            self.address, self.encode(function, *arguments), sender, value, gas
        )
        return Done(self._decode(function, answer), events, used)


class Evm:
    """One chain in this process. Time stands still until `warp`."""

    def __init__(
        self, chain_id: int = CHAIN_ID, spec: str = "SHANGHAI", code_size: int | None = None
    ) -> None:
        """Start a chain; `code_size` lifts the limit on a contract's code, for mutants that are not
        optimised.
        """
        self.chain_id = chain_id
        settings = CfgEnv(chain_id=chain_id, limit_contract_code_size=code_size)
        self._evm = EVM(
            env=Env(cfg=settings, block=BlockEnv(number=1, timestamp=START, gas_limit=10**12)),
            gas_limit=10**9,
            spec_id=spec,
        )
        self.now, self.number = START, 1
        self.deployer = actor("deployer")
        self.artifacts: dict[str, artifacts.Artifact] = {}
        self.fund(self.deployer)

    def fund(self, who: Any, amount: int = 10**6 * ETHER) -> None:
        self._evm.set_balance(_address(who), amount)

    def balance(self, who: Any) -> int:
        return int(self._evm.get_balance(_address(who)))

    def warp(self, to: int) -> None:
        """Set the time, seconds since 1970 UTC, and go to the next block."""
        self.now, self.number = to, self.number + 1
        self._evm.set_block_env(BlockEnv(number=self.number, timestamp=to, gas_limit=10**12))

    def sleep(self, seconds: int) -> None:
        self.warp(self.now + seconds)

    def snapshot(self) -> Any:
        return self._evm.snapshot(), self.now, self.number

    def revert(self, snapshot: Any) -> None:
        state, now, number = snapshot
        self._evm.revert(state)
        self.now, self.number = now, number
        self._evm.set_block_env(BlockEnv(number=number, timestamp=now, gas_limit=10**12))

    def deploy(
        self,
        name: str,
        *arguments: Any,
        sender: Any = None,
        artifact: artifacts.Artifact | None = None,
    ) -> Deployed:
        """Deploy a compiled contract by name (or an artifact made in a test, such as a mutant)."""
        artifact = artifact or artifacts.load(name)
        constructor = artifact.entries("constructor")
        kinds = artifacts.types(constructor[0]) if constructor else []
        who = _address(sender or self.deployer)
        try:
            address = self._evm.deploy(who, artifact.bytecode + encode(kinds, arguments))
        except RuntimeError as error:
            raise _refusal(error) from None
        return self.at(address, artifact)

    def at(self, address: str, artifact: artifacts.Artifact | str) -> Deployed:
        artifact = artifacts.load(artifact) if isinstance(artifact, str) else artifact
        self.artifacts[to_checksum_address(address)] = artifact
        return Deployed(self, address, artifact)

    def raw_call(self, to: str, data: bytes, sender: Any = None, value: int = 0) -> bytes:
        before = self._evm.snapshot()
        try:
            return self.raw_transact(to, data, sender, value)[0]
        finally:
            self._evm.revert(before)

    def raw_transact(
        self, to: Any, data: bytes = b"", sender: Any = None, value: int = 0, gas: int | None = None
    ) -> tuple[bytes, list[Emitted], int]:
        try:
            answer = self._evm.message_call(
                _address(sender or self.deployer), _address(to), calldata=data, value=value, gas=gas
            )
        except RuntimeError as error:
            raise _refusal(error) from None
        result = self._evm.result
        return (
            bytes(answer),
            [e for log in result.logs if (e := self._decode(log))],
            result.gas_used,
        )

    def _decode(self, log: Any) -> Emitted | None:
        address = to_checksum_address(log.address)
        artifact = self.artifacts.get(address)
        topics = [
            bytes.fromhex(t.removeprefix("0x")) if isinstance(t, str) else bytes(t)
            for t in log.topics
        ]
        entry = artifact and topics and artifact.events.get(topics[0])
        if not entry:
            return None
        data = log.data
        data = bytes(data[1]) if isinstance(data, tuple) else bytes(data)
        arguments: dict[str, Any] = {}
        indexed = [p for p in entry["inputs"] if p["indexed"]]
        for parameter, topic in zip(indexed, topics[1:], strict=True):
            dynamic = parameter["type"] in ("string", "bytes") or parameter["type"].endswith("]")
            kind = "bytes32" if dynamic else parameter["type"]
            arguments[snake(parameter["name"])] = clean(kind, decode([kind], topic)[0])
        plain = [p for p in entry["inputs"] if not p["indexed"]]
        for parameter, value in zip(
            plain, decode(artifacts.types({"inputs": plain}), data), strict=True
        ):
            arguments[snake(parameter["name"])] = clean(
                artifacts.types({"inputs": [parameter]})[0], value
            )
        return Emitted(address, entry["name"], arguments)


def _refusal(error: RuntimeError) -> Exception:
    """Read what the contract answered out of pyrevm's message, the only place where it is."""
    text = str(error)
    if found := re.search(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}", text):
        return decode_revert(bytes.fromhex(found[1]))
    if "Halt" in text:
        return Halted(text)
    return error


class Halted(Reverted):
    """The EVM stopped the call: out of gas, an invalid instruction, a code too large."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.args = (text,)


def _address(who: Any) -> str:
    return str(getattr(who, "address", who))
