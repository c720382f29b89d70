"""The company's side: which requests are open, which were answered, and what is left of a verification.

A result says who issued the credential, which of the asked claims were there, and under which
consent. It holds no value of any claim, so there is nothing to leak, and nothing that may be read
once the customer's consent has ended: `read` asks the chain every time.

```python
nonce = verifications.issue(timedelta(minutes=10))
verified = verifier.verify(presentation, expected, consent)
kept = verifications.record(verified, expected, {"age_over_18": verified.get("age_over_18") is True})
verifications.read(kept.id)
```
"""

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from eth_typing import ChecksumAddress
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from careledger.chain.rpc import Chain
from careledger.crypto.hashing import sha256
from careledger.errors import InputError, NotFound
from careledger.identity.credentials.chain_checks import (
    ConsentReader,
    StatusReader,
    check_consent,
    check_status,
)
from careledger.identity.credentials.claim_paths import ClaimPath, path_of, path_text
from careledger.identity.credentials.errors import (
    Expired,
    KeyBindingStale,
    Replayed,
    UnknownChain,
    WrongNonce,
)
from careledger.identity.credentials.policy import PresentationRequirements, VerifiedCredential
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.tables import IssuedNonce, VerifiedPresentation
from careledger.store import Store
from careledger.values.times import from_seconds, time_text

LIFETIME = timedelta(minutes=15)
GRACE = timedelta(days=1)
"""How long a request that is over is remembered, to tell a replay from garbage."""


class ClaimOutcome(StrEnum):
    """What a company keeps of a claim that it asked for, in the place of its value."""

    SHOWN = "shown"
    """It was there; whether it was as wished is not kept."""
    MET = "met"
    """It was as the company wished."""
    NOT_MET = "not met"


@dataclass(frozen=True)
class Verification:
    """What is left of a verification."""

    id: str
    issuer: str
    """DID."""
    type: str
    claims: tuple[tuple[ClaimPath, ClaimOutcome], ...]
    checked_at: datetime
    """When the presentation was verified."""
    expires_at: datetime | None
    """The credential's own end."""
    consent_id: bytes | None
    presentation_hash: bytes
    """SHA-256; what `use_commitment` commits to, together with the consent's id."""
    status: StatusReference | None
    confirmed_at: datetime | None = None
    """When the chain said last that it may still be relied on; None where it was not asked."""
    block_number: int | None = None
    """As of which block."""

    @property
    def met(self) -> bool:
        """Whether nothing that was asked for was other than wished."""
        return all(outcome is not ClaimOutcome.NOT_MET for _, outcome in self.claims)


class ConsentsOnChain(ConsentReader, Protocol):
    """A registry of consents at an address of a chain; `ConsentRegistry` is one."""

    @property
    def chain(self) -> Chain:
        """The node."""

    @property
    def address(self) -> ChecksumAddress:
        """The contract."""


class Verifications:
    """The open requests and the results of one company, in its store."""

    def __init__(
        self,
        store: Store,
        consents: ConsentsOnChain,
        statuses: StatusReader,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Say where results are kept, and whom to ask when they are read.

        Args:
            clock: returns the present time, aware. The newest block's counts where it is later.

        """
        self.store, self.consents, self.statuses, self._clock = store, consents, statuses, clock

    # -- requests

    def issue(self, lifetime: timedelta = LIFETIME) -> str:
        """Return a new nonce of 256 random bits for a request, good for one answer within its lifetime.

        Raises:
            InputError: the lifetime is none.

        """
        if lifetime <= timedelta(0):
            raise InputError("a request has to be good for some time")
        nonce = secrets.token_urlsafe(32)
        with self.store.writing() as session:
            session.add(IssuedNonce(digest=_digest(nonce), expires_at=self._clock() + lifetime))
        return nonce

    def require_open(self, nonce: str) -> None:
        """Make sure that a request waits for its answer: worth asking before a presentation is verified.

        Raises:
            WrongNonce: it is none of ours.
            Replayed: it was answered.
            KeyBindingStale: its time is over.

        """
        with self.store.reading() as session:
            _require_open(session.get(IssuedNonce, _digest(nonce)), self._clock())

    def purge(self, grace: timedelta = GRACE) -> int:
        """Forget the requests that have been over for some time, and return how many; they stay refused."""
        with self.store.writing() as session:
            gone = session.execute(
                delete(IssuedNonce).where(IssuedNonce.expires_at < self._clock() - grace)
            )
            return int(gone.rowcount)  # type: ignore[attr-defined]  # Result's subclass for DML has it

    # -- results

    def record(
        self,
        verified: VerifiedCredential,
        expected: PresentationRequirements,
        wishes: Mapping[str | Sequence[str | int | None], bool] | None = None,
    ) -> Verification:
        """Close a request and keep the result, both or neither: whatever else happens, an answer counts once.

        Args:
            verified: what the verifier returned.
            expected: what it was asked; its claims are what is kept, by name.
            wishes: whether a claim was as the company wished, for those where it matters.

        Raises:
            WrongNonce, Replayed, KeyBindingStale: the request is none of ours, was answered, or is
            over.
            InputError: a wish is about a claim that was not asked for.

        """
        kept = Verification(
            id=uuid.uuid4().hex,
            issuer=verified.issuer,
            type=expected.type,
            claims=_outcomes(expected, wishes or {}),
            checked_at=verified.verified_at.replace(microsecond=0),
            expires_at=verified.expires_at,
            consent_id=verified.consent_id,
            presentation_hash=verified.presentation_hash,
            status=self._status(verified.status),
        )
        now = self._clock()
        with self.store.writing() as session:
            spent = (
                update(IssuedNonce)
                .where(IssuedNonce.digest == _digest(expected.nonce))
                .where(IssuedNonce.spent_at.is_(None), IssuedNonce.expires_at > now)
                .values(spent_at=now)
            )
            if session.execute(spent).rowcount != 1:  # type: ignore[attr-defined]
                _require_open(session.get(IssuedNonce, _digest(expected.nonce)), now)
                raise Replayed(
                    "this request was answered by somebody else at the same instant: ask anew"
                )
            session.add(self._row(kept))
        return kept

    def kept(self, identifier: str) -> Verification:
        """Return a result as it was recorded, without asking whether it may still be relied on.

        Raises:
            NotFound: there is none, or it was erased.

        """
        with self.store.reading() as session:
            return _read(_found(session, identifier))

    def of_presentation(self, presentation_hash: bytes) -> Verification | None:
        """Return the result of a presentation: what to answer to who hands in the same once more after a crash."""
        with self.store.reading() as session:
            wanted = select(VerifiedPresentation).where(
                VerifiedPresentation.presentation == presentation_hash
            )
            row = session.scalar(wanted)
            return None if row is None else _read(row)

    def of_consent(self, consent_id: bytes) -> list[Verification]:
        """Return the results under a consent, the oldest first: what to erase when it has ended."""
        with self.store.reading() as session:
            wanted = select(VerifiedPresentation).where(VerifiedPresentation.consent == consent_id)
            return sorted(
                (_read(row) for row in session.scalars(wanted)),
                key=lambda one: (one.checked_at, one.id),
            )

    def read(self, identifier: str) -> Verification:
        """Return a result if it may still be relied on: the chain is asked anew, all of it as of one block.

        Raises:
            NotFound: there is none, or it was erased. ConsentRevoked, ConsentExpired,
            ConsentRenounced, ConsentEpochEnded, ConsentUnknown: the consent ended.
            Expired: the credential's time is over.
            CredentialRevoked: the issuer withdrew it.
            StatusUnreadable, StatusStale, UnknownChain: this cannot be known here.
            NodeError: the chain cannot be asked.

        """
        with self.store.reading() as session:
            row = _found(session, identifier)
            kept, at = _read(row), row.consents
        head = self.consents.chain.block("latest")
        number, now = (
            int(head["number"], 16),
            max(self._clock(), from_seconds(int(head["timestamp"], 16))),
        )
        if kept.consent_id is not None:
            if at != self._where():
                raise UnknownChain(
                    f"the consent is kept at {at}, and {self._where()} is asked: use that registry"
                )
            check_consent(self.consents, kept.consent_id, now, number)
        if kept.expires_at is not None and kept.expires_at <= now:
            raise Expired(
                f"the credential expired at {time_text(kept.expires_at)}: ask the customer for a new one"
            )
        if kept.status is not None:
            check_status(self.statuses, kept.status, number)
        return replace(kept, confirmed_at=now.replace(microsecond=0), block_number=number)

    def erase(self, identifier: str) -> None:
        """Forget a result, on the disk too. The request stays answered.

        Raises:
            NotFound: there is none, or it was erased.
            StoreBusy: it is erased, but another program still reads what was before; `Store.sweep`
                does the rest.

        """
        with self.store.writing() as session:
            session.delete(_found(session, identifier))
        self.store.sweep()

    def _status(self, status: StatusReference | None) -> StatusReference | None:
        """Leave out the list's address where the chain is asked: it is the one text that somebody else chose."""
        if status is None or not status.on_chain or isinstance(self.statuses, ListStatusReader):
            return status
        return replace(status, uri="chain")

    def _where(self) -> dict[str, Any]:
        return {"chainId": self.consents.chain.chain_id, "contract": self.consents.address}

    def _row(self, kept: Verification) -> VerifiedPresentation:
        return VerifiedPresentation(
            id=kept.id,
            presentation=kept.presentation_hash,
            issuer=kept.issuer,
            type=kept.type,
            claims=[[list(path), str(outcome)] for path, outcome in kept.claims],
            checked_at=kept.checked_at,
            expires_at=kept.expires_at,
            consent=kept.consent_id,
            consents=None if kept.consent_id is None else self._where(),
            status=None if kept.status is None else kept.status.sd_jwt_claim,
        )


def _digest(nonce: str) -> bytes:
    return sha256(nonce.encode(errors="surrogatepass"))


def _require_open(row: IssuedNonce | None, now: datetime) -> None:
    if row is None:
        raise WrongNonce(
            "the presentation answers a request that is none of ours, or long over: ask anew"
        )
    if row.spent_at is not None:
        raise Replayed(
            "this request was answered already: a presentation is good for one reading; ask anew"
        )
    if row.expires_at <= now:
        raise KeyBindingStale(f"the request was good until {time_text(row.expires_at)}: ask anew")


def _outcomes(
    expected: PresentationRequirements, wishes: Mapping[str | Sequence[str | int | None], bool]
) -> tuple[tuple[ClaimPath, ClaimOutcome], ...]:
    asked = [path_of(claim) for claim in expected.claims]
    wished = {path_of(claim): good for claim, good in wishes.items()}
    for path in wished:
        if path not in asked:
            raise InputError(f"{path_text(path)} was not asked for, so nothing of it is kept")
    found = {True: ClaimOutcome.MET, False: ClaimOutcome.NOT_MET, None: ClaimOutcome.SHOWN}
    return tuple(
        (path, found[None if path not in wished else bool(wished[path])]) for path in asked
    )


def _found(session: Session, identifier: str) -> VerifiedPresentation:
    row = session.get(VerifiedPresentation, identifier)
    if row is None:
        raise NotFound(f"there is no verification {identifier[:64]!r}, or it was erased")
    return row


def _read(row: VerifiedPresentation) -> Verification:
    return Verification(
        id=row.id,
        issuer=row.issuer,
        type=row.type,
        claims=tuple((path_of(path), ClaimOutcome(outcome)) for path, outcome in row.claims),
        checked_at=row.checked_at,
        expires_at=row.expires_at,
        consent_id=row.consent,
        presentation_hash=row.presentation,
        status=None if row.status is None else StatusReference.from_sd_jwt_claim(row.status),
    )
