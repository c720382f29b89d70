"""What the words promise is so: commands exist and run, code runs, links lead somewhere."""

import os
import re
import subprocess
import sys

import pytest

from careledger.chain.deploy import deploy
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.send import Sender
from careledger.chain.toolchain import ROOT
from careledger.cli.app import BRANCHES

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "contracts").glob("*.md"),
        *(ROOT / "tests").glob("*.md"),
    ]
)
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("CARELEDGER_")}
README = (ROOT / "README.md").read_text()


def blocks(text, language):
    """Return the fenced blocks of a language; every second fence closes one."""
    parts = re.split(r"^```(.*)\n", text, flags=re.MULTILINE)
    return [parts[at + 1] for at in range(1, len(parts) - 1, 4) if parts[at] == language]


def commands():
    return sorted(
        {
            line.strip()
            for block in blocks(README, "")
            for line in block.splitlines()
            if line.strip()
        }
    )


def targets():
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not link.startswith(("http://", "https://")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_and_command_named_exists(page):
    text = page.read_text()
    for target in re.findall(r"`make ([a-z]+)`", text):
        assert target in targets(), f"{page.name}: make {target}"
    for word in re.findall(r"`careledger ([a-z-]+)", text):
        assert word in BRANCHES, f"{page.name}: careledger {word}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployments")
    with LocalNode("anvil") as chain:
        deploy(chain, Sender(chain, development_accounts(1)[0]), folder)
        key = "0x" + development_accounts(1)[0].key.hex().removeprefix("0x")
        yield CLEAN | {
            "CARELEDGER_RPC": chain.url,
            "CARELEDGER_DEPLOYMENTS": str(folder),
            "CARELEDGER_PRIVATE_KEY": key,
        }


def test_the_readmes_python_runs(served, tmp_path):
    code = "\n".join(blocks(README, "python"))  # one goes on where the other ends
    environment = served | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    controller, link = result.stdout.splitlines()
    assert controller.startswith("0x")
    assert link.startswith("careledger://consent?request=")


ELSEWHERE = {
    "make demo": "run by .ci/run",
    "make test": "this is it",
    ". .venv/bin/activate": "a shell's own",
    "brownie compile": "scripts/brownie.sh, run by .ci/run",
    "brownie run scripts/refund_flow.py": "scripts/brownie.sh",
    "brownie test": "scripts/brownie.sh",
    "brownie console": "waits for a person",
    "export CARELEDGER_KEYSTORE=key.json": "a shell's own",
}


@pytest.mark.parametrize("command", [c for c in commands() if c not in ELSEWHERE])
def test_the_readmes_commands_run(command, served):
    assert command.startswith("careledger "), f"no test knows how to run '{command}'"
    words = re.sub(
        r"--rpc https://node\.example", f"--rpc {served['CARELEDGER_RPC']}", command
    ).split()[1:]
    result = subprocess.run(
        [sys.executable, "-m", "careledger.cli", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=served,
        check=False,
    )
    assert result.returncode == 0, result.stderr
