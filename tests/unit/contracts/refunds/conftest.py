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
