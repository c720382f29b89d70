"""What a customer does with a request: find the credential that answers it, consent, and keep a note of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from careledger.errors import Conflict, NotFound
from careledger.identity.consent.client import ConsentGranted, ConsentRegistry
from careledger.identity.consent.messages import KeySigner, SignedRevokeAll, Signer
from careledger.identity.credentials.errors import ClaimNotHeld
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.exchange.answer import Answer, ConsentSubject, make_answer
from careledger.identity.exchange.diary import ConsentReceipt, Diary
from careledger.identity.exchange.request import Request
from careledger.identity.wallet.wallet import Wallet, WalletCredential

TO_SUBMIT = timedelta(days=1)
"""How long a grant can be submitted after it was signed."""


def matching_credentials(wallet: Wallet, request: Request) -> list[WalletCredential]:
    """Return the credentials that hold what a request asks for, the newest first."""
    return [held for held in reversed(wallet.credentials) if _fits(held, request)]


def _fits(held: WalletCredential, request: Request) -> bool:
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
    """Consent to a request, and return the answer for the company; the wallet keeps what ends it again.

    Args:
        request: from `read_request`, which has made sure whose it is.
        consents: read only.
        credential: which of the wallet's; the newest that fits where it is None.
        subject: in whose name; a key of the wallet that serves this one consent where it is None.
        until: where the consent is to end earlier than the company asks.

    Raises:
        NotFound: no credential fits, or there is none of that id.
        ClaimNotHeld: the credential that was named lacks something.

    """
    held = (
        wallet.credential(credential)
        if credential is not None
        else next(iter(matching_credentials(wallet, request)), None)
    )
    if held is None:
        raise NotFound(
            f"the wallet has no credential of type {request.vct!r} with the claims that are asked for"
        )
    if held.holder_key is None:
        raise Conflict(
            f"the credential {held.id} is bound to no key of this wallet, so nobody can present it"
        )
    selection, holder = (
        HeldCredential.parse(held.text).select(request.claims),
        wallet.holder_key(held.holder_key),
    )
    by = subject or ConsentSubject(KeySigner(wallet.new_subject(consents.knows).account))
    made = make_answer(
        request, selection, holder, by, now=now, deadline=now + TO_SUBMIT, until=until
    )
    note = ConsentReceipt.of(request, made, now, one_time=subject is None)
    wallet.keep_consent(
        made.consent.id, note.document
    )  # before the answer leaves: it must be possible to end it
    return made


def open_diary(wallet: Wallet, consents: ConsentRegistry) -> Diary:
    """Return the diary of a wallet: what it gave in a registry."""
    return Diary(consents, wallet.consents.values())


def signer_of(wallet: Wallet, others: Sequence[Signer], subject: str) -> Signer:
    """Return who signs for a subject: somebody of the others, or a key of the wallet.

    Raises:
        NotFound: nobody here does.

    """
    known = next((other for other in others if other.address == subject), None)
    return known or KeySigner(wallet.subject(subject).account)


def sign_forgotten_endings(
    wallet: Wallet, consents: ConsentRegistry, deadline: datetime
) -> list[SignedRevokeAll]:
    """Have the end signed of what stands of a wallet's subjects and is not in its notes, for a relay to submit.

    A wallet that was brought back from its words, or from an old copy, has the keys of its consents
    and not their terms. What it gave and nobody has submitted yet is not found: the chain does not
    know of it.

    Raises:
        Conflict: the node says that it knows ever more subjects.

    """
    noted = {given.consent.subject for given in open_diary(wallet, consents).receipts}
    ends = []
    for subject in wallet.recover_subjects(consents.knows):
        who = subject.account.address
        granted = () if who in noted else consents.history(ConsentGranted, subject=who)
        if any(
            isinstance(event, ConsentGranted) and consents.is_valid(event.id) for event in granted
        ):
            signer = KeySigner(subject.account)
            ends.append(
                consents.messages.signed_revoke_all(who, signer, consents.epoch(who), deadline)
            )
    return ends
