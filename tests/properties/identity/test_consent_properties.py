"""IDN-13 to IDN-21: consents against the model, in the in-process EVM and on Anvil."""

import os

from tests.properties.identity.consent_machine import WEIGHTS, ConsentMachine
from tests.properties.identity.consent_stages import Deep
from tests.properties.identity.machine import SEED
from tests.properties.identity.playing import insist, play
from tests.properties.identity.real_stages import Real

ACTS = set(WEIGHTS) - {"delegate", "hand_over", "wait"}
ATTACKS = frozenset({"reinstate", "replay"})
"""What succeeds never, if all is well."""


def test_the_registry_does_what_the_model_says(compiled):
    examples = int(os.environ.get("CARELEDGER_EXAMPLES", "120"))
    played = play(ConsentMachine, Deep(), examples, 60, shrink=True)
    insist(played, ACTS, ATTACKS)
    print(f"  items of batches: {dict(played.items)}")
    assert min(played.items["done"], played.items["left out"]) >= 100


def test_so_does_an_anvil_through_the_client(chain, accounts, suite):
    played = play(ConsentMachine, Real(chain, accounts, suite), 20, 25)
    print(f"seed {SEED}: {sum(played.calls.values())} acts on Anvil, {sum(played.successes.values())} went through")
    assert sum(played.successes.values()) >= 100
    assert set(played.successes) >= ACTS - ATTACKS
