"""Tables of identity: what a company keeps of a verification, and the status indexes of issuers.

No column holds the value of an attribute, and none may: the point of it all is that the company
need not keep the document. A claim is kept by the name that the company asked for.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from careledger.store.base import Base, Moment


class IssuedNonce(Base):
    """A nonce that a presentation must answer, by its SHA-256.

    So a reader of the table cannot answer in our name.
    """

    __tablename__ = "identity_nonces"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    spent_at: Mapped[datetime | None] = mapped_column(Moment)


class VerifiedPresentation(Base):
    """That a presentation was verified, and what is needed to ask the chain again."""

    __tablename__ = "identity_verifications"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    presentation: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of it."""
    issuer: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(255))
    claims: Mapped[list[Any]] = mapped_column(JSON)
    """Pairs of a claim's path, as it was asked for, and the outcome."""
    checked_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    """The credential's own end, where it has one."""
    consent: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    """The consent's id; none where the law lets the company read without."""
    consents: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Which registry of consents, on which chain."""
    status: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Where the chain says whether the credential was revoked."""


class StatusIndex(Base):
    """A status index that was given to a credential, and is never given again.

    Enough to find the place of a credential that has to be revoked, and no name of a person:
    neither DID nor claim.
    """

    __tablename__ = "identity_status_indexes"

    issuer: Mapped[str] = mapped_column(String(42), primary_key=True)
    list: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str | None] = mapped_column(String(255))
    holder_key: Mapped[str | None] = mapped_column(String(43))
    """Thumbprint (RFC 7638) of the key that the credential is bound to."""
    issued_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
