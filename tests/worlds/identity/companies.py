"""A company with its store of verifications, and a customer who consents."""

from dataclasses import replace

from sqlalchemy import select

from careledger.identity.credentials.policy import ConsentRequirement
from careledger.identity.exchange.verifications import Verifications, _digest
from careledger.identity.tables import IssuedNonce
from careledger.store import Store
from tests.worlds.identity import credential_stage as stage
from tests.worlds.identity.credential_stage import (
    EXPECTED,
    GRANTEE,
    NOW,
    PURPOSE,
)


class Consents(stage.Consents):
    """The consents of a chain, at an address."""

    address = "0x" + "cc" * 20

    def __init__(self, *granted, at=NOW):
        super().__init__(*granted)
        self.chain = stage.QuietChain(at)

    def change(self, consent, **changes):
        self.records[consent.id] = replace(self.records[consent.id], **changes)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class CompanyStore:
    """A company with its store, and a customer who consents."""

    def __init__(self, file):
        self.file = file
        self.store, self.clock, self.statuses = Store.open(file), Clock(), stage.Statuses()
        self.consents = Consents()

    @property
    def verifications(self):
        return Verifications(self.store, self.consents, self.statuses, clock=self.clock)

    def answer(self, credential=None, *paths, nonce=None):
        """Return what a verifier makes of a customer's answer, and what it was asked."""
        nonce = nonce or self.verifications.issue()
        selection = stage.chosen(credential, *paths)
        self.consent, _ = stage.consented(selection)
        self.consents.records |= Consents(self.consent).records
        expected = replace(EXPECTED, nonce=nonce, consent=ConsentRequirement(GRANTEE, PURPOSE))
        self.presentation = stage.presented(selection, nonce=nonce, consent=self.consent.id)
        checked = stage.verifier(consents=self.consents).verify(
            self.presentation, expected, self.consent
        )
        return checked, expected

    def spent(self, nonce):
        with self.store.reading() as session:
            return session.scalar(
                select(IssuedNonce.spent_at).where(IssuedNonce.digest == _digest(nonce))
            )

    def bytes(self):
        return b"".join(path.read_bytes() for path in self.file.parent.iterdir())
