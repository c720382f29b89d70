import pytest

from tests.support.evm import Evm


@pytest.fixture(scope="module")
def probe(compiled):
    return Evm().deploy("P256Probe")
