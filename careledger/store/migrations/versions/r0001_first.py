"""The schema that CareLedger had when it began to use alembic.

A database of that time has these tables already, and is only stamped with this revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of a company, an issuer and the relay."""
    recorded = op.create_table(
        "careledger_schema",
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.execute(recorded.insert().values(version=1))

    _verifications()
    _status_lists()
    _relay()


def _verifications() -> None:
    op.create_table(
        "identity_nonces",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("spent_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("digest", name="pk_identity_nonces"),
    )

    op.create_table(
        "identity_verifications",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("presentation", sa.LargeBinary(32), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("checked_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("consent", sa.LargeBinary(32)),
        sa.Column("consents", sa.JSON),
        sa.Column("status", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_identity_verifications"),
        sa.UniqueConstraint("presentation", name="uq_identity_verifications_presentation"),
    )
    op.create_index("ix_identity_verifications_consent", "identity_verifications", ["consent"])


def _status_lists() -> None:
    op.create_table(
        "identity_status_indexes",
        sa.Column("issuer", sa.String(42), nullable=False),
        sa.Column("list", sa.LargeBinary(32), nullable=False),
        sa.Column("index", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(255)),
        sa.Column("holder_key", sa.String(43)),
        sa.Column("issued_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("issuer", "list", "index", name="pk_identity_status_indexes"),
    )


def _relay() -> None:
    op.create_table(
        "identity_relay_acts",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("contract", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("id", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("transaction", sa.LargeBinary(32)),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_identity_relay_acts"),
        sa.UniqueConstraint(
            "contract", "kind", "id", "digest",
            name="uq_identity_relay_acts_contract_kind_id_digest",
        ),
    )  # fmt: skip
    op.create_index("ix_identity_relay_acts_state", "identity_relay_acts", ["state"])

    op.create_table(
        "identity_relay_transactions",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("contract", sa.String(80), nullable=False),
        sa.Column("sender", sa.String(42), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("block", sa.BigInteger),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_identity_relay_transactions"),
    )
