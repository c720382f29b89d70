"""RefundEscrow: what an arbiter rules, how it is appealed, and how it is carried out."""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState, Party
from tests.support.evm import ETHER
from tests.worlds.refunds import EVIDENCE, REFUSED, WINDOW, high_s


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
