"""RefundEscrow: how a ruling is carried out, or the default when there is none."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from tests.worlds.refunds import REFUSED, WINDOW


class TestExecute:
    @pytest.mark.parametrize("state", ["none", "open", "over"])
    def test_only_disputes_are_executed(self, world, state):
        terms = world.terms()
        if state != "none":
            world.open(terms)
        if state == "over":
            world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.WrongState):
            world.do("execute", terms)

    @pytest.mark.parametrize("steps", ["disputed", "ruled", "appealed"])
    def test_not_before_the_time_is_over(self, world, steps):
        terms = world.open()
        if steps == "disputed":
            world.dispute(terms)
        elif steps == "ruled":
            world.until_ruled(terms, 5_000)
        else:
            world.until_appealed(terms, 5_000)
        world.evm.sleep(WINDOW - 1)
        for sender in (world.stranger, world.payer, world.seller, world.arbiter):
            with pytest.raises(errors.TooEarly) as refusal:
                world.do("execute", terms, sender=sender)
        assert refusal.value.expected == refusal.value.actual + 1

    @pytest.mark.parametrize(
        ("default", "state"),
        [(0, DealState.RELEASED), (4_000, DealState.SPLIT), (10_000, DealState.REFUNDED)],
    )
    def test_a_silent_arbiter_comes_to_the_default(self, world, default, state):
        terms = world.open(default_bps=default)
        world.dispute(terms)
        world.evm.sleep(WINDOW)
        assert world.do("execute", terms).value == world.id(terms)
        back = terms.amount * default // 10_000
        fee = (terms.amount - back) * 250 // 10_000
        assert world.balance(world.payer) == back
        assert world.balance(world.seller) == terms.amount - back - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == state

    @pytest.mark.parametrize(("bps", "back"), [(0, 0), (2_500, 25), (10_000, 100), (REFUSED, 40)])
    def test_a_ruling_is_paid_when_nobody_appealed(self, world, bps, back):
        terms = world.open(fee_bps=0)
        world.until_ruled(terms, bps)
        world.evm.sleep(WINDOW)
        done = world.do("execute", terms)
        assert world.balance(world.payer) == back * 1_000_000
        assert world.balance(world.seller) == (100 - back) * 1_000_000
        assert done.named("BondPaid") == []

    @pytest.mark.parametrize(
        ("who", "first", "last", "back", "bond_to"),
        [
            ("payer", 5_000, 5_001, 50.01, "payer"),
            ("payer", 5_000, 5_000, 50, "seller"),
            ("payer", 5_000, 4_999, 49.99, "seller"),
            ("payer", 0, 10_000, 100, "payer"),
            ("seller", 5_000, 4_999, 49.99, "seller"),
            ("seller", 5_000, 5_000, 50, "payer"),
            ("seller", 5_000, 5_001, 50.01, "payer"),
            ("seller", 10_000, 0, 0, "seller"),
            ("payer", REFUSED, REFUSED, 40, "seller"),
            ("payer", REFUSED, 4_001, 40.01, "payer"),
            ("payer", 3_999, REFUSED, 40, "payer"),
            ("seller", 4_001, REFUSED, 40, "seller"),
            ("seller", REFUSED, 4_000, 40, "payer"),
        ],
    )
    def test_the_bond_goes_to_an_appellant_who_gained_else_to_the_other(
        self, world, who, first, last, back, bond_to
    ):
        terms = world.open(fee_bps=0)
        world.until_appealed(terms, first, getattr(world, who))
        world.do("award", terms, last, sender=world.arbiter)
        done = world.do("execute", terms)
        bond = terms.amount // 10
        wanted = {"payer": round(back * 1_000_000), "seller": round((100 - back) * 1_000_000)}
        wanted[bond_to] += bond
        assert {name: world.balance(getattr(world, name)) for name in wanted} == wanted
        assert done.named("BondPaid")[0].arguments == {
            "id": world.id(terms),
            "to": getattr(world, bond_to).address,
            "bond": bond,
        }
        assert world.balance(world.escrow) == 0

    @pytest.mark.parametrize("who", ["payer", "seller"])
    def test_silence_on_appeal_leaves_the_ruling_and_returns_the_bond(self, world, who):
        terms = world.open(fee_bps=0)
        world.until_appealed(terms, 5_000, getattr(world, who))
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        wanted = {"payer": 50_000_000, "seller": 50_000_000}
        wanted[who] += 10_000_000
        assert {name: world.balance(getattr(world, name)) for name in wanted} == wanted

    def test_a_delegates_bond_comes_back_to_the_seller(self, world):
        terms = world.open(fee_bps=0)
        world.until_appealed(terms, 10_000, world.refunder)
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        assert (world.balance(world.refunder), world.balance(world.seller)) == (0, 10_000_000)

    def test_the_payers_bond_comes_back_where_refunds_go(self, world):
        terms = world.open(fee_bps=0, refund_to=world.other.address)
        world.until_appealed(terms, 0)
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        assert world.balance(world.other) == 10_000_000

    def test_ether_and_its_bond_are_paid(self, world):
        terms = world.open(world.ether(fee_bps=0))
        before = world.evm.balance(world.payer)
        world.until_appealed(terms, 5_000)
        world.do("award", terms, 10_000, sender=world.arbiter)
        world.do("execute", terms)
        assert world.evm.balance(world.payer) == before + terms.amount
        assert world.evm.balance(world.escrow) == 0

    def test_executed_once(self, world):
        terms = world.open()
        world.dispute(terms)
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        with pytest.raises(errors.WrongState):
            world.do("execute", terms)
