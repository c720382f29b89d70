"""One chain for the whole run, as it was at the start for every test; the actors; the deployed
suite.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from careledger.chain.compile import compile_all
from careledger.chain.deploy import deploy
from careledger.chain.node import DevelopmentChain, LocalNode, development_accounts
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.flows.stage import Stage
from careledger.suite import Suite
from tests.support.evm import START, Evm
from tests.support.gas import Gas
from tests.support.postgres import Postgres, required

pytest.register_assert_rewrite("tests.worlds")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-gas",
        action="store_true",
        help="write benchmarks/gas.json instead of comparing with it",
    )
    parser.addoption(
        "--write-errors",
        action="store_true",
        help="write docs/errors.md instead of comparing with it",
    )


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile what changed, once, whichever worker comes first."""
    from filelock import FileLock

    with FileLock(tmp_path_factory.getbasetemp().parent / "careledger-compile.lock"):
        compile_all()


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Undo what a command of the test configured: its log lines are its own."""
    logger = logging.getLogger("careledger")
    handlers = logger.handlers[:]
    level = logger.level
    propagate = logger.propagate

    yield

    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = propagate


@pytest.fixture
def evm(compiled: None) -> Evm:
    """Return a new in-process EVM."""
    return Evm()


@pytest.fixture(scope="session")
def node(compiled: None) -> Iterator[Chain]:
    """Serve one Anvil for the whole run, its clock set so that every run sees the same times and
    gas.
    """
    with LocalNode("anvil", extra=["--timestamp", str(START)]) as chain:
        yield chain


@pytest.fixture(scope="session")
def accounts() -> list[LocalAccount]:
    """Return the funded development accounts; 0 deploys."""
    return development_accounts(10)


@pytest.fixture(scope="session")
def _deployed(
    node: Chain, accounts: list[LocalAccount], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], Path]:
    folder = tmp_path_factory.mktemp("deployments")
    return dict(deploy(node, Sender(node, accounts[0]), folder)), folder


@pytest.fixture
def suite(_deployed: tuple[dict[str, str], Path], chain: Chain) -> dict[str, str]:
    """Return the addresses of the deployed suite, by contract name."""
    return _deployed[0]


@pytest.fixture
def deployments(_deployed: tuple[dict[str, str], Path], chain: Chain) -> Path:
    """Return the folder with the deployed suite's record, for commands that want --deployments."""
    return _deployed[1]


@pytest.fixture
def chain(node: Chain, _deployed: tuple[dict[str, str], Path]) -> Iterator[Chain]:
    """Return the Anvil, with the suite deployed; what the test does to it is undone afterwards."""
    # monkeypatch leaves a method that it put back in the instance, before the class's
    for name in [name for name in vars(node) if callable(getattr(Chain, name, None))]:
        del vars(node)[name]

    development = DevelopmentChain(node)
    snapshot = development.snapshot()
    yield node
    development.revert(snapshot)


@pytest.fixture
def development(chain: Chain) -> DevelopmentChain:
    """Return what lets time pass on the Anvil."""
    return DevelopmentChain(chain)


@pytest.fixture
def senders(chain: Chain, accounts: list[LocalAccount]) -> list[Sender]:
    """Return a fresh sender for each development account (nonces go back with the chain)."""
    return [Sender(chain, account, stuck_after=60) for account in accounts]


@pytest.fixture
def stage(chain: Chain, deployments: Path, accounts: list[LocalAccount]) -> Iterator[Stage]:
    """Return what a flow plays on: the Anvil with the suite, and no actor yet."""
    with Suite.open(chain.url, key=accounts[0], deployments=deployments) as opened:
        yield Stage(opened)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL for the whole run."""
    with Postgres(required()) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where to open a store that does not exist yet: a file,
    then a database of PostgreSQL.
    """
    if request.param == "sqlite":
        return str(tmp_path / "careledger.db")

    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture(scope="session")
def gas(request: pytest.FixtureRequest) -> Iterator[Gas]:
    """Compare gas with the committed figures, or write them under --write-gas."""
    rows = Gas.open(request.config.getoption("--write-gas"))
    yield rows
    rows.close()
