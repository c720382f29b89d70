"""IDN-01 to IDN-12: the registry against the model, in the in-process EVM and on Anvil."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.identity.playing import SEED, Violated
from tests.properties.identity.registry.backends import Deep, Real
from tests.properties.identity.registry.machine import WEIGHTS, IdentityMachine
from tests.support.depth import Depth, at_depths
from tests.support.mutants import mutate

ACTS = set(WEIGHTS) - {"wait"}
ATTACKS = {"replay"}
"""What succeeds never, if all is well."""


def play(stage, examples, steps, only=None, phases=(Phase.generate,)):
    """Run the machine and return how often each act was tried, and how often it was done."""

    class Machine(IdentityMachine):
        pass

    Machine.stage, Machine.only = stage, only
    Machine.calls, Machine.successes = Counter(), Counter()
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
    return Machine.calls, Machine.successes


@at_depths(short=Depth(40, 20), deep=Depth(120, 100))
def test_the_registry_does_what_the_model_says(compiled, depth):
    calls, successes = play(Deep(), depth.examples, 60, phases=(Phase.generate, Phase.shrink))
    print(
        f"seed {SEED}: {sum(calls.values())} transactions, "
        f"{sum(successes.values())} of them went through"
    )
    for act in sorted(calls):
        print(f"  {act:18} {successes[act]:5} of {calls[act]:5}")
    assert set(calls) == ACTS
    for act in ACTS - ATTACKS:
        assert successes[act] >= depth.least, (
            f"{act} went through {successes[act]} times: the run says nothing about it"
        )
        assert successes[act] >= calls[act] / 5, (
            f"{act} went through {successes[act]} times in {calls[act]}"
        )
    for act in ATTACKS:
        assert (calls[act] >= depth.least, successes[act]) == (True, 0)


def test_so_does_an_anvil_through_the_client(chain, accounts, suite):
    calls, successes = play(Real(chain, accounts, suite["IdentityRegistry"]), 20, 25)
    print(
        f"seed {SEED}: {sum(calls.values())} transactions on Anvil, "
        f"{sum(successes.values())} of them went through"
    )
    assert sum(successes.values()) >= 100
    assert set(successes) >= ACTS - ATTACKS


STANDARD, AUTHORITY = "contracts/identity/ERC1056.sol", "contracts/identity/ControllerAuthority.sol"
RECOVERY, REGISTRY = (
    "contracts/identity/GuardianRecovery.sol",
    "contracts/identity/IdentityRegistry.sol",
)

MUTANTS = {
    "IDN-01": (
        "anybody acts for an identity",
        STANDARD,
        'require(msg.sender == controller, "bad_actor");',
        "",
    ),
    "IDN-02": (
        "a delegate may act a second longer",
        STANDARD,
        "[actor] > block.timestamp)",
        "[actor] >= block.timestamp)",
    ),
    "IDN-03": (
        "the event of an attribute names no earlier change",
        STANDARD,
        "emit DIDAttributeChanged(identity, name, value, validTo, _changed(record));",
        "emit DIDAttributeChanged(identity, name, value, validTo, 0);",
    ),
    "IDN-04": (
        "a nonce is never used up",
        STANDARD,
        "return _nonces[controller]++;",
        "return _nonces[controller];",
    ),
    "IDN-05": (
        "a signature is taken after its deadline",
        AUTHORITY,
        "block.timestamp > deadline",
        "deadline == 0",
    ),
    "IDN-06": ("a guardian counts twice", RECOVERY, "guardian <= last", "guardian < last"),
    "IDN-07": (
        "a recovery need not wait",
        RECOVERY,
        "block.timestamp < started.readyAt",
        "started.readyAt == 0",
    ),
    "IDN-08": (
        "approvals outlive the controller's objection",
        RECOVERY,
        "emit RecoveryStopped(++_guardianships[identity].round, identity, controller);",
        "emit RecoveryStopped(_guardianships[identity].round, identity, controller);",
    ),
    "IDN-09": (
        "guardians outlive the controller who named them",
        RECOVERY,
        "named.root == 0 || named.controller != controller",
        "named.root == 0",
    ),
    "IDN-10": (
        "the first key gets back what was deactivated",
        REGISTRY,
        "_changeOwner(identity, _controlled(identity), DEACTIVATED, address(0));",
        "_changeOwner(identity, _controlled(identity), address(0), address(0));",
    ),
    "IDN-11": (
        "a batch goes on after the identity was given away",
        REGISTRY,
        "_apply(identity, record, operations[i]) && i + 1 != count",
        "_apply(identity, record, operations[i]) && i > count",
    ),
    "IDN-12": (
        "an attribute is recorded for whoever sends it",
        STANDARD,
        "_records[identity] = _record(_owner(record));\n        emit DIDAttributeChanged",
        "_records[msg.sender] = _record(_owner(record));\n        emit DIDAttributeChanged",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_property_kills_its_mutant(compiled, name):
    _, inside, old, new = MUTANTS[name]
    broken = Deep(mutate(REGISTRY, old, new, inside="" if inside == REGISTRY else inside))
    with pytest.raises(Violated) as caught:
        play(broken, 300, 60, only=name)
    assert caught.value.name == name
