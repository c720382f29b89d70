"""Play a machine, and require that the run says something."""

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

SEED = int(os.environ.get("CARELEDGER_SEED", "20261122"))


class Violated(AssertionError):
    """A property does not hold."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


def play(
    kind: Any, stage: Any, examples: int, steps: int, only: str | None = None, shrink: bool = False
) -> Any:
    """Run a machine on a stage and return it with its counts; `only`: check one property."""

    class Machine(kind):  # type: ignore[misc]
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
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Machine


def insist(
    played: Any, acts: set[str], attacks: frozenset[str] = frozenset(), *, least: int = 100
) -> None:
    """Require that every act went through often enough, and that no attack ever did."""
    calls, successes = played.calls, played.successes
    print(
        f"seed {SEED}: {sum(calls.values())} acts, {sum(successes.values())} of them went through"
    )
    for act in sorted(calls):
        print(f"  {act:18} {successes[act]:5} of {calls[act]:5}")
    assert set(calls) == acts
    for act in acts - attacks:
        assert successes[act] >= least, (
            f"{act} went through {successes[act]} times: the run says nothing about it"
        )
        assert successes[act] >= calls[act] / 5, (
            f"{act} went through {successes[act]} times in {calls[act]}"
        )
    for act in attacks:
        assert (calls[act] >= least, successes[act]) == (True, 0)
