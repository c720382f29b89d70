"""LoyaltyToken as an ERC-20: transfers and allowances."""

import pytest

from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
    NOBODY,
    refuses,
)

pytestmark = pytest.mark.usefixtures("ana_has_100")


class TestTransfer:
    def test_neither_the_zero_address_nor_the_token_gets_any(self, points, ana):
        for to in (NOBODY, points.address):
            for amount in (0, 1):
                with refuses("SignedERC20_BadRecipient", to):
                    points.token.transact("transfer", to, amount, sender=ana)

    def test_more_than_one_has_is_refused(self, points, ana, ben):
        for amount in (101, FOREVER):
            with refuses("InsufficientBalance"):
                points.token.transact("transfer", ben.address, amount, sender=ana)

    def test_points_move(self, points, ana, ben):
        done = points.token.transact("transfer", ben.address, 40, sender=ana)
        (event,) = done.events
        assert (done.value, event.name) == (True, "Transfer")
        assert event.arguments == {"from_": ana.address, "to": ben.address, "amount": 40}
        assert (points.balance(ana), points.balance(ben), points.token.call("totalSupply")) == (
            60,
            40,
            100,
        )

    def test_to_oneself_and_nothing_at_all_change_nothing(self, points, ana, ben):
        points.token.transact("transfer", ana.address, 100, sender=ana)
        points.token.transact("transfer", ben.address, 0, sender=ana)
        points.token.transact("transfer", ana.address, 0, sender=ben)
        assert (points.balance(ana), points.balance(ben)) == (100, 0)


class TestTransferFrom:
    def test_neither_the_zero_address_nor_the_token_gets_any(self, points, ana, ben):
        points.approve(ana, ben)
        for to in (NOBODY, points.address):
            with refuses("SignedERC20_BadRecipient", to):
                points.token.transact("transferFrom", ana.address, to, 1, sender=ben)

    def test_without_an_allowance_it_is_refused_even_to_the_brand(self, points, ana):
        for who in (points.brand, points.manager, points.issuer, actor("stranger")):
            with refuses("InsufficientAllowance"):
                points.token.transact("transferFrom", ana.address, who.address, 1, sender=who)

    def test_the_owner_needs_an_allowance_of_its_own(self, points, ana, ben):
        with refuses("InsufficientAllowance"):
            points.token.transact("transferFrom", ana.address, ben.address, 1, sender=ana)

    def test_more_than_allowed_or_owned_is_refused(self, points, ana, ben):
        points.approve(ana, ben, 10)
        with refuses("InsufficientAllowance"):
            points.token.transact("transferFrom", ana.address, ben.address, 11, sender=ben)
        points.approve(ana, ben, 101)
        with refuses("InsufficientBalance"):
            points.token.transact("transferFrom", ana.address, ben.address, 101, sender=ben)

    def test_permit2_has_no_allowance_that_was_not_given(self, points, evm, ana):
        permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
        assert points.token.call("allowance", ana.address, permit2) == 0
        with refuses("InsufficientAllowance"):
            evm.raw_transact(
                points.address,
                points.token.encode("transferFrom", ana.address, permit2, 1),
                sender=permit2,
            )
        points.approve(ana, permit2, 3)
        assert points.token.call("allowance", ana.address, permit2) == 3

    def test_the_allowance_is_counted_down(self, points, ana, ben):
        points.approve(ana, ben, 10)
        done = points.token.transact("transferFrom", ana.address, ben.address, 4, sender=ben)
        assert done.value is True
        assert [event.name for event in done.events] == ["Transfer"]
        assert points.token.call("allowance", ana.address, ben.address) == 6
        assert (points.balance(ana), points.balance(ben)) == (96, 4)

    def test_the_greatest_allowance_is_not(self, points, ana, ben):
        points.approve(ana, ben)
        points.token.transact("transferFrom", ana.address, ben.address, 4, sender=ben)
        assert points.token.call("allowance", ana.address, ben.address) == FOREVER


class TestApprove:
    def test_it_is_told_and_replaces_what_was(self, points, ana, ben):
        for amount in (5, 7, 0, FOREVER):
            done = points.token.transact("approve", ben.address, amount, sender=ana)
            (event,) = done.events
            assert (done.value, event.name) == (True, "Approval")
            assert event.arguments == {
                "owner": ana.address,
                "spender": ben.address,
                "amount": amount,
            }
            assert points.token.call("allowance", ana.address, ben.address) == amount
