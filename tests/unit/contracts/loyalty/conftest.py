"""Two brands, their points, and two customers."""

import pytest
from eth_account.signers.local import LocalAccount

from tests.support.evm import START, Deployed, Evm, actor
from tests.worlds.loyalty.contracts import DAY, NOBODY, Market, Offer, Points
from tests.worlds.loyalty.pools import Foreign, Pools


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


@pytest.fixture
def ana_has_100(points, ana):
    points.give(ana, 100)


@pytest.fixture
def pools(evm, market, points, others, ana, ben):
    """Both brands let the pools be; Ana and Ben have plenty, and let the pools spend it."""
    pools = Pools(evm, market, points, others)
    for brand in (points, others):
        market.policy(brand)
        for who in (ana, ben):
            brand.give(who, 10**20)
            brand.approve(who, pools)
    return pools


@pytest.fixture
def funded(pools, ana):
    pools.fund(ana, 10_000, 40_000)
    return pools


@pytest.fixture
def foreign(evm, registry, market, pools, ana, ben):
    return lambda kind: Foreign(evm, registry, market, kind, ana, ben, spender=pools.address)


@pytest.fixture
def offer(points, others, market, ana, ben):
    """Ana gives 100 of hers for 31 of the others', to anyone, in any parts; both may pay."""
    market.policy(points)
    market.policy(others)
    points.give(ana, 1000)
    others.give(ben, 1000)
    points.approve(ana, market)
    others.approve(ben, market)
    return Offer(
        maker=ana.address,
        taker=NOBODY,
        give=points.address,
        want=others.address,
        give_amount=100,
        want_amount=31,
        min_fill=0,
        expiry=START + DAY,
        nonce=257,
        ref=b"\5" * 32,
    )
