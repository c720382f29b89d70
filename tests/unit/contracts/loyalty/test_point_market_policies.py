"""PointMarket: the policies that brands set for their tokens."""

from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    NOBODY,
    Points,
    refuses,
)
from tests.worlds.loyalty.market import token_of


class TestSetPolicy:
    def test_what_is_no_token_of_a_brand_is_refused(self, evm, registry, market, ana):
        wrong_registry, no_brand = (token_of(evm, registry, ana) for _ in range(2))
        wrong_registry.transact("belongTo", ana.address, ana.address)
        no_brand.transact("belongTo", registry.address, NOBODY)
        accepting = evm.deploy("PointReceiver")  # answers everything with its selector
        for token in (ana, registry, market, wrong_registry, no_brand, accepting):
            with refuses("PointMarket_NotPoints", token.address):
                market.contract.transact(
                    "setPolicy", token.address, (NOBODY, 0, 0, True, True), sender=ana
                )

    def test_a_token_under_another_registry_is_refused(self, evm, market):
        foreign = Points(evm, evm.deploy("IdentityRegistry"), "Foreign")
        with refuses("PointMarket_NotPoints", foreign.address):
            market.policy(foreign)

    def test_only_the_brands_managers_set_it(self, market, points, others, eve):
        for who in (eve, points.issuer, others.brand, others.manager):
            with refuses(
                "PointMarket_NotAllowed", points.address, who.address, points.brand.address
            ):
                market.contract.transact(
                    "setPolicy", points.address, (NOBODY, 0, 0, True, True), sender=who
                )
        market.contract.transact(
            "setPolicy", points.address, (NOBODY, 0, 0, True, True), sender=points.manager
        )

    def test_a_cap_of_the_fee_above_the_highest_is_refused(self, market, points):
        with refuses("PointMarket_FeeCapRaised", points.address, 1001, 1000):
            market.policy(points, most=1001)
        assert market.contract.call("HIGHEST_FEE_BPS") == 1000

    def test_the_cap_can_only_be_lowered(self, market, points):
        market.policy(points, most=500)
        with refuses("PointMarket_FeeCapRaised", points.address, 501, 500):
            market.policy(points, most=501)
        market.policy(points, most=0)
        with refuses("PointMarket_FeeCapRaised", points.address, 1, 0):
            market.policy(points, most=1)

    def test_a_fee_above_its_cap_or_for_nobody_is_refused(self, market, points):
        for fee, most, to in ((6, 5, points.brand.address), (1, 5, NOBODY), (1, 5, points.address)):
            with refuses("PointMarket_BadPolicy", points.address, fee, most, to):
                terms = (to, fee, most, True, True)
                market.contract.transact("setPolicy", points.address, terms, sender=points.brand)

    def test_it_is_told_and_kept(self, market, points):
        assert market.contract.call("policyOf", points.address) == (NOBODY, 0, 0, False, False)
        assert market.contract.call("brandOf", points.address) == NOBODY
        for terms in (
            (points.brand.address, 1000, 1000, True, False),
            (actor("till").address, 0, 999, False, True),
            (NOBODY, 0, 3, False, False),
            (actor("till").address, 3, 3, True, True),
        ):
            done = market.contract.transact(
                "setPolicy", points.address, terms, sender=points.manager
            )
            (event,) = done.events
            assert (event.name, event.token, event.brand) == (
                "PolicySet",
                points.address,
                points.brand.address,
            )
            assert tuple(event.policy) == terms == market.contract.call("policyOf", points.address)
        assert market.contract.call("brandOf", points.address) == points.brand.address

    def test_the_brand_is_kept_whatever_the_token_says_later(self, evm, registry, market, ana, eve):
        token = token_of(evm, registry, ana)
        market.contract.transact("setPolicy", token.address, (NOBODY, 0, 9, True, True), sender=ana)
        token.transact("belongTo", eve.address, eve.address)
        with refuses("PointMarket_NotAllowed", token.address, eve.address, ana.address):
            market.contract.transact(
                "setPolicy", token.address, (NOBODY, 0, 9, True, True), sender=eve
            )
        market.contract.transact(
            "setPolicy", token.address, (NOBODY, 0, 9, False, True), sender=ana
        )

    def test_a_handed_over_brand_has_a_new_master(self, registry, market, points, ana):
        market.policy(points)
        registry.transact("changeOwner", points.brand.address, ana.address, sender=points.brand)
        with refuses(
            "PointMarket_NotAllowed", points.address, points.brand.address, points.brand.address
        ):
            market.policy(points)
        market.contract.transact(
            "setPolicy", points.address, (NOBODY, 0, 9, True, True), sender=ana
        )
