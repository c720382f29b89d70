"""RefundEscrow: disputes, rulings, appeals, and how they end."""

from datetime import timedelta

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState, Party
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import Halted
from tests.worlds.refunds import EVIDENCE, REFUSED, WINDOW, at, high_s, seconds


class TestDispute:
    @pytest.mark.parametrize("who", ["seller", "refunder", "arbiter", "stranger"])
    def test_before_the_release_only_the_payer(self, world, who):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.dispute(terms, getattr(world, who))
        assert refusal.value.expected == world.payer.address

    @pytest.mark.parametrize("who", ["payer", "arbiter", "stranger"])
    def test_afterwards_only_the_seller(self, world, who):
        terms = world.open()
        world.evm.warp(seconds(terms.release_at))
        with pytest.raises(errors.NotPermitted) as refusal:
            world.dispute(terms, getattr(world, who))
        assert refusal.value.expected == world.seller.address

    def test_the_sellers_time_ends(self, world):
        terms = world.open()
        world.evm.warp(seconds(terms.release_at) + WINDOW)
        with pytest.raises(errors.TooLate) as refusal:
            world.dispute(terms, world.seller)
        assert refusal.value.actual == refusal.value.expected == seconds(terms.release_at) + WINDOW

    @pytest.mark.parametrize("late", [False, True])
    def test_without_an_arbiter_there_is_no_dispute(self, world, late):
        terms = world.open(arbiter=ZERO_ADDRESS, dispute_window=timedelta(0))
        if late:
            world.evm.warp(seconds(terms.release_at))
        with pytest.raises(errors.NoArbiter) as refusal:
            world.dispute(terms, world.seller if late else world.payer)
        assert refusal.value.id == world.id(terms)

    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.WrongState) as refusal:
            world.dispute(terms)
        assert (refusal.value.actual, refusal.value.expected) == (
            DealState.DISPUTED,
            DealState.OPEN,
        )

    def test_a_plain_arbiter_takes_no_ether(self, world):
        terms = world.open()
        with pytest.raises(errors.WrongValue) as refusal:
            world.dispute(terms, value=1)
        assert (refusal.value.actual, refusal.value.deposit, refusal.value.charge) == (1, 0, 0)

    def test_the_payer_disputes_until_the_last_second(self, world):
        terms = world.open()
        world.evm.warp(seconds(terms.release_at) - 1)
        done = world.dispute(terms)
        assert done.value == world.id(terms)
        assert done.named("Disputed")[0].arguments == {
            "id": world.id(terms),
            "by": Party.PAYER,
            "evidence": EVIDENCE,
            "deadline": world.evm.now + WINDOW,
        }
        assert world.deal(terms) == {
            "held": terms.amount,
            "deadline": world.evm.now + WINDOW,
            "window": WINDOW,
            "ruling_bps": 0,
            "appeal_bps": 0,
            "state": DealState.DISPUTED,
            "appellant": Party.NONE,
        }

    @pytest.mark.parametrize("who", ["seller", "refunder"])
    @pytest.mark.parametrize("later", [0, WINDOW - 1])
    def test_the_seller_disputes_in_its_time(self, world, who, later):
        terms = world.open()
        world.evm.warp(seconds(terms.release_at) + later)
        done = world.dispute(terms, getattr(world, who))
        assert done.named("Disputed")[0].by == Party.SELLER

    def test_what_is_left_after_a_part_refund_is_disputed(self, world):
        terms = world.open()
        world.do("refundPart", terms, 30_000_000, sender=world.seller)
        world.dispute(terms)
        assert world.deal(terms)["held"] == 70_000_000

    def test_nothing_else_moves_a_disputed_deal(self, world):
        terms = world.open()
        world.dispute(terms)
        world.evm.warp(seconds(terms.release_at))
        for function, sender, arguments in (
            ("release", world.payer, []),
            ("refund", world.stranger, []),
            ("refundPart", world.seller, [1]),
        ):
            with pytest.raises(errors.WrongState):
                world.do(function, terms, *arguments, sender=sender)


class TestDisputeSigned:
    def test_only_the_payers_signature(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.seller, "dispute", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("disputeBySig", terms, EVIDENCE, deadline, signature)

    def test_the_evidence_is_signed(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "dispute", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("disputeBySig", terms, bytes(32), deadline, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "dispute", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("disputeBySig", terms, EVIDENCE, deadline, high_s(signature))

    def test_an_expired_one_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(
            world.payer, "dispute", world.id(terms), EVIDENCE, deadline=world.evm.now
        )
        world.evm.sleep(1)
        with pytest.raises(errors.DealSignatureExpired):
            world.do("disputeBySig", terms, EVIDENCE, deadline, signature)

    def test_it_is_too_late_from_the_release_on(self, world):
        terms = world.open()
        deadline, signature = world.signed(
            world.payer,
            "dispute",
            world.id(terms),
            EVIDENCE,
            deadline=seconds(terms.release_at) + 9,
        )
        world.evm.warp(seconds(terms.release_at))
        with pytest.raises(errors.TooLate):
            world.do("disputeBySig", terms, EVIDENCE, deadline, signature)

    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "dispute", world.id(terms), EVIDENCE)
        with pytest.raises(errors.WrongState):
            world.do("disputeBySig", terms, EVIDENCE, deadline, signature)

    def test_anyone_brings_it(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "dispute", world.id(terms), EVIDENCE)
        done = world.do("disputeBySig", terms, EVIDENCE, deadline, signature, sender=world.relayer)
        assert done.named("Disputed")[0].by == Party.PAYER


class TestSubmitEvidence:
    @pytest.mark.parametrize("steps", ["none", "open", "ruled", "over"])
    def test_only_while_somebody_decides(self, world, steps):
        terms = world.terms()
        if steps != "none":
            world.open(terms)
        if steps == "ruled":
            world.until_ruled(terms, 1)
        if steps == "over":
            world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.WrongState):
            world.do("submitEvidence", terms, EVIDENCE, sender=world.payer)

    @pytest.mark.parametrize("who", ["stranger", "arbiter", "scanner"])
    def test_only_the_parties(self, world, who):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.NotPermitted):
            world.do("submitEvidence", terms, EVIDENCE, sender=getattr(world, who))

    @pytest.mark.parametrize(("who", "party"), [("payer", 1), ("seller", 2), ("refunder", 2)])
    @pytest.mark.parametrize("appealed", [False, True])
    def test_is_told(self, world, who, party, appealed):
        terms = world.open()
        if appealed:
            world.until_appealed(terms, 0)
        else:
            world.dispute(terms)
        done = world.do("submitEvidence", terms, EVIDENCE, sender=getattr(world, who))
        assert done.named("EvidenceSubmitted")[0].arguments == {
            "id": world.id(terms),
            "by": party,
            "evidence": EVIDENCE,
        }


class TestAward:
    @pytest.mark.parametrize("who", ["payer", "seller", "stranger", "scanner", "refunder"])
    def test_only_the_arbiter(self, world, who):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("award", terms, 10_000, sender=getattr(world, who))
        assert refusal.value.expected == world.arbiter.address

    @pytest.mark.parametrize("bps", [10_002, 40_000, 2**256 - 1])
    def test_a_share_has_its_bounds(self, world, bps):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.BadShare) as refusal:
            world.do("award", terms, bps, sender=world.arbiter)
        assert (refusal.value.actual, refusal.value.limit) == (bps, REFUSED)

    @pytest.mark.parametrize("state", ["none", "open", "over"])
    def test_only_a_dispute_is_ruled_on(self, world, state):
        terms = world.terms()
        if state != "none":
            world.open(terms)
        if state == "over":
            world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.WrongState):
            world.do("award", terms, 1, sender=world.arbiter)

    def test_only_once_without_an_appeal(self, world):
        terms = world.open()
        world.until_ruled(terms, 1)
        with pytest.raises(errors.WrongState) as refusal:
            world.do("award", terms, 2, sender=world.arbiter)
        assert refusal.value.actual == DealState.RULED

    def test_not_after_its_time(self, world):
        terms = world.open()
        world.dispute(terms)
        world.evm.sleep(WINDOW)
        with pytest.raises(errors.TooLate) as refusal:
            world.do("award", terms, 1, sender=world.arbiter)
        assert refusal.value.actual == refusal.value.expected

    @pytest.mark.parametrize("who", ["arbiter", "juror"])
    @pytest.mark.parametrize("bps", [0, 5_000, 10_000, REFUSED])
    def test_opens_the_time_for_an_appeal(self, world, who, bps):
        terms = world.open()
        world.dispute(terms)
        world.evm.sleep(WINDOW - 1)
        done = world.do("award", terms, bps, sender=getattr(world, who))
        assert done.named("Ruled")[0].arguments == {
            "id": world.id(terms),
            "arbiter": world.arbiter.address,
            "refund_bps": bps,
            "deadline": world.evm.now + WINDOW,
        }
        deal = world.deal(terms)
        assert (deal["state"], deal["ruling_bps"], deal["deadline"]) == (
            DealState.RULED,
            bps,
            world.evm.now + WINDOW,
        )


def test_an_award_with_next_to_no_gas_halts_and_changes_nothing(world):
    terms = world.open()
    world.dispute(terms)
    with pytest.raises((Halted, errors.TooLittleGas)):
        world.do("award", terms, 1, sender=world.arbiter, gas=30_000)
    assert world.state(terms) == DealState.DISPUTED


def test_signatures_name_the_time_in_seconds(world):
    assert world.messages.release(bytes(32), at(1)) != world.messages.release(bytes(32), at(2))
