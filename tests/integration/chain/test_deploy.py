"""Deployment on a real node: killed at every point, run again, on the wrong chain, with another
build.
"""

import json

import pytest
from eth_account import Account

from careledger.chain import artifacts, deploy
from careledger.chain.deployments import DeploymentRecord, addresses, read_versions
from careledger.chain.node import DevelopmentChain, LocalNode, development_accounts
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import Conflict, NodeError, NotFound, SettingsError, WrongChain
from tests.support.builds import rebuild
from tests.support.proxy import Proxy, on


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture(scope="module")
def own():
    """An Anvil without the suite."""
    with LocalNode("anvil") as chain:
        yield chain


@pytest.fixture
def sender(own):
    """A funded account that has sent nothing; its contracts are its own."""
    account = Account.create()
    Sender(own, development_accounts(1)[0]).transact(account.address, value=10**19)
    return Sender(own, account)


@pytest.fixture
def other_build(monkeypatch):
    """Return what makes the artifact of a contract one of another build."""
    return lambda name, **changes: rebuild(monkeypatch, name, **changes)


def nonce(chain, sender):
    return int(chain.request("eth_getTransactionCount", sender.address, "latest"), 16)


class TestDeploy:
    def test_every_contract_is_there_as_built(self, own, sender, tmp_path):
        found = deploy.deploy(own, sender, tmp_path)
        assert list(found) == [step.name for step in deploy.SUITE]
        for name, at in found.items():
            assert artifacts.load(name).matches(own.code(at))

    def test_the_record_says_all(self, own, sender, tmp_path):
        deploy.deploy(own, sender, tmp_path)
        record = json.loads((tmp_path / f"{own.chain_id}.json").read_text())
        (version,) = record["versions"]
        assert record["genesis"] == own.block(0)["hash"]
        assert version["pending"] == {}
        assert (version["version"], version["release"]) == (1, None)
        for name, entry in version["contracts"].items():
            receipt = own.request("eth_getTransactionReceipt", entry["transaction"])
            assert receipt["contractAddress"] == entry["address"].lower()
            assert int(receipt["blockNumber"], 16) == entry["block"]
            assert entry["compiler"]["version"] == "0.8.37"
            assert entry["deployer"] == sender.address
            assert len(entry["constructorArguments"]) == len(
                artifacts.load(name).entries("constructor")
                and artifacts.load(name).entries("constructor")[0]["inputs"]
            )

    def test_a_second_run_sends_nothing(self, own, sender, tmp_path):
        first = deploy.deploy(own, sender, tmp_path)
        sent = nonce(own, sender)
        told = []
        assert deploy.deploy(own, sender, tmp_path, lambda *what: told.append(what)) == first
        assert nonce(own, sender) == sent == len(deploy.SUITE)
        assert {what for _, what in told} == {"already deployed"}

    def test_killed_at_any_write_it_goes_on_and_deploys_nothing_twice(
        self, own, sender, tmp_path, monkeypatch
    ):
        save, writes = DeploymentRecord.save, 3 * len(deploy.SUITE)
        state = {"left": 0}

        def counted(record):
            if state["left"] == 0:
                raise Killed
            state["left"] -= 1
            save(record)

        monkeypatch.setattr(DeploymentRecord, "save", counted)
        kills = 0
        for alive in range(1, writes):
            state["left"] = alive % 4 + 1  # each run lives for 1 to 4 writes
            try:
                found = deploy.deploy(own, Sender(own, sender.account), tmp_path)
            except Killed:
                kills += 1
                continue
            break
        assert kills >= len(deploy.SUITE) // 2
        assert nonce(own, sender) == len(deploy.SUITE)
        assert list(found) == [step.name for step in deploy.SUITE]

    def test_killed_before_it_is_mined_the_same_transaction_is_taken_up(
        self, sender, own, tmp_path
    ):
        own.request("evm_setAutomine", False)
        try:
            patient = Sender(own, sender.account, timeout=0.2, stuck_after=60)
            with pytest.raises(Exception, match="not mined within"):
                deploy.deploy(own, patient, tmp_path)
        finally:
            own.request("evm_setAutomine", True)
        own.request("evm_mine")
        deploy.deploy(own, Sender(own, sender.account), tmp_path)
        assert nonce(own, sender) == len(deploy.SUITE)

    def test_killed_after_signing_it_is_handed_over_by_the_next_run(self, sender, own, tmp_path):
        """What a proxy refuses stands for what a killed run did not get to do."""
        down = {"error": {"code": -32000, "message": "not now"}}
        with (
            Proxy(own.url, on("eth_sendRawTransaction", down)) as proxy,
            pytest.raises(NodeError, match="not now"),
        ):
            deploy.deploy(connect(proxy.url), Sender(connect(proxy.url), sender.account), tmp_path)
        record = json.loads((tmp_path / f"{own.chain_id}.json").read_text())
        (signed,) = record["versions"][0]["pending"].values()
        assert nonce(own, sender) == 0
        told = []
        deploy.deploy(own, Sender(own, sender.account), tmp_path, lambda *what: told.append(what))
        assert told[0] == ("IdentityRegistry", "taken up where an earlier run was stopped")
        record = json.loads((tmp_path / f"{own.chain_id}.json").read_text())
        assert (
            record["versions"][0]["contracts"]["IdentityRegistry"]["transaction"]
            == signed["transaction"]
        )
        assert nonce(own, sender) == len(deploy.SUITE)

    def test_what_an_older_build_had_signed_is_deployed_anew(self, sender, own, tmp_path):
        old = sender.prepare(None, artifacts.load("PointMarket").bytecode + bytes(32))
        intent = {
            "address": deploy.predicted_address(sender.address, old.nonce),
            "deployer": sender.address,
            "constructorArguments": [],
            "nonce": old.nonce,
            "transaction": "0x" + old.hashes[0].hex(),
            "raw": "0x" + old.raw.hex(),
        }
        record = {
            "format": 1,
            "chainId": own.chain_id,
            "contracts": {},
            "pending": {"IdentityRegistry": intent},
        }
        (tmp_path / f"{own.chain_id}.json").write_text(json.dumps(record))
        found = deploy.deploy(own, Sender(own, sender.account), tmp_path)
        assert found["IdentityRegistry"] != intent["address"]
        assert nonce(own, sender) == len(deploy.SUITE) + 1

    def test_a_constructor_that_refuses_is_said_and_nothing_is_sent(self, sender, own, tmp_path):
        """None of the suite's does: the proxy answers as a node does for one."""
        reverted = {"error": {"code": 3, "message": "execution reverted", "data": "0x"}}
        with Proxy(own.url, on("eth_estimateGas", reverted)) as proxy:
            far = connect(proxy.url)
            with pytest.raises(NodeError, match="the constructor of IdentityRegistry refused"):
                deploy.deploy(far, Sender(far, sender.account), tmp_path)
        assert nonce(own, sender) == 0

    def test_another_chain_with_the_same_id_is_refused(self, own, sender, tmp_path):
        deploy.deploy(own, sender, tmp_path)
        file = tmp_path / f"{own.chain_id}.json"
        record = json.loads(file.read_text())
        record["genesis"] = "0x" + "00" * 32
        file.write_text(json.dumps(record))
        with pytest.raises(WrongChain, match="another chain with the same id"):
            deploy.deploy(own, sender, tmp_path)

    def test_a_contract_that_is_no_longer_there_is_said(self, own, sender, tmp_path):
        development = DevelopmentChain(own)
        before = development.snapshot()
        deploy.deploy(own, sender, tmp_path)
        development.revert(before)
        with pytest.raises(Conflict, match="nothing is there"):
            deploy.deploy(own, sender, tmp_path)

    def test_another_build_is_not_taken_for_this_one(self, own, sender, tmp_path):
        deploy.deploy(own, sender, tmp_path)
        file = tmp_path / f"{own.chain_id}.json"
        record = json.loads(file.read_text())
        contracts = record["versions"][0]["contracts"]
        contracts["RefundEscrow"]["address"] = contracts["IdentityRegistry"]["address"]
        file.write_text(json.dumps(record))
        with pytest.raises(Conflict, match="another build"):
            deploy.deploy(own, sender, tmp_path)

    @pytest.mark.parametrize(
        "content",
        [
            "{",
            "[]",
            '{"format": 9, "chainId": 31337}',
            '{"format": 1, "chainId": 5}',
            "{}",
            '{"format": 1, "chainId": 31337}',
            '{"format": 2, "chainId": 31337}',
            '{"format": 2, "chainId": 31337, "versions": [{}]}',
        ],
    )
    def test_a_record_that_cannot_be_one_is_left_alone(self, own, sender, tmp_path, content):
        file = tmp_path / f"{own.chain_id}.json"
        file.write_text(content)
        with pytest.raises(SettingsError):
            deploy.deploy(own, sender, tmp_path)
        assert file.read_text() == content

    def test_a_nonce_that_went_to_another_transaction_is_replaced_by_the_next(
        self, own, sender, tmp_path
    ):
        file = tmp_path / f"{own.chain_id}.json"
        deploy.deploy(own, sender, tmp_path)
        record = json.loads(file.read_text())
        (version,) = record["versions"]
        entry = version["contracts"].pop("ReturnDesk")
        version["pending"]["ReturnDesk"] = {
            "address": deploy.predicted_address(sender.address, 0),
            "deployer": sender.address,
            "constructorArguments": entry["constructorArguments"],
            "nonce": 0,
            "transaction": "0x" + "11" * 32,
            "raw": "0x",
        }
        file.write_text(json.dumps(record))
        assert deploy.deploy(own, sender, tmp_path)["ReturnDesk"] != entry["address"]


class TestVersions:
    """A new build beside the older one."""

    def test_what_did_not_change_is_taken_over(self, own, sender, tmp_path, other_build):
        first = deploy.deploy(own, sender, tmp_path)
        sent = nonce(own, sender)
        other_build("RefundEscrow")
        with pytest.raises(Conflict, match="careledger deploy --new-version"):
            deploy.deploy(own, sender, tmp_path)
        became = {}
        second = deploy.deploy(
            own, sender, tmp_path, became.__setitem__, new_version=True, release="9.9"
        )
        changed = {name for name in first if first[name] != second[name]}
        assert changed == {"RefundEscrow", "ReturnDesk"}  # the desk is built on the escrow
        assert {name for name, what in became.items() if what == "deployed"} == changed
        assert set(became.values()) == {"deployed", "taken over from the version before"}
        assert nonce(own, sender) == sent + 2
        older, newer = read_versions(own, tmp_path)
        assert (older.number, older.release, older.addresses()) == (1, None, first)
        assert (newer.number, newer.release, newer.addresses()) == (2, "9.9", second)
        assert addresses(own, tmp_path) == second

    def test_where_nothing_changed_no_version_is_made(self, own, sender, tmp_path):
        first = deploy.deploy(own, sender, tmp_path)
        assert deploy.deploy(own, sender, tmp_path, new_version=True) == first
        assert len(read_versions(own, tmp_path)) == 1

    def test_killed_between_it_goes_on_with_the_same_version(
        self, own, sender, tmp_path, other_build, monkeypatch
    ):
        deploy.deploy(own, sender, tmp_path)
        other_build("RefundEscrow")
        sent, save, state = nonce(own, sender), DeploymentRecord.save, {"left": 0}

        def counted(record):
            if state["left"] == 0:
                raise Killed
            state["left"] -= 1
            save(record)

        monkeypatch.setattr(DeploymentRecord, "save", counted)
        kills = 0
        for alive in range(1, 40):
            state["left"] = alive % 3 + 1
            try:
                deploy.deploy(own, Sender(own, sender.account), tmp_path, new_version=True)
            except Killed:
                kills += 1
                continue
            break
        assert kills >= 3
        assert nonce(own, sender) == sent + 2
        assert [one.number for one in read_versions(own, tmp_path)] == [1, 2]

    def test_a_record_of_format_1_is_version_1(self, own, sender, tmp_path):
        first = deploy.deploy(own, sender, tmp_path)
        file = tmp_path / f"{own.chain_id}.json"
        record = json.loads(file.read_text())
        (version,) = record.pop("versions")
        old = {"contracts": version["contracts"], "pending": {}}
        for entry in old["contracts"].values():
            del entry["interface"], entry["codeHash"], entry["sources"]
        file.write_text(json.dumps(record | {"format": 1} | old))
        assert addresses(own, tmp_path) == first
        assert deploy.deploy(own, sender, tmp_path) == first
        (only,) = read_versions(own, tmp_path)
        assert (only.number, only.release) == (1, None)


class TestEstimate:
    def test_what_it_says_is_what_it_takes(self, own, sender, tmp_path):
        estimates = {row.name: row.gas for row in deploy.estimate(own, sender.address)}
        assert nonce(own, sender) == 0
        deploy.deploy(own, sender, tmp_path)
        record = json.loads((tmp_path / f"{own.chain_id}.json").read_text())
        for name, entry in record["versions"][0]["contracts"].items():
            assert abs(estimates[name] - entry["gasUsed"]) <= entry["gasUsed"] // 50


class TestAddresses:
    def test_nothing_deployed_says_what_to_do(self, own, tmp_path):
        with pytest.raises(NotFound, match="careledger deploy"):
            addresses(own, tmp_path)

    def test_they_are_those_of_the_record(self, own, sender, tmp_path):
        assert deploy.deploy(own, sender, tmp_path) == addresses(own, tmp_path)
