"""A bank verifies Ana once; an insurer reads the result with Ana's consent.

Ana has a phone with a passkey and no ether. Everything that she does is signed on the phone and
submitted by somebody else.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from careledger.flows.kyc.actors import (
    CLAIMS,
    CONSENT_FOR,
    PURPOSE,
    SHOWN,
    STATUS_LIST,
    STATUS_URI,
    VCT,
    WISHES,
    Friends,
    Phone,
    RecoveryRules,
    values_found,
)
from careledger.flows.stage import Stage
from careledger.flows.steps import Steps
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.exchange.answer import Answer, ConsentSubject
from careledger.identity.exchange.company import AcceptedAnswer, Company
from careledger.identity.exchange.diary import DiaryEntry
from careledger.identity.exchange.holder import answer_request, open_diary
from careledger.identity.exchange.link import deep_link
from careledger.identity.exchange.request import SignedRequest, read_request
from careledger.identity.status.allocation import StatusIndexAllocator
from careledger.identity.status.readers import ChainStatusReader
from careledger.identity.wallet.wallet import Wallet
from careledger.store import Store

BANK = "Banco Azul"
INSURER = "Aseguradora Luz"
YEAR = timedelta(days=365)


class KycStory:
    """The people, and what they do one after the other; `play` plays it all."""

    def __init__(self, stage: Stage, folder: Path, steps: Steps) -> None:
        """Let everybody come on.

        Args:
            stage: a chain with the suite.
            folder: for the wallet and the databases of the bank and the insurer.
            steps: where each step is added.

        """
        self.stage = stage
        self.folder = folder
        self.steps = steps

        self.bank = stage.actor(BANK)
        self.insurer = stage.actor(INSURER)
        self.phone = Phone(stage.addresses["PasskeyVerifier"])
        self.ana = self.phone.address
        """Ana's identity: the address of her first passkey."""
        self.friends = Friends(RecoveryRules())

        identity = stage.suite.identity
        self.registry = identity.registry.using(self.bank)
        self.statuses = identity.statuses.using(self.bank)
        self.consents = identity.consents.using(self.insurer)

        self.onboarding: dict[str, float] = {}
        """Seconds that the programs took, by part, from the request to the kept result."""
        self.shown: dict[str, Any] = {}
        """What the insurer saw."""
        self.leaked: list[str] = []
        """Values of claims found in the insurer's files; empty unless something is broken."""
        self.diary: list[DiaryEntry] = []

    def play(self) -> None:
        """Play everything."""
        with (
            Store.open(self.folder / "bank.db") as bank_store,
            Store.open(self.folder / "insurer.db") as insurer_store,
            Wallet.create(self.folder / "ana.wallet", "only Ana knows") as wallet,
        ):
            self.make_identity()
            status_index = self.issue(wallet, bank_store)

            company = self.company(insurer_store)
            first = self.onboard(company, wallet)
            self.revoke(company, wallet, first)

            second = self.consent_again(company, wallet)
            self.withdraw(company, second, status_index)

            self.recover_identity()
            self.diary = open_diary(wallet, self.consents).entries()

        self.leaked = self.find_leaks()

    # -- before the insurer asks

    def make_identity(self) -> None:
        """Give Ana an identity and guardians."""
        with self.steps.timed(
            "Ana", "makes a passkey on her phone: its address is her identity"
        ) as costs:
            costs.add("nobody: nothing is registered")

        rules = self.friends.rules
        root = self.friends.guardians.tree.root
        with self.steps.timed(
            "Ana", "names three friends as guardians, two of whom can give her a new key"
        ) as costs:
            deadline = self.stage.soon()
            message = self.registry.messages.set_guardians(
                self.ana,
                root,
                rules.threshold,
                rules.delay,
                nonce=self.registry.nonce(self.ana),
                deadline=deadline,
            )
            receipt = self.registry.set_guardians_by_sig(
                self.ana,
                root,
                rules.threshold,
                rules.delay,
                deadline=deadline,
                signature=self.phone.sign(message.digest),
            )
            costs.add("the bank", receipt)

    def issue(self, wallet: Wallet, store: Store) -> int:
        """Let the bank issue its credential to Ana; returns its index in the status list."""
        with self.steps.timed(
            BANK, "has seen Ana's passport, and issues a credential with seven claims"
        ) as costs:
            issuer = self._issuer(self.bank.account, self.bank.address)
            holder_key = wallet.new_holder_key()
            now = self.stage.now()

            index = StatusIndexAllocator(store, self.bank.address, STATUS_LIST).allocate(
                type_=VCT, holder_key=holder_key.public.thumbprint, issued_at=now
            )
            status = StatusReference(
                STATUS_URI,
                index,
                self.stage.chain.chain_id,
                self.statuses.address,
                self.bank.address,
                STATUS_LIST,
            )
            credential = issue_sd_jwt(
                issuer,
                VCT,
                CLAIMS,
                Validity(now, now + YEAR),
                holder=holder_key.public,
                status=status,
            )

            # Ana's wallet believes the credential only after it has verified it.
            policy = VerifierPolicy(issuers=[issuer.did])
            verifier = Verifier(self.registry, policy, statuses=ChainStatusReader(self.statuses))
            verifier.check(credential, VCT)
            wallet.add_credential(credential, holder_key.public.thumbprint)

            costs.add("nobody: nothing is sent")
        return index

    def company(self, store: Store) -> Company:
        """Return the insurer, which believes the bank's credentials."""
        bank_did = self.stage.suite.identity.did(self.bank.address)
        return Company(
            self._issuer(self.insurer.account, self.insurer.address),
            self.registry,
            self.consents,
            self.statuses,
            store=store,
            policy=VerifierPolicy(issuers=[bank_did]),
            verifiers=self.stage.suite.identity.verifiers,
        )

    # -- the first consent: asked for, given, used, revoked

    def onboard(self, company: Company, wallet: Wallet) -> AcceptedAnswer:
        """Ask, consent, verify: what took a visit to a branch, and copies of papers."""
        started = time.monotonic()
        asked = self.ask(company)

        with self.steps.timed(
            "Ana", "sees who asks for what and why, and consents with her passkey"
        ) as costs:
            epoch = self.consents.epoch(self.ana)
            subject = ConsentSubject(self.phone.signer(), self.ana, epoch)
            answer = self.answer(wallet, asked, subject)
            costs.add("nobody: the phone signs")
        self.onboarding["the phone reads, chooses and signs"] = self._last_seconds()

        accepted = self.take(
            company, answer, asked, "puts the consent on chain, verifies, keeps the result"
        )
        self.onboarding[
            "the insurer: consent on chain, verification, result kept, use on record"
        ] = self._last_seconds()
        self.onboarding["end to end"] = time.monotonic() - started

        verified = accepted.verified
        assert verified is not None  # noqa: S101  this answer was not taken before
        self.shown = {name: value for name, value in verified.claims.items() if name in CLAIMS}

        # Once more, alone: with keys, status and consent from the chain.
        started = time.monotonic()
        company.verify(answer, asked.request)
        self.onboarding["of which one verification"] = time.monotonic() - started
        return accepted

    def revoke(self, company: Company, wallet: Wallet, first: AcceptedAnswer) -> None:
        """Let Ana end her consent, and the insurer find out."""
        with self.steps.timed(
            INSURER, "reads the result again: the chain says that it still may"
        ) as costs:
            company.verifications.read(first.kept.id)
            costs.add("nobody: nothing is sent")

        with self.steps.timed("Ana", "changes her mind and revokes, with her passkey") as costs:
            assert first.kept.consent_id is not None  # noqa: S101
            revocation = open_diary(wallet, self.consents).revoke(
                first.kept.consent_id, self.phone.signer(), self.stage.soon()
            )
            receipt = self.consents.using(self.bank).revoke_by_sig(revocation)
            costs.add("the bank, as a relayer: anybody may", receipt)

        self.steps.refused(
            "the insurer reads again after Ana revoked",
            lambda: company.verifications.read(first.kept.id),
        )

    # -- the second consent: by another key, until the bank withdraws the credential

    def consent_again(self, company: Company, wallet: Wallet) -> AcceptedAnswer:
        """Consent anew, by a key that serves once: nobody can link this consent to any other."""
        asked = self.ask(company)
        with self.steps.timed(
            "Ana", "consents anew, by a key of her wallet that serves this one consent"
        ) as costs:
            answer = self.answer(wallet, asked, None)
            costs.add("nobody: the wallet signs")

        accepted = self.take(company, answer, asked, "takes the answer")

        other = company.ask(VCT, SHOWN, PURPOSE, CONSENT_FOR)
        self.steps.refused(
            "the same answer to another request",
            lambda: company.take(answer, other.request, WISHES),
        )
        return accepted

    def withdraw(self, company: Company, second: AcceptedAnswer, status_index: int) -> None:
        """Let the bank withdraw the credential."""
        with self.steps.timed(BANK, "withdraws the credential: a bit in its list") as costs:
            receipt = self.statuses.revoke(self.bank.address, STATUS_LIST, status_index)
            costs.add("the bank", receipt)

        self.steps.refused(
            "the insurer reads after the bank withdrew",
            lambda: company.verifications.read(second.kept.id),
        )

    # -- the lost phone

    def recover_identity(self) -> None:
        """Let two guardians give Ana's identity to the passkey of her new phone."""
        lost = self.phone
        self.phone = Phone(self.stage.addresses["PasskeyVerifier"])

        with self.steps.timed(
            "two friends", "sign that Ana's identity is to have the passkey of her new phone"
        ) as costs:
            approvals = self.friends.approve(
                self.registry, self.ana, self.phone.address, self.stage.soon()
            )
            receipt = self.registry.start_recovery(self.ana, self.phone.address, approvals)
            costs.add("the bank: anybody may", receipt)

        ready_at = self.registry.recovery(self.ana).ready_at
        if self.stage.development is None:
            self.steps.progress(f"Ana could object until {ready_at}; here the story ends early")
            return
        self.stage.wait_until(ready_at, self.steps.progress)

        with self.steps.timed(
            "anybody", "hands it over, a day later: Ana could have objected until then"
        ) as costs:
            costs.add("the bank: anybody may", self.registry.finish_recovery(self.ana))
        self.end_all_consents(lost)

    def end_all_consents(self, lost: Phone) -> None:
        """End everything that the lost phone consented to; only the new phone can."""
        epoch = self.consents.epoch(self.ana)
        deadline = self.stage.soon()
        relayed = self.consents.using(self.bank)

        def end(phone: Phone) -> Any:
            signed = self.consents.messages.signed_revoke_all(
                self.ana, phone.signer(), epoch, deadline
            )
            return relayed.revoke_all_by_sig(signed)

        self.steps.refused("the lost phone tries to end Ana's consents", lambda: end(lost))
        with self.steps.timed(
            "Ana", "ends all that the lost phone ever gave, with the new one"
        ) as costs:
            costs.add("the bank, as a relayer", end(self.phone))

    # -- what the parts share

    def ask(self, company: Company) -> SignedRequest:
        """Let the insurer ask for two claims."""
        with self.steps.timed(
            INSURER, "asks for 'over 18' and 'lives in the EU', signed, as a QR code"
        ) as costs:
            asked = company.ask(VCT, SHOWN, PURPOSE, CONSENT_FOR)
            costs.add(f"nobody: a link of {len(deep_link(asked.text)):,} characters")
        return asked

    def answer(
        self, wallet: Wallet, asked: SignedRequest, subject: ConsentSubject | None
    ) -> Answer:
        """Let Ana read the request and consent to it; returns the answer as the insurer gets it."""
        now = self.stage.now()
        request = read_request(asked.text, DidKeys(self.registry), self.consents.address, now)
        answer = answer_request(wallet, request, self.consents, now=now, subject=subject)
        return Answer.read(answer.write())

    def take(
        self, company: Company, answer: Answer, asked: SignedRequest, what: str
    ) -> AcceptedAnswer:
        """Let the insurer take an answer: it pays for the consent and for the record of its use."""
        with self.steps.timed(INSURER, what) as costs:
            accepted = company.take(answer, asked.request, WISHES)
            granted = self.stage.receipt(accepted.granted) if accepted.granted else None
            costs.add("the insurer", granted, accepted.use)
        return accepted

    def find_leaks(self) -> list[str]:
        """Return the values of claims that are in any file of the insurer's."""
        content = b"".join(file.read_bytes() for file in self.folder.glob("insurer.*"))
        return values_found(CLAIMS, content)

    def _issuer(self, account: Any, address: str) -> Issuer:
        did = self.stage.suite.identity.did(address)
        return Issuer(did, SigningKey.of_account(account), f"{did}#controller")

    def _last_seconds(self) -> float:
        return self.steps.done[-1].seconds or 0.0
