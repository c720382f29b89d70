"""PointPools: shares as ERC-6909 tokens, and the views of a pair."""

import pytest

from tests.worlds.loyalty.contracts import FOREVER, NOBODY, refuses


class TestShares:
    """ERC-6909: the pair's id as a number."""

    @pytest.fixture
    def number(self, funded):
        return int.from_bytes(funded.id, "big")

    def test_not_to_nobody_nor_the_pools(self, funded, number, ana, ben):
        funded.contract.transact("approve", ben.address, number, FOREVER, sender=ana)
        for to in (NOBODY, funded.address):
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transfer", to, number, 1, sender=ana)
            with refuses("PointPools_BadRecipient", to):
                funded.contract.transact("transferFrom", ana.address, to, number, 1, sender=ben)

    def test_more_than_one_has_or_was_allowed(self, funded, number, ana, ben, eve):
        with refuses("InsufficientBalance()"):
            funded.contract.transact("transfer", ben.address, number, 19_001, sender=ana)
        with refuses("InsufficientPermission()"):
            funded.contract.transact(
                "transferFrom", ana.address, eve.address, number, 1, sender=eve
            )
        funded.contract.transact("approve", eve.address, number, 5, sender=ana)
        with refuses("InsufficientPermission()"):
            funded.contract.transact(
                "transferFrom", ana.address, eve.address, number, 6, sender=eve
            )

    def test_they_move_and_whoever_has_them_leaves_with_the_points(
        self, funded, number, ana, ben, eve
    ):
        funded.contract.transact("transfer", ben.address, number, 9000, sender=ana)
        funded.contract.transact("approve", eve.address, number, 4000, sender=ana)
        funded.contract.transact("transferFrom", ana.address, eve.address, number, 4000, sender=eve)
        assert [funded.shares(who) for who in (ana, ben, eve)] == [6000, 9000, 4000]
        assert funded.leave(eve, 4000).value == (2000, 8000)

    def test_an_operator_moves_all(self, funded, number, ana, eve):
        funded.contract.transact("setOperator", eve.address, True, sender=ana)
        funded.contract.transact(
            "transferFrom", ana.address, eve.address, number, 19_000, sender=eve
        )
        assert funded.shares(eve) == 19_000

    def test_shares_of_another_pair_are_worth_nothing_here(self, funded, foreign, ana, ben):
        token = foreign("TestToken")
        funded.fund(ben, 10**9, 10**9, tokens=(token, funded.a))
        with refuses("InsufficientBalance()"):
            funded.leave(ben, 1)

    def test_what_wallets_show(self, funded, number):
        views = [
            funded.contract.call(view, number)
            for view in ("name", "symbol", "decimals", "tokenURI")
        ]
        assert views == ["CareLedger pool share", "SHARE", 18, ""]
        assert funded.contract.call("supportsInterface", bytes.fromhex("0f632fb3")) is True


class TestViews:
    def test_a_pair_that_was_never_funded_is_empty(self, pools):
        low, high = sorted((pools.a.address, pools.b.address), key=lambda a: int(a, 16))
        for pair in ((low, high), (high, low)):
            assert pools.contract.call("pairOf", *pair) == (
                pools.id,
                low,
                high,
                0,
                0,
                0,
                0,
                0,
                False,
            )

    def test_it_knows_where_policies_are(self, pools, market):
        assert pools.contract.call("POLICIES") == market.address
