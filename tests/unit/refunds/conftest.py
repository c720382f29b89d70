import pytest

from tests.unit.refunds.world import World


@pytest.fixture
def world(compiled):
    return World()
