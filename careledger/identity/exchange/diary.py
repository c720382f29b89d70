"""The customer's side: what I gave, to whom, what for and until when; when it was used; and how to end it.

The diary is made of what the wallet keeps of each consent (`ConsentReceipt.document`), and of what the chain
says of it. Nobody else can make it, for nobody else knows which consents are one person's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.chain.rpc import Block
from careledger.errors import Conflict, InputError, NotFound
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.endings import Endings
from careledger.identity.consent.messages import SignedRevocation, Signer
from careledger.identity.consent.terms import (
    Consent,
    ConsentRecord,
    ConsentStatus,
    hash_text,
    members,
    presentation_hash,
    second_count,
    use_commitment,
)
from careledger.identity.credentials.claim_paths import ClaimPath
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.request import Purpose, Request, claim_paths
from careledger.values.addresses import address
from careledger.values.times import from_seconds, to_seconds

FORMAT = 1
_MEMBERS = (
    "careledgerConsent", "chainId", "registry", "consent", "company", "vct", "claims", "purpose", "nonce", "givenAt",
    "presentations", "oneTime",
)  # fmt: skip


class ConsentState(StrEnum):
    """How a consent stands."""

    VALID = "valid"
    NOT_GRANTED = "not granted"
    """Signed, and not on chain: the company may still submit it."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    GIVEN_BACK = "given back"
    """By the company."""
    ALL_ENDED = "ended with all others"
    """Of the same subject, by `revokeAll`."""

    @property
    def over(self) -> bool:
        """Whether it can never be valid again."""
        return self not in {ConsentState.VALID, ConsentState.NOT_GRANTED}


@dataclass(frozen=True)
class ConsentReceipt:
    """What the wallet keeps of a consent: enough to show, to end and to find it again."""

    consent: Consent
    chain_id: int
    registry: ChecksumAddress
    company: str
    """Its DID."""
    vct: str
    claims: tuple[ClaimPath, ...]
    """What it asked for."""
    purpose: Purpose
    nonce: str
    given_at: datetime
    presentations: tuple[bytes, ...]
    """SHA-256 of what was handed over under it; with the id, it makes the commitments of uses."""
    one_time: bool
    """Whether the subject is of this consent alone."""

    @classmethod
    def of(cls, request: Request, given: Answer, given_at: datetime, *, one_time: bool) -> Self:
        """Note down an answer to a request."""
        return cls(
            consent=given.consent,
            chain_id=request.chain_id,
            registry=request.registry,
            company=request.did,
            vct=request.vct,
            claims=request.claims,
            purpose=request.purpose,
            nonce=request.nonce,
            given_at=from_seconds(to_seconds(given_at)),
            presentations=(given.presentation_hash,),
            one_time=one_time,
        )

    def shown_again(self, presentation: str) -> Self:
        """Return the same with one more presentation handed over under it."""
        return replace(self, presentations=(*self.presentations, presentation_hash(presentation)))

    @property
    def commitments(self) -> list[bytes]:
        """What the company puts on chain when it reads a presentation."""
        return [use_commitment(self.consent.id, shown) for shown in self.presentations]

    @property
    def document(self) -> dict[str, Any]:
        """The entry as JSON, for the wallet to keep."""
        return {
            "careledgerConsent": FORMAT,
            "chainId": self.chain_id,
            "registry": self.registry,
            "consent": self.consent.document,
            "company": self.company,
            "vct": self.vct,
            "claims": [list(path) for path in self.claims],
            "purpose": {"text": self.purpose.text, "terms": self.purpose.terms},
            "nonce": self.nonce,
            "givenAt": to_seconds(self.given_at),
            "presentations": ["0x" + shown.hex() for shown in self.presentations],
            "oneTime": self.one_time,
        }

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Read `document` back.

        Raises:
            InputError: it is no such entry.

        """
        given = members(document, "the wallet's entry", _MEMBERS)
        if type(given["careledgerConsent"]) is not int or given["careledgerConsent"] != FORMAT:
            raise InputError(f"the wallet's entry is not of format {FORMAT}, which is read here")
        for name, kind in {
            "chainId": int,
            "claims": list,
            "presentations": list,
            "oneTime": bool,
        }.items():
            if type(given[name]) is not kind:
                raise InputError(f"the wallet's entry: '{name}' is not what it has to be")
        for name in ("company", "vct", "nonce"):
            if not isinstance(given[name], str):
                raise InputError(f"the wallet's entry: '{name}' is no text")
        purpose = members(given["purpose"], "the wallet's entry: purpose", ("text", "terms"))
        return cls(
            consent=Consent.from_document(given["consent"]),
            chain_id=given["chainId"],
            registry=address(given["registry"], "the wallet's entry: registry"),
            company=given["company"],
            vct=given["vct"],
            claims=claim_paths(given["claims"], "the wallet's entry: claims"),
            purpose=Purpose(purpose["text"], purpose["terms"]),
            nonce=given["nonce"],
            given_at=from_seconds(second_count(given["givenAt"], "the wallet's entry: givenAt")),
            presentations=tuple(
                hash_text(one, "the wallet's entry: a presentation")
                for one in given["presentations"]
            ),
            one_time=given["oneTime"],
        )


@dataclass(frozen=True)
class ConsentUse:
    """That the company put on record that it read."""

    commitment: bytes
    at: datetime
    """The block's time; it was read by then."""
    block: int
    transaction: bytes


@dataclass(frozen=True)
class DiaryEntry:
    """A consent, how it stands, and when it was used."""

    receipt: ConsentReceipt
    state: ConsentState
    uses: tuple[ConsentUse, ...]


class Diary:
    """What one person has given, in one registry."""

    def __init__(self, registry: ConsentRegistry, documents: Iterable[Mapping[str, Any]]) -> None:
        """Open it.

        Args:
            registry: read only.
            documents: what the wallet keeps; entries of other registries are left out.

        Raises:
            InputError: one is malformed.

        """
        self.registry = registry
        here = (registry.chain.chain_id, registry.address)
        every = (ConsentReceipt.from_document(dict(document)) for document in documents)
        mine = [given for given in every if (given.chain_id, given.registry) == here]
        self.receipts = sorted(mine, key=lambda given: (given.given_at, given.consent.id))

    def entries(self, block: Block = "latest") -> list[DiaryEntry]:
        """Return everything that was given, oldest first, as it stands at a block."""
        at = self.registry.chain.block(block)
        number, now = int(at["number"], 16), from_seconds(int(at["timestamp"], 16))
        uses = self._uses([one for given in self.receipts for one in given.commitments], number)
        epochs: dict[str, int] = {}
        entries = []
        for given in self.receipts:
            subject = given.consent.subject
            if subject not in epochs:
                epochs[subject] = self.registry.epoch(subject, number)
            stands = consent_state(
                given.consent, self.registry.consent(given.consent.id, number), epochs[subject], now
            )
            found = tuple(uses[one] for one in given.commitments if one in uses)
            entries.append(DiaryEntry(given, stands, found))
        return entries

    def _uses(self, commitments: Sequence[bytes], block: int) -> dict[bytes, ConsentUse]:
        times: dict[bytes, datetime] = {}
        found = {}
        for commitment, event in self.registry.uses(commitments, to_block=block).items():
            log = event.log
            if log.block_hash not in times:
                times[log.block_hash] = from_seconds(
                    int(self.registry.chain.block(log.block_hash)["timestamp"], 16)
                )
            found[commitment] = ConsentUse(
                commitment, times[log.block_hash], log.block_number, log.transaction_hash
            )
        return found

    def find(self, consent_id: bytes) -> ConsentReceipt:
        """Return one that was given.

        Raises:
            NotFound: the wallet keeps none with this id here.

        """
        for given in self.receipts:
            if given.consent.id == consent_id:
                return given
        raise NotFound(
            f"the wallet has given no consent 0x{consent_id.hex()} in {self.registry.address}"
        )

    def revoke(self, consent_id: bytes, signer: Signer, deadline: datetime) -> SignedRevocation:
        """Have the end of one consent signed, for a relay to submit; one that is not on chain yet is burned.

        Raises:
            Conflict: it is over already.
            NotFound: it is none of this wallet's.

        """
        given = self.find(consent_id)
        record, epoch = (
            self.registry.consent(consent_id),
            self.registry.epoch(given.consent.subject),
        )
        stands = consent_state(given.consent, record, epoch, self.registry.time())
        if stands.over:
            raise Conflict(f"consent 0x{consent_id.hex()} is over already: {stands.value}")
        return self.registry.messages.signed_revocation(given.consent, signer, deadline)

    def revoke_all(
        self, signer_of: Callable[[ChecksumAddress], Signer], deadline: datetime
    ) -> Endings:
        """Have the end of everything signed that is not over, for a relay to submit.

        A one-time subject signs the end of its consent, one for each; a subject that gave several,
        or may give more, signs one end of all that it gave, which ends also what the wallet has
        forgotten.

        Args:
            signer_of: the signer for a subject.

        """
        messages = self.registry.messages
        alive = [entry.receipt for entry in self.entries() if not entry.state.over]
        revocations = tuple(
            messages.signed_revocation(given.consent, signer_of(given.consent.subject), deadline)
            for given in alive
            if given.one_time
        )
        stable = dict.fromkeys(given.consent.subject for given in alive if not given.one_time)
        ends = tuple(
            messages.signed_revoke_all(
                subject, signer_of(subject), self.registry.epoch(subject), deadline
            )
            for subject in stable
        )
        return Endings(self.registry.chain.chain_id, self.registry.address, revocations, ends)


def consent_state(
    consent: Consent, record: ConsentRecord, epoch: int, now: datetime
) -> ConsentState:
    """Return how a consent stands.

    Args:
        record: what the chain keeps of its id.
        epoch: the subject's.
        now: the block's time.

    """
    if record.status is ConsentStatus.REVOKED:
        return ConsentState.REVOKED
    if record.status is ConsentStatus.RENOUNCED:
        return ConsentState.GIVEN_BACK
    if record.status is ConsentStatus.GRANTED and record.epoch != epoch:
        return ConsentState.ALL_ENDED
    if consent.expires_at <= now:
        return ConsentState.EXPIRED
    return (
        ConsentState.VALID if record.status is ConsentStatus.GRANTED else ConsentState.NOT_GRANTED
    )
