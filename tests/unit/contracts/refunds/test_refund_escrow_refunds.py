"""RefundEscrow: the payer gets back what criteria find due, or what the seller gives."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS


class TestRefund:
    def test_a_deal_that_is_not_open_is_refused(self, world):
        with pytest.raises(errors.WrongState):
            world.do("refund", world.terms())

    def test_nothing_is_refunded_that_is_not_due(self, world):
        terms = world.open()
        with pytest.raises(errors.CriteriaNotDue) as refusal:
            world.do("refund", terms)
        assert refusal.value.id == world.id(terms)

    def test_without_criteria_nothing_is_due(self, world):
        terms = world.open(criteria=ZERO_ADDRESS)
        with pytest.raises(errors.CriteriaNotDue):
            world.do("refund", terms)

    def test_a_stranger_refunds_what_was_not_delivered_in_time(self, world):
        terms = world.open()
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        done = world.do("refund", terms)
        assert done.value == world.id(terms)
        assert done.named("Refunded")[0].arguments == {
            "id": world.id(terms),
            "refunded": terms.amount,
        }
        assert world.balance(world.payer) == terms.amount
        assert world.balance(world.fee_to) == 0
        assert world.deal(terms) == dict.fromkeys(world.deal(terms), 0) | {
            "state": DealState.REFUNDED
        }

    def test_a_share_is_rounded_up_and_the_fee_down(self, world):
        terms = world.open(amount=10_001)
        world.desk.transact("scanReturn", terms.order_ref, 3_333, sender=world.scanner)
        done = world.do("refund", terms)
        back = -(-10_001 * 3_333 // 10_000)
        fee = (10_001 - back) * 250 // 10_000
        assert done.named("Split")[0].arguments == {
            "id": world.id(terms),
            "refunded": back,
            "paid": 10_001 - back - fee,
            "fee": fee,
        }
        assert world.balance(world.payer) == back
        assert world.balance(world.seller) == 10_001 - back - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == DealState.SPLIT

    def test_a_share_that_rounds_up_to_all_is_a_refund(self, world):
        terms = world.open(amount=1)
        world.desk.transact("scanReturn", terms.order_ref, 1, sender=world.scanner)
        world.do("refund", terms)
        assert world.state(terms) == DealState.REFUNDED
        assert world.balance(world.payer) == 1

    def test_a_refund_goes_where_the_terms_say(self, world):
        terms = world.open(refund_to=world.other.address)
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        world.do("refund", terms)
        assert (world.balance(world.other), world.balance(world.payer)) == (terms.amount, 0)

    def test_ether_goes_back(self, world):
        terms = world.open(world.ether())
        before = world.evm.balance(world.payer)
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        world.do("refund", terms)
        assert world.evm.balance(world.payer) == before + terms.amount


class TestRefundDue:
    @pytest.fixture
    def criteria(self, world):
        return world.evm.deploy("HostileCriteria")

    def test_only_the_criteria_themselves(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        for sender in (world.payer, world.seller, world.arbiter, world.stranger):
            with pytest.raises(errors.NotPermitted) as refusal:
                world.do("refundDue", terms, 10_000, sender=sender)
            assert refusal.value.expected == criteria.address

    @pytest.mark.parametrize("bps", [0, 10_001, 40_000, 2**256 - 1])
    def test_a_share_has_its_bounds(self, world, criteria, bps):
        terms = world.open(criteria=criteria.address)
        with pytest.raises(errors.BadShare) as refusal:
            criteria.transact("push", world.escrow.address, terms.abi(), bps)
        assert (refusal.value.actual, refusal.value.limit) == (bps, 10_000)

    def test_a_deal_that_is_over_is_refused(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        criteria.transact("push", world.escrow.address, terms.abi(), 10_000)
        with pytest.raises(errors.WrongState):
            criteria.transact("push", world.escrow.address, terms.abi(), 10_000)

    def test_a_disputed_deal_is_the_arbiters(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            criteria.transact("push", world.escrow.address, terms.abi(), 10_000)

    @pytest.mark.parametrize(
        ("bps", "back", "state"),
        [(1, 10_000, DealState.SPLIT), (9_999, 99_990_000, DealState.SPLIT), (10_000, 10**8, 6)],
    )
    def test_they_settle_by_themselves(self, world, criteria, bps, back, state):
        terms = world.open(criteria=criteria.address)
        criteria.transact("push", world.escrow.address, terms.abi(), bps)
        assert world.balance(world.payer) == back
        assert world.state(terms) == state


class TestRefundPart:
    @pytest.mark.parametrize("who", ["payer", "stranger", "scanner", "arbiter", "fee_to"])
    def test_only_those_who_act_for_the_seller(self, world, who):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("refundPart", terms, 1, sender=getattr(world, who))
        assert refusal.value.expected == world.seller.address

    def test_a_dismissed_delegate_is_refused_at_once(self, world):
        terms = world.open()
        role = b"careledger.refunder".ljust(32, b"\0")
        world.registry.transact(
            "revokeDelegate",
            world.seller.address,
            role,
            world.refunder.address,
            sender=world.seller,
        )
        with pytest.raises(errors.NotPermitted):
            world.do("refundPart", terms, 1, sender=world.refunder)

    def test_a_rotated_key_acts_and_the_old_one_does_not(self, world):
        terms = world.open()
        world.registry.transact(
            "changeOwner", world.seller.address, world.other.address, sender=world.seller
        )
        with pytest.raises(errors.NotPermitted):
            world.do("refundPart", terms, 1, sender=world.seller)
        world.do("refundPart", terms, 1, sender=world.other)
        assert world.balance(world.payer) == 1

    @pytest.mark.parametrize("amount", [0, 100_000_001, 2**256 - 1])
    def test_a_part_has_its_bounds(self, world, amount):
        terms = world.open()
        with pytest.raises(errors.BadShare) as refusal:
            world.do("refundPart", terms, amount, sender=world.seller)
        assert (refusal.value.actual, refusal.value.limit) == (amount, terms.amount)

    def test_a_deal_that_is_not_open_is_refused(self, world):
        with pytest.raises(errors.WrongState):
            world.do("refundPart", world.terms(), 1, sender=world.seller)

    def test_a_part_leaves_the_deal_open_with_less(self, world):
        terms = world.open()
        done = world.do("refundPart", terms, 30_000_000, sender=world.refunder)
        assert done.named("PartRefunded")[0].arguments == {
            "id": world.id(terms),
            "amount": 30_000_000,
            "held": 70_000_000,
        }
        assert world.deal(terms)["held"] == 70_000_000
        assert world.state(terms) == DealState.OPEN
        assert world.balance(world.payer) == 30_000_000
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller) + world.balance(world.fee_to) == 70_000_000

    def test_the_whole_ends_it(self, world):
        terms = world.open()
        world.do("refundPart", terms, 1, sender=world.seller)
        done = world.do("refundPart", terms, terms.amount - 1, sender=world.seller)
        assert done.named("Refunded")[0].refunded == terms.amount - 1
        assert world.state(terms) == DealState.REFUNDED
        assert world.balance(world.payer) == terms.amount
