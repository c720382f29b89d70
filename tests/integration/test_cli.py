"""The command line's own commands: what they print, for people and for machines, and what they
refuse.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from eth_account import Account

from careledger.chain.compile import compile_all
from careledger.chain.node import LocalNode, development_accounts, free_port
from careledger.chain.rpc import connect
from careledger.chain.toolchain import ROOT
from careledger.cli.app import BRANCHES
from careledger.cli.contracts import standard_json
from careledger.errors import NodeError, NotFound
from careledger.flows import FLOWS
from tests.support import documents
from tests.support.commands import without_notes

PROGRAM = [sys.executable, "-m", "careledger.cli"]


def careledger(*arguments, **environment):
    """Run the program as a person would; the environment holds
    nothing of ours but what is given.
    """
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("CARELEDGER_")
    }
    result = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, cwd=ROOT, env=clean | environment, check=False,
    )  # fmt: skip
    documents.read(arguments, result.stdout)
    return result


def refused(result, status, *words):
    """Check that a command failed with one clear sentence and nothing else."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert without_notes(result.stderr).count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.fixture(scope="module")
def own():
    with LocalNode("anvil") as chain:
        yield chain


class TestRoot:
    def test_help_lists_every_noun(self):
        result = careledger("--help")
        assert result.returncode == 0
        for name in BRANCHES:
            assert re.search(rf"^  {name} ", result.stdout, re.MULTILINE), name

    def test_help_says_what_each_branch_says_itself(self):
        for name, branch in BRANCHES.items():
            own = " ".join(branch.load(name).help.split())
            assert own.startswith(branch.help.rstrip(".")), name

    def test_every_command_has_help_with_an_example(self):
        for command in (
            ["compile"],
            ["deploy"],
            ["up"],
            ["status"],
            ["standard-json"],
            ["demo", "all"],
        ):
            result = careledger(*command, "--help")
            assert result.returncode == 0
            assert "Example" in result.stdout, command

    def test_the_version_is_printed(self):
        assert careledger("--version").stdout.startswith("careledger 0.")

    def test_an_unknown_command_is_said(self):
        result = careledger("nonsense")
        assert result.returncode == 2
        assert "nonsense" in result.stderr

    def test_completion_is_offered(self):
        assert "--show-completion" in careledger("--help").stdout


class TestCompile:
    def test_nothing_changed_is_said(self):
        compile_all()
        result = careledger("compile")
        assert "nothing changed" in result.stdout
        assert json.loads(careledger("compile", "--json").stdout) == {"compiled": []}


class TestStandardJson:
    def test_it_is_what_was_compiled(self):
        document = json.loads(careledger("standard-json", "RefundEscrow").stdout)
        assert "contracts/refunds/RefundEscrow.sol" in document["sources"]
        assert document["settings"]["evmVersion"] == "shanghai"

    def test_an_unknown_contract_is_said(self):
        refused(careledger("standard-json", "Nothing"), 2, "Nothing", "careledger compile")

    def test_a_lost_input_says_how_to_make_it(self, monkeypatch, tmp_path):
        monkeypatch.setattr("careledger.chain.artifacts.STANDARD_JSON", tmp_path)
        with pytest.raises(
            NotFound, match="RefundEscrow has no compiler input here: run `careledger compile`"
        ):
            standard_json("RefundEscrow")


class TestAbi:
    def test_it_is_the_interface_for_other_languages(self):
        entries = json.loads(careledger("abi", "RefundEscrow").stdout)
        assert {"function", "event", "error"} <= {entry["type"] for entry in entries}
        assert "release" in {entry.get("name") for entry in entries}

    def test_an_interface_without_code_has_one_too(self):
        assert json.loads(careledger("abi", "IRefundEscrow").stdout)

    def test_an_unknown_contract_is_said(self):
        refused(careledger("abi", "Nothing"), 2, "Nothing")


class TestDeploy:
    def test_a_dry_run_sends_nothing_and_needs_no_record(self, own, tmp_path):
        before = own.block_number()
        result = careledger(
            "deploy", "--rpc", own.url, "--deployments", tmp_path, "--dry-run", "--json"
        )
        document = json.loads(result.stdout)
        assert document["chainId"] == 31337
        assert all(row["gasUsed"] > 100_000 for row in document["contracts"])
        assert document["passkeys"] == {"native": True, "gasUsed": None}
        assert own.block_number() == before
        assert list(tmp_path.iterdir()) == []

    def test_twice_is_once(self, own, tmp_path):
        first = json.loads(
            careledger("deploy", "--rpc", own.url, "--deployments", tmp_path, "--json").stdout
        )
        block = own.block_number()
        second = careledger("deploy", "--rpc", own.url, "--deployments", tmp_path, "--json")
        assert json.loads(second.stdout) == first
        assert first["passkeys"]["native"]
        assert 40_000 < first["passkeys"]["gasUsed"] < 50_000
        assert own.block_number() == block
        assert "already deployed" in second.stderr
        status = careledger(
            "status", "--rpc", own.url, "--json", CARELEDGER_DEPLOYMENTS=str(tmp_path)
        )
        assert json.loads(status.stdout)["contracts"] == first["contracts"]

    def test_a_dead_node_is_said(self, tmp_path):
        url = f"http://127.0.0.1:{free_port()}"
        refused(
            careledger("deploy", "--rpc", url, "--deployments", tmp_path), 3, "no node answers", url
        )

    def test_a_key_without_funds_is_said(self, own, tmp_path):
        poor = Account.create().key.hex()
        result = careledger(
            "deploy", "--rpc", own.url, "--deployments", tmp_path, CARELEDGER_PRIVATE_KEY=poor
        )
        refused(result, 3, "too little ether")
        assert poor not in result.stderr

    def test_a_broken_key_is_said_and_not_shown(self, own, tmp_path):
        result = careledger(
            "deploy", "--rpc", own.url, "--deployments", tmp_path, CARELEDGER_PRIVATE_KEY="abc123"
        )
        refused(result, 2, "CARELEDGER_PRIVATE_KEY")
        assert "abc123" not in result.stderr

    def test_the_record_of_another_chain_is_kept(self, own, tmp_path):
        file = tmp_path / "31337.json"
        content = json.dumps(
            {"format": 1, "chainId": 31337, "genesis": "0x00", "contracts": {}, "pending": {}}
        )
        file.write_text(content)
        refused(
            careledger("deploy", "--rpc", own.url, "--deployments", tmp_path),
            3,
            "another chain with the same id",
        )
        assert file.read_text() == content


class TestStatus:
    def test_no_deployment_says_what_to_do(self, own, tmp_path):
        result = careledger("status", "--rpc", own.url, CARELEDGER_DEPLOYMENTS=str(tmp_path))
        refused(result, 1, "careledger deploy")


class TestDemo:
    def test_all_flows_play_on_a_chain_that_is_stopped_afterwards(self):
        result = careledger("demo", "all")
        assert result.returncode == 0, result.stderr
        for number, name in enumerate(FLOWS, 1):
            assert f"{number}. {name}:" in result.stdout
        assert f"All {len(FLOWS)} flows done" in result.stdout
        url = re.search(r"http://127\.0\.0\.1:\d+", result.stdout)[0]
        with pytest.raises(NodeError, match="no node answers"):
            connect(url)

    def test_flows_are_listed_without_being_loaded(self):
        listed = (
            "import sys; from careledger.cli import app;"
            "app.app(['demo', '--help'], standalone_mode=False);"
            "print([name for name in sys.modules if name.startswith('careledger.flows.kyc')])"
        )
        result = subprocess.run(
            [sys.executable, "-c", listed], capture_output=True, text=True, cwd=ROOT, check=True
        )
        for flow in FLOWS.values():
            assert f"{flow.name} " in result.stdout
        assert result.stdout.endswith("[]\n")

    def test_a_flow_has_its_own_options(self):
        result = careledger("demo", "refund", "--help")
        assert result.returncode == 0, result.stderr
        for option in ("--orders", "--all", "--rpc", "--json"):
            assert option in result.stdout


class TestUp:
    def test_it_serves_until_it_is_stopped_and_calls_the_keys_well_known(self, tmp_path):
        port = free_port()
        environment = os.environ | {
            "CARELEDGER_DEPLOYMENTS": str(tmp_path),
            "PYTHONUNBUFFERED": "1",
        }
        with subprocess.Popen(
            [*PROGRAM, "up", "--port", str(port)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        ) as process:
            watchdog = threading.Timer(60, process.kill)  # nothing below may wait for ever
            watchdog.start()
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl-C" in line:
                    break
            assert "RefundEscrow" in said
            assert "Well-known development accounts" in said
            assert development_accounts(1)[0].address in said
            assert (tmp_path / "31337.json").is_file()
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0
            watchdog.cancel()

    def test_a_taken_port_is_said(self, own):
        refused(careledger("up", "--port", own.url.rsplit(":", 1)[1]), 3, "is taken")
