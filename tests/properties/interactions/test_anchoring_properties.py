"""The numbered properties of anchoring, and the mutant that each of them catches: see README.md.

The seed is random and printed; CARELEDGER_SEED repeats a run, CARELEDGER_EXAMPLES lengthens it.
"""

import os
import secrets

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from careledger.interactions import findings
from tests.properties.interactions.backends import InProcess, OnAnvil
from tests.properties.interactions.machine import Broken, LogMachine, run_counts
from tests.support.depth import Depth, at_depths
from tests.support.mutants import mutate

LOG = "contracts/interactions/InteractionLog.sol"
SIGNATURES = "contracts/shared/Signatures.sol"
LENGTH = 40


def run(machine, examples, number, length=LENGTH, phases=(Phase.generate, Phase.shrink)):
    options = settings(
        max_examples=examples,
        stateful_step_count=length,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )
    run_state_machine_as_test(seed(number)(machine), settings=options)


def a_seed():
    number = int(os.environ.get("CARELEDGER_SEED", secrets.randbits(32)))
    print(f"CARELEDGER_SEED={number}")
    return number


@at_depths(short=Depth(60, 10), deep=Depth(220, 100))
def test_the_properties_hold(depth):
    machine = LogMachine.variant("Deep")
    run(machine, depth.examples, a_seed())
    print(run_counts(machine))
    least_calls = 20 * depth.least
    assert sum(machine.calls.values()) >= least_calls, "too few actions: raise the examples"
    for action, calls in machine.calls.items():
        succeeded = machine.successes[action]
        assert succeeded >= depth.least, f"{action} succeeded {succeeded} times only"
        assert succeeded / calls >= 0.2, (
            f"{action} succeeded in {succeeded / calls:.0%} of its calls only"
        )


def test_the_properties_hold_on_a_node_through_the_client(chain, suite, accounts):
    machine = LogMachine.variant(
        "Anvil", make_back=staticmethod(lambda: OnAnvil(chain, suite, accounts[3:]))
    )
    run(machine, int(os.environ.get("CARELEDGER_ANVIL_EXAMPLES", "30")), a_seed(), length=25)
    print(run_counts(machine))
    for action in ("anchor", "lie", "verify member"):
        assert machine.successes[action] > 0


MUTANTS = {
    "ANC-01": ("for (; half & 1 == 1; half >>= 1)", "for (; half & 2 == 2; half >>= 1)"),
    "ANC-02": ("uint256 half = tip.batches >> 1;", "uint256 half = tip.batches >> 2;"),
    "ANC-03": (
        "if (tip.interactions != expectedFirst)", "if (tip.interactions > expectedFirst + 9)",
    ),
    "ANC-04": ("if (!_fits(proof.length, found.count)) return false;", ""),
    "ANC-04, numbers": ("- found.first >= found.count", "- found.first > found.count"),
    "ANC-05": ("if (!REGISTRY.mayAct(brand, AGENT_ROLE, msg.sender))", "if (brand == address(0))"),
    "ANC-05, others' agents": (
        "REGISTRY.mayAct(brand, AGENT_ROLE", "REGISTRY.mayAct(msg.sender, AGENT_ROLE",
    ),
    "ANC-07": ("if (known != 0) revert", "if (known == 1) revert"),
    "ANC-07, malleable": ("return uint256(s) <= _GREATEST_LOW_S;", "return uint256(s) > 0;"),
    "ANC-07, not in the batch": ("if (!verify(brand, id, interaction, proof))", "if (leaf == 0)"),
    "ANC-08": ("        log.tip =\n", "        _logs[msg.sender].tip =\n"),
    "ANC-09": (".first <= index) id = middle;", ".first < index) id = middle;"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_each_property_catches_its_mutant(name):
    old, new = MUTANTS[name]
    inside = SIGNATURES if name == "ANC-07, malleable" else ""
    artifact = mutate(LOG, old, new, inside)
    number = name[:6]
    machine = LogMachine.variant(
        "Mutant", make_back=staticmethod(lambda: InProcess(artifact)), only=number
    )
    with pytest.raises(Broken, match=number):
        run(machine, 300, 20_260, phases=[Phase.generate])


def test_the_fuzz_of_receipts_catches_its_mutant(monkeypatch):
    """[ANC-06] A verification that does not look at the record is caught by the fuzz."""
    from tests.unit.python.interactions.test_receipt import (
        test_ten_thousand_malformed_receipts_end_in_typed_errors_or_are_not_believed as fuzz,
    )

    monkeypatch.setattr(findings, "_opened", lambda *_: [])
    with pytest.raises(AssertionError):
        fuzz()
