"""The two local chains: both take the suite, and what goes wrong at the start is said."""

import os
import shutil

import pytest

from careledger.chain import artifacts, deploy, node
from careledger.chain.node import CHAIN_IDS, DevelopmentChain, LocalNode, development_accounts
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import NodeError, ToolchainError
from tests.support.proxy import Proxy, on


@pytest.mark.parametrize("kind", ["anvil", "ganache"])
def test_the_suite_stands_on_both_chains(kind, tmp_path):
    with LocalNode(kind) as chain:
        assert chain.chain_id == CHAIN_IDS[kind]
        accounts = development_accounts(2)
        assert chain.balance(accounts[1].address) == 10**24
        found = deploy.deploy(chain, Sender(chain, accounts[0]), tmp_path)
        for name, at in found.items():
            assert artifacts.load(name).matches(chain.code(at))


@pytest.mark.parametrize("kind", ["anvil", "ganache"])
def test_time_passes_and_comes_back(kind):
    with LocalNode(kind) as chain:
        development = DevelopmentChain.of(chain)
        before, block = chain.timestamp(), chain.block_number()
        name = development.snapshot()
        development.warp(before + 86_400)
        assert chain.timestamp() == before + 86_400
        development.mine(3)
        assert chain.block_number() == block + 4
        development.revert(name)
        assert chain.block_number() == block


def test_a_taken_port_is_said():
    with LocalNode("anvil") as chain:
        port = int(chain.url.rsplit(":", 1)[1])
        with pytest.raises(NodeError, match=f"port {port} is taken"):
            LocalNode("anvil", port=port).start()


def test_a_node_that_stops_at_once_is_quoted():
    with pytest.raises(NodeError, match="stopped at once"):
        LocalNode("anvil", extra=["--no-such-option"]).start()


def test_a_node_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(node, "_command", lambda *_: ["sleep", "60"])
    silent = LocalNode("anvil")
    with pytest.raises(NodeError, match="did not answer within"):
        silent.start(within=0.1)


def test_a_node_that_does_not_stop_is_killed(monkeypatch):
    monkeypatch.setattr(
        node, "_command", lambda *_: ["sh", "-c", "trap '' TERM; echo deaf; exec sleep 60"]
    )
    monkeypatch.setattr(node, "GRACE", 0.05)
    deaf = LocalNode("anvil")
    with pytest.raises(NodeError, match="did not answer within"):
        deaf.start(within=0.3)
    with pytest.raises(ProcessLookupError):
        os.kill(deaf.pid, 0)


def test_what_is_no_development_chain_cannot_let_time_pass():
    with (
        LocalNode("anvil") as chain,
        Proxy(chain.url, on("web3_clientVersion", {"result": "Geth/v1.16"})) as proxy,
    ):
        assert DevelopmentChain.of(connect(proxy.url)) is None


def test_a_missing_binary_says_what_to_do(monkeypatch, tmp_path):
    which = shutil.which
    monkeypatch.setattr("careledger.chain.toolchain.MODULES", tmp_path)
    monkeypatch.setattr("shutil.which", lambda tool: None if tool == "anvil" else which(tool))
    with pytest.raises(ToolchainError, match="make setup"):
        LocalNode("anvil")
    with pytest.raises(ToolchainError, match="make setup"):
        LocalNode("ganache")


def test_ganache_without_node_is_said(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ToolchainError, match=r"Node\.js 20"):
        LocalNode("ganache")


def test_a_node_that_was_not_started_has_no_process():
    with pytest.raises(NodeError, match="has not been started"):
        _ = LocalNode("anvil").pid
