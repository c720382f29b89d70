"""Every scripted flow: as a command on both local chains, and as a script on a chain of its own."""

import json
import os
import subprocess
import sys

import pytest

from careledger.chain.node import LocalNode
from careledger.chain.toolchain import ROOT
from careledger.cli.demo import flow_command
from careledger.cli.program import run_command
from careledger.flows import FLOWS


def play(flow, *arguments):
    """Play a flow in this process, as its command does."""
    run_command(flow_command(FLOWS[flow]), list(arguments))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in os.environ:
        if name.startswith("CARELEDGER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def own_files(tmp_path):
    """Options that keep a flow's files apart from those of the other worker, by flow."""
    return {"anchor": ["--out", str(tmp_path)]}


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def own(request, tmp_path_factory):
    with LocalNode(request.param) as chain:
        yield chain, str(tmp_path_factory.mktemp("deployments"))


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_plays_on_the_chain_of_rpc(own, flow, own_files, capsys, monkeypatch):
    chain, folder = own
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", folder)
    play(flow, "--rpc", chain.url, "--json", *own_files.get(flow, []))
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_script_plays_on_a_chain_of_its_own_and_shows_tables(flow, own_files):
    script = f"scripts/{flow.replace('-', '_')}_flow.py"
    result = subprocess.run(
        [sys.executable, script, *own_files.get(flow, [])],
        capture_output=True, text=True, timeout=300, cwd=ROOT, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "─" in result.stdout or "-" in result.stdout
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("flow", FLOWS)
def test_a_dead_node_is_one_sentence(flow, capsys):
    with pytest.raises(SystemExit) as stopped:
        play(flow, "--rpc", "http://127.0.0.1:9")
    assert stopped.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith("error: no node answers")
    assert said.count("\n") == 1


def test_each_flow_has_a_script_and_each_script_a_flow():
    scripts = {file.name for file in (ROOT / "scripts").glob("*_flow.py")}
    assert scripts == {f"{flow.replace('-', '_')}_flow.py" for flow in FLOWS}
