"""RefundEscrow: how deals are opened, and how they end without a dispute."""

from datetime import timedelta

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.values.addresses import ZERO_ADDRESS
from tests.worlds.refunds import DAY, high_s

MAX = 3650 * DAY


class TestRelease:
    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.terms()
        with pytest.raises(errors.WrongState) as refusal:
            world.do("release", terms, sender=world.payer)
        assert (refusal.value.id, refusal.value.actual, refusal.value.expected) == (
            world.id(terms),
            0,
            DealState.OPEN,
        )

    @pytest.mark.parametrize("who", ["stranger", "seller", "arbiter", "carrier"])
    def test_nobody_else_releases_early(self, world, who):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()) - 1)
        with pytest.raises(errors.TooEarly) as refusal:
            world.do("release", terms, sender=getattr(world, who))
        assert (
            refusal.value.expected == refusal.value.actual + 1 == int(terms.release_at.timestamp())
        )

    def test_nobody_else_releases_what_is_due_back(self, world):
        terms = world.open()  # nobody scans a delivery
        world.evm.warp(int(terms.release_at.timestamp()))
        with pytest.raises(errors.CriteriaDue) as refusal:
            world.do("release", terms)
        assert refusal.value.actual == 10_000

    def test_the_payer_releases_at_once_and_the_fee_is_the_sellers(self, world):
        terms = world.open(amount=1_000_003)
        done = world.do("release", terms, sender=world.payer)
        fee = 1_000_003 * 250 // 10_000
        assert done.value == world.id(terms)
        assert done.named("Released")[0].arguments == {
            "id": world.id(terms),
            "paid": 1_000_003 - fee,
            "fee": fee,
        }
        assert world.balance(world.seller) == 1_000_003 - fee
        assert world.balance(world.fee_to) == fee
        assert world.balance(world.escrow) == world.balance(world.payer) == 0
        assert world.deal(terms) | {"state": 0} == dict.fromkeys(world.deal(terms), 0)
        assert world.state(terms) == DealState.RELEASED

    def test_the_payer_releases_even_what_is_due_back(self, world):
        terms = world.open()
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms, sender=world.payer)
        assert world.state(terms) == DealState.RELEASED

    def test_a_stranger_releases_after_the_time(self, world):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.balance(world.seller) == 97_500_000

    def test_without_criteria_there_is_nothing_to_ask(self, world):
        terms = world.open(criteria=ZERO_ADDRESS)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.state(terms) == DealState.RELEASED

    def test_without_a_fee_all_is_the_sellers(self, world):
        terms = world.open(fee_bps=0, fee_to=ZERO_ADDRESS)
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller) == terms.amount

    def test_a_fee_of_everything_leaves_the_seller_nothing(self, world):
        terms = world.open(fee_bps=10_000)
        world.do("release", terms, sender=world.payer)
        assert (world.balance(world.seller), world.balance(world.fee_to)) == (0, terms.amount)

    def test_ether_is_paid(self, world):
        terms = world.open(world.ether(fee_to=world.evm.deploy("HostileReceiver").address))
        before = world.evm.balance(world.seller)
        world.do("release", terms, sender=world.payer)
        assert world.evm.balance(world.seller) == before + terms.amount * 9750 // 10_000
        assert world.evm.balance(terms.fee_to) == terms.amount * 250 // 10_000
        assert world.evm.balance(world.escrow) == 0

    def test_a_deal_ends_once(self, world):
        terms = world.open()
        world.do("release", terms, sender=world.payer)
        for function in ("release", "refund", "dispute"):
            arguments = [b"\1" * 32] if function == "dispute" else []
            with pytest.raises(errors.WrongState):
                world.do(function, terms, *arguments, sender=world.payer)


class TestReleaseSigned:
    def test_the_payers_signature_is_needed(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.seller, "release", world.id(terms))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, signature)

    def test_a_signature_for_another_deal_is_refused(self, world):
        terms, other = world.open(), world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(other))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, signature)

    def test_an_expired_one_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(
            world.payer, "release", world.id(terms), deadline=world.evm.now - 1
        )
        with pytest.raises(errors.DealSignatureExpired):
            world.do("releaseBySig", terms, deadline, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        with pytest.raises(errors.BadDealSignature):
            world.do("releaseBySig", terms, deadline, high_s(signature))

    def test_a_deal_that_is_over_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseBySig", terms, deadline, signature)
        with pytest.raises(errors.WrongState):
            world.do("releaseBySig", terms, deadline, signature)

    def test_anyone_brings_it(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseBySig", terms, deadline, signature, sender=world.relayer)
        assert world.balance(world.seller) == 97_500_000


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


class TestSplit:
    def agreed(
        self, world, terms, to_payer, to_seller, deadline=None, payer=None, seller=None, signer=None
    ):
        """Return an agreement; both sign unless somebody else is named."""
        seller = seller or world.seller
        deadline, by_payer = world.signed(
            payer or world.payer, "split", world.id(terms), to_payer, to_seller, deadline=deadline
        )
        _, by_seller = world.signed(
            seller, "split", world.id(terms), to_payer, to_seller, deadline=deadline
        )
        return to_payer, to_seller, deadline, (signer or seller).address, by_payer, by_seller

    @pytest.mark.parametrize(
        ("to_payer", "to_seller"), [(0, 0), (1, 10**8), (10**8 + 1, 0), (10**8, 1), (0, 10**8 - 1)]
    )
    def test_the_parts_have_to_sum_up(self, world, to_payer, to_seller):
        terms = world.open()
        with pytest.raises(errors.BadSplit) as refusal:
            world.do("split", terms, self.agreed(world, terms, to_payer, to_seller))
        assert (refusal.value.to_payer, refusal.value.to_seller, refusal.value.held) == (
            to_payer,
            to_seller,
            10**8,
        )

    def test_an_overflowing_sum_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, self.agreed(world, terms, 2**256 - 1, 10**8 + 1))

    def test_an_agreement_from_before_a_part_refund_is_void(self, world):
        terms = world.open()
        agreement = self.agreed(world, terms, 10**7, 9 * 10**7)
        world.do("refundPart", terms, 1, sender=world.seller)
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, agreement)

    def test_the_payer_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadDealSignature) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, payer=world.stranger))
        assert refusal.value.signer == world.payer.address

    def test_the_seller_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadDealSignature) as refusal:
            world.do(
                "split",
                terms,
                self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger, signer=world.seller),
            )
        assert refusal.value.signer == world.seller.address

    def test_a_signer_without_the_sellers_role_does_not_count(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger))
        assert refusal.value.actual == world.stranger.address

    def test_the_payer_is_not_the_seller(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted):
            world.do(
                "split",
                terms,
                self.agreed(world, terms, 10**8, 0, seller=world.payer),
                sender=world.payer,
            )

    def test_an_expired_agreement_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.DealSignatureExpired):
            world.do(
                "split", terms, self.agreed(world, terms, 1, 10**8 - 1, deadline=world.evm.now - 1)
            )

    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1))

    @pytest.mark.parametrize(
        ("to_payer", "state"),
        [(0, DealState.RELEASED), (40_000_000, DealState.SPLIT), (10**8, DealState.REFUNDED)],
    )
    def test_anyone_brings_what_both_signed(self, world, to_payer, state):
        terms = world.open()
        world.do(
            "split",
            terms,
            self.agreed(world, terms, to_payer, 10**8 - to_payer, seller=world.refunder),
        )
        fee = (10**8 - to_payer) * 250 // 10_000
        assert world.balance(world.payer) == to_payer
        assert world.balance(world.seller) == 10**8 - to_payer - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == state

    @pytest.mark.parametrize("who", ["payer", "seller", "refunder"])
    def test_who_brings_it_need_not_sign(self, world, who):
        terms = world.open()
        sender = getattr(world, who)
        seller = world.seller if who == "payer" else sender
        agreement = list(self.agreed(world, terms, 1, 10**8 - 1, seller=seller))
        agreement[4 if who == "payer" else 5] = b""
        world.do("split", terms, tuple(agreement), sender=sender)
        assert world.state(terms) == DealState.SPLIT


def test_windows_and_bounds_are_told(world):
    limits = world.escrow.call("limits")
    assert limits == (
        100_000,
        300_000,
        MAX,
        3600,
        365 * DAY,
        1_000,
        10_001,
        b"careledger.refunder".ljust(32, b"\0"),
        b"careledger.arbiter".ljust(32, b"\0"),
    )
    assert timedelta(seconds=limits[4]) == timedelta(days=365)
