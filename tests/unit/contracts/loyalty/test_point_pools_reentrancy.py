"""PointPools: tokens that call back. Hostile tokens on a node: tests/integration/loyalty."""

import pytest
from eth_abi import encode
from eth_utils.crypto import keccak

from tests.worlds.loyalty.contracts import FOREVER, error_data
from tests.worlds.loyalty.pools import RICH


class TestReentrancy:
    """A brand's own token calls back in the middle of everything it can be in the middle of."""

    @pytest.fixture
    def token(self, pools, foreign, ana):
        token = foreign("ReentrantToken")
        pools.fund(ana, 10_000, 10_000, tokens=(token, pools.a))
        token.token.transact("mint", token.address, RICH)
        approve = token.token.encode("approve", pools.address, FOREVER)
        token.token.transact("act", token.address, approve)
        return token

    def calls(self, pools, token):
        a, t, forever = pools.a.address, token.address, FOREVER
        return [
            pools.contract.encode("swap", t, a, 100, 0, forever),
            pools.contract.encode("swap", a, t, 100, 0, forever),
            pools.contract.encode("addLiquidity", (t, a, 100, 100, 0, 0, t, forever)),
            pools.contract.encode("removeLiquidity", (t, a, 1, 0, 0, t, forever)),
            pools.contract.encode("sync", t, a),
            pools.contract.encode("quote", t, a, 100),
            pools.contract.encode(
                "swapWithAuthorization", (t, t, a, 1, 0, t, forever - 1, bytes(32)), b""
            ),
        ]

    @pytest.mark.parametrize("early", [True, False])
    @pytest.mark.parametrize("number", range(7))
    def test_the_pair_is_locked_whatever_is_under_way(self, pools, token, ana, ben, number, early):
        first, second = sorted((pools.a.address, token.address), key=lambda a: int(a, 16))
        id_ = keccak(encode(["address", "address"], [first, second]))
        tokens, data = (token, pools.a), self.calls(pools, token)[number]
        for act in (
            lambda: pools.swap(ben, 100, tokens=tokens),
            lambda: pools.swap(ben, 100, tokens=tokens[::-1]),
            lambda: pools.fund(ben, 100, 100, tokens=tokens),
            lambda: pools.leave(ana, 100, tokens=tokens),
        ):
            before = token.token.call("calls")
            token.token.transact("arm", pools.address, data, early)
            act()
            assert token.token.call("calls") == before + 1
            assert token.token.call("lastReturn") == error_data("PointPools_Locked", id_)
        one, two = pools.pair(tokens)[:2]
        assert (token.balance(pools), pools.a.balance(pools)) == (one, two)

    def test_another_pair_is_not_locked_and_not_robbed(self, pools, token, ana, ben):
        pools.fund(ana, 10_000, 40_000)
        data = pools.contract.encode("collectFees", pools.a.address)
        token.token.transact("arm", pools.address, data, True)
        pools.swap(ben, 100, tokens=(token, pools.a))
        reserves = pools.pair((token, pools.a))[1] + pools.pair()[0]
        assert pools.a.balance(pools) == reserves
