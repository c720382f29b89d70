"""The base of the typed contract clients."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self, TypeVar, overload

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_typing import ChecksumAddress

from careledger.chain import artifacts
from careledger.chain.abi import decode_values
from careledger.chain.events import Event, decode_event, topics_of
from careledger.chain.reverts import RevertedSilently
from careledger.chain.rpc import Block, Chain, Log
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.errors import InputError, NodeError, NotFound, SettingsError
from careledger.values.addresses import address

Payer = Sender | Callable[[], Sender] | None
"""Who pays: a sender, or a function that makes one at the first transaction; reading needs none."""

E = TypeVar("E", bound=Event)


def sender_of(payer: Payer) -> Sender | None:
    """Return the sender that a payer stands for."""
    return payer() if callable(payer) else payer


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
        self.artifact = artifacts.load(self.name)
        self.address: ChecksumAddress = address(at, f"{self.name} address")
        self._payer = sender

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
            entry
            for entry in self.artifact.entries("function")
            if function in (entry["name"], artifacts.signature(entry))
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
        """Call a function and return its value, or a tuple of several; structs are tuples."""
        entry = self.entry(function)
        answer = self.chain.call(self.address, self.encode(function, *arguments), block, sender)
        kinds = artifacts.types({"inputs": entry["outputs"]})
        if not answer and kinds:
            raise RevertedSilently()

        values = decode_values(kinds, answer)
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
    ) -> TransactionReceipt:
        """Send a transaction that calls a function, and wait for it."""
        return self._paying(function).wait(self._send(function, *arguments, value=value, gas=gas))

    def decode_log(self, log: Log) -> Event | None:
        """Return the typed event of a log; None for another contract's, or one without a class."""
        return decode_event(self.artifact, log) if log.address == self.address else None

    @overload
    def events(self, receipt: TransactionReceipt) -> list[Event]: ...

    @overload
    def events(self, receipt: TransactionReceipt, kind: type[E]) -> list[E]: ...

    def events(self, receipt: TransactionReceipt, kind: type[Event] = Event) -> list[Any]:
        """Return this contract's typed events of a transaction, in order; of one kind, if asked."""
        found = (self.decode_log(log) for log in receipt.logs)
        return [event for event in found if isinstance(event, kind)]

    def event(self, receipt: TransactionReceipt, kind: type[E]) -> E:
        """Return the one event of a kind that a transaction emitted.

        Raises:
            NodeError: the receipt has none, or several.

        """
        found = self.events(receipt, kind)

        if len(found) != 1:
            raise NodeError(
                f"transaction 0x{receipt.transaction_hash.hex()} has {len(found)} events "
                f"{kind.__name__} of {self.name} at {self.address}, not one: check the node"
            )
        return found[0]

    @overload
    def history(
        self, *, from_block: Block = ..., to_block: Block = ..., split: bool = ...
    ) -> Iterator[Event]: ...

    @overload
    def history(
        self,
        *kinds: type[E],
        from_block: Block = ...,
        to_block: Block = ...,
        split: bool = ...,
        **indexed: Any,
    ) -> Iterator[E]: ...

    def history(
        self,
        *kinds: type[Event],
        from_block: Block = "earliest",
        to_block: Block = "latest",
        split: bool = True,
        **indexed: Any,
    ) -> Iterator[Any]:
        """Yield this contract's events from the node's logs, oldest first.

        Args:
            kinds: the events' classes; all events that have one when none is given. With several,
                what is yielded is typed where it is assigned: `found: Iterator[A | B] = …`.
            from_block: the first block.
            to_block: the last block.
            split: False lets a node's refusal of so many blocks through, see `Chain.logs`.
            indexed: values of indexed arguments, by their Python names; several values of one are
                given as a list (`id=[first, second]`).

        Raises:
            InputError: the events have no such indexed argument, or a value does not fit it.
            LogsRefused, NodeError: what `Chain.logs` raises.

        """
        topics = topics_of(self.artifact, kinds, indexed) if kinds else []

        for log in self.chain.logs(self.address, topics, from_block, to_block, split=split):
            event = self.decode_log(log)
            if event is not None:
                yield event
