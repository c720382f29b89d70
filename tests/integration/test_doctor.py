"""`careledger doctor`: each missing or wrong thing is named, with what to do about it."""

import json
import os
import sqlite3

import pytest
from eth_account import Account

from careledger.chain.compile import compile_all
from careledger.chain.node import DevelopmentChain, free_port
from careledger.cli import checks
from careledger.cli.doctor import app
from careledger.cli.program import run
from careledger.store import Store
from tests.support.builds import rebuild
from tests.support.commands import check_documents


@pytest.fixture
def doctor(chain, deployments, monkeypatch, capsys, tmp_path):
    """Return a function that runs it, and returns its status and its findings by check."""
    compile_all()
    for name in [name for name in os.environ if name.startswith("CARELEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(f"CARELEDGER_{name.upper()}", str(value))
        status = 0
        options = ["--rpc", chain.url, "--deployments", str(deployments), *map(str, arguments)]
        try:
            run(app, [*options, "--json"])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        check_documents(["--json"], printed)
        document = json.loads(printed.out)
        assert document["healthy"] == (status == 0)
        return status, {one["check"]: one for one in document["findings"]}

    return call


@pytest.fixture
def public(monkeypatch):
    """Let the node be one of a public chain."""
    monkeypatch.setattr(DevelopmentChain, "of", classmethod(lambda *_: None))


def wrong(findings):
    return {name for name, one in findings.items() if one["state"] == "wrong"}


class TestHealthy:
    def test_nothing_is_wrong_on_a_chain_with_the_suite(self, doctor):
        status, findings = doctor()
        assert (status, wrong(findings)) == (0, set())
        assert list(findings) == list(checks.CHECKS)
        assert {one["state"] for one in findings.values()} == {"good"}
        assert "version 1" in findings["code"]["found"]

    def test_it_changes_nothing(self, doctor, chain, tmp_path):
        before = chain.block_number()
        doctor()
        assert chain.block_number() == before
        assert list(tmp_path.iterdir()) == []

    def test_people_read_a_table(self, doctor, capsys, chain, deployments):
        run(app, ["--rpc", chain.url, "--deployments", str(deployments)])
        printed = capsys.readouterr().out
        assert "what to do" in printed
        assert "nothing is wrong" in printed


class TestNode:
    def test_a_dead_one_is_named_and_what_depends_on_it_is_not_known(self, doctor):
        url = f"http://127.0.0.1:{free_port()}"
        status, findings = doctor("--rpc", url)
        assert (status, wrong(findings)) == (1, {"node"})
        assert url in findings["node"]["found"]
        assert "make up" in findings["node"]["remedy"]
        assert {"chain", "code", "funds", "clock"} <= {
            name for name, one in findings.items() if one["state"] == "unknown"
        }
        assert findings["Python"]["state"] == findings["store"]["state"] == "good"

    def test_a_clock_that_is_behind_is_wrong(self, doctor, public, development, chain):
        development.warp(chain.timestamp() + 10**9)
        _, findings = doctor()
        assert "clock" in wrong(findings)
        assert "NTP" in findings["clock"]["remedy"]

    def test_a_newest_block_that_is_old_is_wrong(self, doctor, public, monkeypatch):
        monkeypatch.setattr(checks, "STALE", -(10**12))
        monkeypatch.setattr(checks, "BEHIND", 10**12)
        _, findings = doctor()
        assert "the node is behind" in findings["clock"]["remedy"]


class TestDeployment:
    def test_no_record_says_how_to_deploy(self, doctor, tmp_path):
        status, findings = doctor("--deployments", tmp_path)
        assert (status, wrong(findings)) == (1, {"deployment record"})
        assert "careledger deploy" in findings["deployment record"]["remedy"]
        assert findings["code"]["state"] == "unknown"

    def test_a_record_of_another_chain_is_named(self, doctor, tmp_path, deployments):
        record = json.loads((deployments / "31337.json").read_text())
        (tmp_path / "31337.json").write_text(json.dumps(record | {"genesis": "0x00"}))
        _, findings = doctor("--deployments", tmp_path)
        assert "another chain with the same id" in findings["deployment record"]["remedy"]

    def test_code_that_is_not_there_or_missing_or_of_another_build_is_named(
        self, doctor, tmp_path, deployments, monkeypatch
    ):
        text = (deployments / "31337.json").read_text()
        file = tmp_path / "31337.json"
        record = json.loads(text)
        record["versions"][0]["contracts"]["RefundEscrow"]["address"] = "0x" + "12" * 20
        file.write_text(json.dumps(record))
        assert "RefundEscrow" in doctor("--deployments", tmp_path)[1]["code"]["found"]
        record = json.loads(text)
        del record["versions"][0]["contracts"]["PointPools"]
        file.write_text(json.dumps(record))
        assert "PointPools not deployed" in doctor("--deployments", tmp_path)[1]["code"]["found"]
        file.write_text(text)
        rebuild(monkeypatch, "PointMarket")
        found = doctor("--deployments", tmp_path)[1]["code"]
        assert "PointMarket of another build" in found["found"]
        assert "--new-version" in found["remedy"]


class TestKey:
    def test_on_a_public_chain_without_one_it_says_how_to_set_one(self, doctor, public):
        _, findings = doctor()
        assert findings["key"]["state"] == "notice"
        assert "CARELEDGER_KEYSTORE" in findings["key"]["remedy"]

    def test_one_without_ether_is_named(self, doctor):
        poor = Account.create()
        status, findings = doctor(private_key="0x" + poor.key.hex().removeprefix("0x"))
        assert (status, wrong(findings)) == (1, {"funds"})
        assert poor.address in findings["funds"]["found"]

    def test_one_that_is_none_is_named_and_not_shown(self, doctor):
        _, findings = doctor(private_key="abc123")
        assert findings["key"]["state"] == "wrong"
        assert "abc123" not in json.dumps(findings)
        assert findings["funds"]["state"] == "unknown"

    def test_a_key_file_is_looked_at_without_its_password(self, doctor, tmp_path, accounts):
        file = tmp_path / "key.json"
        file.write_text(json.dumps(Account.encrypt(accounts[0].key, "secret", iterations=2)))
        _, findings = doctor(keystore=file)
        assert accounts[0].address in findings["key"]["found"]
        assert "ether" in findings["funds"]["found"]
        _, findings = doctor(keystore=file, password_file=tmp_path / "nowhere")
        assert "CARELEDGER_PASSWORD_FILE" in findings["key"]["remedy"]
        file.write_text("{}")
        assert wrong(doctor(keystore=file)[1]) == {"key"}


class TestStore:
    def test_one_that_is_up_to_date(self, doctor, tmp_path):
        Store.open(tmp_path / "mine.db").close()
        assert doctor(store="mine.db")[1]["store"]["state"] == "good"

    def test_one_of_another_program_and_one_that_is_none(self, doctor, tmp_path):
        with sqlite3.connect(tmp_path / "other.db") as other:
            other.execute("CREATE TABLE things (id INTEGER)")
        assert doctor(store="other.db")[1]["store"]["state"] == "notice"
        (tmp_path / "none.db").write_bytes(b"no database at all" * 100)
        found = doctor(store="none.db")[1]["store"]
        assert found["state"] == "wrong"
        assert "CARELEDGER_STORE" in found["remedy"]
        assert doctor(store="nonsense://x")[1]["store"]["state"] == "wrong"


class TestTools:
    def test_an_old_python_is_named(self, doctor, monkeypatch):
        monkeypatch.setattr(checks, "PYTHON", (9, 9))
        assert "install Python 9.9" in doctor()[1]["Python"]["remedy"]

    def test_a_missing_or_old_node_js_is_named_in_a_checkout(self, doctor, monkeypatch):
        monkeypatch.setattr(checks, "NODE", 99)
        assert "install Node 99" in doctor()[1]["Node.js"]["remedy"]
        monkeypatch.setattr("shutil.which", lambda _: None)
        assert doctor()[1]["Node.js"]["state"] == "wrong"
        monkeypatch.setattr("careledger.chain.toolchain.CHECKOUT", False)
        assert doctor()[1]["Node.js"]["state"] == "good"

    def test_sources_that_changed_and_a_compiler_that_is_missing_are_named(
        self, doctor, monkeypatch, tmp_path
    ):
        monkeypatch.setattr("careledger.chain.compile.stale", lambda units: list(units)[:2])
        assert "2 source files" in doctor()[1]["compiler"]["found"]
        monkeypatch.setattr("careledger.chain.toolchain.SOLCX_FOLDER", tmp_path)
        assert "make setup" in doctor()[1]["compiler"]["remedy"]

    def test_an_anvil_is_needed_for_local_chains_only(self, doctor, monkeypatch, tmp_path):
        monkeypatch.setattr("careledger.chain.toolchain.MODULES", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))
        _, findings = doctor()
        assert findings["Anvil"]["state"] == "notice"
        assert "make setup" in findings["Anvil"]["remedy"]
