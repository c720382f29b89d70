"""What a customer does with a request: find a credential, consent, keep a receipt."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from careledger.errors import Conflict, NotFound
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.events import ConsentGranted
from careledger.identity.consent.messages import KeySigner, SignedRevokeAll, Signer
from careledger.identity.credentials.errors import ClaimNotHeld
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.exchange.answer import Answer, ConsentSubject, make_answer
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from careledger.identity.exchange.diary import Diary
from careledger.identity.exchange.request import Request
from careledger.identity.wallet.wallet import Wallet
from careledger.identity.wallet.wallet_credential import WalletCredential

TO_SUBMIT = timedelta(days=1)
"""How long a grant can be submitted after it was signed."""


def matching_credentials(wallet: Wallet, request: Request) -> list[WalletCredential]:
    """Return the credentials that contain what a request asks for, the newest first."""
    return [held for held in reversed(wallet.credentials) if _matches(held, request)]


def _matches(held: WalletCredential, request: Request) -> bool:
    holding = HeldCredential.parse(held.text)
    try:
        holding.select(request.claims)
    except ClaimNotHeld:
        return False
    return holding.vct == request.vct and held.holder_key is not None


def answer_request(
    wallet: Wallet,
    request: Request,
    consents: ConsentRegistry,
    *,
    now: datetime,
    credential: str | None = None,
    subject: ConsentSubject | None = None,
    until: datetime | None = None,
) -> Answer:
    """Consent to a request, and return the answer for the company.

    The wallet keeps what it takes to end the consent again.

    Args:
        request: from `read_request`, which has made sure whose it is.
        consents: read only.
        credential: which of the wallet's; the newest that matches where it is None.
        subject: the identity that consents; a key of the wallet that serves this one consent where
            it is None.
        until: where the consent is to end earlier than the company asks.

    Raises:
        NotFound: no credential matches, or there is none of that id.
        ClaimNotHeld: the credential that was named lacks something.
        Conflict: the credential that was named is not bound to a key of the wallet.

    """
    held = _credential(wallet, request, credential)
    if held.holder_key is None:
        raise Conflict(
            f"the credential {held.id} is not bound to a key of this wallet, "
            "so nobody can present it"
        )
    selection = HeldCredential.parse(held.text).select(request.claims)
    holder = wallet.holder_key(held.holder_key)

    by = subject or ConsentSubject(KeySigner(wallet.new_subject(consents.knows).account))
    answer = make_answer(
        request, selection, holder, by, now=now, deadline=now + TO_SUBMIT, until=until
    )

    # before the answer leaves the wallet, because the customer must be able to end the consent
    receipt = ConsentReceipt.of(request, answer, now, one_time=subject is None)
    wallet.keep_consent(answer.consent.id, receipt.to_json())
    return answer


def _credential(wallet: Wallet, request: Request, identifier: str | None) -> WalletCredential:
    if identifier is not None:
        return wallet.credential(identifier)

    matching = matching_credentials(wallet, request)
    if not matching:
        raise NotFound(
            f"the wallet has no credential of type {request.vct!r} with the claims that the "
            "request asks for"
        )
    return matching[0]


def open_diary(wallet: Wallet, consents: ConsentRegistry) -> Diary:
    """Return the diary of a wallet: its consents in a registry."""
    return Diary(consents, wallet.consents.values())


def signer_of(wallet: Wallet, others: Sequence[Signer], subject: str) -> Signer:
    """Return the signer for a subject: one of the others, or a key of the wallet.

    Raises:
        NotFound: there is none.

    """
    known = next((other for other in others if other.address == subject), None)
    return known or KeySigner(wallet.subject(subject).account)


def sign_forgotten_endings(
    wallet: Wallet, consents: ConsentRegistry, deadline: datetime
) -> list[SignedRevokeAll]:
    """Have the end signed of the valid consents that a wallet has keys for and does not know.

    A wallet that was restored from its words, or from an old copy, has the keys of its consents
    but not their terms. A consent that nobody has submitted yet is not found, because the chain
    does not know it.

    Raises:
        Conflict: the node says that it knows ever more subjects.

    """
    known = {receipt.consent.subject for receipt in open_diary(wallet, consents).receipts}

    ends = []
    for subject in wallet.recover_subjects(consents.knows):
        who = subject.address
        granted = () if who in known else consents.history(ConsentGranted, subject=who)
        if any(consents.is_valid(event.id) for event in granted):
            signer = KeySigner(subject.account)
            epoch = consents.epoch(who)
            ends.append(consents.messages.signed_revoke_all(who, signer, epoch, deadline))
    return ends
