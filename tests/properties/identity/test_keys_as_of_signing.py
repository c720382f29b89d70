"""IDN-32: a key counts for what was signed while it was in the document, and for nothing else.

Random histories on a real registry: controllers change, delegates and keys come, expire, go and
come back. Then tokens by each key that ever was, dated at every turn of the history, are compared
with a model that keeps what was in force after every block.
"""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from careledger.identity.credentials import did_keys as resolving
from careledger.identity.credentials import errors
from careledger.identity.credentials.did_keys import DidKeys, KeyPolicy
from careledger.identity.credentials.jose import Jws, sign
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did

SEED = int(os.environ.get("CARELEDGER_SEED", "20270117"))
HISTORIES = int(os.environ.get("CARELEDGER_EXAMPLES", "6"))
STEPS = 16


def at(time):
    return datetime.fromtimestamp(time, UTC)


@dataclass
class Book:
    """What is in force: the controller, and until when each key is."""

    controller: str
    until: dict = field(default_factory=dict)
    turns: list = field(default_factory=list)
    """Time of a block, with what was in force after it."""

    def note(self, time):
        self.turns.append((time, self.controller, dict(self.until)))

    def counts(self, key, account, time):
        """Say whether a key counts at a time: the controller's, or one that has not expired."""
        past = [turn for turn in self.turns if turn[0] <= time]
        controller, until = past[-1][1:] if past else (self.turns[0][1], {})
        return account == controller or until.get(key, -1) >= time


class Life:
    """One identity with a random history."""

    def __init__(self, registry, development, senders, made):
        self.chain, self.development, self.made = registry.chain, development, made
        self.senders = {sender.address: sender for sender in senders[1:5]}
        self.registry, self.identity = registry, senders[1].address
        self.did = format_did(self.identity, self.chain.chain_id)
        self.book = Book(self.identity)
        self.book.turns.append((0, self.identity, {}))
        accounts = [SigningKey.of_account(sender.account) for sender in self.senders.values()]
        published = [
            SigningKey(alg, bytes([n + 9]) * 32)
            for n, alg in enumerate(("ES256K", "ES256", "EdDSA", "ES256"))
        ]
        self.keys = {("account", key.address): key for key in accounts} | {
            key.attribute: key for key in published
        }

    def live(self):
        for _ in range(STEPS):
            self.step()
            self.development.warp(self.chain.timestamp() + self.made.randrange(1, 60))

    def step(self):
        using = self.registry.using(self.senders[self.book.controller])
        who = self.made.choice(list(self.senders))
        name, value = self.made.choice([one for one in self.keys if one[0] != "account"])
        lasting = self.made.choice([5, 40, 200, 10**6])
        act = self.made.randrange(6)
        if act == 0:
            receipt = using.change_owner(self.identity, who)
            self.book.controller = who
        elif act in (1, 2):
            receipt = using.add_delegate(self.identity, "veriKey", who, lasting)
            self.book.until["account", who] = self.time(receipt) + lasting
        elif act == 3:
            receipt = using.revoke_delegate(self.identity, "veriKey", who)
            # The event says "until now", and resolvers count that very second.
            self.book.until["account", who] = self.time(receipt)
        elif act == 4 or (name, value) not in self.book.until:
            receipt = using.set_attribute(self.identity, name, value, lasting)
            self.book.until[name, value] = self.time(receipt) + lasting
        else:
            receipt = using.revoke_attribute(self.identity, name, value)
            self.book.until[name, value] = -1
        self.book.note(self.time(receipt))

    def time(self, receipt):
        return int(self.chain.block(receipt.block_number)["timestamp"], 16)

    def compare(self, counts):
        """Ask about every key at every turn, a second before, at it, and after it."""
        keys, now = DidKeys(self.registry), self.chain.timestamp()
        times = sorted(
            {time + d for time, *_ in self.book.turns[1:] for d in (-1, 0, 4, 41)} | {now}
        )
        for key_name, key in self.keys.items():
            token = Jws.parse(sign({"typ": "JWT"}, {}, key), {"jwt"})
            account = key_name[1] if key_name[0] == "account" else None
            still = self.book.counts(key_name, account, now)
            for time in self.made.sample(times, min(len(times), 12)):
                wanted = self.book.counts(key_name, account, time)
                policy = self.made.choice(list(KeyPolicy))
                emitted = self.emitted(keys, token, at(time), policy, at(now))
                due = self.due(key_name, wanted=wanted, still=still, policy=policy)
                assert emitted == due, (
                    f"seed {SEED}: {key_name} dated {time}, {policy}: {self.book}"
                )
                counts["counted" if wanted else "did not"] += 1
                counts["rotated since"] += wanted and not still

    def emitted(self, keys, token, time, policy, now):
        """Return what `DidKeys` says: whether the key is valid now, or why it is refused."""
        try:
            return keys.check(token, self.did, time, policy=policy, now=now).valid_now
        except errors.TokenSignatureError:
            return "unknown"
        except errors.CredentialError as refusal:
            return refusal.reason

    def due(self, key_name, *, wanted, still, policy):
        """Return what it has to say."""
        if wanted and (still or policy is KeyPolicy.AT_SIGNING):
            return still
        known = key_name in self.book.until or any(
            key_name[1] == controller for _, controller, _ in self.book.turns
        )
        return errors.IssuerReason.KEY_ROTATED if known else "unknown"


@pytest.fixture
def play(chain, suite, development, senders):
    def played(histories):
        made, counts = random.Random(SEED), Counter()
        for _ in range(histories):
            before = development.snapshot()
            life = Life(
                IdentityRegistry(chain, suite["IdentityRegistry"]), development, senders, made
            )
            life.live()
            life.compare(counts)
            development.revert(before)
            for sender in senders:
                sender.__init__(chain, sender.account, stuck_after=60)
        return counts

    return played


def test_idn_32_keys_count_as_of_the_signing(play):
    """IDN-32."""
    counts = play(HISTORIES)
    assert min(counts["counted"], counts["did not"], counts["rotated since"]) > 15 * HISTORIES / 6


@pytest.mark.parametrize(
    "mutant", ["the newest document counts", "expiry is looked at now", "nobody asks for now"]
)
def test_idn_32_catches_its_mutants(mutant, play, monkeypatch):
    """IDN-32 is red where another document is looked at."""
    methods = resolving._KeyHistory.methods
    if mutant == "the newest document counts":
        monkeypatch.setattr(
            resolving._KeyHistory,
            "methods",
            lambda self, time, block, purpose: methods(self, time, None, purpose),
        )
    elif mutant == "expiry is looked at now":
        monkeypatch.setattr(
            resolving._KeyHistory,
            "methods",
            lambda self, time, block, purpose: methods(self, 2_000_000_000, block, purpose),
        )
    else:
        monkeypatch.setattr(DidKeys, "check", _lenient(DidKeys.check))
    with pytest.raises((AssertionError, errors.CredentialError)):
        play(3)


def _lenient(check):
    def checked(*arguments, **given):
        return check(*arguments, **(given | {"policy": KeyPolicy.AT_SIGNING}))

    return checked
