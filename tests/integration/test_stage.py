"""The stage of the flows: an Anvil of its own, a given development chain, a chain that is none."""

import sys
import types
from datetime import timedelta

import pytest

from careledger.chain.node import DevelopmentChain, LocalNode, development_accounts
from careledger.errors import SettingsError
from careledger.flows import stage as stages
from careledger.flows.stage import brownie_rpc, open_stage
from careledger.settings import Settings
from careledger.values.times import from_seconds


@pytest.fixture(scope="module")
def own():
    with LocalNode("anvil") as chain:
        yield chain


class TestOpenStage:
    def test_without_an_address_it_has_a_chain_of_its_own_and_leaves_nothing(self):
        with open_stage(None, Settings()) as stage:
            assert stage.development is not None
            assert stage.chain.code(stage.addresses["IdentityRegistry"])
            folder = stage.suite.settings.deployments
            assert folder.is_dir()
        assert not folder.exists()

    def test_actors_are_made_once_funded_and_named(self, own, tmp_path):
        with open_stage(own.url, Settings(deployments=tmp_path)) as stage:
            ana = stage.actor("Ana", ether=2)
            assert stage.actor("Ana") is ana
            assert own.balance(ana.address) == 2 * 10**18
            assert own.balance(stage.actor("Poor", ether=0).address) == 0
            assert stage.name_of(ana.address) == "Ana"
            assert stage.name_of(stage.addresses["RefundEscrow"]) == "RefundEscrow"
            assert stage.name_of("0x" + "11" * 20) == "0x" + "11" * 20

    def test_a_second_flow_finds_the_suite_there(self, own, tmp_path):
        told = []
        with open_stage(own.url, Settings(deployments=tmp_path)) as first:
            addresses = first.addresses
        with open_stage(
            own.url, Settings(deployments=tmp_path), lambda *what: told.append(what)
        ) as second:
            assert second.addresses == addresses
        assert {what for _, what in told} == {"already deployed"}

    def test_a_deadline_is_in_the_future_of_the_chain_and_of_this_machine(self, own, tmp_path):
        with open_stage(own.url, Settings(deployments=tmp_path)) as stage:
            assert stage.now().timestamp() >= own.timestamp()
            stage.development.warp(own.timestamp() + 10**6)
            assert stage.now() == from_seconds(own.timestamp())
            assert stage.soon(timedelta(minutes=5)) == stage.now() + timedelta(minutes=5)

    def test_the_receipt_of_a_transaction_is_found_by_its_hash(self, own, tmp_path):
        with open_stage(own.url, Settings(deployments=tmp_path)) as stage:
            sent = stage.patron.transact(stage.patron.address, value=1)
            assert stage.receipt(sent.transaction_hash) == sent

    def test_time_passes_at_once_on_a_development_chain(self, own, tmp_path):
        said = []
        with open_stage(own.url, Settings(deployments=tmp_path)) as stage:
            at = stage.now() + timedelta(hours=2)
            stage.wait_until(at, said.append)
            assert own.timestamp() >= at.timestamp()
            stage.wait_until(at, said.append)
        assert len(said) == 1

    def test_elsewhere_the_named_key_signs_and_time_passes_by_itself(
        self, own, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(DevelopmentChain, "of", classmethod(lambda *_: None))
        with (
            pytest.raises(SettingsError, match="no key"),
            open_stage(own.url, Settings(deployments=tmp_path)),
        ):
            pass
        key = "0x" + development_accounts(2)[1].key.hex().removeprefix("0x")
        with open_stage(own.url, Settings(deployments=tmp_path, private_key=key)) as stage:
            assert stage.patron.address == development_accounts(2)[1].address
            waited = []
            monkeypatch.setattr(
                stages.time, "sleep", lambda s: (waited.append(s), own.request("evm_mine"))
            )
            at = from_seconds(own.timestamp() + 2)
            own.request("evm_increaseTime", 1)
            stage.wait_until(at)
            assert waited


class TestBrownie:
    def test_outside_brownie_there_is_none(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "brownie", raising=False)
        assert brownie_rpc() is None

    def test_inside_it_is_its_network(self, own, monkeypatch):
        done = []
        brownie = types.SimpleNamespace(
            network=types.SimpleNamespace(is_connected=lambda: True),
            web3=types.SimpleNamespace(provider=types.SimpleNamespace(endpoint_uri=own.url)),
            chain=types.SimpleNamespace(snapshot=lambda: done.append(True)),
        )
        monkeypatch.setitem(sys.modules, "brownie", brownie)
        assert brownie_rpc() == own.url
        with open_stage(None, Settings()) as stage:
            assert stage.chain.url == own.url
        assert done

    def test_a_brownie_that_is_not_connected_does_not_count(self, monkeypatch):
        brownie = types.SimpleNamespace(network=types.SimpleNamespace(is_connected=lambda: False))
        monkeypatch.setitem(sys.modules, "brownie", brownie)
        assert brownie_rpc() is None
