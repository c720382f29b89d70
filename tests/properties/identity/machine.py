"""One state machine for both back ends: plays acts, right and wrong ones, and compares with the model after each."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from eth_account.signers.local import LocalAccount
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from careledger.chain.reverts import Reverted
from careledger.crypto.typed_data import HALF_ORDER
from careledger.identity.did.guardians import Guardians, approve
from careledger.identity.did.messages import IdentityMessages, erc1056_digest, sign_digest
from careledger.identity.did.model import Operation, name32
from tests.properties.identity.backends import Stage, Told
from tests.properties.identity.model import DEAD, LONGEST, NOBODY, SHORTEST, Model, Refusal

SEED = int(os.environ.get("CARELEDGER_SEED", "20261122"))
KINDS = [name32("careledger.agent"), name32("veriKey")]
NAMES = [name32("did/svc/Care"), name32("did/pub/Ed25519/veriKey/hex")]
VALUES = [b"", b"https://care.example", bytes(range(40))]
ACTIONS = ["ChangeOwner", "AddDelegate", "RevokeDelegate", "SetAttribute", "RevokeAttribute"]
WEIGHTS = {
    "direct": 5, "signed": 3, "by_sig": 3, "execute": 2, "execute_by_sig": 2, "deactivate": 1, "cancel_signatures": 1,
    "replay": 2, "set_guardians": 1, "start_recovery": 3, "stop_recovery": 5, "finish_recovery": 5, "wait": 3,
}  # fmt: skip
ACTS = [act for act, weight in WEIGHTS.items() for _ in range(weight)]
IDENTITIES = 4
Step = tuple[Any, ...]


@dataclass(frozen=True)
class Used:
    """A signature that was taken, and what it came with."""

    function: str
    sent: tuple[Any, ...]
    named: dict[str, Any]
    deadline: int | None
    """None: ERC-1056 knows none."""
    valid_to: int | None
    """What is refused, before the signature is looked at, where it has passed."""


class Violated(AssertionError):
    """A property does not hold."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def twin(signature: bytes) -> bytes:
    """Return the malleable form."""
    s = 2 * HALF_ORDER + 1 - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


class IdentityMachine(RuleBasedStateMachine):
    """Subclasses say on which stage, and may look at one property alone."""

    stage: Stage
    only: str | None = None
    calls: Counter[str]
    successes: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.stage.reset()
        self.people = {person.address: person for person in self.stage.people}
        everyone = list(self.people)
        self.identities, self.keys, self.relayer = (
            everyone[:IDENTITIES],
            everyone[:-1],
            self.stage.people[-1],
        )
        self.sets: dict[str, Guardians] = {}
        self.used: list[Used] = []
        self.model = Model(self.stage.now, self.stage.block)
        self.lost = False

    @property
    def domain(self) -> IdentityMessages:
        return self.stage.registry.messages

    @rule(number=st.integers(0, 2**64 - 1))
    def step(self, number: int) -> None:
        """Do one thing. One in five is anything at all, allowed or not; of the rest the model approves."""
        if self.lost:
            return
        self.dice = Random(number)
        if not self.stage.exact or self.dice.random() < 0.7:
            self.stage.next_block()
        self.model.now, self.model.block = self.stage.now, self.stage.block
        self.apt, self.spoilt = self.dice.random() < 0.75, False
        self.identity = self.dice.choice(self._apt_identities() if self.apt else self.identities)
        getattr(self, self.dice.choice(ACTS))()

    def _apt_identities(self) -> list[str]:
        alive = [one for one in self.identities if self.model.controller(one) != DEAD]
        return alive or self.identities

    # ---- picking

    def pick(self, right: Any, wrong: list[Any]) -> Any:
        """Return what is right, or, when anything goes, perhaps something else: one thing a step."""
        if self.apt or self.spoilt or self.dice.random() < 0.7:
            return right
        self.spoilt = True
        return self.dice.choice(wrong)

    def controller(self) -> LocalAccount:
        """Return who is to act: the controller, or anybody."""
        right = self.people.get(self.model.controller(self.identity))
        return self.pick(right or self.relayer, list(self.people.values()))

    def duration(self) -> int:
        return self.dice.choice([1, 60, 3600, 86_400] if self.stage.exact else [450, 1350, 86_850])

    def steps(self, count: int) -> list[Step]:
        """Return steps of a batch, such that they can be done one after the other."""
        found = [self.one(self.dice.choice(ACTIONS[1:])) for _ in range(count)]
        if self.dice.random() < 0.2:
            found[-1] = self.one("ChangeOwner")
        if self.pick(False, [True]):
            self._spoil(found)
        return found

    def _spoil(self, steps: list[Step]) -> None:
        place = self.dice.randrange(len(steps))
        match self.dice.randrange(4):
            case 0:
                steps.insert(place, self.one("ChangeOwner"))
            case 1:
                steps[place] = (
                    "AddDelegate",
                    KINDS[0],
                    self.keys[0],
                    self.stage.now - 450 * (not self.stage.exact),
                )
            case 2:
                steps.clear()

    def one(self, action: str) -> Step:
        if action == "ChangeOwner":
            return action, self.dice.choice([*self.keys, self.identity, NOBODY])
        if action.endswith("Delegate"):
            what: Step = (action, self.dice.choice(KINDS), self.dice.choice(self.keys))
        else:
            what = (action, self.dice.choice(NAMES), self.dice.choice(VALUES))
        return (
            (*what, self.stage.now + self.duration())
            if action in ("AddDelegate", "SetAttribute")
            else what
        )

    # ---- acts

    def direct(self) -> None:
        sender, step = self.controller(), self.one(self.dice.choice(ACTIONS))
        function, arguments = self._standard(step)
        refusal = self.model.by_hand(self.identity, sender.address, standard=True)
        self.play("direct", sender, function, (self.identity, *arguments), {}, refusal, [step])

    def _standard(self, step: Step) -> tuple[str, tuple[Any, ...]]:
        """Return the client's method of ERC-1056 and its arguments."""
        action, *values = step
        function = "".join("_" + c.lower() if c.isupper() else c for c in action).strip("_")
        if action in ("AddDelegate", "SetAttribute"):
            values[-1] -= self.stage.now
        return function, tuple(values)

    def signed(self) -> None:
        signer, step = self.controller(), self.one(self.dice.choice(ACTIONS))
        function, arguments = self._standard(step)
        count = self.pick(
            due := self.model.nonce.get(signer.address, 0), [due + 1, max(0, due - 1)]
        )
        bend = self.pick("", ["registry", "identity", "operation"])
        packed = [
            bytes.fromhex(v[2:])
            if isinstance(v, str)
            else v.to_bytes(32, "big")
            if isinstance(v, int)
            else v
            for v in arguments
        ]
        action = step[0][0].lower() + step[0][1:]
        digest = erc1056_digest(
            self.relayer.address if bend == "registry" else self.stage.registry.address,
            count,
            self.relayer.address if bend == "identity" else self.identity,
            "operate" if bend == "operation" else action,
            *packed,
        )
        refusal = self.model.by_erc1056(self.identity, signer.address, count, bool(bend))
        sent = (self.identity, sign_digest(signer, digest), *arguments)
        self.play(
            "signed", self.relayer, f"{function}_signed", sent, {}, refusal, [step], signer.address
        )

    def _typed(
        self, act: str, function: str, make: str, arguments: tuple[Any, ...], **rest: Any
    ) -> None:
        """Sign typed data, right or bent, and have it relayed."""
        signer = self.controller()
        count = self.pick(
            due := self.model.nonce.get(signer.address, 0), [due + 1, max(0, due - 1)]
        )
        deadline = at(
            self.pick(
                self.stage.now + self.dice.choice([450, 10**8]),
                [self.stage.now, self.stage.now - 450],
            )
        )
        bend = self.pick("", ["chain", "registry", "identity", "twin", "deadline"])
        domain = replace(self.domain, chain_id=1) if bend == "chain" else self.domain
        domain = replace(domain, registry=self.relayer.address) if bend == "registry" else domain
        about = self.relayer.address if bend == "identity" else self.identity
        until = deadline + timedelta(seconds=1) if bend == "deadline" else deadline
        signature = getattr(domain, make)(about, *arguments, nonce=count, deadline=until).sign(
            signer
        )
        signature = twin(signature) if bend == "twin" else signature
        seconds = int(deadline.timestamp())
        refusal = self.model.by_typed_data(
            self.identity, signer.address, count, seconds, bool(bend)
        )
        refusal = refusal or rest.pop("refusal", None)
        if make in ("change_owner", "stop_recovery"):
            sent, named = (self.identity, *arguments, deadline, signature), {}
        else:
            sent, named = (
                (self.identity, *arguments),
                {"deadline": deadline, "signature": signature},
            )
        rest.pop("refusal", None)
        self.play(act, self.relayer, function, sent, named, refusal, signer=signer.address, **rest)

    def by_sig(self) -> None:
        step = self.one(self.dice.choice(ACTIONS))
        function, _ = self._standard(step)
        values = tuple(at(v) if isinstance(v, int) else v for v in step[1:])
        self._typed("by_sig", f"{function}_by_sig", function, values, steps=[step])

    def _operations(self, steps: list[Step]) -> list[Operation]:
        make = {
            "ChangeOwner": Operation.change_owner,
            "AddDelegate": lambda kind, who, until: Operation.add_delegate(kind, who, at(until)),
            "RevokeDelegate": Operation.revoke_delegate,
            "SetAttribute": lambda name, value, until: Operation.set_attribute(
                name, value, at(until)
            ),
            "RevokeAttribute": Operation.revoke_attribute,
        }
        return [make[action](*values) for action, *values in steps]

    def execute(self) -> None:
        sender, steps = self.controller(), self.steps(self.dice.randint(1, 4))
        refusal = self.model.by_hand(self.identity, sender.address, standard=False)
        refusal = refusal or self.model.batch(self.identity, steps)
        self.play(
            "execute",
            sender,
            "execute",
            (self.identity, self._operations(steps)),
            {},
            refusal,
            steps,
        )

    def execute_by_sig(self) -> None:
        steps = self.steps(self.dice.randint(1, 4))
        impossible = self.model.batch(self.identity, steps)
        operations = self._operations(steps)
        self._typed(
            "execute_by_sig",
            "execute_by_sig",
            "batch",
            (operations,),
            steps=steps,
            refusal=impossible,
        )

    def deactivate(self) -> None:
        if self.apt and len(self._apt_identities()) < 2:
            return
        sender = self.controller()
        refusal = self.model.by_hand(self.identity, sender.address, standard=False)
        self.play(
            "deactivate", sender, "deactivate", (self.identity,), {}, refusal, [("Deactivate",)]
        )

    def cancel_signatures(self) -> None:
        who = self.dice.choice(list(self.people.values()))

        def cancelled() -> Told:
            return [
                (
                    "SignaturesCancelled",
                    {"nonce": self.model.use_nonce(who.address), "controller": who.address},
                )
            ]

        self.play("cancel_signatures", who, "cancel_signatures", (), {}, None, cancelled)

    def replay(self) -> None:
        """Send again what was taken once."""
        if not self.used:
            return
        one, now = self.dice.choice(self.used), self.stage.now
        error = "BadSigner" if one.deadline is None else "BadRegistrySignature"
        if one.deadline is not None and now > one.deadline:
            error = "RegistrySignatureExpired"
        if one.valid_to is not None and one.valid_to <= now:
            error = "AlreadyExpired"
        self.play(
            "replay", self.relayer, one.function, one.sent, one.named, Refusal(error, "IDN-04")
        )

    def set_guardians(self) -> None:
        members = self.dice.sample(self.keys, self.dice.choice([1, 2, 3, 4]))
        dismiss = self.dice.random() < 0.1
        chosen = Guardians(tuple((who, self.dice.randbytes(32)) for who in members))
        root = bytes(32) if dismiss else chosen.tree.root
        threshold = 0 if dismiss else self.pick(min(self.dice.choice([1, 2, 2]), len(members)), [0])
        shortest = SHORTEST if self.stage.exact else SHORTEST + 450
        delay = 0 if dismiss else self.pick(shortest, [SHORTEST - 1, LONGEST + 1, 0])
        fits = dismiss or (threshold > 0 and SHORTEST <= delay <= LONGEST)
        refusal = None if fits else Refusal("BadGuardianship", "IDN-06")
        identity, who = self.identity, frozenset() if dismiss else frozenset(members)

        def named() -> Told:
            self.sets[identity] = chosen
            return self.model.name_guardians(identity, who, threshold, delay, root)

        arguments = (root, threshold, timedelta(seconds=delay))
        if self.dice.random() < 0.5:
            self._typed(
                "set_guardians",
                "set_guardians_by_sig",
                "set_guardians",
                arguments,
                steps=named,
                refusal=refusal,
            )
            return
        sender = self.controller()
        refusal = self.model.by_hand(identity, sender.address, standard=False) or refusal
        self.play(
            "set_guardians", sender, "set_guardians", (identity, *arguments), {}, refusal, named
        )

    def start_recovery(self) -> None:
        if self.apt:
            ready = [
                one
                for one in self.identities
                if self.model.guarded(one) and one not in self.model.attempts
            ]
            if not ready:
                self.set_guardians()
                return
            self.identity = self.dice.choice(ready)
        elif guarded := list(self.model.guards):
            self.identity = self.dice.choice(guarded)
        known = self.sets.get(
            self.identity, Guardians(tuple((who, bytes(32)) for who in self.keys[:2]))
        )
        guard = self.model.guards.get(self.identity)
        many = min(guard.threshold if guard else 1, len(known.members))
        places = self.dice.sample(range(len(known.members)), many)
        places = self.pick(places, [places[:1] * many, places[:1] * many, places * 2, places[1:]])
        controller = self.model.controller(self.identity)
        new_owner = self.pick(
            self.dice.choice([who for who in self.keys if who != controller]), [NOBODY, controller]
        )
        cards = known.cards(self.domain, self.identity)
        told, given = [], []
        for place in sorted(places, key=lambda place: int(cards[place].guardian, 16)):
            one, approval = self._approval(cards[place], controller, new_owner)
            told.append(one)
            given.append(approval)
        found = self.model.start(self.identity, new_owner, told)
        refusal = found if isinstance(found, Refusal) else None
        sent = (self.identity, new_owner, given)
        self.play(
            "start_recovery", self.relayer, "start_recovery", sent, {}, refusal, lambda: found
        )

    def _approval(self, card: Any, controller: str, new_owner: str) -> tuple[dict[str, Any], Any]:
        due = self.model.rounds.get(self.identity, 0)
        round_ = self.pick(due, [due + 1, max(0, due - 1)])
        owner = self.pick(controller, [self.keys[0]])
        towards = new_owner if new_owner != NOBODY else self.keys[1]
        signer = self.people[self.pick(card.guardian, self.keys)]
        deadline = self.pick(self.stage.now + 450, [self.stage.now - 450])
        signed = approve(
            replace(card, guardian=signer.address), signer,
            controller=owner, new_owner=towards, in_round=round_, deadline=at(deadline),
        ).approval  # fmt: skip
        what = (self.identity, owner, towards, round_)
        told = {
            "guardian": card.guardian,
            "signer": signer.address,
            "signed": what,
            "deadline": deadline,
        }
        return told, replace(signed, guardian=card.guardian)

    def _under_way(self) -> bool:
        """Turn to an identity with a recovery under way; where there is none, start one."""
        attempts = (
            [one for one in self.model.attempts if self.model.live(one)]
            if self.apt
            else self.identities
        )
        if not attempts:
            self.start_recovery()
            return False
        self.identity = self.dice.choice(list(attempts))
        return True

    def stop_recovery(self) -> None:
        if not self._under_way():
            return
        identity = self.identity
        missing = None if identity in self.model.attempts else Refusal("NoRecovery", "IDN-08")

        def events() -> Any:
            return self.model.stop(identity)

        if self.dice.random() < 0.5:
            self._typed(
                "stop_recovery",
                "stop_recovery_by_sig",
                "stop_recovery",
                (),
                steps=events,
                refusal=missing,
            )
            return
        sender = self.controller()
        refusal = self.model.by_hand(identity, sender.address, standard=False) or missing
        self.play("stop_recovery", sender, "stop_recovery", (identity,), {}, refusal, events)

    def finish_recovery(self) -> None:
        if not self._under_way():
            return
        identity = self.identity
        attempt = self.model.attempts.get(identity)
        if self.apt and attempt and attempt.ready_at > self.stage.now:
            self._pass(attempt.ready_at - self.stage.now)
        found = self.model.finish(identity)
        refusal = found if isinstance(found, Refusal) else None
        self.play(
            "finish_recovery",
            self.relayer,
            "finish_recovery",
            (identity,),
            {},
            refusal,
            lambda: found,
        )

    def wait(self) -> None:
        """Let time pass, on the in-process EVM often exactly to where something ends."""
        ends = [end - self.stage.now for end in self.model.valid_to.values()]
        ends += [attempt.ready_at - self.stage.now for attempt in self.model.attempts.values()]
        near = [end + nudge for end in ends if end > 1 for nudge in (-1, 0)]
        self._pass(
            self.dice.choice([*near, 1, 60, 3600] if self.stage.exact else [900, 3600, 86_400])
        )
        self.compare("wait")

    def _pass(self, seconds: int) -> None:
        self.stage.wait(seconds if self.stage.exact else -(-seconds // 900) * 900)
        self.model.now, self.model.block = self.stage.now, self.stage.block

    # ---- playing and comparing

    def play(
        self, act: str, sender: LocalAccount, function: str, sent: tuple[Any, ...], named: dict[str, Any],
        refusal: Refusal | None, steps: list[Step] | Callable[[], Any] = [], signer: str = "",  # noqa: B006
    ) -> None:  # fmt: skip
        """Do it on the stage and in the model, and compare outcome, events and state."""
        self.calls[act] += 1
        try:
            receipt = getattr(self.stage.by(sender), function)(*sent, **named)
        except Reverted as reason:
            if refusal is None:
                self.violated(
                    self._home(act),
                    f"{function}{sent} was refused: {type(reason).__name__} {reason}",
                )
            elif type(reason).__name__ != refusal.error:
                self.violated(
                    refusal.why,
                    f"{function}{sent}: {type(reason).__name__} and not {refusal.error}",
                )
            self.compare(act)
            return
        if refusal is not None:
            self.violated(refusal.why, f"{function}{sent} went through; {refusal.error} was due")
            return
        self.successes[act] += 1
        if signer:
            self.model.use_nonce(signer)
            self._keep(function, sent, named)
        expected = steps() if callable(steps) else self.model.apply(self.identity, steps)
        told = self.stage.told(receipt)
        if told != expected:
            self.violated(
                self._difference(act, told, expected), f"{function} told {told} and not {expected}"
            )
        self.compare(act)

    def _keep(self, function: str, sent: tuple[Any, ...], named: dict[str, Any]) -> None:
        deadline = named.get("deadline", next((v for v in sent if isinstance(v, datetime)), None))
        deadline = None if function.endswith("_signed") else int(deadline.timestamp())
        until = sent[-1] if function in ("add_delegate_by_sig", "set_attribute_by_sig") else None
        self.used.append(Used(function, sent, named, deadline, until and int(until.timestamp())))

    def _home(self, act: str) -> str:
        homes = {"direct": "IDN-01", "signed": "IDN-01", "by_sig": "IDN-01", "deactivate": "IDN-10"}
        homes |= {"execute": "IDN-11", "execute_by_sig": "IDN-11", "cancel_signatures": "IDN-04"}
        return homes.get(act, "IDN-06")

    def _difference(self, act: str, told: Any, expected: Any) -> str:
        def unlinked(events: Any) -> Any:
            return [(name, values | {"previous_change": 0}) for name, values in events]

        return "IDN-03" if unlinked(told) == unlinked(expected) else self._home(act)

    def compare(self, act: str) -> None:
        """Look at the identity that was acted on, and at times at another one."""
        self._look(act, self.identity)
        if self.dice.random() < 0.3:
            self._look(act, self.dice.choice(self.identities))
        who = self.dice.choice(self.keys)
        self.same("IDN-04", act, self.stage.registry.nonce(who), self.model.nonce.get(who, 0))

    def _look(self, act: str, one: str) -> None:
        model, registry, touched = self.model, self.stage.registry, one == self.identity
        own = "IDN-10" if model.controller(one) == DEAD else "IDN-01"
        self.same(
            own if touched else "IDN-12", act, registry.identity_owner(one), model.controller(one)
        )
        self.same("IDN-03" if touched else "IDN-12", act, registry.changed(one), model.changed(one))
        named = [(kind, who) for of, kind, who in model.valid_to if of == one]
        kind, who = self.dice.choice([*named, (KINDS[0], self.keys[0])])
        valid = registry.valid_delegate(one, kind, who), registry.may_act(one, kind, who)
        self.same(
            "IDN-02", act, valid, (model.is_delegate(one, kind, who), model.may_act(one, kind, who))
        )
        guard = registry.guardianship(one)
        self.same("IDN-09", act, guard.active, model.guarded(one))
        self.same("IDN-08", act, guard.round, model.rounds.get(one, 0))
        started, attempt = registry.recovery(one), model.attempts.get(one)
        seen = (started.new_owner, int(started.ready_at.timestamp()), started.live)
        due = (
            (attempt.new_owner, attempt.ready_at, model.live(one))
            if attempt
            else (NOBODY, 0, False)
        )
        self.same("IDN-08", act, seen, due)

    def same(self, name: str, act: str, actual: Any, expected: Any) -> None:
        if actual != expected:
            self.violated(name, f"after {act} it is {actual} and not {expected}")

    def violated(self, name: str, why: str) -> None:
        self.lost = (
            True  # what follows says nothing, neither here nor where another property is looked at
        )
        if self.only is None or self.only == name:
            raise Violated(name, why)

    def teardown(self) -> None:
        """Follow the links of every identity from `changed` to 0: each change is met, none twice."""
        for one in self.identities:
            if self.lost:
                return
            self.dice, self.identity = Random(0), one
            self._look("everything", one)
            walked, block = [], self.stage.registry.changed(one)
            while block and (
                here := [link for link in self.model.changes[one] if link[0] == block]
            ):
                walked[:0] = here
                block = min(before for _, before in here)
            self.same("IDN-03", "the walk", walked, self.model.changes.get(one, []))
