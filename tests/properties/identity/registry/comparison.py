"""Play an act on the stage and in the model, and compare outcome, events and state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from eth_account.signers.local import LocalAccount

from careledger.chain.reverts import Reverted
from careledger.identity.did.model import name32
from tests.properties.identity.playing import Violated
from tests.properties.identity.registry.model import DEAD, NOBODY, Refusal

KINDS = [name32("careledger.agent"), name32("veriKey")]
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


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Comparison:
    """What a machine does with each act that it has chosen."""

    def play(
        self,
        act: str,
        sender: LocalAccount,
        function: str,
        sent: tuple[Any, ...],
        named: dict[str, Any],
        refusal: Refusal | None,
        steps: list[Step] | Callable[[], Any] = [],  # noqa: B006
        signer: str = "",
    ) -> None:
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
        emitted = self.stage.emitted(receipt)
        if emitted != expected:
            self.violated(
                self._difference(act, emitted, expected),
                f"{function} emitted {emitted} and not {expected}",
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

    def _difference(self, act: str, emitted: Any, expected: Any) -> str:
        def unlinked(events: Any) -> Any:
            return [(name, values | {"previous_change": 0}) for name, values in events]

        return "IDN-03" if unlinked(emitted) == unlinked(expected) else self._home(act)

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
        # what follows says nothing, neither here nor where another property is looked at
        self.lost = True
        if self.only is None or self.only == name:
            raise Violated(name, why)

    def teardown(self) -> None:
        """Follow the links of every identity from `changed` to 0: each change comes once."""
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
