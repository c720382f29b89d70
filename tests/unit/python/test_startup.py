"""What a command imports before it does anything: the speed of the
small things, without a clock.
"""

import subprocess
import sys

import pytest

HEAVY = {
    "web3", "eth_utils", "eth_account", "eth_abi", "sqlalchemy", "webauthn", "rich", "pydantic",
    "requests", "cryptography", "coincurve", "segno", "alembic", "rfc8785",
}  # fmt: skip
PROGRAM = """
import os, sys
os.environ.update({environment})
sys.argv = ["careledger", *{arguments}]
from careledger.cli.app import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
print(" ".join(sorted({{name.partition(".")[0] for name in sys.modules}})), file=sys.stderr)
"""
LIGHT = {
    "help": ["--help"],
    "version": ["--version"],
    "a noun's help": ["identity", "--help"],
    "a group's help": ["identity", "recovery", "--help"],
    "a command's help": ["identity", "resolve", "--help"],
    "help of points": ["loyalty", "pool", "swap", "--help"],
    "help of refunds": ["refunds", "dispute", "--help"],
    "help of interactions": ["interactions", "verify", "--help"],
    "the list of flows": ["demo", "--help"],
    "help of deploy": ["deploy", "--help"],
}
COMPLETED = ["careledger ident", "careledger identity res", "careledger refunds show --r"]


def imported(arguments, environment=None):
    """Return the packages that are imported when a command has ended."""
    code = PROGRAM.format(arguments=arguments, environment=environment or {})
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", LIGHT.values(), ids=LIGHT)
def test_help_and_version_import_nothing_heavy(arguments):
    assert imported(arguments) & HEAVY == set()


@pytest.mark.parametrize("line", COMPLETED)
def test_completion_imports_nothing_heavy(line):
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    settings = {"CARELEDGER_RPC": "http://127.0.0.1:9", "CARELEDGER_DEPLOYMENTS": "deployments"}
    found = imported([], {"_CARELEDGER_COMPLETE": "complete_bash"} | words | settings)
    assert found & HEAVY == set()


def test_the_package_itself_imports_nothing_heavy():
    code = "import sys, careledger; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) & HEAVY == set()


def test_the_suite_imports_no_database_and_no_client_before_it_is_asked_for_one():
    code = (
        "import sys; from careledger import Suite; Suite.open('http://127.0.0.1:9');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) & HEAVY == set()
