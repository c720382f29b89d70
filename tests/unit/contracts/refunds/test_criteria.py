"""RefundEscrow: criteria that misbehave neither steal nor block, and no caller can make others
look so.
"""

import pytest

from careledger.refunds import errors
from careledger.refunds.deal import DealState

WORD, REVERT, BURN, HEAVY, SHORT, LONG, EMPTY, BOMB, REVERT_BOMB, REENTER = range(10)
GAS = 3_000_000


@pytest.fixture
def criteria(world):
    return world.evm.deploy("HostileCriteria")


@pytest.fixture
def terms(world, criteria):
    return world.open(criteria=criteria.address)


def after_release(world, terms):
    world.evm.warp(int(terms.release_at.timestamp()))


class TestBroken:
    @pytest.mark.parametrize("mood", [REVERT, BURN, SHORT, LONG, EMPTY, BOMB, REVERT_BOMB])
    def test_whatever_is_no_answer_means_that_nothing_is_due(self, world, criteria, terms, mood):
        criteria.transact("set", mood, 10_000)
        assert world.escrow.call("dueBps", terms.abi()) == 0
        with pytest.raises(errors.CriteriaNotDue):
            world.do("refund", terms, gas=GAS)
        after_release(world, terms)
        world.do("release", terms, gas=GAS)
        assert world.state(terms) == DealState.RELEASED

    @pytest.mark.parametrize("word", [10_001, 40_000, 2**255, 2**256 - 1])
    def test_more_than_everything_means_that_nothing_is_due(self, world, criteria, terms, word):
        criteria.transact("set", WORD, word)
        with pytest.raises(errors.CriteriaNotDue):
            world.do("refund", terms)
        after_release(world, terms)
        world.do("release", terms)
        assert world.state(terms) == DealState.RELEASED

    @pytest.mark.parametrize("who", ["an account", "the token", "the registry"])
    def test_what_is_no_criteria_has_nothing_to_say(self, world, who):
        address = {
            "an account": world.other,
            "the token": world.token,
            "the registry": world.registry,
        }[who].address
        terms = world.open(criteria=address)
        with pytest.raises(errors.CriteriaNotDue):
            world.do("refund", terms)
        after_release(world, terms)
        world.do("release", terms)

    @pytest.mark.parametrize("mood", [BURN, BOMB, REVERT_BOMB])
    def test_they_use_up_no_more_gas_than_they_are_given(self, world, criteria, terms, mood):
        criteria.transact("set", mood, 0)
        after_release(world, terms)
        assert world.do("release", terms, gas=GAS).gas < 260_000

    def test_the_payer_and_the_seller_do_not_have_to_ask_them(self, world, criteria, terms):
        criteria.transact("set", BURN, 0)
        world.do("refundPart", terms, 1, sender=world.seller)
        world.do("release", terms, sender=world.payer)
        assert world.state(terms) == DealState.RELEASED


class TestReentering:
    @pytest.mark.parametrize("function", ["release", "refund"])
    def test_they_are_only_asked(self, world, criteria, terms, function):
        criteria.transact("set", REENTER, 4_000)
        criteria.transact("aim", world.escrow.address, world.escrow.encode(function, terms.abi()))
        world.do("refund", terms, gas=GAS)
        assert world.balance(world.payer) == 40_000_000
        assert world.state(terms) == DealState.SPLIT

    def test_settling_while_settling_gets_them_nothing(self, world, criteria):
        token = world.evm.deploy("ReentrantToken", "R", "R", 6)
        terms = world.open(criteria=criteria.address, token=token.address)
        other = world.open(criteria=criteria.address, token=token.address)
        push = criteria.encode("push", world.escrow.address, terms.abi(), 10_000)
        for early in (True, False):
            snapshot = world.evm.snapshot()
            token.transact("arm", criteria.address, push, early)
            criteria.transact("push", world.escrow.address, terms.abi(), 10_000)
            assert (token.call("calls"), token.call("lastSuccess")) == (1, False)
            assert world.balance(world.payer, token.address) == terms.amount
            assert world.balance(world.escrow, token.address) == other.amount
            world.evm.revert(snapshot)


class TestGas:
    def test_a_mean_caller_cannot_make_them_look_undecided(self, world, criteria, terms):
        """They need 70,000 gas to say that all is due: whatever the caller gives, nothing is
        released.
        """
        criteria.transact("set", HEAVY, 10_000)
        after_release(world, terms)
        outcomes = set()
        for gas in range(32_000, 600_000, 4_000):
            snapshot = world.evm.snapshot()
            with pytest.raises(Exception) as refusal:
                world.do("release", terms, gas=gas)
            outcomes.add(type(refusal.value).__name__)
            world.evm.revert(snapshot)
        assert outcomes - {"Halted"} == {"TooLittleGas", "CriteriaDue"}

    def test_nor_stop_a_refund_for_want_of_it(self, world, criteria, terms):
        criteria.transact("set", HEAVY, 10_000)
        outcomes = set()
        for gas in range(32_000, 600_000, 4_000):
            snapshot = world.evm.snapshot()
            try:
                world.do("refund", terms, gas=gas)
            except Exception as refusal:  # noqa: BLE001  which one, is counted
                outcomes.add(type(refusal).__name__)
            else:
                outcomes.add("refunded")
                assert world.balance(world.payer) == terms.amount
            world.evm.revert(snapshot)
        assert outcomes - {"Halted"} == {"TooLittleGas", "refunded"}

    def test_the_caller_is_told_how_much_is_needed(self, world, criteria, terms):
        after_release(world, terms)
        with pytest.raises(errors.TooLittleGas) as refusal:
            world.do("release", terms, gas=100_000)
        assert refusal.value.actual < refusal.value.expected == 113_000


class TestAnswers:
    @pytest.mark.parametrize(
        ("word", "state"),
        [(1, DealState.SPLIT), (9_999, DealState.SPLIT), (10_000, DealState.REFUNDED)],
    )
    def test_what_they_say_is_paid(self, world, criteria, terms, word, state):
        criteria.transact("set", WORD, word)
        world.do("refund", terms)
        assert world.balance(world.payer) == terms.amount * word // 10_000
        assert world.state(terms) == state

    @pytest.mark.parametrize("who", ["payer", "seller", "stranger", "arbiter", "relayer"])
    def test_it_is_the_same_whoever_calls(self, world, criteria, terms, who):
        criteria.transact("set", WORD, 2_500)
        world.do("refund", terms, sender=getattr(world, who))
        assert world.balance(world.payer) == 25_000_000

    def test_what_is_left_is_what_they_speak_of(self, world, criteria, terms):
        criteria.transact("set", WORD, 5_000)
        world.do("refundPart", terms, 60_000_000, sender=world.seller)
        world.do("refund", terms)
        assert world.balance(world.payer) == 60_000_000 + 20_000_000
