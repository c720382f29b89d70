"""The acts of guardians: name them, start a recovery, stop it, finish it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from careledger.identity.did.guardians import Guardians, approve
from tests.properties.identity.registry.backends import Emitted
from tests.properties.identity.registry.comparison import at
from tests.properties.identity.registry.model import LONGEST, NOBODY, SHORTEST, Refusal


class RecoveryActs:
    """The part of the machine that recovers identities."""

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

        def named() -> Emitted:
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
        described, approvals = [], []
        for place in sorted(places, key=lambda place: int(cards[place].guardian, 16)):
            one, approval = self._approval(cards[place], controller, new_owner)
            described.append(one)
            approvals.append(approval)
        found = self.model.start(self.identity, new_owner, described)
        refusal = found if isinstance(found, Refusal) else None
        sent = (self.identity, new_owner, approvals)
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
        described = {
            "guardian": card.guardian,
            "signer": signer.address,
            "signed": what,
            "deadline": deadline,
        }
        return described, replace(signed, guardian=card.guardian)

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
