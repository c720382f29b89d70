"""The base of the typed contract clients, and of the typed events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError
from eth_typing import ChecksumAddress

from careledger.chain import artifacts
from careledger.chain.abi import clean, snake
from careledger.chain.reverts import RevertedSilently
from careledger.chain.rpc import Block, Chain, Log
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, Receipt
from careledger.errors import InputError, NotFound, SettingsError
from careledger.values.addresses import address

Payer = Sender | Callable[[], Sender] | None
"""Who pays: a sender, or a function that makes one at the first transaction; reading needs none."""

_EVENTS: dict[tuple[str, str], type["Event"]] = {}


def sender_of(payer: Payer) -> Sender | None:
    """Return the sender that a payer stands for."""
    return payer() if callable(payer) else payer


@dataclass(frozen=True)
class Event:
    """One decoded event of a contract.

    A noun declares its events once, as frozen dataclasses whose fields are the event's arguments:

    ```python
    @dataclass(frozen=True)
    class Opened(Event, contract="RefundEscrow"):
        id: bytes
        payer: ChecksumAddress
    ```
    """

    log: Log

    contract: ClassVar[str]

    def __init_subclass__(cls, contract: str = "", name: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.contract = contract
        _EVENTS[contract, name or cls.__name__] = cls

    @classmethod
    def _from_arguments(cls, log: Log, arguments: dict[str, Any]) -> Self:
        return cls(
            log,
            **{field.name: arguments[field.name] for field in fields(cls) if field.name != "log"},
        )


def declared_events() -> dict[tuple[str, str], type[Event]]:
    """Return every declared event class by contract and Solidity name."""
    return dict(_EVENTS)


def decode_arguments(entry: dict[str, Any], log: Log) -> dict[str, Any]:
    """Decode an event's arguments by the names of Python; indexed dynamic ones stay hashes."""
    indexed = [p for p in entry["inputs"] if p["indexed"]]
    plain = [p for p in entry["inputs"] if not p["indexed"]]
    result: dict[str, Any] = {}
    for parameter, topic in zip(indexed, log.topics[1:], strict=True):
        dynamic = parameter["type"] in ("string", "bytes") or parameter["type"].endswith("]")
        kind = "bytes32" if dynamic else parameter["type"]
        result[snake(parameter["name"])] = clean(kind, decode([kind], topic)[0])
    values = decode(artifacts.types({"inputs": plain}), log.data)
    for parameter, value in zip(plain, values, strict=True):
        result[snake(parameter["name"])] = clean(artifacts.types({"inputs": [parameter]})[0], value)
    return result


class ContractClient:
    """A contract at an address; subclasses name it and give each function a typed method."""

    name: ClassVar[str]

    def __init__(self, chain: Chain, at: str, sender: Payer = None) -> None:
        """Bind to a deployed contract.

        Args:
            at: the contract's address.
            sender: who pays for the transactions; reading needs none.

        """
        self.chain = chain
        self.address: ChecksumAddress = address(at, f"{self.name} address")
        self._payer = sender
        self.artifact = artifacts.load(self.name)

    @property
    def sender(self) -> Sender | None:
        """Who pays for the transactions; asking may load the key."""
        return sender_of(self._payer)

    def using(self, sender: Payer) -> Self:
        """Return the same contract, paid for by somebody else."""
        return type(self)(self.chain, self.address, sender)

    def entry(self, function: str) -> dict[str, Any]:
        """Return a function's ABI entry, by name or, where it is overloaded, by signature."""
        found = [
            e
            for e in self.artifact.entries("function")
            if function in (e["name"], artifacts.signature(e))
        ]
        if len(found) != 1:
            raise NotFound(
                f"{self.name} has {len(found)} functions '{function}': give the signature"
            )
        return found[0]

    def encode(self, function: str, *arguments: Any) -> bytes:
        """Return the calldata of a call.

        Raises:
            InputError: an argument does not fit its type.

        """
        entry = self.entry(function)
        signature = artifacts.signature(entry)
        selector = bytes.fromhex(self.artifact.raw["methodIdentifiers"][signature])
        try:
            return selector + encode(artifacts.types(entry), arguments)
        except (EncodingError, TypeError, ValueError) as error:
            raise InputError(
                f"{self.name}.{signature} cannot take these arguments: {error}"
            ) from error

    def _read(
        self, function: str, *arguments: Any, block: Block = "latest", sender: str | None = None
    ) -> Any:
        """Call a function and return its result: one value, or a tuple of several; structs are tuples."""
        entry = self.entry(function)
        answer = self.chain.call(self.address, self.encode(function, *arguments), block, sender)
        kinds = artifacts.types({"inputs": entry["outputs"]})
        if not answer and kinds:
            raise RevertedSilently()
        values = [
            clean(kind, value) for kind, value in zip(kinds, decode(kinds, answer), strict=True)
        ]
        return values[0] if len(values) == 1 else tuple(values)

    def _send(
        self, function: str, *arguments: Any, value: int = 0, gas: int | None = None
    ) -> Pending:
        """Hand over a transaction that calls a function, without waiting for it."""
        return self._paying(function).send(
            self.address, self.encode(function, *arguments), value, gas
        )

    def _paying(self, function: str) -> Sender:
        sender = self.sender
        if sender is None:
            raise SettingsError(
                f"{self.name}.{function} is a transaction and needs a key to sign with"
            )
        return sender

    def _write(
        self, function: str, *arguments: Any, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Send a transaction that calls a function, and wait for it."""
        return self._paying(function).wait(self._send(function, *arguments, value=value, gas=gas))

    def decode_log(self, log: Log) -> Event | None:
        """Return the typed event of a log of this contract; None for another's, or one with no class."""
        if log.address != self.address or not log.topics:
            return None
        entry = self.artifact.events.get(log.topics[0])
        kind = _EVENTS.get((self.name, entry["name"])) if entry else None
        if entry is None or kind is None:
            return None
        return kind._from_arguments(log, decode_arguments(entry, log))

    def events(self, receipt: Receipt) -> list[Event]:
        """Return this contract's typed events of a transaction, in order."""
        return [event for log in receipt.logs if (event := self.decode_log(log)) is not None]

    def history(
        self,
        *kinds: type[Event],
        from_block: Block = "earliest",
        to_block: Block = "latest",
        **indexed: Any,
    ) -> Iterator[Event]:
        """Yield this contract's events from the node's logs, oldest first.

        Args:
            kinds: only these; all when none is given.
            indexed: values of indexed arguments, by their Python names; needs exactly one kind.

        """
        topics: list[bytes | list[bytes] | None] = []
        if kinds:
            wanted = dict.fromkeys(kinds)
            entries = [
                (topic, entry)
                for topic, entry in self.artifact.events.items()
                if _EVENTS.get((self.name, entry["name"])) in wanted
            ]
            topics.append([topic for topic, _ in entries])
            if indexed:
                for parameter in (p for p in entries[0][1]["inputs"] if p["indexed"]):
                    value = indexed.get(snake(parameter["name"]))
                    topics.append(None if value is None else encode([parameter["type"]], [value]))
        for log in self.chain.logs(self.address, topics, from_block, to_block):
            event = self.decode_log(log)
            if event is not None:
                yield event
