"""The built wheel, in an environment of its own outside of the checkout: no Node, no compiler.

The environment borrows the dependencies of this one, which saves a minute of downloads; with
WHEEL_FROM_INDEX=1, as in `.ci/run`, pip installs them from the package index.
"""

import ast
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from careledger.chain import artifacts
from careledger.chain.compile import compile_all
from careledger.chain.deploy import SUITE
from careledger.chain.node import LocalNode
from careledger.chain.toolchain import ROOT, foundry

FROM_INDEX = os.environ.get("WHEEL_FROM_INDEX") == "1"
SCRIPT = """
from careledger import Suite

with Suite.local() as suite:
    suite.identity.registry.add_delegate(suite.account.address, "agent", "0x" + "12" * 20, 60)
    print(suite.identity.did(suite.account.address), suite.versions)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel."""
    compile_all()
    folder = tmp_path_factory.mktemp("wheel")
    command = ["wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-q", "-w", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install it; return what runs a program there, with an Anvil on PATH and nothing else."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    options = [] if FROM_INDEX else ["--no-deps", "--no-index"]
    subprocess.run([python, "-m", "pip", "install", "-q", *options, str(wheel)], check=True)
    if not FROM_INDEX:
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")

    tools = folder / "tools"
    tools.mkdir()
    (tools / "anvil").symlink_to(foundry("anvil"))
    environment = {"PATH": str(tools), "HOME": str(folder), "COLUMNS": "160"}

    def run(program, *arguments, **more):
        return subprocess.run(
            [folder / "venv" / "bin" / program, *map(str, arguments)],
            capture_output=True, text=True, cwd=folder, env=environment | more, check=False,
        )  # fmt: skip

    run.folder = folder
    return run


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


class TestContent:
    def test_every_contract_of_the_suite_is_in_it_and_no_test_contract(self, wheel):
        names = {
            Path(name).stem
            for name in zipfile.ZipFile(wheel).namelist()
            if name.startswith("careledger/chain/built/") and "standard-json" not in name
        }
        deployed = {step.name for step in SUITE} | {"LoyaltyToken"}
        assert deployed | {f"I{name}" for name in deployed} <= names
        mocks = {file.stem for file in (ROOT / "contracts" / "mocks").glob("*.sol")}
        assert names & mocks == set()

    def test_what_is_in_it_is_what_the_compiler_made(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            packed = json.loads(archive.read("careledger/chain/built/RefundEscrow.json"))
        assert packed == artifacts.load("RefundEscrow").raw
        assert {"abi", "bytecode", "metadata", "key"} <= packed.keys()


class TestMainJob:
    def test_it_is_not_the_checkout_that_answers(self, installed):
        where = done(installed("python", "-c", "import careledger; print(careledger.__file__)"))
        assert where.startswith(str(installed.folder))

    def test_a_first_script_needs_no_second_terminal(self, installed):
        assert done(installed("python", "-c", SCRIPT)).startswith("did:ethr:0x7a69:0x")

    def test_deploy_play_a_flow_and_verify_a_receipt(self, installed):
        with LocalNode("anvil") as chain:
            at = {"CARELEDGER_RPC": chain.url}
            first = json.loads(done(installed("careledger", "deploy", "--json", **at)))
            again = json.loads(done(installed("careledger", "deploy", "--json", **at)))
            assert first == again
            assert set(first["contracts"]) >= {"IdentityRegistry", "RefundEscrow"}
            played = done(installed("careledger", "demo", "anchor", **at))
            assert "MATCH" in played
            receipt = "anchor-flow/receipt.json"
            verify = ("careledger", "interactions", "verify", receipt)
            assert done(installed(*verify, **at)).startswith("MATCH")
        block = json.loads((installed.folder / receipt).read_text())["anchor"]["blockHash"]
        assert done(installed(*verify, "--block-hash", block)).startswith("MATCH")

    def test_a_flow_starts_its_own_chain(self, installed):
        document = json.loads(done(installed("careledger", "demo", "identity", "--json")))
        assert document["steps"]

    def test_interfaces_and_compiler_inputs_are_printed(self, installed):
        assert json.loads(done(installed("careledger", "abi", "IRefundEscrow")))
        printed = json.loads(done(installed("careledger", "standard-json", "RefundEscrow")))
        assert "contracts/refunds/RefundEscrow.sol" in printed["sources"]

    def test_what_only_a_checkout_can_do_is_said(self, installed):
        result = installed("careledger", "compile")
        assert result.returncode == 2
        assert "checkout" in result.stderr
        result = installed("careledger", "abi", "Nothing")
        assert "this package has no such contract" in result.stderr

    def test_without_an_anvil_it_says_what_to_install(self, installed):
        result = installed("python", "-c", SCRIPT, PATH="/nowhere")
        assert "anvil is not installed" in result.stderr
        assert "getfoundry.sh" in result.stderr


def test_every_package_that_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for group in project["optional-dependencies"].values() for one in group]
    declared = {
        name.split(">")[0].split("=")[0].split("<")[0].strip().lower()
        for name in project["dependencies"] + extras
    }

    imported = set()
    for file in (ROOT / "careledger").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])

    known = packages_distributions()
    used = {
        distribution.lower().replace("_", "-")
        for name in imported - set(sys.stdlib_module_names) - {"careledger", "brownie"}
        for distribution in known[name][:1]
    }
    assert used <= declared
