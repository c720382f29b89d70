"""LoyaltyToken: points are redeemed by their holder, or by the holder's signature."""

import pytest

from tests.support.evm import START, actor
from tests.worlds.loyalty.contracts import (
    DAY,
    FOREVER,
    NOBODY,
    REDEEM,
    high_s,
    refuses,
    sign,
)
from tests.worlds.loyalty.programme import REF, programme


class TestRedeem:
    def test_nothing_cannot_be_redeemed(self, points, ana):
        with refuses("LoyaltyToken_ZeroAmount"):
            points.token.transact("redeem", 0, REF, sender=ana)

    def test_more_than_one_has_cannot_be_redeemed(self, points, ana):
        points.give(ana, 5)
        with refuses("InsufficientBalance"):
            points.token.transact("redeem", 6, REF, sender=ana)

    def test_after_the_end_nothing_is_redeemed_but_points_still_move(self, points, evm, ana, ben):
        points.give(ana, 5)
        points.token.transact("announceWindDown", sender=points.brand)
        evm.warp(START + 30 * DAY - 1)
        points.token.transact("redeem", 1, REF, sender=ana)
        evm.warp(START + 30 * DAY)
        with refuses("LoyaltyToken_Closed", START + 30 * DAY):
            points.token.transact("redeem", 1, REF, sender=ana)
        points.token.transact("transfer", ben.address, 4, sender=ana)
        assert (points.balance(ana), points.balance(ben)) == (0, 4)

    def test_points_are_given_up(self, points, ana):
        points.give(ana, 5)
        transfer, redeemed = points.token.transact("redeem", 2, REF, sender=ana).events
        assert transfer.arguments == {"from_": ana.address, "to": NOBODY, "amount": 2}
        assert (redeemed.name, redeemed.arguments) == (
            "Redeemed",
            {"from_": ana.address, "ref": REF, "amount": 2},
        )
        assert points.balance(ana) == programme(points)["outstanding"] == 3

    def test_a_pause_does_not_stop_it(self, points, ana):
        points.give(ana, 5)
        points.token.transact("setPaused", True, sender=points.manager)
        points.token.transact("redeem", 5, REF, sender=ana)
        assert programme(points)["outstanding"] == 0
        assert programme(points)["paused"] is True

    def test_no_one_redeems_for_another_by_an_allowance(self, points, ana, eve):
        points.give(ana, 5)
        points.approve(ana, eve)
        with refuses("InsufficientBalance"):
            points.token.transact("redeem", 1, REF, sender=eve)


class TestRedeemWithAuthorization:
    NONCE = b"\7" * 32

    def order(
        self, points, by, amount=2, ref=REF, after=0, before=START + DAY, nonce=NONCE, **domain
    ):
        signed = points.sign(by, REDEEM, by.address, amount, ref, after, before, nonce, **domain)
        return by.address, amount, ref, after, before, nonce, signed

    @pytest.fixture(autouse=True)
    def _funded(self, points, ana):
        points.give(ana, 5)

    def send(self, points, order):
        return points.token.transact("redeemWithAuthorization", *order, sender=actor("relayer"))

    def test_too_early_too_late_and_the_seconds_beside(self, points, evm, ana):
        with refuses("SignedERC20_NotYetValid", self.NONCE, START, START):
            self.send(points, self.order(points, ana, after=START))
        with refuses("SignedERC20_Expired", self.NONCE, START, START):
            self.send(points, self.order(points, ana, before=START))
        self.send(points, self.order(points, ana, after=START - 1, before=START + 1))

    def test_any_other_value_than_signed_is_refused(self, points, ana, eve):
        order = list(self.order(points, ana))
        for place, other in (
            (1, 3),
            (2, b"\2" * 32),
            (3, 1),
            (4, START + DAY + 1),
            (5, b"\x08" * 32),
        ):
            changed = [*order]
            changed[place] = other
            with refuses("SignedERC20_BadSignature", ana.address):
                self.send(points, changed)
        with refuses("SignedERC20_BadSignature", eve.address):
            self.send(points, [eve.address, *order[1:]])

    def test_the_order_of_another_kind_is_refused(self, points, ana):
        message = points.digest(
            REDEEM.replace("Redeem", "Transfer"), ana.address, 2, REF, 0, START + DAY, self.NONCE
        )
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, (ana.address, 2, REF, 0, START + DAY, self.NONCE, sign(ana, message)))

    def test_an_order_for_another_chain_or_token_is_refused(self, points, others, ana):
        for domain in ({"chain_id": 1}, {"contract": others.address}):
            with refuses("SignedERC20_BadSignature", ana.address):
                self.send(points, self.order(points, ana, **domain))

    def test_a_high_s_is_refused(self, points, ana):
        *order, signed = self.order(points, ana)
        with refuses("SignedERC20_BadSignature", ana.address):
            self.send(points, [*order, high_s(signed)])

    def test_an_order_is_good_once(self, points, ana):
        self.send(points, self.order(points, ana))
        with refuses("SignedERC20_AuthorizationSpent", ana.address, self.NONCE):
            self.send(points, self.order(points, ana))

    def test_a_cancelled_order_is_refused(self, points, ana):
        cancel = points.sign(
            ana, "CancelAuthorization(address authorizer,bytes32 nonce)", ana.address, self.NONCE
        )
        points.token.transact(
            "cancelAuthorization(address,bytes32,bytes)", ana.address, self.NONCE, cancel
        )
        with refuses("SignedERC20_AuthorizationSpent", ana.address, self.NONCE):
            self.send(points, self.order(points, ana))

    def test_nothing_more_than_one_has_and_after_the_end_is_refused(self, points, evm, ana):
        with refuses("LoyaltyToken_ZeroAmount"):
            self.send(points, self.order(points, ana, amount=0))
        with refuses("InsufficientBalance"):
            self.send(points, self.order(points, ana, amount=6))
        points.token.transact("announceWindDown", sender=points.brand)
        evm.sleep(30 * DAY)
        with refuses("LoyaltyToken_Closed", START + 30 * DAY):
            self.send(points, self.order(points, ana, before=FOREVER))

    def test_anyone_sends_it_and_the_points_are_given_up(self, points, ana):
        used, transfer, redeemed = self.send(points, self.order(points, ana)).events
        assert (used.name, used.authorizer, used.nonce) == (
            "AuthorizationUsed",
            ana.address,
            self.NONCE,
        )
        assert transfer.arguments == {"from_": ana.address, "to": NOBODY, "amount": 2}
        assert redeemed.arguments == {"from_": ana.address, "ref": REF, "amount": 2}
        assert points.token.call("authorizationState", ana.address, self.NONCE) is True
        assert points.balance(ana) == 3

    def test_a_contract_wallet_orders_too(self, points, evm, ana):
        wallet = evm.deploy("Wallet1271", ana.address)
        points.give(wallet, 2)
        signed = points.sign(ana, REDEEM, wallet.address, 2, REF, 0, FOREVER, self.NONCE)
        self.send(points, (wallet.address, 2, REF, 0, FOREVER, self.NONCE, signed))
        assert points.balance(wallet) == 0
