"""REF-01 to REF-13: the escrow against the model, in the in-process EVM and on Anvil."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.refunds.backends import Deep, Real
from tests.properties.refunds.machine import SEED, EscrowMachine, Violated
from tests.support.depth import Depth, at_depths
from tests.support.mutants import mutate

ACTS = 20


def play(stage, examples, steps, only=None, phases=(Phase.generate,)):
    """Run the machine and return how often each act was tried, and how often it was done."""

    class Machine(EscrowMachine):
        pass

    Machine.stage, Machine.only = stage, only
    Machine.blind = 2 if only else 6
    Machine.calls, Machine.successes = Counter(), Counter()
    run_state_machine_as_test(
        seed(SEED)(Machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Machine.calls, Machine.successes


@at_depths(short=Depth(80, 20), deep=Depth(240, 100))
def test_the_escrow_does_what_the_model_says(compiled, depth):
    deep = Deep()
    calls, successes = play(deep, depth.examples, 80, phases=(Phase.generate, Phase.shrink))

    print(f"seed {SEED}: {deep.transactions} transactions")
    print(f"{calls.total()} of them are compared with the model")
    for act in sorted(calls):
        print(f"  {act:16} {successes[act]:5} of {calls[act]:5}")
    assert deep.transactions >= 100 * depth.least
    assert len(calls) == ACTS
    for act in calls:
        assert successes[act] >= depth.least, (
            f"{act} went through {successes[act]} times: the run proves nothing about it"
        )
        assert successes[act] >= calls[act] / 5, (
            f"{act} went through {successes[act]} times in {calls[act]}"
        )


def test_so_does_an_anvil_through_the_client(chain, accounts, suite):
    calls, successes = play(Real(chain, accounts, suite), 20, 20)

    print(f"seed {SEED}: {calls.total()} transactions on Anvil")
    print(f"{successes.total()} of them went through")
    assert successes.total() >= 100
    assert len(successes) >= 15


DEALS, DISPUTES = "contracts/refunds/Deals.sol", "contracts/refunds/Disputes.sol"
PAYOUTS, ESCROW = "contracts/refunds/Payouts.sol", "contracts/refunds/RefundEscrow.sol"

MUTANTS = {
    "REF-01": ("a claim leaves the credit standing", PAYOUTS, "_credits[token][payee] = 0;", ""),
    "REF-02": (
        "an appeal's bond goes to the wrong party",
        DISPUTES,
        "address to = byPayer == inVain ?",
        "address to = byPayer != inVain ?",
    ),
    "REF-03": (
        "a release leaves the deal open",
        DEALS,
        "_slots[id] = uint256(State.Released);",
        "",
    ),
    "REF-04": (
        "an arbiter that is silent on appeal holds the money for ever",
        DISPUTES,
        "state != State.Disputed && state != State.Ruled && state != State.Appealed",
        "state != State.Disputed && state != State.Ruled",
    ),
    "REF-05": (
        "a seller that asks for the refund itself pays half",
        ESCROW,
        "_closeAt(id, terms, held, due);",
        "_closeAt(id, terms, held, msg.sender == terms.seller ? due / 2 : due);",
    ),
    "REF-06": (
        "the fee of a split comes out of the customer's part",
        DEALS,
        "_pay(id, token, _refundee(terms), back); }",
        "_pay(id, token, _refundee(terms), back - fee); forth += fee; }",
    ),
    "REF-07": (
        "a share is rounded down",
        DEALS,
        "(amount * bps + _ALL_BPS - 1) / _ALL_BPS",
        "amount * bps / _ALL_BPS",
    ),
    "REF-08": (
        "an arbiter rules whenever it likes",
        DISPUTES,
        "_requireBefore(id, current.deadline); if (again)",
        "if (again)",
    ),
    "REF-09": (
        "anybody disputes for the seller",
        DISPUTES,
        "_requireSeller(id, terms.seller, msg.sender);\n        _dispute(",
        "_dispute(",
    ),
    "REF-10": (
        "whoever asks gets another's credit",
        PAYOUTS,
        "_claim(payee, token, payee);",
        "_claim(payee, token, msg.sender);",
    ),
    "REF-11": (
        "40,000 basis points count as all",
        DEALS,
        "return answered && bps <= _ALL_BPS ? bps : 0;",
        "return answered ? (bps <= _ALL_BPS ? bps : _ALL_BPS) : 0;",
    ),
    "REF-12": (
        "less ether than the amount opens a deal",
        ESCROW,
        "if (msg.value != amount) revert",
        "if (msg.value > amount) revert",
    ),
    "REF-13": (
        "anybody releases before the time",
        ESCROW,
        "_requireFrom(id, terms.releaseAt);",
        "",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_property_kills_its_mutant(compiled, name):
    _, inside, old, new = MUTANTS[name]
    broken = Deep(mutate(ESCROW, old, new, inside="" if inside == ESCROW else inside))
    with pytest.raises(Violated) as caught:
        play(broken, 300, 60, only=name)
    assert caught.value.name == name
