"""Consents at random: granted, signed, relayed, batched and ended, beside the model."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from careledger.chain.reverts import Reverted
from tests.properties.identity.consent.backends import Stage
from tests.properties.identity.consent.comparison import ConsentComparison
from tests.properties.identity.consent.model import ConsentModel, Emitted
from tests.properties.identity.registry.model import DEAD, Refusal
from tests.worlds.identity.consents import (
    CONSENT_ROLE,
    GRANTED,
    Act,
    Consent,
    Terms,
    malleated,
    sign,
)

WEIGHTS = {
    "grant": 2, "grant_by_sig": 4, "grant_batch": 3, "revoke": 2, "revoke_by_sig": 2,
    "revoke_batch": 2, "revoke_all": 1, "revoke_all_by_sig": 1, "renounce": 3, "commit_use": 1,
    "commit_uses": 1, "reinstate": 2, "replay": 2, "delegate": 3, "hand_over": 1, "wait": 2,
}  # fmt: skip
ACTS = [act for act, weight in WEIGHTS.items() for _ in range(weight)]
SUBJECTS, GRANTEES = 4, 3
BENT = ["chain", "contract", "epoch", "twin", "deadline", "consent", "kind", "short"]
AGENT_ROLE = b"careledger.agent".ljust(32, b"\0")


class ConsentMachine(ConsentComparison, RuleBasedStateMachine):
    """Subclasses say on which stage, and may look at one property alone."""

    stage: Stage
    only: str | None = None
    calls: Counter[str]
    successes: Counter[str]
    items: Counter[str]
    """How often an item of a batch was done, and left out; how many signatures that did something
    were not of keys."""

    def __init__(self) -> None:
        super().__init__()
        self.stage.reset()
        self.people = {person.address: person for person in self.stage.people}
        self.people[self.stage.wallet] = self.stage.people[
            -2
        ]  # whose key signs for the contract wallet
        self.silent = {self.stage.wallet, self.stage.passkey}  # who sign, and send nothing
        everyone = [person.address for person in self.stage.people]
        self.subjects, self.grantees = everyone[:SUBJECTS], everyone[SUBJECTS : SUBJECTS + GRANTEES]
        self.keys, self.relayer = everyone[:-1], everyone[-1]
        self.known: list[Consent] = []
        self.used: list[tuple[str, tuple[Any, ...], int]] = []
        """Signatures that were taken: what they came with, and the subject's epoch then."""
        self.model = ConsentModel(self.stage.now)
        for subject, who in zip(self.subjects, sorted(self.silent), strict=False):
            self.model.valid_to[subject, CONSENT_ROLE, who] = self.stage.now + 10**7
            self.stage.identity(subject, "addDelegate", subject, CONSENT_ROLE, who, 10**7)
        self.lost = False

    @rule(number=st.integers(0, 2**64 - 1))
    def step(self, number: int) -> None:
        """Do one thing: some are anything, allowed or not; the model allows the others."""
        if self.lost:
            return
        self.dice = Random(number)
        if not self.stage.exact:
            self.stage.next_block()
        elif self.dice.random() < 0.6:
            self.stage.wait(1)
        self.model.now = self.stage.now
        self.apt, self.spoilt = self.dice.random() < 0.8, False
        alive = [one for one in self.subjects if self.model.people(one)]
        self.subject = self.dice.choice(alive if self.apt and alive else self.subjects)
        getattr(self, self.dice.choice(ACTS))()

    # ---- picking

    def pick(self, right: Any, wrong: list[Any]) -> Any:
        """Return what is right, or perhaps something else where anything goes: once a step."""
        if self.apt or self.spoilt or self.dice.random() < 0.6:
            return right
        self.spoilt = True
        return self.dice.choice(wrong)

    def actor(self, identity: str, sends: bool = False) -> str:
        """Return somebody who may act for an identity, or anybody; `sends`: only who can send."""
        right = [
            who for who in self.model.people(identity) if who in self.people or who in self.silent
        ]
        right = [who for who in right if not sends or who not in self.silent]
        if set(right) & self.silent and self.dice.random() < 0.5:
            right = sorted(set(right) & self.silent)
        return str(self.pick(self.dice.choice(right or [self.relayer]), [*self.keys, self.relayer]))

    def moment(self) -> int:
        """Return a time to come."""
        return self.stage.now + self.dice.choice(
            [1, 60, 3600, 86_400] if self.stage.exact else [1350, 4050, 86_850]
        )

    def past(self) -> int:
        return self.stage.now - (self.dice.choice([0, 1]) if self.stage.exact else 450)

    def new(self) -> Consent:
        """Return a consent that nobody has seen, or, when anything goes, one that cannot be."""
        terms = Terms(self.dice.choice(self.grantees), salt=self.dice.randbytes(32))
        consent = Consent(self.subject, self.moment(), terms)
        bad = [
            consent.but(expiry=self.past()),
            *[one for one in self.known if one.subject == self.subject],
        ]
        consent = self.pick(consent, bad)
        self._know(consent)
        return consent

    def old(self) -> Consent:
        """Return a consent that can be ended: most often one that is granted."""
        granted = [
            one
            for one in self.known
            if self.model.row(one.id).status == GRANTED and self._ours(one)
        ]
        if self.apt and granted and self.dice.random() < 0.85:
            return self.dice.choice(granted)
        if not self.apt and self.known and self.dice.random() < 0.5:
            return self.dice.choice(self.known)
        return self.new()

    def _ours(self, consent: Consent) -> bool:
        return bool(self.model.people(consent.subject))

    def _know(self, consent: Consent) -> None:
        if consent not in self.known:
            self.known.append(consent)

    # ---- signing

    def act(self, kind: str, consent: Consent) -> tuple[Act, str]:
        """Return an item with its signature, and what is wrong with that."""
        signer = self.actor(consent.subject)
        deadline = self.pick(self.moment(), [self.past() - self.stage.exact])
        bent = self.pick("", BENT if kind == "grant" else [one for one in BENT if one != "epoch"])
        about, domain = consent, self.stage.signing
        if bent in ("chain", "contract"):
            domain = self.stage.elsewhere(bent)
        if bent == "consent":
            about = consent.but(salt=self.dice.randbytes(32))
        epoch = signed = self.epoch(consent.subject)
        if bent == "epoch":
            signed += self.dice.choice([1, -1]) if signed else 1
        until = deadline + (bent == "deadline")
        granting = (kind == "grant") != (bent == "kind")
        message = domain.grant(about, signed, until) if granting else domain.revoke(about, until)
        return Act(consent, epoch, signer, deadline, self.signature(signer, message, bent)), bent

    def epoch(self, subject: str) -> int:
        """Return a subject's epoch; or one that is over, never was, or is to come."""
        epoch = self.model.epoch(subject)
        return int(
            self.pick(
                epoch, [0, max(0, epoch - 1), epoch + 1, self.stage.now, self.stage.now + 450]
            )
        )

    def signature(self, signer: str, message: bytes, bent: str) -> bytes:
        """Sign as `signer`; a wallet accepts its owner's signature.

        A wallet's and a passkey's signature is valid in both forms of s.
        """
        passkey = signer == self.stage.passkey
        signature = (
            self.stage.by_passkey(message) if passkey else sign(self.people[signer], message)
        )
        if bent == "short" or (bent == "twin" and signer in self.silent):
            return signature[: len(signature) // 2]
        return malleated(signature) if bent == "twin" else signature

    # ---- acts

    def grant(self) -> None:
        consent = self.new()
        sender = self.actor(consent.subject, sends=True)
        epoch = self.epoch(consent.subject)
        self.play(
            "grant", sender, (consent, epoch), lambda model: model.grant(consent, epoch, sender)
        )

    def grant_by_sig(self) -> None:
        act, bent = self.act("grant", self.new())
        self.play("grant_by_sig", self.relayer, (act,), lambda model: model.grant_by_sig(act, bent))

    def revoke(self) -> None:
        consent = self.old()
        sender = self.actor(consent.subject, sends=True)
        self.play("revoke", sender, (consent,), lambda model: model.revoke(consent, sender))

    def revoke_by_sig(self) -> None:
        act, bent = self.act("revoke", self.old())
        self.play(
            "revoke_by_sig", self.relayer, (act,), lambda model: model.revoke_by_sig(act, bent)
        )

    def grant_batch(self) -> None:
        self._batch("grant", self.new)

    def revoke_batch(self) -> None:
        self._batch("revoke", self.old)

    def _batch(self, kind: str, consent: Any) -> None:
        acts: list[tuple[Act, str]] = []
        apt = self.apt
        for _ in range(self.dice.randint(1, 6)):
            self.apt, self.spoilt = self.dice.random() < (0.9 if apt else 0.5), False
            self.subject = self.dice.choice(self.subjects)
            again = acts and self.dice.random() < 0.1
            acts.append(self.dice.choice(acts) if again else self.act(kind, consent()))
        self.apt = apt
        one = f"{kind}_by_sig"
        alone = self._one_by_one(one, [act for act, _ in acts]) if self.stage.exact else None
        count, expected = self.model.fork().batch(one, acts)

        def done(model: ConsentModel) -> Emitted:
            return model.batch(one, acts)[1]

        emitted = self.play(
            f"{kind}_batch", self.relayer, ([act for act, _ in acts],), done, useful=count > 0
        )
        self.items["done"] += count
        self.items["left out"] += len(acts) - count
        if alone is not None and emitted != alone:
            self.violated(
                "IDN-20",
                f"the batch came to {emitted}, its items alone to {alone}, by the book {expected}",
            )

    def _one_by_one(self, one: str, acts: list[Act]) -> Emitted:
        """Return what comes of the items when each is sent alone, in a fork."""
        emitted: Emitted = []
        with self.stage.fork():
            for act in acts:
                try:
                    emitted += self.stage.write(self.relayer, one, act)
                except Reverted:
                    continue
        return emitted

    def revoke_all(self) -> None:
        subject, sender = self.subject, self.actor(self.subject, sends=True)
        self.play("revoke_all", sender, (subject,), lambda model: model.revoke_all(subject, sender))

    def revoke_all_by_sig(self) -> None:
        subject, signer = self.subject, self.actor(self.subject)
        deadline = self.pick(self.moment(), [self.past() - self.stage.exact])
        bent = self.pick("", ["chain", "contract", "epoch", "twin", "deadline", "subject", "short"])
        domain = self.stage.elsewhere(bent) if bent in ("chain", "contract") else self.stage.signing
        epoch, about = self.model.epoch(subject), self.relayer if bent == "subject" else subject
        if bent == "epoch":
            epoch += self.dice.choice([1, -1]) if epoch else 1
        message = domain.revoke_all(about, epoch, deadline + (bent == "deadline"))
        sent = (subject, signer, deadline, self.signature(signer, message, bent))
        self.play(
            "revoke_all_by_sig", self.relayer, sent, lambda m: m.revoke_all_by_sig(*sent[:3], bent)
        )

    def renounce(self) -> None:
        granted = [one for one in self.known if self.model.row(one.id).status == GRANTED]
        useful = [one for one in granted if self.model.people(one.terms.grantee)]
        if self.apt and not useful:
            return
        consent = self.dice.choice(useful) if self.apt else self.old()
        sender = self.actor(consent.terms.grantee, sends=True)
        terms = self.pick(
            consent.terms,
            [replace(consent.terms, grantee=sender), replace(consent.terms, salt=bytes(32))],
        )
        self.play(
            "renounce",
            sender,
            (consent, terms),
            lambda model: model.renounce(consent, terms, sender),
        )

    def commit_use(self) -> None:
        one = self.dice.randbytes(32)
        self.play(
            "commit_use", self.relayer, (one,), lambda _: [("UseCommitted", {"commitment": one})]
        )

    def commit_uses(self) -> None:
        several = [self.dice.randbytes(32) for _ in range(self.dice.randint(1, 4))]
        emitted = [("UseCommitted", {"commitment": one}) for one in several]
        self.play("commit_uses", self.relayer, (several,), lambda _: emitted)

    # ---- attacks: what never succeeds

    def reinstate(self) -> None:
        """Grant what was granted, or ended, once more, with all that it takes but a new id."""
        used = [one for one in self.known if self.model.row(one.id).status]
        if not used:
            return
        consent, self.apt = self.dice.choice(used), True
        if self.dice.random() < 0.5:
            sender = self.actor(consent.subject, sends=True)
            sent = consent, self.epoch(consent.subject)
            self.play("reinstate", sender, sent, lambda m: m.grant(*sent, sender), function="grant")
            return
        act, _ = self.act("grant", consent)
        self.play(
            "reinstate",
            self.relayer,
            (act,),
            lambda m: m.grant_by_sig(act, ""),
            function="grant_by_sig",
        )

    def replay(self) -> None:
        """Send again, as somebody else, what was taken once."""
        if not self.used:
            return
        function, sent, epoch = self.dice.choice(self.used)
        if function == "revoke_all_by_sig" and epoch == self.model.epoch(sent[0]):
            # a second end of all, in the very second of the first, ends nothing that is not ended
            return
        known, bent = (sent[:3], "epoch") if function == "revoke_all_by_sig" else (sent, "")
        found = getattr(self.model.fork(), function)(*known, bent)
        assert isinstance(found, Refusal), f"the model takes {function}{sent} twice"
        self.play("replay", self.dice.choice(self.keys), sent, lambda _: found, function=function)

    # ---- what happens around it

    def delegate(self) -> None:
        """Name or dismiss somebody who acts for a subject or a grantee."""
        identity = self.dice.choice([*self.subjects, *self.grantees])
        owner = self.model.controller(identity)
        if owner not in self.people or owner in self.silent:
            return
        role = self.dice.choice([CONSENT_ROLE] * 3 + [AGENT_ROLE])
        who = self.dice.choice([*self.keys, *sorted(self.silent) * 3])
        if self.dice.random() < 0.75:
            until = self.moment()
            self.stage.identity(owner, "addDelegate", identity, role, who, until - self.stage.now)
        else:
            until = self.stage.now
            self.stage.identity(owner, "revokeDelegate", identity, role, who)
        self.model.valid_to[identity, role, who] = until
        self.compare("delegate")

    def hand_over(self) -> None:
        """Give an identity to another key or to a wallet, or, seldom, take it out of use."""
        identity = self.dice.choice([*self.subjects, *self.grantees])
        owner = self.model.controller(identity)
        if owner not in self.people or owner in self.silent:
            return
        if self.dice.random() < 0.05:
            self.stage.identity(owner, "deactivate", identity)
            self.model.owner[identity] = DEAD
        else:
            heir = self.dice.choice([identity, identity, *self.keys, *sorted(self.silent)])
            self.stage.identity(owner, "changeOwner", identity, heir)
            self.model.owner[identity] = heir
        self.compare("hand_over")

    def wait(self) -> None:
        """Let time pass, in the in-process EVM often exactly to where something ends."""
        ends = [row.expiry - self.stage.now for row in self.model.rows.values()]
        ends += [end - self.stage.now for end in self.model.valid_to.values()]
        near = [end + nudge for end in ends if 1 < end < 10**6 for nudge in (-1, 0)]
        self.stage.wait(
            self.dice.choice([*near[-8:], 1, 60, 3600] if self.stage.exact else [900, 3600, 86_400])
        )
        self.model.now = self.stage.now
        self.compare("wait")
