"""The checks of `careledger doctor`: each looks at one thing, and changes nothing."""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from careledger.errors import CareLedgerError, NotFound
from careledger.settings import DEFAULT_RPC
from careledger.values.amounts import WAD, Amount

if TYPE_CHECKING:
    from careledger.suite import Suite

PYTHON = (3, 11)
NODE = 20
BEHIND = 30
"""Seconds by which this machine's clock may be behind the newest block's time."""
STALE = 300
"""Seconds after which a newest block of a public chain is old: node or clock is wrong."""


class CheckState(StrEnum):
    """What a check came to."""

    GOOD = "good"
    NOTICE = "notice"
    """It works, and there is something to know."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """What it depends on is wrong."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found."""

    check: str
    state: CheckState
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """A look at one thing, and the checks without which it makes no sense."""

    look: "Callable[[Suite], tuple[CheckState, str, str]]"
    grounds: tuple[str, ...] = ()

    def run(self, name: str, suite: "Suite") -> CheckResult:
        """Look, and turn what is raised into a finding; the sentence says what to do."""
        try:
            return CheckResult(name, *self.look(suite))
        except CareLedgerError as error:
            found, _, remedy = str(error).partition(": ")
            return CheckResult(name, CheckState.WRONG, found, remedy)


def _good(found: str) -> tuple[CheckState, str, str]:
    return CheckState.GOOD, found, ""


def _notice(found: str, remedy: str = "") -> tuple[CheckState, str, str]:
    return CheckState.NOTICE, found, remedy


def _wrong(found: str, remedy: str) -> tuple[CheckState, str, str]:
    return CheckState.WRONG, found, remedy


def _python(_suite: "Suite") -> tuple[CheckState, str, str]:
    found = f"Python {platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < PYTHON:
        return _wrong(found, "install Python {}.{} or newer".format(*PYTHON))
    return _good(found)


def _javascript(_suite: "Suite") -> tuple[CheckState, str, str]:
    from careledger.chain.toolchain import CHECKOUT

    program = shutil.which("node")
    if program is None:
        if not CHECKOUT:
            return _good("none, and none is needed outside of a checkout")
        return _wrong("Node is not on PATH", f"install Node {NODE} or newer, then `make setup`")

    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = answer.stdout.strip().removeprefix("v")
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < NODE:
        return _wrong(f"Node {version or '?'} at {program}", f"install Node {NODE} or newer")
    return _good(f"Node {version} at {program}")


def _compiler(_suite: "Suite") -> tuple[CheckState, str, str]:
    from importlib.util import find_spec

    from careledger.chain import compile as compiler
    from careledger.chain.artifacts import PACKAGED
    from careledger.chain.toolchain import CHECKOUT, SOLC_VERSION, SOLCX_FOLDER

    if not CHECKOUT:
        if PACKAGED.is_dir():
            return _good("the package carries the compiled contracts")
        return _wrong("the package carries no compiled contracts", "install the built wheel")

    stale = compiler.stale(compiler.units())
    linked = (SOLCX_FOLDER / f"solc-v{SOLC_VERSION}").exists() and find_spec("solcx") is not None
    if not linked:
        state = _wrong if stale else _notice
        return state(f"solc {SOLC_VERSION} is not linked", "run `make setup`")
    if stale:
        return _wrong(f"{len(stale)} source files have changed", "run `careledger compile`")
    return _good(f"solc {SOLC_VERSION}; every contract is compiled")


def _anvil(_suite: "Suite") -> tuple[CheckState, str, str]:
    from careledger.chain.toolchain import foundry
    from careledger.errors import ToolchainError

    try:
        return _good(f"Anvil at {foundry('anvil')}")
    except ToolchainError as error:
        found, _, remedy = str(error).partition(": ")
        return _notice(f"{found}; only local chains need it", remedy)


def _node(suite: "Suite") -> tuple[CheckState, str, str]:
    client = suite.chain.request("web3_clientVersion")
    return _good(f"{client} answers at {suite.chain.shown_url}")


def _chain(suite: "Suite") -> tuple[CheckState, str, str]:
    chain = suite.chain
    found = f"chain {chain.chain_id}, block {chain.block_number()}"
    if suite.development is not None:
        return _good(f"{found}, a development chain")
    if chain.url == DEFAULT_RPC:
        return _notice(found, "set CARELEDGER_RPC or --rpc to name the node that you mean")
    return _good(found)


def _record(suite: "Suite") -> tuple[CheckState, str, str]:
    folder = suite.settings.deployments.absolute()
    try:
        versions = suite.versions
    except NotFound:
        found = f"{folder} has no record of chain {suite.chain.chain_id}"
        return _wrong(found, "run `careledger deploy`, or give --deployments")
    return _good(f"versions {', '.join(map(str, versions))} in {folder}")


def _code(suite: "Suite") -> tuple[CheckState, str, str]:
    from careledger.chain import artifacts
    from careledger.chain.deploy import SUITE

    missing = [step.name for step in SUITE if step.name not in suite.addresses]
    empty, other = [], []
    for name, at in suite.addresses.items():
        code = suite.chain.code(at)
        if not code:
            empty.append(name)
        elif not artifacts.load(name).matches(code):
            other.append(name)

    if empty:
        found = f"nothing is at the recorded address of {', '.join(empty)}"
        return _wrong(found, "correct --rpc; or move the record away and deploy")
    if missing:
        return _wrong(f"{', '.join(missing)} not deployed", "run `careledger deploy`")
    if other:
        found = f"{', '.join(other)} of another build than this program"
        return _wrong(found, "run `careledger deploy --new-version`, or use the other release")
    return _good(f"{len(suite.addresses)} contracts of version {suite.version}, as built")


def _key(suite: "Suite") -> tuple[CheckState, str, str]:
    settings = suite.settings
    if settings.keystore is not None:
        at = _keystore_address(settings.keystore)
        if at is None:
            found = f"the key file {settings.keystore} cannot be read, or is not a key file"
            return _wrong(found, "set CARELEDGER_KEYSTORE to a version-3 key file")
        if settings.password_file is not None and not settings.password_file.is_file():
            found = f"the password file {settings.password_file} is not there"
            return _wrong(found, "correct CARELEDGER_PASSWORD_FILE")
        return _good(f"the key file {settings.keystore} of {at}")

    if settings.private_key is not None:
        return _good(f"the private key of {suite.account.address}, from the environment")
    if suite.development is not None:
        return _good(f"none; {suite.account.address}, well-known, signs on this development chain")
    return _notice(
        "none; commands that only read work without",
        "set CARELEDGER_KEYSTORE to an encrypted key file",
    )


def _keystore_address(file: Path) -> str | None:
    from careledger.values.addresses import address

    try:
        document = json.loads(file.read_text())
        return address("0x" + str(document["address"]).removeprefix("0x"))
    except (OSError, ValueError, KeyError, TypeError, CareLedgerError):
        return None


def _funds(suite: "Suite") -> tuple[CheckState, str, str]:
    settings = suite.settings
    if settings.keystore is not None:
        at = _keystore_address(settings.keystore)
    elif settings.private_key is not None or suite.development is not None:
        at = suite.account.address
    else:
        at = None
    if at is None:
        return _notice("no key, so no funds")

    balance = suite.chain.balance(at)
    if balance == 0:
        return _wrong(f"{at} has no ether", "send it some: each transaction costs gas")
    return _good(f"{at} has {Amount(balance, WAD, 'ether')}")


def _store(suite: "Suite") -> tuple[CheckState, str, str]:
    where = suite.settings.store
    if not suite.settings.store_exists:
        return _good(f"{where} is not there; it is made when a command needs it")

    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    from careledger.store.schema import VERSION_TABLE, is_current

    url = where
    if "://" not in where:
        url = f"sqlite:///file:{Path(where).expanduser().absolute()}?mode=ro&uri=true"
    try:
        engine = create_engine(url, hide_parameters=True)
        with engine.connect() as connection:
            current = is_current(connection)
            ours = current or engine.dialect.has_table(connection, VERSION_TABLE)
    except (SQLAlchemyError, ArgumentError, NoSuchModuleError, ImportError) as error:
        reason = str(error).splitlines()[0]
        return _wrong(f"the database cannot be opened ({reason})", "correct CARELEDGER_STORE")

    kind = engine.dialect.name
    if not ours:
        return _notice(f"a {kind} database without tables of CareLedger; they are made when needed")
    if not current:
        return _notice(f"a {kind} database of another version; an older one is brought up to date")
    return _good(f"a {kind} database, up to date")


def _clock(suite: "Suite") -> tuple[CheckState, str, str]:
    ahead = (suite.chain_time() - datetime.now(UTC)).total_seconds()
    if suite.development is not None:
        return _good("blocks of a development chain have times of their own")
    if ahead > BEHIND:
        found = f"this machine is {ahead:.0f} s behind the newest block"
        return _wrong(found, "set the clock of this machine (NTP)")
    if -ahead > STALE:
        found = f"the newest block is {-ahead:.0f} s old"
        return _wrong(found, "the node is behind, or the clock of this machine is wrong")
    return _good(f"the newest block is {max(-ahead, 0):.0f} s old")


CHECKS = {
    "Python": Check(_python),
    "Node.js": Check(_javascript),
    "compiler": Check(_compiler),
    "Anvil": Check(_anvil),
    "node": Check(_node),
    "chain": Check(_chain, ("node",)),
    "deployment record": Check(_record, ("node",)),
    "code": Check(_code, ("node", "deployment record")),
    "key": Check(_key, ("node",)),
    "funds": Check(_funds, ("node", "key")),
    "store": Check(_store),
    "clock": Check(_clock, ("node",)),
}
"""Every check by its name, in the order in which they are shown."""
