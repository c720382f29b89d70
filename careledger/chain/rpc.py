"""One connection to a node: calls, logs and blocks, with every failure as an exception of ours."""

import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.chain.reverts import decode_revert
from careledger.errors import InputError, LogsRefused, NodeError, NoFunds, Unreachable, WrongChain
from careledger.values.urls import without_secrets

if TYPE_CHECKING:
    from web3 import Web3

    from careledger.chain.transport import Transport

_log = logging.getLogger(__name__)

_EXECUTION_REVERTED = 3
"""The code with which geth and Anvil report that a contract refused."""

_HEX = re.compile("0x(?:[0-9a-fA-F]{2})*")

Block = int | str
"""A block's number, or `latest`, `safe`, `finalized`, `earliest`, `pending`."""


def quantity(block: Block) -> str:
    """Return a block's number or tag in the form that JSON-RPC wants."""
    return hex(block) if isinstance(block, int) else block


@dataclass(frozen=True)
class Log:
    """One event as a node tells it."""

    address: ChecksumAddress
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int

    @classmethod
    def from_rpc(cls, raw: Mapping[str, Any]) -> "Log":
        """Read the node's JSON."""
        return cls(
            address=to_checksum_address(raw["address"]),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
            data=bytes.fromhex(raw["data"][2:]),
            block_number=int(raw["blockNumber"], 16),
            block_hash=bytes.fromhex(raw["blockHash"][2:]),
            transaction_hash=bytes.fromhex(raw["transactionHash"][2:]),
            log_index=int(raw["logIndex"], 16),
        )


class Chain:
    """A node and the chain that it serves."""

    def __init__(self, transport: "Transport") -> None:
        """Ask for the chain's id; programs call `connect` or `Chain.from_web3`."""
        self.url = transport.url
        self.shown_url = without_secrets(transport.url)
        self._transport = transport
        self.chain_id = int(self.request("eth_chainId"), 16)

    @classmethod
    def from_web3(cls, w3: "Web3") -> Self:
        """Ask the node of a program's own `Web3`, with its provider and its middleware.

        Raises:
            NodeError: no node answers there.

        """
        from careledger.chain.transport import Web3Transport  # noqa: PLC0415  as in `connect`

        return cls(Web3Transport(w3))

    @property
    def w3(self) -> "Web3":
        """The `Web3` of this connection, for what this class has no method for."""
        return self._transport.w3

    def request(self, method: str, *params: Any) -> Any:
        """Ask the node and return the result.

        Raises:
            Unreachable: no answer came through; it may have done what was asked all the same.
            NodeError: it refuses the request.
            Reverted: it ran a contract, which refused.
            NoFunds: the sender cannot pay.

        """
        began = time.monotonic()
        answer = self._transport.ask(method, list(params))
        milliseconds = round((time.monotonic() - began) * 1000)
        _log.debug("asked %s", method, extra={"method": method, "milliseconds": milliseconds})

        if not isinstance(answer, dict) or not answer.keys() & {"error", "result"}:
            raise Unreachable(f"what answers at {self.shown_url} is not a node: correct --rpc")
        if answer.get("error") is not None:
            raise _failure(method, answer["error"])
        return answer.get("result")

    def call(
        self,
        to: str,
        data: bytes,
        block: Block = "latest",
        sender: str | None = None,
        value: int = 0,
    ) -> bytes:
        """Run a call without a transaction and return what it answers.

        Raises:
            Reverted: the contract refused.
            NodeError: the node cannot be asked.

        """
        transaction = {"to": to, "data": "0x" + data.hex()}
        if sender:
            transaction["from"] = sender
        if value:
            transaction["value"] = hex(value)

        return bytes.fromhex(self.request("eth_call", transaction, quantity(block))[2:])

    def logs(
        self,
        addresses: str | Sequence[str],
        topics: Sequence[bytes | Sequence[bytes] | None] = (),
        from_block: Block = "earliest",
        to_block: Block = "latest",
        *,
        split: bool = True,
    ) -> list[Log]:
        """Return the events of contracts, oldest first; `topics` as in eth_getLogs.

        One request. Where the node refuses it (many limit the blocks of a request, or the events of
        an answer), the range is halved until it answers.

        Args:
            split: False lets the refusal through, for callers who know a cheaper way.

        Raises:
            LogsRefused: the node refuses a single block, too.
            Unreachable: the node does not answer.
            NodeError: the node refuses, and `split` is False.

        """

        def text(topic: bytes | Sequence[bytes] | None) -> Any:
            if topic is None or isinstance(topic, bytes):
                return topic and "0x" + topic.hex()
            return ["0x" + one.hex() for one in topic]

        query = {
            "address": [addresses] if isinstance(addresses, str) else list(addresses),
            "topics": [text(topic) for topic in topics],
            "fromBlock": quantity(from_block),
            "toBlock": quantity(to_block),
        }
        try:
            found = self.request("eth_getLogs", query)
        except Unreachable:
            raise
        except NodeError as refusal:
            if not split:
                raise
            found = self._halves(query, self._number(from_block), self._number(to_block), refusal)
        return [Log.from_rpc(raw) for raw in found]

    def _halves(
        self, query: dict[str, Any], first: int, last: int, refusal: NodeError
    ) -> list[dict[str, Any]]:
        """Ask for both halves of a range that was refused, and so on."""
        if first > last:
            raise refusal
        if first == last:
            raise LogsRefused(
                f"the node refuses the events of block {first} alone: {refusal}"
            ) from refusal

        middle = (first + last) // 2
        found = []
        for begin, end in ((first, middle), (middle + 1, last)):
            try:
                found += self.request(
                    "eth_getLogs", query | {"fromBlock": hex(begin), "toBlock": hex(end)}
                )
            except Unreachable:
                raise
            except NodeError as error:
                found += self._halves(query, begin, end, error)

        return found

    def _number(self, block: Block) -> int:
        return block if isinstance(block, int) else int(self.block(block)["number"], 16)

    def block(self, block: Block | bytes = "latest") -> dict[str, Any]:
        """Return a block as the node tells it, without its transactions.

        Raises:
            NodeError: there is no such block.

        """
        if isinstance(block, bytes):
            found = self.request("eth_getBlockByHash", "0x" + block.hex(), False)
        else:
            found = self.request("eth_getBlockByNumber", quantity(block), False)

        if found is None:
            raise NodeError(f"the node at {self.shown_url} has no block {_name(block)}")
        result: dict[str, Any] = found
        return result

    def block_number(self) -> int:
        """Return the number of the newest block."""
        return int(self.request("eth_blockNumber"), 16)

    def timestamp(self, block: Block = "latest") -> int:
        """Return a block's time, in seconds since 1970 UTC."""
        return int(self.block(block)["timestamp"], 16)

    def code(self, at: str, block: Block = "latest") -> bytes:
        """Return the code at an address; empty where there is none."""
        return bytes.fromhex(self.request("eth_getCode", at, quantity(block))[2:])

    def balance(self, of: str, block: Block = "latest") -> int:
        """Return an account's ether, in wei."""
        return int(self.request("eth_getBalance", of, quantity(block)), 16)

    def expect(self, chain_id: int) -> None:
        """Make sure that the node serves a chain.

        Raises:
            WrongChain: it serves another one.

        """
        if self.chain_id != chain_id:
            raise WrongChain(
                f"the node at {self.shown_url} serves chain {self.chain_id}, "
                f"but chain {chain_id} is expected"
            )


def _name(block: Block | bytes) -> str:
    return "0x" + block.hex() if isinstance(block, bytes) else str(block)


def _revert_data(error: Mapping[str, Any]) -> bytes | None:
    """Find what the contract answered: in `data`, or for Ganache also in `data.result`."""
    data = error.get("data")
    if isinstance(data, Mapping):
        data = data.get("result", data.get("data"))
    if isinstance(data, str) and _HEX.fullmatch(data):
        return bytes.fromhex(data[2:])
    if error.get("code") == _EXECUTION_REVERTED or "revert" in str(error.get("message", "")):
        return b""
    return None


def _failure(method: str, error: Mapping[str, Any] | str) -> Exception:
    if isinstance(error, str):
        return NodeError(f"the node refused {method}: {error}")

    message = str(error.get("message", ""))
    data = _revert_data(error)
    if data:  # a token may speak of insufficient funds, too
        return decode_revert(data)
    if "insufficient funds" in message.lower() and error.get("code") != _EXECUTION_REVERTED:
        return NoFunds(
            "the sending account has too little ether for the transaction: fund it, or use another "
            "key"
        )

    if data is not None:
        return decode_revert(data)
    return NodeError(f"the node refused {method}: {message or error}")


def connect(url: str, timeout: float = 30) -> Chain:
    """Connect to a node by its HTTP address.

    Args:
        timeout: seconds that one request may take.

    Raises:
        InputError: the address is not one of HTTP.
        NodeError: no node answers there.

    """
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--rpc {url!r} is not an HTTP address such as http://127.0.0.1:8545")

    # web3 takes long to import, and much of this package does its work without a node.
    from careledger.chain.transport import HttpTransport  # noqa: PLC0415

    return Chain(HttpTransport(url, timeout))
