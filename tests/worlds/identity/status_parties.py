"""A bank that revokes on a chain, and an insurer that reads with a customer's consent."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.messages import KeySigner
from careledger.identity.consent.terms import Consent, ConsentTerms
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
from careledger.identity.exchange.verifications import Verifications
from careledger.identity.status.allocation import StatusIndexAllocator
from careledger.identity.status.bitstring_list import export_vc1, export_vc2
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.snapshot import take_snapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.identity.status.token_list import export_token_list
from careledger.identity.wallet import Wallet
from careledger.store import Store

LIST, URI = b"\7" * 32, "https://bank.example/status/1"
DAY = timedelta(days=1)


@dataclass
class Bank:
    """An issuer, and the contract in which it revokes."""

    status: CredentialStatus
    registry: object
    account: object

    @property
    def address(self):
        return self.account.address

    @property
    def did(self):
        return format_did(self.address, self.registry.chain.chain_id)

    @property
    def now(self):
        return datetime.fromtimestamp(self.registry.chain.timestamp(), UTC)

    def reference(self, index, **changes):
        chain = self.registry.chain.chain_id
        found = StatusReference(URI, index, chain, self.status.address, self.address, LIST)
        return replace(found, **changes)

    def exporter(self, key=None):
        return StatusIssuer(
            self.did, key or SigningKey.of_account(self.account), f"{self.did}#controller"
        )

    def lists(self, *revoked):
        if revoked:
            self.status.revoke_many(self.address, LIST, revoked)
        snapshot = take_snapshot(self.status, self.address, LIST)
        exporter = self.exporter()
        return {
            "token": export_token_list(snapshot, URI, exporter),
            "vc 2.0": export_vc2(snapshot, URI, exporter),
            "vc 1.1": export_vc1(snapshot, URI, exporter),
        }


@dataclass
class Insurer:
    """A company that reads with leave, and a customer with a wallet."""

    bank: Bank
    consents: ConsentRegistry
    store: Store
    wallet: Wallet
    address: str
    statuses: object

    @property
    def verifications(self):
        return Verifications(self.store, self.consents, self.statuses)

    @property
    def verifier(self):
        return Verifier(
            self.bank.registry,
            VerifierPolicy([self.bank.did]),
            consents=self.consents,
            statuses=self.statuses,
        )

    def issue(self):
        """Let the bank issue into the wallet; return where the credential's status is."""
        key = self.wallet.new_holder_key()
        place = StatusIndexAllocator(self.store, self.bank.address, LIST).allocate()
        bank, now = self.bank, self.bank.now
        issuer = Issuer(bank.did, SigningKey.of_account(bank.account), f"{bank.did}#controller")
        claims = {"given_name": "Xiomara", "age_over_18": True}
        text = issue_sd_jwt(
            issuer,
            "kyc",
            claims,
            Validity(now, now + 30 * DAY),
            holder=key.public,
            disclosable=[*claims],
            status=bank.reference(place),
        )
        self.wallet.add_credential(text, key.public.thumbprint)
        return place

    def agree(self):
        """Ask the customer, who shows a claim and consents with a new key; return what is kept."""
        nonce, now = self.verifications.issue(), self.bank.now
        (held,) = self.wallet.credentials
        selection = HeldCredential.parse(held.text).select(["age_over_18"])
        subject = self.wallet.new_subject()
        self.consent = Consent(
            subject.address, now + DAY, ConsentTerms(self.address, selection.scope, b"\5" * 32)
        )
        self.wallet.keep_consent(self.consent.id, self.consent.to_json())
        act = self.consents.messages.signed_grant(
            self.consent, KeySigner(subject.account), 0, now + DAY
        )
        self.consents.grant_by_sig(act)
        key = self.wallet.holder_key(held.holder_key)
        text = selection.present(
            key, audience="insurer", nonce=nonce, at=now, consent=self.consent.id
        )
        asked = PresentationRequirements(
            "insurer", nonce, "kyc", ["age_over_18"], ConsentRequirement(self.address, b"\5" * 32)
        )
        checked = self.verifier.verify(text, asked, self.consent)
        return self.verifications.record(
            checked, asked, {"age_over_18": checked.get("age_over_18") is True}
        )

    def revoke(self):
        """Let the customer end the consent, with what the wallet kept."""
        (kept,) = self.wallet.consents.values()
        consent = Consent.from_json(kept)
        signer = KeySigner(self.wallet.subject(consent.subject).account)
        self.consents.revoke_by_sig(
            self.consents.messages.signed_revocation(consent, signer, self.bank.now + DAY)
        )
