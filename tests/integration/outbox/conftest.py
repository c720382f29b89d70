"""A chain that nothing else uses, because its programs are killed and it goes back."""

import pytest

from careledger.chain.node import DevelopmentChain, LocalNode
from tests.worlds.outbox import OutboxWorld


@pytest.fixture(scope="module")
def own(compiled):
    """Return an Anvil for the tests of one module."""
    with LocalNode("anvil") as chain:
        yield chain


@pytest.fixture
def world(own, database):
    """Return a world on each of the databases; what the chain saw is undone afterwards."""
    development = DevelopmentChain(own)
    snapshot = development.snapshot()
    made = OutboxWorld(own, database)
    yield made
    made.store.close()
    own.request("evm_setAutomine", True)
    development.revert(snapshot)
