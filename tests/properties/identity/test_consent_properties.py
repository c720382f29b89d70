"""IDN-13 to IDN-21: consents against the model, in the in-process EVM and on Anvil."""

import pytest

from tests.properties.identity.consent.backends import Deep
from tests.properties.identity.consent.machine import WEIGHTS, ConsentMachine
from tests.properties.identity.consent.node import Real
from tests.properties.identity.playing import SEED, Violated, insist, play
from tests.support.depth import Depth, at_depths
from tests.support.mutants import mutate

ACTS = set(WEIGHTS) - {"delegate", "hand_over", "wait"}
ATTACKS = frozenset({"reinstate", "replay"})
"""What succeeds never, if all is well."""


@at_depths(short=Depth(40, 20), deep=Depth(120, 100))
def test_the_registry_does_what_the_model_says(compiled, depth):
    played = play(ConsentMachine, Deep(), depth.examples, 60, shrink=True)
    insist(played, ACTS, ATTACKS, least=depth.least)
    print(f"  items of batches, and signatures: {dict(played.items)}")
    assert min(played.items["done"], played.items["left out"]) >= depth.least
    assert min(played.items["by passkey"], played.items["by wallet"]) >= depth.least


def test_so_does_an_anvil_through_the_client(chain, accounts, suite):
    played = play(ConsentMachine, Real(chain, accounts, suite), 20, 25)
    print(
        f"seed {SEED}: {sum(played.calls.values())} acts on Anvil, "
        f"{sum(played.successes.values())} went through"
    )
    assert sum(played.successes.values()) >= 100
    assert set(played.successes) >= ACTS - ATTACKS


REGISTRY = "contracts/identity/ConsentRegistry.sol"
AUTHORITY = "contracts/identity/ConsentAuthority.sol"
MUTANTS = [
    (
        "IDN-13",
        "a consent is valid a second longer",
        "record.expiry > block.timestamp",
        "record.expiry >= block.timestamp",
    ),
    (
        "IDN-14",
        "what was ended is granted again",
        "if (known != 0) revert ConsentRegistry_AlreadyUsed",
        "if (_status(known) == Status.Granted) revert ConsentRegistry_AlreadyUsed",
    ),
    (
        "IDN-15",
        "anybody grants",
        "_requireActs(address(uint160(word)), msg.sender);\n        _grant(",
        "_grant(",
    ),
    (
        "IDN-16",
        "whoever makes up terms ends a consent",
        "if (actual != given.terms) revert",
        "if (actual == 0) revert",
    ),
    (
        "IDN-17",
        "an id that was never granted is not burned",
        "_end(kept, word, uint256(Status.Revoked));",
        "if (kept.word != 0) _end(kept, word, uint256(Status.Revoked));",
    ),
    (
        "IDN-18",
        "a consent outlives its epoch",
        "&& record.epoch == _epochs[record.subject];",
        "&& record.epoch <= _epochs[record.subject];",
    ),
    (
        "IDN-18",
        "an epoch to come can be named",
        "return inEpoch >= block.timestamp;",
        "return inEpoch > block.timestamp + 1 days;",
    ),
    (
        "IDN-19",
        "a signature is taken after its deadline",
        "return block.timestamp > deadline;",
        "return deadline == 0;",
    ),
    (
        "IDN-20",
        "a batch stops at its first bad item",
        "if (_tryGrant(acts[i])) ++granted;",
        "if (!_tryGrant(acts[i])) break;\n            ++granted;",
    ),
    (
        "IDN-21",
        "the end of a consent forgets its epoch",
        "word | uint256(uint40(kept.word >> _EPOCH_OFFSET)) << _EPOCH_OFFSET | status",
        "word | status",
    ),
]


@pytest.mark.parametrize(
    ("name", "what", "old", "new"), MUTANTS, ids=[f"{name}: {what}" for name, what, *_ in MUTANTS]
)
def test_each_property_kills_its_mutants(compiled, name, what, old, new):
    inside = AUTHORITY if what == "a signature is taken after its deadline" else ""
    broken = Deep(mutate(REGISTRY, old, new, inside, optimise=True))
    with pytest.raises(Violated) as caught:
        play(ConsentMachine, broken, 200, 60, only=name)
    assert caught.value.name == name
