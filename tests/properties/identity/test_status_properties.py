"""IDN-22 to IDN-25: status lists against a set of bits, in the in-process EVM and on Anvil."""

import pytest

from tests.properties.identity.playing import SEED, Violated, insist, play
from tests.properties.identity.status.backends import DeepStatus, RealStatus
from tests.properties.identity.status.machine import StatusMachine
from tests.support.depth import Depth, at_depths
from tests.support.mutants import mutate

ACTS = {"revoke", "revoke_word", "repeat"}


@at_depths(short=Depth(20, 50), deep=Depth(40, 100))
def test_the_lists_do_what_the_model_says(compiled, depth):
    played = play(StatusMachine, DeepStatus(), depth.examples, 60, shrink=True)
    insist(played, ACTS, least=depth.least)


def test_so_does_an_anvil_through_the_client(chain, accounts, suite):
    played = play(StatusMachine, RealStatus(chain, accounts, suite), 20, 25)
    print(f"seed {SEED}: {sum(played.calls.values())} transactions on Anvil")
    assert sum(played.successes.values()) >= 50
    assert set(played.successes) == ACTS


STATUS = "contracts/identity/CredentialStatus.sol"
MUTANTS = {
    "IDN-22": (
        "a word is written, and not added to",
        "own[number] = known | added;",
        "own[number] = bits;",
    ),
    "IDN-23": (
        "a delegate for consents revokes too",
        "if (!REGISTRY.mayAct(issuer, STATUS_ROLE, msg.sender)) {",
        """if (!REGISTRY.mayAct(issuer, STATUS_ROLE, msg.sender)
            && !REGISTRY.mayAct(issuer, "careledger.consent", msg.sender)) {""",
    ),
    "IDN-24": (
        "a revocation shows in the list without a name as well",
        "own[number] = known | added;",
        "own[number] = known | added; _words[issuer][0][number] |= added;",
    ),
    "IDN-25": ("the event tells old bits again", "list, number, added);", "list, number, bits);"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_property_kills_its_mutant(compiled, name):
    _, old, new = MUTANTS[name]
    broken = DeepStatus(mutate(STATUS, old, new))
    with pytest.raises(Violated) as caught:
        play(StatusMachine, broken, 100, 60, only=name)
    assert caught.value.name == name
