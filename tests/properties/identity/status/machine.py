"""Bits of status lists, set at random by several people, beside a set of bits that are set."""

from collections import Counter
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from careledger.chain.reverts import Reverted
from tests.properties.identity.playing import Violated
from tests.worlds.identity.consents import CONSENT_ROLE, STATUS_ROLE

WEIGHTS = {"revoke": 5, "revoke_word": 5, "repeat": 2, "delegate": 3, "hand_over": 1, "wait": 2}
ACTS = [act for act, weight in WEIGHTS.items() for _ in range(weight)]
ISSUERS = 3
LISTS = [b"\0" * 32, b"\1" * 32, b"degrees".ljust(32, b"\0")]
WORDS = [0, 1, 2, 2**40, 2**248 - 1]
"""Words of a list that are played with; the last is the highest that an index reaches."""
Place = tuple[str, bytes, int]
"""Issuer, list, word."""


class StatusMachine(RuleBasedStateMachine):
    """Subclasses say on which stage, and may look at one property alone."""

    stage: Any
    only: str | None = None
    calls: Counter[str]
    successes: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.stage.reset()
        everyone = [person.address for person in self.stage.people]
        self.issuers, self.keys = everyone[:ISSUERS], everyone[:6]
        self.owner = {one: one for one in self.issuers}
        self.valid_to: dict[tuple[str, bytes, str], int] = {}
        self.bits: set[tuple[str, bytes, int]] = set()
        """The model: every (issuer, list, index) that is revoked."""
        self.seen: dict[Place, int] = {}
        """What each word was when it was looked at last."""
        self.lost = False

    @rule(number=st.integers(0, 2**64 - 1))
    def step(self, number: int) -> None:
        """Do one thing; whoever does it may in four of five."""
        if self.lost:
            return
        self.dice = Random(number)
        if not self.stage.exact:
            self.stage.next_block()
        self.place: Place = (
            self.dice.choice(self.issuers),
            self.dice.choice(LISTS),
            self.dice.choice(WORDS if self.stage.exact else WORDS[:4]),
        )
        getattr(self, self.dice.choice(ACTS))()

    def may(self, who: str, issuer: str) -> bool:
        return (
            who == self.owner[issuer]
            or self.valid_to.get((issuer, STATUS_ROLE, who), 0) > self.stage.now
        )

    def actor(self) -> str:
        """Return one of the issuer's people, or anybody."""
        right = [who for who in self.keys if self.may(who, self.place[0])]
        return str(self.dice.choice(right if self.dice.random() < 0.8 else self.keys))

    def word(self, place: Place) -> int:
        issuer, of, word = place
        return sum(1 << bit for bit in range(256) if (issuer, of, word << 8 | bit) in self.bits)

    # ---- acts

    def revoke(self) -> None:
        issuer, of, word = self.place
        bit = self.dice.choice([0, 1, 255, self.dice.randrange(256)])
        self.play("revoke", "revoke", (issuer, of, word << 8 | bit), 1 << bit)

    def revoke_word(self) -> None:
        bits = self.dice.choice(
            [self.dice.getrandbits(256) & self.dice.getrandbits(256), 1, 1 << 255, 3 << 100]
        )
        self.play("revoke_word", "revoke_word", (*self.place, bits), bits)

    def repeat(self) -> None:
        """Set what is set already: harmless, and without an event."""
        places = sorted({(issuer, of, index >> 8) for issuer, of, index in self.bits})
        if places:
            self.place = self.dice.choice(places)
            bits = self.word(self.place)
            self.play("repeat", "revoke_word", (*self.place, bits), bits)

    def play(self, act: str, function: str, sent: tuple[Any, ...], bits: int) -> None:
        who, (issuer, of, word) = self.actor(), self.place
        new = bits & ~self.word(self.place)
        self.calls[act] += 1
        allowed = self.may(who, issuer)
        try:
            emitted = self.stage.write(who, function, *sent)
        except Reverted as refusal:
            if allowed:
                self.violated("IDN-23", f"{act}{sent} by {who} was refused: {refusal}")
            self.compare(act)
            return
        if not allowed:
            self.violated(
                "IDN-23", f"{act}{sent} by {who} went through, who is none of the issuer's"
            )
            return
        self.successes[act] += 1
        self.bits |= {(issuer, of, word << 8 | bit) for bit in range(256) if bits >> bit & 1}
        due = (
            [("CredentialsRevoked", {"issuer": issuer, "list": of, "word": word, "bits": new})]
            if new
            else []
        )
        if emitted != due:
            self.violated("IDN-25", f"{act}{sent} emitted {emitted} and not {due}")
        self.compare(act)

    # ---- what happens around it

    def delegate(self) -> None:
        issuer, who = self.place[0], self.dice.choice(self.keys)
        role = self.dice.choice([STATUS_ROLE, STATUS_ROLE, CONSENT_ROLE])
        owner, until = self.owner[issuer], self.stage.now
        if self.dice.random() < 0.7:
            until += self.dice.choice([1, 60, 3600] if self.stage.exact else [1350, 4050])
            self.stage.identity(owner, "addDelegate", issuer, role, who, until - self.stage.now)
        else:
            self.stage.identity(owner, "revokeDelegate", issuer, role, who)
        self.valid_to[issuer, role, who] = until

    def hand_over(self) -> None:
        issuer, heir = self.place[0], self.dice.choice(self.keys)
        self.stage.identity(self.owner[issuer], "changeOwner", issuer, heir)
        self.owner[issuer] = heir

    def wait(self) -> None:
        ends = [end - self.stage.now for end in self.valid_to.values()]
        near = [end + nudge for end in ends if end > 1 for nudge in (-1, 0)]
        self.stage.wait(self.dice.choice([*near, 1, 60] if self.stage.exact else [900]))
        self.compare("wait")

    # ---- comparing

    def compare(self, act: str) -> None:
        """Look at the word, at another one, and at one bit of it through every view."""
        others = (
            self.dice.choice(self.issuers),
            self.dice.choice(LISTS),
            self.dice.choice(WORDS[:4]),
        )
        for place, name in ((self.place, "IDN-25"), (others, "IDN-24")):
            found, before = self.stage.word(*place), self.seen.get(place, 0)
            if found & before != before:
                self.violated("IDN-22", f"after {act} {place} is {found:x}, and was {before:x}")
            self.seen[place] = found | before
            if found != self.word(place):
                self.violated(
                    name, f"after {act} {place} is {found:x} and not {self.word(place):x}"
                )
            bit = self.dice.randrange(256)
            if self.stage.is_revoked(*place[:2], place[2] << 8 | bit) != bool(found >> bit & 1):
                self.violated(
                    "IDN-25", f"after {act} bit {bit} of {place} is not as its word {found:x} says"
                )
        issuer, of, _ = self.place
        several, due = (
            self.stage.words(issuer, of, 0, 4),
            [self.word((issuer, of, word)) for word in range(4)],
        )
        if several != due:
            self.violated(
                "IDN-24", f"after {act} the first words of {of.hex()} are {several} and not {due}"
            )

    def violated(self, name: str, why: str) -> None:
        if self.lost:
            return
        self.lost = True
        if self.only is None or self.only == name:
            raise Violated(name, why)
