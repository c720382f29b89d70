import pytest

from tests.support.evm import Evm
from tests.worlds.identity.registry import World


@pytest.fixture
def world(compiled):
    return World()


@pytest.fixture(scope="module")
def verifier(compiled):
    return Evm().deploy("PasskeyVerifier")
