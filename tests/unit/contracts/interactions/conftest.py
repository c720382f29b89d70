import pytest

from tests.worlds.interactions import World


@pytest.fixture
def world(compiled):
    return World()
