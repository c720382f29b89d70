"""Play an act on the stage and in the model, and compare outcome, events and state."""

from random import Random
from typing import Any

from careledger.chain.reverts import Reverted
from tests.properties.identity.consent.backends import named
from tests.properties.identity.consent.model import Emitted
from tests.properties.identity.playing import Violated
from tests.properties.identity.registry.model import Refusal
from tests.worlds.identity.consents import GRANTED, Act, Consent

HOMES = {
    "grant": "IDN-21", "grant_by_sig": "IDN-21", "grant_batch": "IDN-20", "revoke": "IDN-17",
    "revoke_by_sig": "IDN-17", "revoke_batch": "IDN-20", "revoke_all": "IDN-18",
    "revoke_all_by_sig": "IDN-18", "renounce": "IDN-17", "commit_use": "IDN-21",
    "commit_uses": "IDN-21", "reinstate": "IDN-14", "replay": "IDN-19",
}  # fmt: skip
"""The property that an act breaks when it is refused and should not be, or emits other events."""


class ConsentComparison:
    """What a machine does with each act that it has chosen."""

    def play(
        self,
        act: str,
        sender: str,
        sent: tuple[Any, ...],
        by_the_book: Any,
        *,
        function: str = "",
        useful: bool = True,
    ) -> Emitted | None:
        """Do it on the stage and in the model, compare, and return the events."""
        self.calls[act] += 1
        before = self.model.epoch(self.subject)
        expected, emitted = by_the_book(self.model), None
        try:
            emitted = self.stage.write(sender, function or act, *sent)
        except Reverted as reason:
            if not isinstance(expected, Refusal):
                self.violated(HOMES[act], f"{act}{sent} was refused: {named(reason)} {reason}")
            elif named(reason) != expected.error:
                self.violated(
                    expected.why, f"{act}{sent}: {named(reason)} and not {expected.error}"
                )
        else:
            self.successes[act] += useful
            if isinstance(expected, Refusal):
                self.violated(expected.why, f"{act}{sent} went through; {expected.error} was due")
            elif emitted != expected:
                self.violated(
                    self._difference(act, emitted, expected),
                    f"{act} emitted {emitted} and not {expected}",
                )
            elif act.endswith("_by_sig"):
                self.used.append((act, sent, before))
                signer = sent[0].signer if isinstance(sent[0], Act) else sent[1]
                self.items["by passkey"] += signer == self.stage.passkey
                self.items["by wallet"] += signer == self.stage.wallet
        self.compare(act, sent)
        return emitted

    def _difference(self, act: str, emitted: Emitted, expected: Emitted) -> str:
        """Tell which property it is that other events than the expected ones break."""
        if act.endswith("_batch") and len(emitted) != len(expected):
            return "IDN-20"
        return HOMES[act]

    def compare(self, act: str, sent: tuple[Any, ...] = ()) -> None:
        """Look at what was acted on, and at some others."""
        touched = [one for one in sent if isinstance(one, Consent)]
        touched += [one.consent for one in sent if isinstance(one, Act)]
        touched += [
            one.consent
            for many in sent
            if isinstance(many, list)
            for one in many
            if isinstance(one, Act)
        ]
        others = self.dice.sample(self.known, min(len(self.known), 3))
        for consent in {one.id: one for one in touched + others}.values():
            self._look(act, consent)
        subject = self.dice.choice(self.subjects)
        self.same("IDN-18", act, self.stage.epoch(subject), self.model.epoch(subject))

    def _look(self, act: str, consent: Consent) -> None:
        row, model = self.model.row(consent.id), self.model
        valid = self.stage.is_valid(consent)
        if valid and row.status == GRANTED and row.epoch != model.epoch(row.subject):
            self.violated("IDN-18", f"after {act} {consent} is valid, of an epoch that has ended")
        if valid and row.status > GRANTED:
            self.violated("IDN-17", f"after {act} {consent} is valid, and it has ended")
        self.same("IDN-13", act, valid, model.is_valid(consent.id))
        kept = self.stage.row(consent)
        self.same("IDN-17", act, kept[3] > GRANTED, row.status > GRANTED)
        self.same("IDN-21", act, kept, (row.subject, row.expiry, row.epoch, row.status))
        self.same("IDN-21", act, self.stage.id_of(consent), consent.id)

    def same(self, name: str, act: str, actual: Any, expected: Any) -> None:
        if actual != expected:
            self.violated(name, f"after {act} it is {actual} and not {expected}")

    def violated(self, name: str, why: str) -> None:
        # what follows says nothing, neither here nor where another property is looked at
        self.lost = True
        if self.only is None or self.only == name:
            raise Violated(name, why)

    def teardown(self) -> None:
        """Look at every consent once more."""
        self.dice = Random(0)
        for consent in self.known:
            if not self.lost:
                self._look("everything", consent)
