"""The same machine for longer: 20,000 transactions, and 50 examples on Anvil.

CARELEDGER_TRANSACTIONS says another number.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.refunds.backends import Deep, Real
from tests.properties.refunds.machine import SEED, EscrowMachine

TRANSACTIONS = int(os.environ.get("CARELEDGER_TRANSACTIONS", "20000"))
pytestmark = pytest.mark.deep


def play(stage, number, examples, steps, calls, successes):
    """Run the machine with a seed, adding to the counts."""

    class Machine(EscrowMachine):
        pass

    Machine.stage, Machine.calls, Machine.successes = stage, calls, successes
    run_state_machine_as_test(
        seed(number)(Machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_longer_run_violates_nothing(compiled):
    calls, successes = Counter(), Counter()
    number = SEED
    while calls.total() < TRANSACTIONS:
        number += 1
        play(Deep(), number, 100, 80, calls, successes)

    print(f"seeds {SEED + 1} to {number}: {calls.total()} transactions")
    print(f"{successes.total()} of them went through")
    for act in sorted(calls):
        print(f"  {act:16} {successes[act]:5} of {calls[act]:5}")
        assert successes[act] >= max(100, calls[act] / 5), f"{act}: the run proves nothing about it"


def test_fifty_examples_on_anvil_violate_nothing(chain, accounts, suite):
    calls, successes = Counter(), Counter()
    play(Real(chain, accounts, suite), SEED + 1, 50, 25, calls, successes)

    print(f"seed {SEED + 1}: {calls.total()} transactions on Anvil")
    print(f"{successes.total()} of them went through")
    assert successes.total() >= 250
