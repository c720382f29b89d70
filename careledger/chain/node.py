"""Start and stop a local development chain: Anvil, or Ganache, on a free loopback port.

For development and tests alone. What a product does never needs the methods of `DevelopmentChain`.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.chain.rpc import Chain, connect
from careledger.chain.toolchain import foundry, npm_tool
from careledger.errors import NodeError, ToolchainError

Kind = Literal["anvil", "ganache"]

DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk"
"""Known to everybody: Anvil's and Hardhat's default. Whatever its accounts hold on a public chain
is lost."""
GRACE = 5.0
"""Seconds between asking a node to stop and killing it."""
CHAIN_IDS: dict[Kind, int] = {"anvil": 31337, "ganache": 1337}


def development_accounts(count: int = 10) -> list[LocalAccount]:
    """Return the well-known development accounts, in Anvil's order."""
    Account.enable_unaudited_hdwallet_features()
    return [
        Account.from_mnemonic(DEVELOPMENT_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
        for index in range(count)
    ]


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command(kind: Kind, port: int, accounts: int, extra: list[str]) -> list[str]:
    if kind == "anvil":
        return [*_anvil(port, accounts), *extra]
    return [*_ganache(port, accounts), *extra]


def _anvil(port: int, accounts: int) -> list[str]:
    options: dict[str, str | int] = {
        "--host": "127.0.0.1",
        "--port": port,
        "--accounts": accounts,
        "--mnemonic": DEVELOPMENT_MNEMONIC,
        "--balance": 1_000_000,
    }
    return [str(foundry("anvil")), *_words(options)]


def _ganache(port: int, accounts: int) -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise ToolchainError("Node is not installed; Ganache needs Node.js 20 or newer")

    options: dict[str, str | int] = {
        "--server.host": "127.0.0.1",
        "--server.port": port,
        "--chain.hardfork": "shanghai",
        "--chain.chainId": CHAIN_IDS["ganache"],
        "--wallet.mnemonic": DEVELOPMENT_MNEMONIC,
        "--wallet.totalAccounts": accounts,
        "--wallet.defaultBalance": 1_000_000,
    }
    return [node, str(npm_tool("ganache", "dist/node/cli.js")), *_words(options)]


def _words(options: dict[str, str | int]) -> list[str]:
    return [word for name, value in options.items() for word in (name, str(value))]


class LocalNode:
    """A local chain that this process started, and stops again. Use as a context manager."""

    def __init__(
        self,
        kind: Kind = "anvil",
        port: int | None = None,
        accounts: int = 10,
        extra: list[str] | None = None,
    ) -> None:
        """Describe the chain; nothing is started yet.

        Args:
            port: on the loopback address; a free one when not given.
            accounts: how many of the development accounts hold a million ether.
            extra: further command-line options of the node.

        """
        self.kind: Kind = kind

        self.port = port if port is not None else free_port()
        self.url = f"http://127.0.0.1:{self.port}"

        self._command = _command(kind, self.port, accounts, extra or [])
        self._process: subprocess.Popen[bytes] | None = None
        self._log = Path(tempfile.gettempdir()) / f"careledger-{kind}-{os.getpid()}-{self.port}.log"

    @property
    def pid(self) -> int:
        """The process that serves the chain."""
        if self._process is None:
            raise NodeError(f"the local {self.kind} has not been started")
        return self._process.pid

    def start(self, within: float = 30) -> Chain:
        """Start the chain and return a connection as soon as it answers.

        Args:
            within: seconds to wait for its first answer.

        Raises:
            NodeError: the port is taken, or the node stopped or did not answer.

        """
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise NodeError(
                    f"port {self.port} is taken by another program: give another with --port"
                )

        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                text = self._log.read_text(errors="replace")[-500:]
                self.stop()
                raise NodeError(f"{self.kind} stopped at once: {text.strip()}")

            try:
                return connect(self.url)
            except NodeError:
                time.sleep(0.02)
        self.stop()
        raise NodeError(f"{self.kind} did not answer within {within:g} s")

    def stop(self) -> None:
        """Stop the chain; what it held is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.unlink(missing_ok=True)

    def __enter__(self) -> Chain:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@dataclass(frozen=True)
class DevelopmentChain:
    """What only a development chain can do: let time pass, and go back to an earlier state."""

    chain: Chain

    @classmethod
    def of(cls, chain: Chain) -> Self | None:
        """Return the development side of a chain; None when its node is not Anvil or Ganache."""
        client = str(chain.request("web3_clientVersion")).lower()
        return cls(chain) if client.startswith(("anvil", "ganache")) else None

    def warp(self, to: int) -> None:
        """Mine a block at a time, in seconds since 1970 UTC, not before the newest block's."""
        if str(self.chain.request("web3_clientVersion")).lower().startswith("anvil"):
            self.chain.request("evm_setNextBlockTimestamp", hex(to))
            self.chain.request("evm_mine")
        else:
            self.chain.request("evm_increaseTime", max(0, to - self.chain.timestamp()))
            self.chain.request("evm_mine", to)

    def snapshot(self) -> str:
        """Remember the state; returns the name to `revert` to."""
        return str(self.chain.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to a remembered state."""
        self.chain.request("evm_revert", snapshot)

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks."""
        for _ in range(blocks):
            self.chain.request("evm_mine")
