"""One state machine for both back ends: it plays acts, right and wrong ones, with the model."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from eth_account.signers.local import LocalAccount
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from careledger.crypto.typed_data import HALF_ORDER, sign_digest, split_signature
from careledger.identity.did.guardians import Guardians
from careledger.identity.did.messages import IdentityMessages, erc1056_digest
from careledger.identity.did.model import Operation, name32
from tests.properties.identity.registry.backends import Emitted, Stage
from tests.properties.identity.registry.comparison import KINDS, Comparison, Step, Used, at
from tests.properties.identity.registry.model import DEAD, NOBODY, Model, Refusal
from tests.properties.identity.registry.recovery import RecoveryActs

NAMES = [name32("did/svc/Care"), name32("did/pub/Ed25519/veriKey/hex")]
VALUES = [b"", b"https://care.example", bytes(range(40))]
ACTIONS = ["ChangeOwner", "AddDelegate", "RevokeDelegate", "SetAttribute", "RevokeAttribute"]
WEIGHTS = {
    "direct": 5, "signed": 3, "by_sig": 3, "execute": 2, "execute_by_sig": 2, "deactivate": 1,
    "cancel_signatures": 1, "replay": 2, "set_guardians": 1, "start_recovery": 3,
    "stop_recovery": 5, "finish_recovery": 5, "wait": 3,
}  # fmt: skip
ACTS = [act for act, weight in WEIGHTS.items() for _ in range(weight)]
IDENTITIES = 4


def twin(signature: bytes) -> bytes:
    """Return the malleable form."""
    s = 2 * HALF_ORDER + 1 - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


class IdentityMachine(RecoveryActs, Comparison, RuleBasedStateMachine):
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
        self.identities = everyone[:IDENTITIES]
        self.keys = everyone[:-1]
        self.relayer = self.stage.people[-1]
        self.sets: dict[str, Guardians] = {}
        self.used: list[Used] = []
        self.model = Model(self.stage.now, self.stage.block)
        self.lost = False

    @property
    def domain(self) -> IdentityMessages:
        return self.stage.registry.messages

    @rule(number=st.integers(0, 2**64 - 1))
    def step(self, number: int) -> None:
        """Do one thing: one in four is anything, allowed or not; the model allows the others."""
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
        """Return what is right, or perhaps something else where anything goes: once a step."""
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
        sent = (self.identity, split_signature(sign_digest(signer, digest)), *arguments)
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

        def cancelled() -> Emitted:
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
