"""A bank, an insurer and a customer, with the contracts between them, for tests on a chain."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from careledger.chain.rpc import Chain
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.messages import KeySigner
from careledger.identity.consent.terms import Consent, ConsentTerms, purpose_of
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifierPolicy,
)
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.did import format_did
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.readers import ChainStatusReader
from tests.support.evm import actor

VCT, LIST = "https://bank.example/kyc/1", b"\7" * 32
CLAIMS = {
    "given_name": "Ana",
    "age_over_18": True,
    "address": {"street": "Gran Vía 1", "country": "ES"},
}
KEPT = ["given_name", "age_over_18", "address", ["address", "street"]]
NONCE, AUDIENCE = "n-0S6_WzA2Mj8dVkQ", "https://insurer.example"
DAY = timedelta(days=1)


class Book:
    """Nonces that were spent."""

    def __init__(self):
        self.spent = set()

    def spend(self, nonce):
        fresh = nonce not in self.spent
        self.spent.add(nonce)
        return fresh


@dataclass
class Town:
    """A bank that issues, an insurer that reads, a customer, and the contracts between them."""

    registry: object
    consents: ConsentRegistry
    status: CredentialStatus
    bank: object
    insurer: object
    relayer: object
    chain: Chain

    @property
    def did(self):
        return format_did(self.bank.address, self.chain.chain_id)

    @property
    def now(self):
        return datetime.fromtimestamp(self.chain.timestamp(), UTC)

    @property
    def bank_key(self):
        return Issuer(self.did, SigningKey.of_account(self.bank.account), f"{self.did}#controller")

    def reference(self, index=300):
        return StatusReference(
            "https://bank.example/status/1",
            index,
            self.chain.chain_id,
            self.status.address,
            self.bank.address,
            LIST,
        )

    def issue(self, issuer=None, at=None, **changes):
        at = at or self.now
        given = {
            "holder": self.holder.public,
            "status": self.reference(),
            "disclosable": KEPT,
        } | changes
        claims, vct = given.pop("claims", CLAIMS), given.pop("vct", VCT)
        return issue_sd_jwt(
            issuer or self.bank_key, vct, claims, Validity(at, at + 30 * DAY), **given
        )

    @property
    def holder(self):
        return SigningKey("ES256", b"\5" * 32)

    @property
    def subject(self):
        return actor("a customer's key for one consent")

    def choose(self, credential, *paths):
        return HeldCredential.parse(credential).select(
            paths or ("age_over_18", ("address", "country"))
        )

    def consent(self, scope, **changes):
        terms = {
            "grantee": self.insurer.address,
            "scope": scope,
            "purpose": purpose_of(NONCE, "Offer you a policy", "https://insurer.example/terms"),
        }
        expires_at = changes.pop("expires_at", self.now + DAY)
        return Consent(
            changes.pop("subject", self.subject.address),
            expires_at,
            ConsentTerms(**(terms | changes)),
        )

    def grant(self, consent):
        epoch = self.consents.epoch(consent.subject)
        signer = KeySigner(self.subject)
        act = self.consents.messages.signed_grant(consent, signer, epoch, self.now + DAY)
        return self.consents.using(self.relayer).grant_by_sig(act)

    def present(self, selection, consent=None, **changes):
        given = {"audience": AUDIENCE, "nonce": NONCE, "at": self.now} | changes
        return selection.present(
            given.pop("holder", self.holder), consent=consent and consent.id, **given
        )

    @property
    def expected(self):
        purpose = purpose_of(NONCE, "Offer you a policy", "https://insurer.example/terms")
        return PresentationRequirements(
            AUDIENCE,
            NONCE,
            VCT,
            claims=["age_over_18", ["address", "country"]],
            consent=ConsentRequirement(self.insurer.address, purpose),
        )

    @property
    def reading(self):
        """What an insurer expects who needs no consent."""
        return replace(self.expected, consent=None)

    def verifier(self, nonces=None, **policy):
        return Verifier(
            self.registry,
            VerifierPolicy(**({"issuers": [self.did]} | policy)),
            consents=self.consents,
            statuses=ChainStatusReader(self.status),
            nonces=nonces,
        )

    def agreed(self, credential=None):
        """Return a presentation and the consent to it, granted."""
        selection = self.choose(credential or self.issue())
        consent = self.consent(selection.scope)
        self.grant(consent)
        return self.present(selection, consent), consent

    def verify(self, presentation, expected=None, consent=None, **policy):
        return self.verifier(**policy).verify(presentation, expected or self.reading, consent)
