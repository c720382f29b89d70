"""RefundEscrow: what an arbitrator rules (ERC-792)."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState
from tests.support.evm import ETHER
from tests.worlds.refunds import EVIDENCE, REFUSED, WINDOW


class TestRule:
    """ERC-792."""

    def open(self, world, court, **fields):
        terms = world.open(arbiter=court.address, **fields)
        world.dispute(terms, value=ETHER // 10)
        return terms

    @pytest.mark.parametrize("value", [0, ETHER // 10 - 1, ETHER // 10 + 1])
    def test_the_charge_has_to_be_exact(self, world, court, value):
        terms = world.open(arbiter=court.address)
        assert world.escrow.call("costs", terms.abi())[0] == ETHER // 10
        with pytest.raises(errors.WrongValue) as refusal:
            world.dispute(terms, value=value)
        assert (refusal.value.actual, refusal.value.deposit, refusal.value.charge) == (
            value,
            0,
            ETHER // 10,
        )

    def test_an_arbitrator_that_takes_no_case_stops_nothing_else(self, world, court):
        terms = world.open(arbiter=court.address)
        court.transact("set", 1, 0)
        with pytest.raises(Exception, match="no"):
            world.dispute(terms)
        world.do("release", terms, sender=world.payer)
        assert world.state(terms) == DealState.RELEASED

    def test_an_arbitrator_that_repeats_a_number_is_refused(self, world, court):
        court.transact("set", 2, 0)
        first, second = world.open(arbiter=court.address), world.open(arbiter=court.address)
        world.dispute(first)
        with pytest.raises(errors.DisputeExists) as refusal:
            world.dispute(second)
        assert (refusal.value.arbitrator, refusal.value.dispute_id) == (
            court.address,
            7,
        )

    def test_an_arbitrator_that_rules_before_it_told_the_number_is_refused(self, world, court):
        court.transact("set", 3, 0)
        terms = world.open(arbiter=court.address)
        with pytest.raises(errors.UnknownDispute):
            world.dispute(terms)

    @pytest.mark.parametrize("who", ["payer", "seller", "stranger"])
    def test_others_have_no_dispute_of_that_number(self, world, court, who):
        self.open(world, court)
        with pytest.raises(errors.UnknownDispute) as refusal:
            world.escrow.transact("rule", 1, 1, sender=getattr(world, who))
        assert refusal.value.dispute_id == 1

    def test_a_choice_that_was_not_offered_is_refused(self, world, court):
        self.open(world, court)
        with pytest.raises(errors.BadShare) as refusal:
            court.transact("giveRuling", 1, 3)
        assert (refusal.value.actual, refusal.value.limit) == (3, 2)

    def test_not_after_its_time(self, world, court):
        self.open(world, court)
        world.evm.sleep(WINDOW)
        with pytest.raises(errors.TooLate):
            court.transact("giveRuling", 1, 1)

    def test_a_number_works_once(self, world, court):
        self.open(world, court)
        court.transact("giveRuling", 1, 1)
        with pytest.raises(errors.UnknownDispute):
            court.transact("giveRuling", 1, 2)

    def test_the_case_is_told_and_found(self, world, court):
        terms = world.open(arbiter=court.address)
        done = world.dispute(terms, value=ETHER // 10)
        assert done.named("ArbitrationRequested")[0].arguments == {
            "id": world.id(terms),
            "arbitrator": court.address,
            "dispute_id": 1,
        }
        assert world.escrow.call("disputeOf", court.address, 1) == world.id(terms)
        assert world.evm.balance(court) == ETHER // 10

    @pytest.mark.parametrize(
        ("ruling", "bps", "back"), [(0, REFUSED, 40), (1, 10_000, 100), (2, 0, 0)]
    )
    def test_rulings_are_the_payers_the_sellers_or_none(self, world, court, ruling, bps, back):
        terms = self.open(world, court, fee_bps=0)
        done = court.transact("giveRuling", 1, ruling)
        assert done.named("Ruling")[0].arguments == {
            "arbitrator": court.address,
            "dispute_id": 1,
            "ruling": ruling,
        }
        assert done.named("Ruled")[0].refund_bps == bps
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        assert world.balance(world.payer) == back * 1_000_000
        assert world.balance(world.seller) == (100 - back) * 1_000_000
        assert world.escrow.call("disputeOf", court.address, 1) == bytes(32)

    def test_an_appeal_is_another_case(self, world, court):
        terms = self.open(world, court)
        court.transact("giveRuling", 1, 2)
        world.token.transact("mint", world.payer.address, 10**7)
        world.token.transact("approve", world.escrow.address, 10**7, sender=world.payer)
        with pytest.raises(errors.WrongValue):
            world.do("appeal", terms, EVIDENCE, sender=world.payer)
        world.do("appeal", terms, EVIDENCE, sender=world.payer, value=ETHER // 10)
        court.transact("giveRuling", 2, 1)
        world.do("execute", terms)
        assert world.balance(world.payer) == 110_000_000

    def test_bond_and_charge_come_together_in_ether(self, world, court):
        terms = world.open(world.ether(arbiter=court.address))
        world.dispute(terms, value=ETHER // 10)
        court.transact("giveRuling", 1, 2)
        bond = terms.amount // 10
        for value in (bond, bond + ETHER // 10 - 1, bond + ETHER // 10 + 1, ETHER // 10, 0):
            with pytest.raises(errors.WrongValue) as refusal:
                world.do("appeal", terms, EVIDENCE, sender=world.payer, value=value)
            assert (refusal.value.deposit, refusal.value.charge) == (bond, ETHER // 10)
        world.do("appeal", terms, EVIDENCE, sender=world.payer, value=bond + ETHER // 10)
        assert world.evm.balance(world.escrow) == terms.amount + bond

    def test_a_silent_arbitrator_is_waited_for_and_no_longer(self, world, court):
        terms = self.open(world, court)
        world.evm.sleep(WINDOW)
        world.do("execute", terms)
        assert world.state(terms) == DealState.SPLIT

    def test_a_wallet_that_answers_nothing_is_a_plain_arbiter(self, world):
        wallet = world.evm.deploy("LyingWallet")
        wallet.transact("setMood", 5)
        terms = world.open(arbiter=wallet.address)
        world.dispute(terms)
        wallet.transact(
            "execute", world.escrow.address, 0, world.escrow.encode("award", terms.abi(), 1)
        )
        assert world.state(terms) == DealState.RULED

    def test_an_arbiter_that_eats_gas_is_a_plain_one(self, world):
        wallet = world.evm.deploy("LyingWallet")
        wallet.transact("setMood", 6)
        terms = world.open(arbiter=wallet.address)
        with pytest.raises(errors.TooLittleGas):
            world.escrow.transact("dispute", terms.abi(), EVIDENCE, sender=world.payer, gas=110_000)
        world.dispute(terms)
        assert world.state(terms) == DealState.DISPUTED
