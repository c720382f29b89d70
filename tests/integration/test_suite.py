"""`careledger.Suite`: what it opens, when, for whom, and what it says when something is missing."""

import json
import os
from datetime import timedelta

import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3
from web3.middleware import Web3Middleware

import careledger
import careledger.errors
from careledger import Suite
from careledger.chain import artifacts
from careledger.chain.node import DevelopmentChain, development_accounts, free_port
from careledger.chain.rpc import Chain
from careledger.errors import (
    Conflict,
    InputError,
    NodeError,
    NotFound,
    SettingsError,
    WrongChain,
)
from careledger.identity.did.did import format_did
from careledger.loyalty.client import LoyaltyToken
from careledger.outbox.errors import KeyInUse
from careledger.settings import Settings
from tests.support.builds import rebuild

NOBODY = "0x" + "12" * 20


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """Take what is ours out of the environment."""
    for name in [name for name in os.environ if name.startswith("CARELEDGER_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def opened(chain, deployments):
    """Return a function that opens the deployed suite."""

    def open_(**options):
        return Suite.open(chain.url, deployments=deployments, **options)

    return open_


def the_key(account):
    return "0x" + account.key.hex().removeprefix("0x")


class TestOpening:
    def test_asks_nobody_before_something_is_needed(self, tmp_path):
        suite = Suite.open(f"http://127.0.0.1:{free_port()}", key=tmp_path / "no-key.json")
        with pytest.raises(NodeError, match="no node answers"):
            _ = suite.identity.registry

    def test_the_environment_has_what_is_not_given(self, chain, deployments, monkeypatch):
        monkeypatch.setenv("CARELEDGER_RPC", chain.url)
        monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))
        suite = Suite.open()
        assert suite.chain.chain_id == 31337
        assert set(suite.addresses) >= {"IdentityRegistry", "RefundEscrow"}

    def test_what_is_given_goes_before_the_settings(self, chain, deployments):
        settings = Settings(rpc="http://127.0.0.1:9", store="other.db")
        suite = Suite.open(chain.url, settings=settings, deployments=deployments)
        assert suite.settings.rpc == chain.url
        assert suite.settings.store == "other.db"

    def test_another_node_keeps_key_and_database(self, opened, accounts, chain, tmp_path):
        from careledger.store import Store

        said = []
        with Store.open(tmp_path / "mine.db") as mine:
            suite = opened(key=accounts[3], store=mine, notice=said.append)
            other = suite.through(chain.url)
            assert other.account.address == accounts[3].address
            assert other.store is mine
        assert said == []

    def test_an_unknown_attribute_of_the_package_is_said(self):
        with pytest.raises(AttributeError, match="no attribute 'Sweet'"):
            _ = careledger.Sweet


class TestClients:
    def test_reading_takes_no_key(self, opened, suite, monkeypatch):
        monkeypatch.setattr("careledger.chain.keys.signing_account", None)
        found = opened()
        assert found.identity.registry.identity_owner(NOBODY) == NOBODY
        assert found.identity.consents.address == suite["ConsentRegistry"]
        assert found.identity.statuses.address == suite["CredentialStatus"]
        assert found.identity.passkeys.address == suite["PasskeyVerifier"]
        assert found.identity.verifiers == [suite["PasskeyVerifier"]]
        assert found.interactions.log.address == suite["InteractionLog"]
        assert found.loyalty.market.address == suite["PointMarket"]
        assert found.loyalty.pools.address == suite["PointPools"]
        assert found.refunds.escrow.address == suite["RefundEscrow"]
        assert found.refunds.return_desk.address == suite["ReturnDesk"]

    def test_each_client_is_made_once(self, opened):
        suite = opened()
        assert suite.identity.registry is suite.identity.registry
        assert suite.refunds.escrow is suite.refunds.escrow

    def test_all_of_them_share_one_owner_of_nonces(self, opened, accounts):
        suite = opened(key=accounts[1])
        suite.identity.registry.add_delegate(accounts[1].address, "a", NOBODY, 60)
        suite.identity.registry.revoke_delegate(accounts[1].address, "a", NOBODY)
        assert suite.identity.registry.sender is suite.refunds.escrow.sender is suite.sender

    def test_another_contract_can_be_given(self, opened, chain, suite):
        market = suite["PointPools"]
        found = opened(contracts={"PointMarket": market, "RefundEscrow": NOBODY})
        with pytest.raises(NotFound, match=f"there is no PointMarket at {market} on chain 31337"):
            _ = found.loyalty.market
        assert found.refunds.escrow.address == NOBODY
        assert found.addresses["RefundEscrow"] == NOBODY
        assert found.addresses["ReturnDesk"] == suite["ReturnDesk"]
        assert found.given("RefundEscrow") == NOBODY
        assert found.given("ReturnDesk") is None

    def test_a_given_contract_needs_no_record(self, chain, suite, tmp_path):
        at = suite["IdentityRegistry"]
        found = Suite.open(chain.url, deployments=tmp_path, contracts={"IdentityRegistry": at})
        assert found.identity.registry.identity_owner(NOBODY) == NOBODY
        with pytest.raises(NotFound, match="careledger deploy"):
            _ = found.refunds.escrow

    def test_a_given_address_is_checked(self, opened):
        with pytest.raises(InputError, match="RefundEscrow '0x12' is not an address"):
            _ = opened(contracts={"RefundEscrow": "0x12"}).refunds.escrow

    def test_points_are_looked_at(self, opened, suite):
        with pytest.raises(NotFound, match="there is no LoyaltyToken"):
            opened().loyalty.token(suite["PointMarket"])
        with pytest.raises(InputError, match="token"):
            opened().loyalty.token("miles")

    def test_a_record_without_the_contract_is_said(self, chain, deployments, tmp_path):
        record = json.loads((deployments / "31337.json").read_text())
        del record["versions"][0]["contracts"]["PointPools"]
        (tmp_path / "31337.json").write_text(json.dumps(record))
        suite = Suite.open(chain.url, deployments=tmp_path)
        with pytest.raises(NotFound, match="no PointPools is recorded for chain 31337"):
            _ = suite.loyalty.pools


class TestNames:
    def test_of_identities(self, opened, accounts):
        identity, at = opened().identity, accounts[1].address
        assert identity.did(at) == format_did(at, 31337)
        assert identity.address_of(at) == identity.address_of(format_did(at, 31337)) == at

    def test_a_did_of_another_chain_is_refused(self, opened, accounts):
        with pytest.raises(WrongChain):
            opened().identity.address_of(format_did(accounts[1].address, 1))


class TestKeys:
    def test_one_is_given(self, opened, accounts, tmp_path, monkeypatch):
        assert opened(key=accounts[2]).sender.address == accounts[2].address
        assert opened(key=the_key(accounts[3])).sender.address == accounts[3].address
        file, password = tmp_path / "key.json", tmp_path / "password"
        file.write_text(json.dumps(Account.encrypt(accounts[4].key, "secret", iterations=2)))
        password.write_text("secret\n")
        monkeypatch.setenv("CARELEDGER_PASSWORD_FILE", str(password))
        assert opened(key=file).account.address == accounts[4].address

    def test_the_key_file_goes_before_the_private_key(self, opened, accounts, monkeypatch):
        monkeypatch.setenv("CARELEDGER_KEYSTORE", "nowhere.json")
        monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", the_key(accounts[3]))
        with pytest.raises(SettingsError, match=r"nowhere\.json cannot be read"):
            _ = opened().sender
        monkeypatch.delenv("CARELEDGER_KEYSTORE")
        assert opened().sender.address == accounts[3].address

    def test_on_a_development_chain_a_well_known_one_signs_and_that_is_said(self, opened, capsys):
        suite = opened()
        assert capsys.readouterr().err == ""
        assert suite.sender.address == development_accounts(1)[0].address
        printed = capsys.readouterr().err
        assert printed.startswith("note: no key is set; ")
        assert suite.sender.address in printed
        _ = suite.account
        assert capsys.readouterr().err == ""

    def test_on_another_chain_there_has_to_be_one(self, opened, monkeypatch):
        monkeypatch.setattr(DevelopmentChain, "of", classmethod(lambda *_: None))
        with pytest.raises(SettingsError, match="no key to sign with: set CARELEDGER_KEYSTORE"):
            _ = opened().sender


class TestStore:
    def test_it_is_opened_when_asked_for_and_closed_with_the_suite(self, opened, tmp_path):
        file = tmp_path / "suite.db"
        with opened(store=file) as suite:
            assert not file.exists()
            assert suite.store is suite.store
            assert file.exists()

    def test_one_that_is_open_stays_open(self, opened, tmp_path):
        from careledger.store import Store

        with Store.open(tmp_path / "mine.db") as mine:
            with opened(store=mine) as suite:
                assert suite.store is mine
            with mine.reading():
                pass

    def test_a_named_database_keeps_others_from_sending_with_the_key(
        self, opened, accounts, tmp_path
    ):
        file = tmp_path / "shared.db"
        with opened(store=file, key=accounts[1]) as one:
            one.identity.registry.add_delegate(accounts[1].address, "a", NOBODY, 60)
            with opened(store=file, key=accounts[1]) as other, pytest.raises(KeyInUse):
                other.identity.registry.add_delegate(accounts[1].address, "b", NOBODY, 60)
            with opened(store=file, key=accounts[2]) as third:
                third.identity.registry.add_delegate(accounts[2].address, "c", NOBODY, 60)
        with opened(store=file, key=accounts[1]) as later:
            later.identity.registry.add_delegate(accounts[1].address, "b", NOBODY, 60)

    def test_without_a_database_none_is_made(self, opened, accounts, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with opened(key=accounts[1]) as suite:
            suite.identity.registry.add_delegate(accounts[1].address, "a", NOBODY, 60)
        assert list(tmp_path.iterdir()) == []


class TestVersions:
    @pytest.fixture
    def folder(self, deployments, tmp_path):
        """Return a folder with a copy of the record."""
        file = deployments / "31337.json"
        (tmp_path / file.name).write_text(file.read_text())
        return tmp_path

    @pytest.fixture
    def suite_(self, chain, folder, accounts):
        return Suite.open(chain.url, deployments=folder, key=accounts[0])

    def test_it_opens_in_the_newest_and_an_older_one_is_asked_for(self, suite_, monkeypatch):
        before = dict(suite_.addresses)
        assert (suite_.versions, suite_.version) == ([1], 1)
        rebuild(monkeypatch, "RefundEscrow")
        suite_.deploy(new_version=True)
        assert (suite_.versions, suite_.version) == ([1, 2], 2)
        assert suite_.addresses["RefundEscrow"] != before["RefundEscrow"]
        assert suite_.addresses["IdentityRegistry"] == before["IdentityRegistry"]
        assert suite_.at(1).addresses == before
        assert suite_.at(1).version == 1
        assert suite_.at(1).sender is suite_.sender
        with pytest.raises(NotFound, match=r"no version 3 of the suite .* there are 1, 2"):
            suite_.at(3)

    def test_the_version_that_has_a_contract_is_found(self, suite_, monkeypatch):
        older = suite_.addresses["PointMarket"]
        rebuild(monkeypatch, "PointMarket")
        suite_.deploy(new_version=True)
        assert suite_.having("PointMarket", older).version == 1
        assert suite_.having("PointMarket", suite_.addresses["PointMarket"]).version == 2
        assert suite_.having("PointMarket", NOBODY) is suite_

    def test_a_client_of_an_older_build_is_known_by_the_code_it_had(self, suite_, monkeypatch):
        older = suite_.loyalty.market.address
        rebuild(monkeypatch, "PointMarket")
        suite_.deploy(new_version=True)
        assert suite_.at(1).loyalty.market.address == older
        stranger = suite_.with_contracts({"PointMarket": older})
        with pytest.raises(NotFound, match="there is no PointMarket"):
            _ = stranger.loyalty.market

    def test_another_interface_is_said_with_the_release_that_has_it(
        self, suite_, monkeypatch, folder
    ):
        entries = artifacts.load("PointMarket").abi[:-1]
        rebuild(monkeypatch, "PointMarket", abi=entries)
        suite_.deploy(new_version=True)
        suite = Suite.open(suite_.chain.url, deployments=folder)
        assert suite.loyalty.market.address == suite_.addresses["PointMarket"]
        with pytest.raises(Conflict, match="PointMarket of version 1 has another interface"):
            _ = suite.at(1).loyalty.market


class TestTime:
    def test_now_is_the_later_of_both_clocks(self, opened, development, chain):
        suite = opened()
        later = chain.timestamp() + 10**9
        development.warp(later)
        assert suite.now() == suite.chain_time()
        assert int(suite.now().timestamp()) == later
        assert suite.development is not None


class TestWeb3:
    def test_every_request_goes_through_the_programs_own_middleware(self, chain, deployments):
        seen = []

        class Watching(Web3Middleware):
            def request_processor(self, method, params):
                seen.append(method)
                return method, params

        w3 = Web3(HTTPProvider(chain.url))
        w3.middleware_onion.add(Watching)
        suite = Suite.open(web3=w3, deployments=deployments, key=development_accounts(2)[1])
        registry = suite.identity.registry
        receipt = registry.add_delegate(suite.sender.address, "a", NOBODY, 60)
        assert registry.valid_delegate(suite.sender.address, "a", NOBODY)
        assert len(list(registry.history(from_block=receipt.block_number))) == 1
        assert {"eth_chainId", "eth_call", "eth_sendRawTransaction", "eth_getLogs"} <= set(seen)
        assert suite.chain.url == chain.url

    def test_a_refusal_is_as_it_is_without(self, chain, deployments, accounts):
        w3 = Web3(HTTPProvider(chain.url))
        suite = Suite.open(web3=w3, deployments=deployments, key=accounts[1])
        plain = Suite.open(chain.url, deployments=deployments, key=accounts[1])
        refusals = []
        for one in (suite, plain):
            with pytest.raises(careledger.errors.CareLedgerError) as refused:
                one.identity.registry.add_delegate(accounts[2].address, "a", NOBODY, 60)
            refusals.append((type(refused.value), str(refused.value)))
        assert refusals[0] == refusals[1]

    def test_blocks_and_logs_are_plain(self, chain):
        through = Chain.from_web3(Web3(HTTPProvider(chain.url)))
        assert through.block("latest") == chain.block("latest")
        assert type(through.block("latest")) is dict

    def test_a_dead_node_is_said(self):
        w3 = Web3(HTTPProvider("http://127.0.0.1:9", exception_retry_configuration=None))
        with pytest.raises(NodeError, match="no node answers"):
            _ = Suite.open(web3=w3).chain


class TestLocal:
    def test_it_is_ready_and_gone_afterwards(self, monkeypatch):
        monkeypatch.setenv("CARELEDGER_RPC", "http://127.0.0.1:9")
        monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", "0x01")
        with Suite.local() as suite:
            assert suite.sender.address == development_accounts(1)[0].address
            token = LoyaltyToken.deploy(
                suite.sender, suite.address("IdentityRegistry"), suite.sender.address,
                name="Aurora", symbol="AURORA", cap=10**18, notice=timedelta(days=90),
            )  # fmt: skip
            assert suite.loyalty.token(token.address).symbol() == "AURORA"
            url = suite.chain.url
        with pytest.raises(NodeError):
            _ = Suite.open(url).chain
