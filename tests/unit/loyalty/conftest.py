"""Two brands, their points, and two customers."""

import pytest
from eth_account.signers.local import LocalAccount

from tests.support.evm import Deployed, Evm, actor
from tests.support.loyalty import Market, Points


@pytest.fixture
def registry(evm: Evm) -> Deployed:
    return evm.deploy("IdentityRegistry")


@pytest.fixture
def points(evm: Evm, registry: Deployed) -> Points:
    return Points(evm, registry, "Aurora").open()


@pytest.fixture
def others(evm: Evm, registry: Deployed) -> Points:
    return Points(evm, registry, "Borealis").open()


@pytest.fixture
def market(evm: Evm, registry: Deployed) -> Market:
    return Market(evm, registry)


@pytest.fixture
def ana() -> LocalAccount:
    return actor("Ana")


@pytest.fixture
def ben() -> LocalAccount:
    return actor("Ben")


@pytest.fixture
def eve() -> LocalAccount:
    return actor("Eve")
