"""IDN-31: a verifier sees what the holder chose and what the issuer says openly, and nothing else.

Random claims, nested and in arrays; random parts of them that can be kept; random choices. What the
verifier sees is compared with a model that knows nothing of digests: it takes away what was not
chosen.
"""

import os
import random
from collections import Counter
from dataclasses import replace

import pytest

from careledger.identity.credentials import held_credential
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.jose import decode
from tests.worlds.identity import credential_stage as stage

SEED = int(os.environ.get("CARELEDGER_SEED", "20270116"))
EXAMPLES = int(os.environ.get("CARELEDGER_EXAMPLES", "400"))
REGISTERED = {"iss", "vct", "iat", "exp", "cnf", "status"}


class Play:
    """Makes credentials and choices from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.secrets = 0

    def value(self, depth=0):
        kind = self.random.randrange(6 if depth < 3 else 3)
        if kind >= 5:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if kind >= 3:
            return {f"m{n}": self.value(depth + 1) for n in range(self.random.randrange(4))}
        self.secrets += 1
        return self.random.choice([f"secret-{self.secrets}-", self.secrets, True, None])

    def some(self, paths, share):
        return [path for path in paths if self.random.random() < share]


def paths_of(value, path=()):
    """Yield every path below a value."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, inner in inside:
        yield (*path, name)
        yield from paths_of(inner, (*path, name))


def seen(value, hidden, chosen, path=()):
    """Return a value without the hidden parts that are neither above nor below a choice."""

    def shown(here):
        return here not in hidden or any(
            one[: len(here)] == here or here[: len(one)] == one for one in chosen
        )

    if isinstance(value, dict):
        kept = ((name, inner) for name, inner in value.items() if shown((*path, name)))
        return {name: seen(inner, hidden, chosen, (*path, name)) for name, inner in kept}
    if isinstance(value, list):
        kept = ((place, inner) for place, inner in enumerate(value) if shown((*path, place)))
        return [seen(inner, hidden, chosen, (*path, place)) for place, inner in kept]
    return value


def play(examples):
    """Compare so many credentials with the model; return how often each thing happened."""
    made, verifier, counts = Play(SEED), stage.verifier(), Counter()
    for number in range(examples):
        claims = {f"c{n}": made.value() for n in range(made.random.randrange(1, 6))}
        paths = list(paths_of(claims))
        hidden = set(made.some(paths, made.random.random()))
        credential = stage.issued(
            claims=claims, disclosable=list(hidden), decoys=made.random.randrange(3)
        )
        held = HeldCredential.parse(credential)
        assert {name: held.claims[name] for name in claims} == claims, (
            f"seed {SEED}, example {number}"
        )
        assert set(held.disclosable) == hidden
        chosen = made.some(paths, made.random.random() / 2)
        selection = held.select(chosen)
        presentation = stage.presented(selection)
        found = verifier.verify(presentation, replace(stage.EXPECTED, claims=()))
        wanted = seen(claims, hidden, chosen)
        visible = {name: value for name, value in found.claims.items() if name not in REGISTERED}
        assert visible == wanted, f"seed {SEED}, example {number}"
        counts += Counter(
            hidden=len(hidden), shown=len(found.disclosed), kept=len(hidden) - len(found.disclosed)
        )
        counts["nested"] += any(len(path) > 2 for path in found.disclosed)
        _nothing_else(presentation, claims, wanted)
    return counts


def _nothing_else(presentation, claims, wanted):
    """Make sure that what was kept is nowhere in the bytes that are handed over."""
    parts = [part for piece in presentation.split("~") for part in piece.split(".") if part]
    handed = b" ".join(decode(part) for part in parts).decode(errors="replace")
    kept = {text for text in str(claims).split("'") if text.startswith("secret-")}
    for secret in kept - set(str(wanted).split("'")):
        assert secret not in handed


def test_idn_31_what_is_chosen_is_seen_and_nothing_else():
    """IDN-31."""
    counts = play(EXAMPLES)
    assert min(counts["hidden"], counts["shown"], counts["kept"]) > EXAMPLES
    assert counts["nested"] > EXAMPLES / 20


@pytest.mark.parametrize(
    "mutant",
    [
        lambda pattern, path: True,
        lambda pattern, path: tuple(pattern) == tuple(path),
        lambda pattern, path: bool(pattern) and pattern[0] == path[0],
    ],
    ids=["everything is shown", "parents are forgotten", "what is beside it is shown"],
)
def test_idn_31_catches_its_mutants(mutant, monkeypatch):
    """IDN-31 is red where choosing goes wrong."""
    monkeypatch.setattr(held_credential, "leads_into", mutant)
    with pytest.raises(Exception):  # noqa: B017  whether the model or the format objects
        play(100)
