import pytest

from tests.support.evm import ETHER
from tests.worlds.refunds import World


@pytest.fixture
def world(compiled):
    return World()


@pytest.fixture
def court(world):
    """An ERC-792 arbitrator that charges a tenth of an ether."""
    return world.evm.deploy("TestArbitrator", ETHER // 10)


@pytest.fixture
def blocking(world):
    return world.evm.deploy("BlockingToken", "Blocking", "BLK", 6)


@pytest.fixture
def owed(world, blocking):
    """A seller who was blocked and is owed 97.5 tokens."""
    terms = world.open(token=blocking.address)
    blocking.transact("setBlocked", world.seller.address, True)
    world.do("release", terms, sender=world.payer)
    return terms
