"""PointMarket: offers filled with permits in place of allowances."""

from dataclasses import replace

import pytest

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import (
    DAY,
    FOREVER,
    NOBODY,
    PERMIT,
    refuses,
    vrs,
)
from tests.worlds.loyalty.market import NO_PERMIT, token_of


class TestFillWithPermits:
    @pytest.fixture(autouse=True)
    def _without_allowances(self, market, offer, points, others, ana, ben):
        points.approve(ana, market, 0)
        others.approve(ben, market, 0)

    def permit(self, points, owner, market, value=1000, deadline=START + DAY, nonce=0):
        signed = points.sign(owner, PERMIT, owner.address, market.address, value, nonce, deadline)
        return value, deadline, *vrs(signed)

    def send(
        self, market, offer, by, amount, makers=NO_PERMIT, takers=NO_PERMIT, most=FOREVER, least=0
    ):
        signed = market.sign(actor("Ana"), offer)
        arguments = (offer.members, signed, amount, most, least, makers, takers)
        return market.contract.transact("fillWithPermits", *arguments, sender=by)

    def test_without_permits_allowances_are_missing(self, market, offer, points, others, ana, ben):
        with refuses("PointMarket_NoAllowance", points.address, ana.address, 0, 100):
            self.send(market, offer, ben, 100)
        makers = self.permit(points, ana, market)
        with refuses("PointMarket_NoAllowance", others.address, ben.address, 0, 31):
            self.send(market, offer, ben, 100, makers)

    def test_permits_that_are_too_small_late_or_somebody_elses(
        self, market, offer, points, ana, ben, eve
    ):
        for bad, allowed in (
            (self.permit(points, ana, market, value=99), 99),
            (self.permit(points, ana, market, deadline=START - 1), 0),
            (self.permit(points, ana, market, nonce=1), 0),
            (self.permit(points, eve, market), 0),
        ):
            with refuses("PointMarket_NoAllowance", points.address, ana.address, allowed, 100):
                self.send(market, offer, ben, 100, bad)

    def test_everything_that_fill_refuses(self, market, offer, points, others, ana, ben, eve):
        makers, takers = self.permit(points, ana, market), self.permit(others, ben, market)
        id_ = market.id_of(offer)
        with refuses("PointMarket_Overfill", id_, 101, 100):
            self.send(market, offer, ben, 101, makers, takers)
        with refuses("PointMarket_PaysTooMuch", id_, 31, 30):
            self.send(market, offer, ben, 100, makers, takers, most=30)
        with refuses("PointMarket_ReceivesTooLittle", id_, 100, 101):
            self.send(market, offer, ben, 100, makers, takers, least=101)
        forged = (offer.members, market.sign(eve, offer), 100, FOREVER, 0, makers, takers)
        with refuses("PointMarket_BadSignature", id_, ana.address):
            market.contract.transact("fillWithPermits", *forged, sender=ben)

    def test_nobody_has_to_approve_before(self, market, offer, points, others, ana, ben):
        done = self.send(
            market,
            offer,
            ben,
            100,
            self.permit(points, ana, market),
            self.permit(others, ben, market),
        )
        assert done.value == (31, 100)
        assert (points.balance(ben), others.balance(ana)) == (100, 31)
        assert points.token.call("allowance", ana.address, market.address) == 900

    def test_permits_that_somebody_sent_before_break_nothing(
        self, market, offer, points, others, ana, ben, eve
    ):
        makers, takers = self.permit(points, ana, market), self.permit(others, ben, market)
        for token, owner, (value, deadline, *tail) in (
            (points, ana, makers),
            (others, ben, takers),
        ):
            name = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
            token.token.transact(
                name, owner.address, market.address, value, deadline, *tail, sender=eve
            )
        self.send(market, offer, ben, 100, makers, takers)
        assert points.balance(ben) == 100

    def test_allowances_that_are_there_do_without(self, market, offer, points, others, ana, ben):
        points.approve(ana, market)
        others.approve(ben, market, 31)
        self.send(market, offer, ben, 100)
        assert points.balance(ben) == 100

    def test_the_fee_has_to_be_allowed_too(self, market, offer, points, others, ana, ben):
        market.policy(others, fee=1000)
        makers = self.permit(points, ana, market)
        with refuses("PointMarket_NoAllowance", others.address, ben.address, 33, 34):
            self.send(market, offer, ben, 100, makers, self.permit(others, ben, market, value=33))
        self.send(market, offer, ben, 100, makers, self.permit(others, ben, market, value=34))

    def test_a_token_without_permits_is_passed_over(
        self, evm, registry, market, offer, points, ana, ben
    ):
        brand = actor("silent brand")
        silent = token_of(evm, registry, brand, "SilentToken")
        market.contract.transact(
            "setPolicy", silent.address, (NOBODY, 0, 0, True, True), sender=brand
        )
        silent.transact("mint", ben.address, 31)
        wanted = replace(offer, want=silent.address)
        makers, takers = self.permit(points, ana, market), (5, FOREVER, 27, bytes(32), bytes(32))
        with refuses("PointMarket_NoAllowance", silent.address, ben.address, 0, 31):
            self.send(market, wanted, ben, 100, makers, takers)
        silent.transact("approve", market.address, FOREVER, sender=ben)
        self.send(market, wanted, ben, 100, makers, takers)
        assert silent.call("balanceOf", ana.address) == 31
