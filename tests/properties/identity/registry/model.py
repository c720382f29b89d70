"""What IdentityRegistry must do, in a naive form: dictionaries, sets, and a list of changes."""

from dataclasses import dataclass, field
from typing import Any

NOBODY = "0x" + "00" * 20
DEAD = "0x000000000000000000000000000000000000dEaD"
LONGEST, SHORTEST = 365 * 86_400, 86_400


@dataclass(frozen=True)
class Refusal:
    """The model refuses: with which exception, and which property says so."""

    error: str
    why: str


@dataclass
class Guard:
    """Guardians as their controller named them."""

    members: frozenset[str]
    threshold: int
    delay: int
    controller: str


@dataclass
class Attempt:
    """A recovery under way."""

    new_owner: str
    ready_at: int
    changed: int


@dataclass
class Model:
    """The registry, by the book."""

    now: int
    block: int
    owner: dict[str, str] = field(default_factory=dict)
    valid_to: dict[tuple[str, bytes, str], int] = field(default_factory=dict)
    nonce: dict[str, int] = field(default_factory=dict)
    changes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Block and previous change of every event of ERC-1056."""
    guards: dict[str, Guard] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)

    # ---- what can be read

    def controller(self, identity: str) -> str:
        return self.owner.get(identity, identity)

    def changed(self, identity: str) -> int:
        return self.changes[identity][-1][0] if self.changes.get(identity) else 0

    def is_delegate(self, identity: str, kind: bytes, who: str) -> bool:
        return self.valid_to.get((identity, kind, who), 0) > self.now

    def may_act(self, identity: str, kind: bytes, who: str) -> bool:
        return who == self.controller(identity) or self.is_delegate(identity, kind, who)

    def guarded(self, identity: str) -> bool:
        guard = self.guards.get(identity)
        return guard is not None and guard.controller == self.controller(identity)

    def live(self, identity: str) -> bool:
        attempt = self.attempts.get(identity)
        if attempt is None or self.guards[identity].controller != self.controller(identity):
            return False
        return attempt.changed == self.changed(identity)

    # ---- who may

    def by_hand(self, identity: str, sender: str, standard: bool) -> Refusal | None:
        if sender == self.controller(identity):
            return None
        dead = self.controller(identity) == DEAD
        return Refusal(
            "BadActor" if standard else "NotIdentityController", "IDN-10" if dead else "IDN-01"
        )

    def by_erc1056(self, identity: str, signer: str, nonce: int, bent: bool) -> Refusal | None:
        controller = self.controller(identity)
        if controller == DEAD:
            return Refusal("BadSigner", "IDN-10")
        if signer != controller or bent:
            return Refusal("BadSigner", "IDN-05")
        return None if nonce == self.nonce.get(controller, 0) else Refusal("BadSigner", "IDN-04")

    def by_typed_data(
        self, identity: str, signer: str, nonce: int, deadline: int, bent: bool
    ) -> Refusal | None:
        if self.now > deadline:
            return Refusal("RegistrySignatureExpired", "IDN-05")
        controller = self.controller(identity)
        if controller == DEAD:
            return Refusal("BadRegistrySignature", "IDN-10")
        if signer != controller or bent:
            return Refusal("BadRegistrySignature", "IDN-05")
        return (
            None
            if nonce == self.nonce.get(controller, 0)
            else Refusal("BadRegistrySignature", "IDN-04")
        )

    def use_nonce(self, controller: str) -> int:
        self.nonce[controller] = self.nonce.get(controller, 0) + 1
        return self.nonce[controller]

    # ---- what happens; each returns the events

    def apply(
        self, identity: str, steps: list[tuple[Any, ...]]
    ) -> list[tuple[str, dict[str, Any]]]:
        """Do steps of one transaction; all their events name the change before it."""
        before, events = self.changed(identity), []
        for step in steps:
            events.append(self._step(identity, before, *step))
            self.changes.setdefault(identity, []).append((self.block, before))
        return events

    def _step(
        self, identity: str, before: int, action: str, *values: Any
    ) -> tuple[str, dict[str, Any]]:
        common = {"identity": identity, "previous_change": before}
        if action in ("ChangeOwner", "Deactivate"):
            new = values[0] if action == "ChangeOwner" else DEAD
            if new == NOBODY:  # ERC-1056: the first key again
                self.owner.pop(identity, None)
            else:
                self.owner[identity] = new
            return "DIDOwnerChanged", common | {"owner": NOBODY if new == DEAD else new}
        if action.endswith("Delegate"):
            kind, who = values[:2]
            until = values[2] if action == "AddDelegate" else self.now
            self.valid_to[identity, kind, who] = until
            return "DIDDelegateChanged", common | {
                "delegate_type": kind,
                "delegate": who,
                "valid_to": until,
            }
        name, value = values[:2]
        until = values[2] if action == "SetAttribute" else 0
        return "DIDAttributeChanged", common | {"name": name, "value": value, "valid_to": until}

    def batch(self, identity: str, steps: list[tuple[Any, ...]]) -> Refusal | None:
        """Say whether a batch can be done; nothing changes."""
        if not steps:
            return Refusal("EmptyBatch", "IDN-11")
        for place, (action, *values) in enumerate(steps):
            if action in ("AddDelegate", "SetAttribute") and values[2] <= self.now:
                return Refusal("AlreadyExpired", "IDN-11")
            if action in ("ChangeOwner", "Deactivate") and place + 1 < len(steps):
                return Refusal("ControllerChangedMidway", "IDN-11")
        return None

    def name_guardians(
        self, identity: str, members: frozenset[str], threshold: int, delay: int, root: bytes
    ) -> list[tuple[str, dict[str, Any]]]:
        controller, count = self.controller(identity), self._next(identity)
        if members:
            self.guards[identity] = Guard(members, threshold, delay, controller)
        else:
            self.guards.pop(identity, None)
        self.attempts.pop(identity, None)
        emitted = {"root": root, "threshold": threshold, "delay": delay}
        return [
            (
                "GuardiansSet",
                {"round": count, "identity": identity, "controller": controller, **emitted},
            )
        ]

    def start(  # noqa: PLR0911  a refusal each
        self, identity: str, new_owner: str, approvals: list[dict[str, Any]]
    ) -> Refusal | list[tuple[str, dict[str, Any]]]:
        """Approvals by ascending address, as (guardian, signer, what was signed, deadline)."""
        guard = self.guards.get(identity)
        if guard is None or not self.guarded(identity):
            return Refusal("NoGuardians", "IDN-09" if guard else "IDN-06")
        if new_owner in (NOBODY, self.controller(identity)):
            return Refusal("BadNewOwner", "IDN-06")
        if len(approvals) != guard.threshold:
            return Refusal("WrongThreshold", "IDN-06")
        due = (identity, self.controller(identity), new_owner, self.rounds.get(identity, 0))
        seen: set[str] = set()
        for one in approvals:
            if one["guardian"] not in guard.members or one["guardian"] in seen:
                return Refusal("NotGuardian", "IDN-06")
            if self.now > one["deadline"]:
                return Refusal("RegistrySignatureExpired", "IDN-05")
            if one["signer"] != one["guardian"]:
                return Refusal("BadRegistrySignature", "IDN-06")
            if one["signed"] != due:
                return Refusal("BadRegistrySignature", "IDN-08")
            seen.add(one["guardian"])
        ready, count = self.now + guard.delay, self._next(identity)
        self.attempts[identity] = Attempt(new_owner, ready, self.changed(identity))
        emitted = {"round": count, "identity": identity, "new_owner": new_owner, "ready_at": ready}
        return [("RecoveryStarted", emitted)]

    def stop(self, identity: str) -> Refusal | list[tuple[str, dict[str, Any]]]:
        if self.attempts.pop(identity, None) is None:
            return Refusal("NoRecovery", "IDN-08")
        emitted = {
            "round": self._next(identity),
            "identity": identity,
            "controller": self.controller(identity),
        }
        return [("RecoveryStopped", emitted)]

    def finish(self, identity: str) -> Refusal | list[tuple[str, dict[str, Any]]]:
        attempt = self.attempts.get(identity)
        if attempt is None:
            return Refusal("NoRecovery", "IDN-08")
        if self.guards[identity].controller != self.controller(identity):
            return Refusal("NoGuardians", "IDN-09")
        if attempt.changed != self.changed(identity):
            return Refusal("RecoveryVoid", "IDN-08")
        if self.now < attempt.ready_at:
            return Refusal("RecoveryTooEarly", "IDN-07")
        del self.attempts[identity]
        emitted = {
            "round": self.rounds[identity],
            "identity": identity,
            "new_owner": attempt.new_owner,
        }
        return [
            ("RecoveryFinished", emitted),
            *self.apply(identity, [("ChangeOwner", attempt.new_owner)]),
        ]

    def _next(self, identity: str) -> int:
        self.rounds[identity] = self.rounds.get(identity, 0) + 1
        return self.rounds[identity]
