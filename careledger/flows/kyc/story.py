"""The story that `scripts/kyc_flow.py` plays: verified once by a bank, read by an insurer, with the customer's leave.

Ana has a phone with a passkey and no ether. Everything she does is signed on the phone and
submitted by somebody else. The phone is a `SoftwareAuthenticator`: it answers as a browser does,
without asking for a finger.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_typing import ChecksumAddress

from careledger.chain.send import Receipt
from careledger.errors import CareLedgerError
from careledger.flows.stage import Stage
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.messages import ExternalSigner
from careledger.identity.credentials.formats import StatusReference
from careledger.identity.credentials.issuer import Issuer, Validity, issue_sd_jwt
from careledger.identity.credentials.issuer_keys import DidKeys
from careledger.identity.credentials.keys import SigningKey
from careledger.identity.credentials.policy import Policy
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.did.guardians import Guardians
from careledger.identity.did.model import GuardianApproval
from careledger.identity.exchange.answer import Answer, ConsentSubject
from careledger.identity.exchange.company import AcceptedAnswer, Company, SignedRequest
from careledger.identity.exchange.diary import DiaryEntry
from careledger.identity.exchange.holder import answer_request, open_diary
from careledger.identity.exchange.link import deep_link
from careledger.identity.exchange.request import Purpose, read_request
from careledger.identity.passkeys.ceremony import Site
from careledger.identity.passkeys.software import SoftwareAuthenticator
from careledger.identity.status.client import ChainStatus, CredentialStatus
from careledger.identity.status.places import Places
from careledger.identity.wallet.wallet import Wallet
from careledger.store import Store
from careledger.values.times import from_seconds

VCT = "https://bank.example/kyc/1"
CLAIMS = {
    "given_name": "Ana",
    "family_name": "Ruiz Calatrava",
    "birthdate": "1990-05-17",
    "document_number": "XYZ-774411-Q",
    "address": {"street": "Calle del Olmo 14", "city": "Valencia", "country": "ES"},
    "age_over_18": True,
    "resident_eu": True,
}
"""What the bank learned when it saw Ana's passport. The insurer gets the last two and nothing else.
"""
SHOWN = ("age_over_18", "resident_eu")
WISHES: dict[Any, Callable[[Any], bool]] = {name: lambda value: value is True for name in SHOWN}
PURPOSE = Purpose("Offer you a household policy", "https://insurer.example/terms/2026-11")
LIST, URI = b"kyc-2026".ljust(32, b"\0"), "https://bank.example/status/kyc-2026"
SITE = Site("wallet.example", ("https://wallet.example",), "Ana's wallet")
DELAY = timedelta(days=1)
"""How long Ana could object to a recovery; the shortest that the registry allows."""


@dataclass(frozen=True)
class Step:
    """Something that happened."""

    who: str
    what: str
    seconds: float
    """How long the programs took; what a person needs to read and touch comes on top."""
    receipts: tuple[Receipt, ...] = ()
    payer: str = ""


@dataclass
class Told:
    """What the story shows in the end."""

    steps: list[Step] = field(default_factory=list)
    onboarding: dict[str, float] = field(default_factory=dict)
    """Seconds, by part, from the request to the kept result."""
    refusals: dict[str, str] = field(default_factory=dict)
    """What was refused, and the sentence."""
    shown: dict[str, Any] = field(default_factory=dict)
    """What the insurer saw."""
    leaked: list[str] = field(default_factory=list)
    """Values of claims that were found in the insurer's files; empty unless something is broken."""
    diary: list[DiaryEntry] = field(default_factory=list)


class Story:
    """The people, and what they do one after the other; `tell` plays it all."""

    def __init__(
        self, stage: Stage, folder: Path, note: Callable[[str], None] = lambda _: None
    ) -> None:
        """Set the scene.

        Args:
            folder: for the wallet and the two companies' databases.
            note: told each step as it is done.

        """
        self.stage, self.folder, self.note, self.told = stage, folder, note, Told()
        chain, at = stage.chain, stage.addresses
        self.bank, self.insurer = stage.actor("Banco Azul"), stage.actor("Aseguradora Luz")
        self.registry = IdentityRegistry(chain, at["IdentityRegistry"], self.bank)
        self.statuses = CredentialStatus(chain, at["CredentialStatus"], self.bank)
        self.consents = ConsentRegistry(chain, at["ConsentRegistry"], self.insurer)
        self.phone = SoftwareAuthenticator(SITE)
        self.ana = self._address(self.phone)
        self.friends = [Account.create() for _ in range(3)]
        self.guardians = Guardians.choose([friend.address for friend in self.friends], 2)

    # -- the parts

    def tell(self) -> Told:
        """Play everything."""
        with (
            Store.open(self.folder / "bank.db") as bank,
            Store.open(self.folder / "insurer.db") as store,
            Wallet.create(self.folder / "ana.wallet", "only Ana knows") as wallet,
        ):
            self._begin(wallet, bank)
            company = self._company(store)
            first = self._onboard(company, wallet)
            self._revoke(company, wallet, first)
            second = self._again(company, wallet)
            self._withdraw(company, second)
            self._lose_phone()
            self.told.diary = open_diary(wallet, self.consents).entries()
        self.told.leaked = self._search()
        return self.told

    def _begin(self, wallet: Wallet, store: Store) -> None:
        """Give Ana an identity and guardians, and the bank's credential."""
        with self._step("Ana", "makes a passkey on her phone: its address is her identity") as step:
            step.payer = "nobody: nothing is registered"
        with self._step(
            "Ana", "names three friends as guardians, two of whom can give her a new key"
        ) as step:
            root, nonce, until = (
                self.guardians.tree.root,
                self.registry.nonce(self.ana),
                self._soon(),
            )
            asked = self.registry.messages.set_guardians(
                self.ana, root, 2, DELAY, nonce=nonce, deadline=until
            )
            signature = self._sign(self.phone, asked.digest)
            what = (self.ana, root, 2, DELAY)
            step.paid(
                self.registry.set_guardians_by_sig(*what, deadline=until, signature=signature),
                "the bank",
            )
        with self._step(
            "Banco Azul", "has seen Ana's passport, and issues a credential with seven claims"
        ) as step:
            self._issue(wallet, store)
            step.payer = "nobody: nothing is sent"

    def _issue(self, wallet: Wallet, store: Store) -> None:
        did, now = format_did(self.bank.address, self.stage.chain.chain_id), self._now()
        issuer = Issuer(did, SigningKey.of_account(self.bank.account), f"{did}#controller")
        key = wallet.new_holder_key()
        index = Places(store, self.bank.address, LIST).take(
            type_=VCT, holder_key=key.public.thumbprint, issued_at=now
        )
        chain_id = self.stage.chain.chain_id
        self.status = StatusReference(
            URI, index, chain_id, self.statuses.address, self.bank.address, LIST
        )
        text = issue_sd_jwt(
            issuer,
            VCT,
            CLAIMS,
            Validity(now, now + timedelta(days=365)),
            holder=key.public,
            status=self.status,
        )
        Verifier(self.registry, Policy(issuers=[did]), statuses=ChainStatus(self.statuses)).check(
            text, VCT
        )
        wallet.add_credential(text, key.public.thumbprint)

    def _company(self, store: Store) -> Company:
        chain_id = self.stage.chain.chain_id
        did = format_did(self.insurer.address, chain_id)
        issuer = Issuer(did, SigningKey.of_account(self.insurer.account), f"{did}#controller")
        policy = Policy(issuers=[format_did(self.bank.address, chain_id)])
        return Company(
            issuer,
            self.registry,
            self.consents,
            self.statuses,
            store=store,
            policy=policy,
            lock=self.folder / "insurer.lock",
            verifiers=[self.stage.addresses["PasskeyVerifier"]],
        )

    def _onboard(self, company: Company, wallet: Wallet) -> AcceptedAnswer:
        """Ask, consent, verify: what took a branch visit and copies of papers."""
        started = time.monotonic()
        asked = self._ask(company)
        with self._step(
            "Ana", "sees who asks for what and why, and consents with her passkey"
        ) as step:
            given = self._answer(wallet, asked, self._ana(self.phone))
            step.payer = "nobody: the phone signs"
        self.told.onboarding["the phone reads, chooses and signs"] = self.told.steps[-1].seconds
        with self._step(
            "Aseguradora Luz", "puts the consent on chain, verifies, keeps the result"
        ) as step:
            reading = company.take(given, asked.request, WISHES)
            step.paid(self._receipt(reading.granted), "the insurer")
            step.paid(reading.use, "the insurer")
        self.told.onboarding[
            "the insurer: consent on chain, verification, result kept, use on record"
        ] = self.told.steps[-1].seconds
        self.told.onboarding["end to end"] = time.monotonic() - started
        verified = reading.verified
        assert verified is not None  # noqa: S101  this answer was not taken before
        self.told.shown = {name: value for name, value in verified.claims.items() if name in CLAIMS}
        self.told.onboarding["of which one verification"] = self._verify_once(company, given, asked)
        return reading

    def _ask(self, company: Company) -> SignedRequest:
        with self._step(
            "Aseguradora Luz", "asks for 'over 18' and 'lives in the EU', signed, as a QR code"
        ) as step:
            asked = company.ask(VCT, SHOWN, PURPOSE, timedelta(days=30))
            step.payer = f"nobody: a link of {len(deep_link(asked.text)):,} characters"
        return asked

    def _verify_once(self, company: Company, given: Answer, asked: SignedRequest) -> float:
        """Time a verification with everything in it: keys, status and consent from the chain."""
        start = time.monotonic()
        company.verify(given, asked.request)
        return time.monotonic() - start

    def _revoke(self, company: Company, wallet: Wallet, first: AcceptedAnswer) -> None:
        """Let Ana end her consent, and the insurer find out."""
        with self._step(
            "Aseguradora Luz", "reads the result again: the chain says that it still may"
        ):
            company.verifications.read(first.kept.id)
        with self._step("Ana", "changes her mind and revokes, with her passkey") as step:
            assert first.kept.consent_id is not None  # noqa: S101
            mine = open_diary(wallet, self.consents)
            act = mine.revoke(first.kept.consent_id, self._signer(self.phone), self._soon())
            step.paid(
                self.consents.using(self.bank).revoke_by_sig(act),
                "the bank, as a relayer: anybody may",
            )
        self._refused(
            "the insurer reads again after Ana revoked",
            lambda: company.verifications.read(first.kept.id),
        )

    def _again(self, company: Company, wallet: Wallet) -> AcceptedAnswer:
        """Consent anew, this time by a key that serves once: nobody can join this consent to any other."""
        asked = self._ask(company)
        with self._step(
            "Ana", "consents anew, by a key of her wallet that serves this one consent"
        ) as step:
            given = self._answer(wallet, asked, None)
            step.payer = "nobody: the wallet signs"
        with self._step("Aseguradora Luz", "takes the answer") as step:
            reading = company.take(given, asked.request, WISHES)
            step.paid(self._receipt(reading.granted), "the insurer")
            step.paid(reading.use, "the insurer")
        other = company.ask(VCT, SHOWN, PURPOSE, timedelta(days=30))
        other = company.ask(VCT, SHOWN, PURPOSE, timedelta(days=30))
        self._refused(
            "the same answer to another request", lambda: company.take(given, other.request, WISHES)
        )
        return reading

    def _withdraw(self, company: Company, second: AcceptedAnswer) -> None:
        """Let the bank withdraw the credential."""
        with self._step("Banco Azul", "withdraws the credential: a bit in its list") as step:
            step.paid(self.statuses.revoke(self.bank.address, LIST, self.status.index), "the bank")
        self._refused(
            "the insurer reads after the bank withdrew",
            lambda: company.verifications.read(second.kept.id),
        )

    def _lose_phone(self) -> None:
        """Let two guardians give Ana's identity to the passkey of her new phone."""
        lost, self.phone = self.phone, SoftwareAuthenticator(SITE)
        fresh = self._address(self.phone)
        with self._step(
            "two friends", "sign that Ana's identity is to have the passkey of her new phone"
        ) as step:
            receipt = self.registry.start_recovery(
                self.ana, fresh, [self._approve(fresh, n) for n in (0, 1)]
            )
            step.paid(receipt, "the bank: anybody may")
        if self.stage.development is None:
            self.note(
                f"Ana could object until {self.registry.recovery(self.ana).ready_at}; here the story ends early"
            )
            return
        self.stage.wait_until(self.registry.recovery(self.ana).ready_at, self.note)
        with self._step(
            "anybody", "hands it over, a day later: Ana could have objected until then"
        ) as step:
            step.paid(self.registry.finish_recovery(self.ana), "the bank: anybody may")
        end = self.consents.messages
        until, epoch = self._soon(), self.consents.epoch(self.ana)
        relayed = self.consents.using(self.bank)
        self._refused(
            "the lost phone tries to end Ana's consents",
            lambda: relayed.revoke_all_by_sig(
                end.signed_revoke_all(self.ana, self._signer(lost), epoch, until)
            ),
        )
        with self._step("Ana", "ends all that the lost phone ever gave, with the new one") as step:
            signed = end.signed_revoke_all(self.ana, self._signer(self.phone), epoch, until)
            step.paid(relayed.revoke_all_by_sig(signed), "the bank, as a relayer")

    # -- short ways

    def _address(self, phone: SoftwareAuthenticator) -> ChecksumAddress:
        return phone.key.address(self.stage.addresses["PasskeyVerifier"])

    def _sign(self, phone: SoftwareAuthenticator, digest: bytes) -> bytes:
        return phone.sign(digest, self.stage.addresses["PasskeyVerifier"])

    def _signer(self, phone: SoftwareAuthenticator) -> ExternalSigner:
        return ExternalSigner(
            self._address(phone), lambda message: self._sign(phone, message.digest)
        )

    def _ana(self, phone: SoftwareAuthenticator) -> ConsentSubject:
        return ConsentSubject(self._signer(phone), self.ana, self.consents.epoch(self.ana))

    def _answer(
        self, wallet: Wallet, asked: SignedRequest, subject: ConsentSubject | None
    ) -> Answer:
        now = self._now()
        request = read_request(asked.text, DidKeys(self.registry), self.consents.address, now)
        given = answer_request(wallet, request, self.consents, now=now, subject=subject)
        return Answer.read(given.write())  # as it arrives at the insurer's

    def _approve(self, new_owner: str, number: int) -> GuardianApproval:
        friend, until = self.friends[number], self._soon()
        domain = self.registry.messages
        card = next(
            card
            for card in self.guardians.cards(domain, self.ana)
            if card.guardian == friend.address
        )
        in_round = self.registry.guardianship(self.ana).round
        typed = domain.approve_recovery(
            self.ana, self.ana, new_owner, in_round=in_round, deadline=until
        )
        return GuardianApproval(
            friend.address, int(until.timestamp()), card.salt, tuple(card.proof), typed.sign(friend)
        )

    def _receipt(self, transaction: bytes | None) -> Receipt | None:
        found = transaction and self.stage.chain.request(
            "eth_getTransactionReceipt", "0x" + transaction.hex()
        )
        return Receipt.from_rpc(found) if found else None

    def _now(self) -> datetime:
        return max(datetime.now(UTC), from_seconds(self.stage.chain.timestamp())).replace(
            microsecond=0
        )

    def _soon(self) -> datetime:
        return self._now() + timedelta(hours=1)

    def _refused(self, what: str, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except CareLedgerError as refusal:
            self.told.refusals[what] = str(refusal)
            self.note(f"refused: {what}: {refusal}")
        else:
            self.told.refusals[what] = "NOT REFUSED"

    @contextmanager
    def _step(self, who: str, what: str) -> Iterator["_Doing"]:
        doing, start = _Doing(), time.monotonic()
        yield doing
        step = Step(who, what, time.monotonic() - start, tuple(doing.receipts), doing.payer)
        self.told.steps.append(step)
        self.note(f"{who} {what}")

    def _search(self) -> list[str]:
        """Look for values of claims in every file of the insurer's."""
        content = b"".join(file.read_bytes() for file in self.folder.glob("insurer.*"))
        values = [value for value in _texts(CLAIMS) if value.encode() in content]
        return sorted(values)


def _texts(value: Any) -> Iterator[str]:
    for inner in value.values():
        if isinstance(inner, dict):
            yield from _texts(inner)
        elif isinstance(inner, str) and len(inner) > 5:  # shorter ones are found by chance
            yield inner


class _Doing:
    """What a step gathers while it is done."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.payer = ""

    def paid(self, receipt: Receipt | None, payer: str) -> None:
        self.payer = payer
        if receipt is not None:
            self.receipts.append(receipt)
