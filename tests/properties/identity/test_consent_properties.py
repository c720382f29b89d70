"""IDN-13 to IDN-21: consents against the model, in the in-process EVM and on Anvil."""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.identity.consent_machine import WEIGHTS, ConsentMachine
from tests.properties.identity.consent_stages import Deep
from tests.properties.identity.machine import SEED

AROUND = {"delegate", "hand_over", "wait"}
ATTACKS = {"reinstate", "replay"}
"""What succeeds never, if all is well."""
ACTS = set(WEIGHTS) - AROUND


def play(stage, examples, steps, only=None, phases=(Phase.generate,)):
    """Run the machine and return it, with its counts."""

    class Machine(ConsentMachine):
        pass

    Machine.stage, Machine.only = stage, only
    Machine.calls, Machine.successes, Machine.items = Counter(), Counter(), Counter()
    run_state_machine_as_test(
        seed(SEED)(Machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Machine


def test_the_registry_does_what_the_model_says(compiled):
    examples = int(os.environ.get("CARELEDGER_EXAMPLES", "150"))
    played = play(Deep(), examples, 60, phases=(Phase.generate, Phase.shrink))
    calls, successes = played.calls, played.successes
    print(f"seed {SEED}: {sum(calls.values())} transactions, {sum(successes.values())} of them went through")
    for act in sorted(calls):
        print(f"  {act:18} {successes[act]:5} of {calls[act]:5}")
    print(f"  items of batches: {dict(played.items)}")
    assert set(calls) == ACTS
    for act in ACTS - ATTACKS:
        assert successes[act] >= 100, f"{act} went through {successes[act]} times: the run says nothing about it"
        assert successes[act] >= calls[act] / 5, f"{act} went through {successes[act]} times in {calls[act]}"
    for act in ATTACKS:
        assert (calls[act] >= 100, successes[act]) == (True, 0)
    assert min(played.items["done"], played.items["left out"]) >= 100
