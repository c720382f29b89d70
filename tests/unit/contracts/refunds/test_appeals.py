"""RefundEscrow: how a ruling is appealed."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState, Party
from tests.worlds.refunds import EVIDENCE, REFUSED, WINDOW, high_s


class TestAppeal:
    @pytest.mark.parametrize("steps", ["none", "open", "disputed", "over"])
    def test_only_a_ruling_is_appealed(self, world, steps):
        terms = world.terms()
        if steps != "none":
            world.open(terms)
        if steps == "disputed":
            world.dispute(terms)
        if steps == "over":
            world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.WrongState) as refusal:
            world.do("appeal", terms, EVIDENCE, sender=world.payer)
        assert refusal.value.expected == DealState.RULED

    @pytest.mark.parametrize("who", ["stranger", "arbiter", "scanner"])
    def test_only_the_parties(self, world, who):
        terms = world.open()
        world.until_ruled(terms, 5_000)
        with pytest.raises(errors.NotPermitted):
            world.do("appeal", terms, EVIDENCE, sender=getattr(world, who))

    @pytest.mark.parametrize(("who", "bps"), [("payer", 10_000), ("seller", 0)])
    def test_who_got_everything_has_nothing_to_appeal(self, world, who, bps):
        terms = world.open()
        world.until_ruled(terms, bps)
        with pytest.raises(errors.NothingToAppeal) as refusal:
            world.appeal(terms, getattr(world, who))
        assert (refusal.value.party, refusal.value.refund_bps) == (1 if who == "payer" else 2, bps)

    def test_a_refusal_to_rule_counts_as_the_default(self, world):
        terms = world.open(default_bps=10_000)
        world.until_ruled(terms, REFUSED)
        with pytest.raises(errors.NothingToAppeal):
            world.appeal(terms, world.payer)
        world.appeal(terms, world.seller)

    def test_not_after_its_time(self, world):
        terms = world.open()
        world.until_ruled(terms, 5_000)
        world.evm.sleep(WINDOW)
        with pytest.raises(errors.TooLate):
            world.appeal(terms, world.payer)

    def test_only_once(self, world):
        terms = world.open()
        world.until_appealed(terms, 5_000)
        with pytest.raises(errors.WrongState):
            world.appeal(terms, world.seller)
        world.do("award", terms, 6_000, sender=world.arbiter)
        for party in (world.payer, world.seller):
            with pytest.raises(errors.AlreadyAppealed) as refusal:
                world.appeal(terms, party)
            assert refusal.value.appellant == Party.PAYER

    @pytest.mark.parametrize("missing", ["allowance", "balance"])
    def test_without_a_bond_there_is_no_appeal(self, world, missing):
        terms = world.open()
        world.until_ruled(terms, 5_000)
        if missing == "allowance":
            world.token.transact("mint", world.payer.address, 10**7)
        else:
            world.token.transact("approve", world.escrow.address, 10**7, sender=world.payer)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("appeal", terms, EVIDENCE, sender=world.payer)
        assert (refusal.value.actual, refusal.value.expected) == (0, 10**7)
        assert world.state(terms) == DealState.RULED

    @pytest.mark.parametrize("more", [-1, 1])
    def test_an_ether_bond_has_to_be_exact(self, world, more):
        terms = world.open(world.ether())
        world.until_ruled(terms, 5_000)
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("appeal", terms, EVIDENCE, sender=world.payer, value=terms.amount // 10 + more)
        assert (refusal.value.deposit, refusal.value.charge) == (terms.amount // 10, 0)

    def test_the_bond_is_a_tenth_rounded_up(self, world):
        terms = world.open(amount=101)
        world.until_ruled(terms, 5_000)
        assert world.escrow.call("costs", terms.abi()) == (0, 11)
        done = world.appeal(terms, world.payer)
        assert done.named("Appealed")[0].arguments == {
            "id": world.id(terms),
            "by": Party.PAYER,
            "evidence": b"\x0a" * 32,
            "bond": 11,
            "deadline": world.evm.now + WINDOW,
        }
        assert world.balance(world.escrow) == 112
        assert world.deal(terms) == {
            "held": 101,
            "deadline": world.evm.now + WINDOW,
            "window": WINDOW,
            "ruling_bps": 5_000,
            "appeal_bps": 0,
            "state": DealState.APPEALED,
            "appellant": Party.PAYER,
        }

    def test_a_delegate_brings_its_own_bond(self, world):
        terms = world.open()
        world.until_ruled(terms, 5_000)
        done = world.appeal(terms, world.refunder)
        assert done.named("Appealed")[0].by == Party.SELLER
        assert world.balance(world.refunder) == 0

    def test_the_second_ruling_is_the_last(self, world):
        terms = world.open()
        world.until_appealed(terms, 5_000)
        world.evm.sleep(10)
        done = world.do("award", terms, 7_000, sender=world.arbiter)
        assert done.named("Ruled")[0].deadline == world.evm.now
        deal = world.deal(terms)
        assert (deal["ruling_bps"], deal["appeal_bps"], deal["state"]) == (
            5_000,
            7_000,
            DealState.RULED,
        )
        with pytest.raises(errors.WrongState):
            world.do("award", terms, 1, sender=world.arbiter)
        world.do("execute", terms)

    def test_not_ruled_after_its_time(self, world):
        terms = world.open()
        world.until_appealed(terms, 5_000)
        world.evm.sleep(WINDOW)
        with pytest.raises(errors.TooLate):
            world.do("award", terms, 7_000, sender=world.arbiter)


class TestAppealSigned:
    @pytest.fixture
    def terms(self, world):
        terms = world.open()
        world.until_ruled(terms, 5_000)
        world.token.transact("mint", world.payer.address, 10**7)
        world.token.transact("approve", world.escrow.address, 10**7, sender=world.payer)
        return terms

    def test_only_the_payers_signature(self, world, terms):
        deadline, signature = world.signed(world.seller, "appeal", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("appealBySig", terms, EVIDENCE, deadline, signature)

    def test_a_dispute_is_not_an_appeal(self, world, terms):
        deadline, signature = world.signed(world.payer, "dispute", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("appealBySig", terms, EVIDENCE, deadline, signature)

    def test_a_high_s_is_refused(self, world, terms):
        deadline, signature = world.signed(world.payer, "appeal", world.id(terms), EVIDENCE)
        with pytest.raises(errors.BadDealSignature):
            world.do("appealBySig", terms, EVIDENCE, deadline, high_s(signature))

    def test_an_expired_one_is_refused(self, world, terms):
        deadline, signature = world.signed(
            world.payer, "appeal", world.id(terms), EVIDENCE, deadline=world.evm.now - 1
        )
        with pytest.raises(errors.DealSignatureExpired):
            world.do("appealBySig", terms, EVIDENCE, deadline, signature)

    def test_anyone_brings_it_and_the_payers_tokens_are_the_bond(self, world, terms):
        deadline, signature = world.signed(world.payer, "appeal", world.id(terms), EVIDENCE)
        done = world.do("appealBySig", terms, EVIDENCE, deadline, signature, sender=world.relayer)
        assert done.named("Appealed")[0].by == Party.PAYER
        assert world.balance(world.payer) == 0
