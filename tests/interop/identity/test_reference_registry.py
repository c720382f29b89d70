"""Our registry beside the reference contract of `ethr-did-registry`: the same answers to the same
calls.
"""

import json
import random

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.reverts import Panicked, Reverted, RevertedWithText
from careledger.crypto.typed_data import sign_digest, split_signature
from careledger.identity.did.messages import erc1056_digest
from tests.support.evm import Evm

pytestmark = pytest.mark.interop

SEED = 1056
STEPS = 3000
TYPES = [b"veriKey".ljust(32, b"\0"), bytes(32), b"\xff" * 32]
VALUES = [b"", b"x", bytes(range(70))]
NUMBERS = [0, 1, 86_400, 2**255, 2**256 - 1]
NOBODY = "0x" + "00" * 20
ARGUMENTS = {
    "changeOwner": ("account",),
    "addDelegate": ("name", "account", "number"),
    "revokeDelegate": ("name", "account"),
    "setAttribute": ("name", "value", "number"),
    "revokeAttribute": ("name", "value"),
}


@pytest.fixture
def both(packages, compiled):
    """Return the reference contract and ours, in one EVM, at the same state; and the EVM."""
    folder = packages / "ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol"
    raw = json.loads((folder / "EthereumDIDRegistry.json").read_text())
    abi = raw["abi"]
    reference = artifacts.Artifact(
        "EthereumDIDRegistry",
        "",
        abi,
        bytes.fromhex(raw["bytecode"][2:]),
        b"",
        {},
        {},
        {"methodIdentifiers": {}},
    )
    identifiers = {
        artifacts.signature(entry): selector.hex()
        for selector, entry in reference.functions.items()
    }
    reference.raw["methodIdentifiers"].update(identifiers)
    evm = Evm()
    return evm.deploy("", artifact=reference), evm.deploy("IdentityRegistry"), evm


def test_its_abi_is_part_of_ours(both):
    reference, ours, _ = both
    for table in ("functions", "events"):
        theirs, mine = getattr(reference.artifact, table), getattr(ours.artifact, table)
        for key, entry in theirs.items():
            assert key in mine, entry["name"]
            mine_is, theirs_is = _plain(mine[key]), _plain(entry)
            if not all(
                name for name, *_ in theirs_is["inputs"]
            ):  # a public mapping's getter names nothing
                mine_is["inputs"] = [("", *rest) for _, *rest in mine_is["inputs"]]
            assert mine_is == theirs_is


def _plain(entry):
    def bare(parameters, name):
        return [(p["name"] if name else "", p["type"], p.get("indexed")) for p in parameters]

    kept = {key: entry.get(key) for key in ("name", "stateMutability", "anonymous")}
    return kept | {
        "inputs": bare(entry["inputs"], name=True),
        "outputs": bare(entry.get("outputs", []), name=False),
    }


def outcome(contract, function, *arguments, sender):
    try:
        done = contract.transact(function, *arguments, sender=sender)
    except Panicked as panic:
        return "panic", panic.code
    except RevertedWithText as refusal:
        return "refused", refusal.reason
    except Reverted as refusal:
        return "reverted", type(refusal).__name__
    return "done", [(event.name, event.arguments) for event in done.events]


def test_random_calls_have_the_same_outcome(both):
    print("seed", SEED)
    reference, ours, evm = both
    dice = random.Random(SEED)
    people = [Account.from_key(dice.randbytes(32)) for _ in range(5)]
    for person in people:
        evm.fund(person)
    accounts = [*(person.address for person in people), NOBODY]
    outcomes = {"done": 0, "refused": 0, "panic": 0}
    for _ in range(STEPS):
        if dice.random() < 0.3:
            evm.sleep(dice.choice([1, 1, 86_400]))
        identity = dice.choice(accounts if dice.random() < 0.1 else accounts[:3])
        operation = dice.choice(list(ARGUMENTS))
        kinds = {
            "account": dice.choice(accounts), "name": dice.choice(TYPES),
            "value": dice.choice(VALUES),
            "number": dice.choice(NUMBERS),
        }  # fmt: skip
        arguments = [kinds[kind] for kind in ARGUMENTS[operation]]
        controller = ours.call("identityOwner", identity)
        right = next((person for person in people if person.address == controller), people[0])
        actor = right if dice.random() < 0.8 else dice.choice(people)
        answers = []
        if dice.random() < 0.5:
            answers += [
                outcome(one, operation, identity, *arguments, sender=actor)
                for one in (reference, ours)
            ]
        else:
            nonce = ours.call("nonce", actor.address) + (dice.random() < 0.1)
            for contract in (reference, ours):
                signature = _signed(actor, contract.address, nonce, identity, operation, arguments)
                if (
                    identity == NOBODY
                ):  # there the reference takes any nonsense for a signature; ours none
                    continue
                answers.append(
                    outcome(
                        contract,
                        f"{operation}Signed",
                        identity,
                        *signature,
                        *arguments,
                        sender=people[4],
                    )
                )
        if answers:
            assert answers[0] == answers[1], (operation, identity, arguments)
            outcomes[answers[0][0]] += 1
        _same_state(reference, ours, identity, kinds, actor)
    assert min(outcomes.values()) > 100, outcomes


def _signed(actor, registry, nonce, identity, operation, arguments):
    packed = [
        bytes.fromhex(a[2:])
        if isinstance(a, str)
        else a.to_bytes(32, "big")
        if isinstance(a, int)
        else a
        for a in arguments
    ]
    return split_signature(
        sign_digest(actor, erc1056_digest(registry, nonce, identity, operation, *packed))
    )


def _same_state(reference, ours, identity, kinds, actor):
    for function, arguments in (
        ("owners", (identity,)),
        ("identityOwner", (identity,)),
        ("changed", (identity,)),
        ("nonce", (actor.address,)),
        ("delegates", (identity, keccak(kinds["name"]), kinds["account"])),
        ("validDelegate", (identity, kinds["name"], kinds["account"])),
    ):
        assert reference.call(function, *arguments) == ours.call(function, *arguments), function


def test_nonsense_acts_for_the_identity_zero_there_and_not_here(both):
    """The one difference: where the signer cannot be recovered it is zero, and the reference lets
    zero act.
    """
    reference, ours, evm = both
    person = Account.from_key(b"\1" * 32)
    evm.fund(person)
    call = ("changeOwnerSigned", NOBODY, 0, bytes(32), bytes(32), person.address)
    assert outcome(reference, *call, sender=person)[0] == "done"
    assert outcome(ours, *call, sender=person) == ("refused", "bad_signature")
