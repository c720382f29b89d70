"""What ConsentRegistry must do, in a naive form: dictionaries, and who controls whom."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.properties.identity.registry.model import DEAD, NOBODY, Refusal
from tests.worlds.identity.consents import (
    CONSENT_ROLE,
    GRANTED,
    NONE,
    RENOUNCED,
    REVOKED,
    Act,
    Consent,
    Terms,
)

Emitted = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Row:
    """What stands about an id."""

    subject: str = NOBODY
    expiry: int = 0
    epoch: int = 0
    status: int = NONE


@dataclass
class ConsentModel:
    """The registry, by the book."""

    now: int
    owner: dict[str, str] = field(default_factory=dict)
    valid_to: dict[tuple[str, bytes, str], int] = field(default_factory=dict)
    rows: dict[bytes, Row] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)

    # ---- identities

    def controller(self, identity: str) -> str:
        return self.owner.get(identity, identity)

    def may_act(self, identity: str, who: str) -> bool:
        return (
            who == self.controller(identity)
            or self.valid_to.get((identity, CONSENT_ROLE, who), 0) > self.now
        )

    def people(self, identity: str) -> list[str]:
        """Everybody who may act for an identity about consents."""
        named = [
            who for of, role, who in self.valid_to if of == identity and self.may_act(identity, who)
        ]
        controller = self.controller(identity)
        return sorted({*named, *([] if controller == DEAD else [controller])})

    # ---- what can be read

    def row(self, id_: bytes) -> Row:
        return self.rows.get(id_, Row())

    def epoch(self, subject: str) -> int:
        return self.epochs.get(subject, 0)

    def is_valid(self, id_: bytes) -> bool:
        row = self.row(id_)
        return (
            row.status == GRANTED and self.now < row.expiry and row.epoch == self.epoch(row.subject)
        )

    # ---- acts: a refusal, or the events

    def grant(self, consent: Consent, epoch: int, actor: str) -> Refusal | Emitted:
        refusal = self._refuse_grant(consent, epoch) or self._stranger(consent, actor, "IDN-15")
        return refusal or self._granted(consent, epoch)

    def grant_by_sig(self, act: Act, bent: str) -> Refusal | Emitted:
        """`bent` says what is wrong with the signature, if anything is."""
        consent = act.consent
        refusal = self._refuse_grant(consent, act.epoch) or self._late(act.deadline)
        refusal = refusal or self._stranger(consent, act.signer, "IDN-15") or self._bad(bent)
        return refusal or self._granted(consent, act.epoch)

    def revoke(self, consent: Consent, actor: str) -> Refusal | Emitted:
        return (
            self._refuse_end(consent)
            or self._stranger(consent, actor, "IDN-16")
            or self._revoked(consent)
        )

    def revoke_by_sig(self, act: Act, bent: str) -> Refusal | Emitted:
        consent = act.consent
        refusal = self._refuse_end(consent) or self._late(act.deadline)
        refusal = refusal or self._stranger(consent, act.signer, "IDN-16") or self._bad(bent)
        return refusal or self._revoked(consent)

    def batch(self, one: str, acts: list[tuple[Act, str]]) -> tuple[int, Emitted]:
        """Do what can be done of it, item by item."""
        done: list[Emitted] = []
        for act, bent in acts:
            found = getattr(self, one)(act, bent)
            if not isinstance(found, Refusal):
                done.append(found)
        return len(done), [event for emitted in done for event in emitted]

    def renounce(self, consent: Consent, terms: Terms, actor: str) -> Refusal | Emitted:
        if terms != consent.terms:
            return Refusal("WrongTerms", "IDN-16")
        row = self.row(consent.id)
        if row.status != GRANTED:
            return Refusal("NotGranted", "IDN-17")
        if not self.may_act(terms.grantee, actor):
            return Refusal("NotGrantee", "IDN-16")
        self.rows[consent.id] = replace(row, status=RENOUNCED)
        return [("ConsentRenounced", {"id": consent.id, "subject": consent.subject})]

    def revoke_all(self, subject: str, actor: str) -> Refusal | Emitted:
        if not self.may_act(subject, actor):
            return Refusal("NotSubject", "IDN-18")
        return self._next_epoch(subject)

    def revoke_all_by_sig(
        self, subject: str, signer: str, deadline: int, bent: str
    ) -> Refusal | Emitted:
        refusal = self._late(deadline)
        if refusal is None and not self.may_act(subject, signer):
            refusal = Refusal("NotSubject", "IDN-18")
        return refusal or self._bad(bent) or self._next_epoch(subject)

    def fork(self) -> "ConsentModel":
        return replace(self, rows=dict(self.rows), epochs=dict(self.epochs))

    # ---- pieces

    def _late(self, deadline: int) -> Refusal | None:
        return Refusal("SignatureExpired", "IDN-19") if self.now > deadline else None

    def _bad(self, bent: str) -> Refusal | None:
        return Refusal("BadSignature", "IDN-19") if bent else None

    def _stranger(self, consent: Consent, actor: str, why: str) -> Refusal | None:
        return None if self.may_act(consent.subject, actor) else Refusal("NotSubject", why)

    def _refuse_grant(self, consent: Consent, epoch: int) -> Refusal | None:
        if epoch >= self.now:
            return Refusal("EpochAhead", "IDN-18")
        if consent.expiry <= self.now:
            return Refusal("Expired", "IDN-13")
        return None if self.row(consent.id).status == NONE else Refusal("AlreadyUsed", "IDN-14")

    def _refuse_end(self, consent: Consent) -> Refusal | None:
        ended = self.row(consent.id).status in (REVOKED, RENOUNCED)
        return Refusal("AlreadyEnded", "IDN-17") if ended else None

    def _granted(self, consent: Consent, epoch: int) -> Emitted:
        """Take the epoch as it was signed; one that is over makes a consent that is never valid."""
        self.rows[consent.id] = Row(consent.subject, consent.expiry, epoch, GRANTED)
        emitted = {
            "id": consent.id,
            "subject": consent.subject,
            "expiry": consent.expiry,
            "epoch": epoch,
        }
        return [("ConsentGranted", emitted)]

    def _revoked(self, consent: Consent) -> Emitted:
        """End what was granted, or burn the id of what was not: that has no epoch."""
        self.rows[consent.id] = Row(
            consent.subject, consent.expiry, self.row(consent.id).epoch, REVOKED
        )
        return [("ConsentRevoked", {"id": consent.id, "subject": consent.subject})]

    def _next_epoch(self, subject: str) -> Emitted:
        self.epochs[subject] = self.now
        return [("AllRevoked", {"subject": subject, "epoch": self.epochs[subject]})]
