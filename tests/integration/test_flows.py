"""Every scripted flow, on both local chains, as a program of its own and as a command."""

import json
import os
import subprocess
import sys

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.toolchain import ROOT
from careledger.flows import FLOWS


def run(*command, **environment):
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("CARELEDGER_")
    }
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True, text=True, timeout=300, cwd=ROOT, env=clean | environment, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def own(request, tmp_path_factory):
    with LocalNode(request.param) as chain:
        yield chain, str(tmp_path_factory.mktemp("deployments"))


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_plays_on_the_chain_of_rpc(own, flow):
    chain, folder = own
    result = run(
        "-m",
        "careledger.cli",
        "demo",
        flow,
        "--rpc",
        chain.url,
        "--json",
        CARELEDGER_DEPLOYMENTS=folder,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_script_plays_on_a_chain_of_its_own_and_shows_tables(flow):
    result = run(f"scripts/{flow.replace('-', '_')}_flow.py")
    assert result.returncode == 0, result.stderr
    assert "─" in result.stdout or "-" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("flow", FLOWS)
def test_a_dead_node_is_one_sentence(flow):
    result = run(f"scripts/{flow.replace('-', '_')}_flow.py", "--rpc", "http://127.0.0.1:9")
    assert result.returncode == 3
    assert result.stderr.startswith("error: no node answers")
    assert result.stderr.count("\n") == 1


def test_each_flow_has_a_script_and_each_script_a_flow():
    scripts = {file.name for file in (ROOT / "scripts").glob("*_flow.py")}
    assert scripts == {f"{flow.replace('-', '_')}_flow.py" for flow in FLOWS}
