"""The company's records: open requests, answered requests, and what is kept of a verification.

A result says who issued the credential, which of the requested claims were there, and under which
consent. It has no value of any claim. So nothing can leak, and nothing can be read after the
customer's consent has ended: `read` asks the chain every time.

```python
nonce = verifications.issue(timedelta(minutes=10))
verified = verifier.verify(presentation, required, consent)
kept = verifications.record(verified, required, {"age_over_18": verified.get("age_over_18")})
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
    IssuerError,
    IssuerReason,
    KeyBindingError,
    KeyBindingReason,
    Replayed,
    TimeError,
    TimeReason,
)
from careledger.identity.credentials.policy import PresentationRequirements, VerifiedCredential
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.tables import IssuedNonce, VerifiedPresentation
from careledger.store import Store
from careledger.values.times import from_seconds, time_text

LIFETIME = timedelta(minutes=15)
GRACE = timedelta(days=1)
"""How long a request is remembered after its end, to tell a repeated answer from a wrong one."""

ClaimCondition = Callable[[Any], bool]
"""Whether a claim's value is as the company requires."""


class ClaimOutcome(StrEnum):
    """What a company keeps of a claim that it asked for, in the place of its value."""

    SHOWN = "shown"
    """It was there, and the company had no condition on it."""
    MET = "met"
    """It was as the company requires."""
    NOT_MET = "not met"


@dataclass(frozen=True)
class Verification:
    """What is kept of a verification."""

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
    """SHA-256; with the consent's id, it makes the `use_commitment`."""
    status: StatusReference | None
    confirmed_at: datetime | None = None
    """When the chain last said that it may be relied on; None where it was not asked."""
    block_number: int | None = None
    """As of which block."""

    @property
    def met(self) -> bool:
        """Whether every condition was met."""
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
        """Say where results are kept, and what is asked when they are read.

        Args:
            clock: returns the present time, aware. The newest block's counts where it is later.

        """
        self.store = store
        self.consents = consents
        self.statuses = statuses
        self._clock = clock

    # -- requests

    def issue(self, lifetime: timedelta = LIFETIME) -> str:
        """Return a new nonce for a request, 256 random bits, good for one answer in its lifetime.

        Raises:
            InputError: the lifetime is zero or negative.

        """
        if lifetime <= timedelta(0):
            raise InputError("the lifetime of a request must be longer than zero")

        nonce = secrets.token_urlsafe(32)
        with self.store.writing() as session:
            session.add(IssuedNonce(digest=_digest(nonce), expires_at=self._clock() + lifetime))
        return nonce

    def require_open(self, nonce: str) -> None:
        """Make sure that a request waits for its answer; cheaper than to verify a presentation.

        Raises:
            KeyBindingError: it is not one of ours.
            Replayed: it was answered.
            KeyBindingError: its time is over.

        """
        with self.store.reading() as session:
            _require_open(session.get(IssuedNonce, _digest(nonce)), self._clock())

    def purge(self, grace: timedelta = GRACE) -> int:
        """Forget the requests whose end is longer ago, and return how many; they stay refused."""
        over = delete(IssuedNonce).where(IssuedNonce.expires_at < self._clock() - grace)
        with self.store.writing() as session:
            return int(session.execute(over).rowcount)  # type: ignore[attr-defined]  # DML's has it

    # -- results

    def record(
        self,
        verified: VerifiedCredential,
        required: PresentationRequirements,
        conditions: Mapping[str | Sequence[str | int | None], bool] | None = None,
    ) -> Verification:
        """Close a request and keep the result, both or neither, so that an answer counts once.

        Args:
            verified: what the verifier returned.
            required: what it was asked; the names of its claims are kept.
            conditions: whether a claim was as the company requires, where it has a condition.

        Raises:
            KeyBindingError, Replayed: the request is not one of ours, was answered, or
                is over.
            InputError: a condition is about a claim that was not asked for.

        """
        kept = Verification(
            id=uuid.uuid4().hex,
            issuer=verified.issuer,
            type=required.type,
            claims=_outcomes(required, conditions or {}),
            checked_at=verified.verified_at.replace(microsecond=0),
            expires_at=verified.expires_at,
            consent_id=verified.consent_id,
            presentation_hash=verified.presentation_hash,
            status=self._status(verified.status),
        )

        with self.store.writing() as session:
            self._spend(session, required.nonce)
            session.add(self._row(kept))
        return kept

    def _spend(self, session: Session, nonce: str) -> None:
        now = self._clock()
        spent = (
            update(IssuedNonce)
            .where(IssuedNonce.digest == _digest(nonce))
            .where(IssuedNonce.spent_at.is_(None), IssuedNonce.expires_at > now)
            .values(spent_at=now)
        )

        if session.execute(spent).rowcount != 1:  # type: ignore[attr-defined]
            _require_open(session.get(IssuedNonce, _digest(nonce)), now)
            raise Replayed(
                "somebody else answered this request in the same instant: send a new request"
            )

    def kept(self, identifier: str) -> Verification:
        """Return a result as it was recorded, without asking whether it may still be relied on.

        Raises:
            NotFound: there is none, or it was erased.

        """
        with self.store.reading() as session:
            return _verification(_found(session, identifier))

    def of_presentation(self, presentation_hash: bytes) -> Verification | None:
        """Return the result of a presentation, for who hands in the same again after a crash."""
        wanted = select(VerifiedPresentation).where(
            VerifiedPresentation.presentation == presentation_hash
        )
        with self.store.reading() as session:
            row = session.scalar(wanted)
            return None if row is None else _verification(row)

    def of_consent(self, consent_id: bytes) -> list[Verification]:
        """Return the results under a consent, oldest first: what to erase when it has ended."""
        wanted = select(VerifiedPresentation).where(VerifiedPresentation.consent == consent_id)
        with self.store.reading() as session:
            found = [_verification(row) for row in session.scalars(wanted)]
        return sorted(found, key=lambda one: (one.checked_at, one.id))

    def read(self, identifier: str) -> Verification:
        """Return a result if it may still be relied on: the chain is asked again, as of one block.

        Raises:
            NotFound: there is none, or it was erased.
            ConsentError: the consent has ended; its reason says how.
            TimeError: the credential has expired.
            StatusError: the issuer has revoked the credential, or its status cannot be read; its
                reason says which.
            IssuerError: the status is kept where this program does not ask.
            NodeError: the chain cannot be asked.

        """
        with self.store.reading() as session:
            row = _found(session, identifier)
            kept = _verification(row)
            registry = row.consents

        head = self.consents.chain.block("latest")
        block = int(head["number"], 16)
        now = max(self._clock(), from_seconds(int(head["timestamp"], 16)))

        if kept.consent_id is not None:
            if registry != self._registry():
                raise IssuerError(
                    IssuerReason.UNKNOWN_CHAIN,
                    f"the consent is kept at {registry}, but {self._registry()} is asked: "
                    "use that registry",
                )
            check_consent(self.consents, kept.consent_id, now, block)

        if kept.expires_at is not None and kept.expires_at <= now:
            raise TimeError(
                TimeReason.EXPIRED,
                f"the credential expired at {time_text(kept.expires_at)}: "
                "ask the customer for a new one",
            )
        if kept.status is not None:
            check_status(self.statuses, kept.status, block)

        return replace(kept, confirmed_at=now.replace(microsecond=0), block_number=block)

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
        """Leave out the list's address where the chain is asked: somebody else chose that text."""
        if status is None or not status.on_chain or isinstance(self.statuses, ListStatusReader):
            return status
        return replace(status, uri="chain")

    def _registry(self) -> dict[str, Any]:
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
            consents=None if kept.consent_id is None else self._registry(),
            status=None if kept.status is None else kept.status.sd_jwt_claim,
        )


def _digest(nonce: str) -> bytes:
    return sha256(nonce.encode(errors="surrogatepass"))


def _require_open(row: IssuedNonce | None, now: datetime) -> None:
    if row is None:
        raise KeyBindingError(
            KeyBindingReason.WRONG_NONCE,
            "the presentation answers a request that is not one of ours, or ended long ago: "
            "send a new request",
        )

    if row.spent_at is not None:
        raise Replayed(
            "this request was answered already, and a presentation is good for one reading: "
            "send a new request"
        )

    if row.expires_at <= now:
        raise KeyBindingError(
            KeyBindingReason.KEY_BINDING_STALE,
            f"the request was good until {time_text(row.expires_at)}: send a new request",
        )


def _outcomes(
    required: PresentationRequirements,
    conditions: Mapping[str | Sequence[str | int | None], bool],
) -> tuple[tuple[ClaimPath, ClaimOutcome], ...]:
    asked = [path_of(claim) for claim in required.claims]
    met = {path_of(claim): good for claim, good in conditions.items()}
    for path in met:
        if path not in asked:
            raise InputError(f"{path_text(path)} was not asked for, so no result of it can be kept")

    return tuple((path, _outcome(met, path)) for path in asked)


def _outcome(met: Mapping[ClaimPath, bool], path: ClaimPath) -> ClaimOutcome:
    if path not in met:
        return ClaimOutcome.SHOWN
    return ClaimOutcome.MET if met[path] else ClaimOutcome.NOT_MET


def _found(session: Session, identifier: str) -> VerifiedPresentation:
    row = session.get(VerifiedPresentation, identifier)
    if row is None:
        raise NotFound(f"there is no verification {identifier[:64]!r}, or it was erased")
    return row


def _verification(row: VerifiedPresentation) -> Verification:
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
