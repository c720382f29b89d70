import pytest

from tests.worlds.identity.registry import World


@pytest.fixture
def world(compiled):
    return World()
