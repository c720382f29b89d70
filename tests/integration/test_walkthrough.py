"""docs/kyc.md is typed in as it stands, each block in the terminal of whom its first line names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from careledger import settings
from careledger.chain.deploy import deploy
from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.send import Sender
from careledger.chain.toolchain import ROOT

PAGE = (ROOT / "docs" / "kyc.md").read_text()
BLOCKS = re.findall(r"^```sh\n# as (.+)\n((?:.+\n)+)```$", PAGE, re.MULTILINE)
EVERYBODY = ("the bank", "Ana", "the insurer")
REFUSED = "  # exit status 1"

TERMINAL = """set -euo pipefail
[ ! -f "$STATE" ] || . "$STATE"
{block}
{{ export -p; declare -f; }} > "$STATE"
"""
"""A block in a terminal of which the variables and functions are kept from one block to the next.
"""


class Terminals:
    """One for each of the three, all in one folder."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.words = folder, environment, ""

    def type(self, who, block):
        """Run a block; what asks for words gets those that were printed last."""
        state = {"STATE": str(self.folder / f".{who.split()[-1]}.terminal")}
        return subprocess.run(
            ["bash", "-c", TERMINAL.format(block=block)],
            capture_output=True,
            text=True,
            input=self.words,
            cwd=self.folder,
            env=self.environment | state,
            # no terminal to ask for a password, so the answer is read from the input
            start_new_session=True,
            check=False,
        )


@pytest.fixture
def terminals(tmp_path):
    """Return the terminals, beside a chain of their own with the suite."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("CARELEDGER_")
    }
    with LocalNode("anvil") as chain:
        deploy(chain, Sender(chain, development_accounts(1)[0]), tmp_path / "deployments")
        path = os.pathsep.join([str(Path(sys.executable).parent), clean["PATH"]])
        yield Terminals(tmp_path, clean | {"CARELEDGER_RPC": chain.url, "PATH": path})


def test_every_block_says_whose_it_is():
    assert len(BLOCKS) == PAGE.count("```sh\n") == PAGE.count("```") / 2
    assert {who for who, _ in BLOCKS} == {*EVERYBODY, "everybody"}


def test_its_variables_are_those_of_the_settings():
    assert set(re.findall(r"CARELEDGER_\w+", PAGE)) <= set(
        re.findall(r"CARELEDGER_\w+", settings.__doc__)
    )


def test_the_page_is_so(terminals):
    refused = []
    for who, block in BLOCKS:
        for one in EVERYBODY if who == "everybody" else [who]:
            result = terminals.type(one, block)
            told = f"as {who}:\n{block}{result.stdout}{result.stderr}"
            assert result.returncode == (1 if block.endswith(f"{REFUSED}\n") else 0), told
            if found := re.search(
                r"^(?:[a-z]+ ){23}[a-z]+$|^(?:[a-z]+ ){11}[a-z]+$", result.stdout, re.MULTILINE
            ):
                terminals.words = f"{found[0]}\n"
            if result.returncode:
                refused.append(result.stderr)
    assert len(refused) == PAGE.count(f"{REFUSED}\n") == 2
    assert "revoked" in refused[0]
    assert "revoked all consents" in refused[1]
    assert (terminals.folder / "kyc.jwt").exists()
    assert "Olmo" not in (terminals.folder / "answer.json").read_text()
