"""Durable transactions of every noun in tables of their own; the relay's rows move into them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of leases, items and transactions, and move what the relay has in hand."""
    _make_leases()
    items = _make_items()
    transactions = _make_transactions()

    connection = op.get_bind()
    nonces = _move_transactions(connection, transactions)
    _move_acts(connection, items, nonces)

    op.drop_index("ix_identity_relay_acts_state", "identity_relay_acts")
    op.drop_table("identity_relay_acts")
    op.drop_table("identity_relay_transactions")

    # A program from before alembic reads this, and refuses the database as newer than itself.
    op.execute("UPDATE careledger_schema SET version = 2")


def _make_leases() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _make_items() -> sa.Table:
    items = op.create_table(
        "outbox_item",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("chain", sa.BigInteger, nullable=False),
        sa.Column("target", sa.String(42), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("effect", sa.LargeBinary(32), nullable=False),
        sa.Column("sender", sa.String(42)),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("nonce", sa.BigInteger),
        sa.Column("trace", sa.String(64)),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_item"),
        sa.UniqueConstraint(
            "kind", "chain", "target", "key", name="uq_outbox_item_kind_chain_target_key"
        ),
    )
    op.create_index(
        "ix_outbox_item_kind_chain_target_effect",
        "outbox_item",
        ["kind", "chain", "target", "effect"],
    )
    op.create_index("ix_outbox_item_state_kind", "outbox_item", ["state", "kind"])
    op.create_index(
        "ix_outbox_item_chain_sender_nonce", "outbox_item", ["chain", "sender", "nonce"]
    )

    return items


def _make_transactions() -> sa.Table:
    transactions = op.create_table(
        "outbox_tx",
        sa.Column("chain", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("sender", sa.String(42), nullable=False),
        sa.Column("nonce", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("role", sa.String(6), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("fee", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("block", sa.BigInteger),
        sa.PrimaryKeyConstraint("chain", "sender", "nonce", "attempt", name="pk_outbox_tx"),
        sa.UniqueConstraint("hash", name="uq_outbox_tx_hash"),
    )
    op.create_index("ix_outbox_tx_chain_sender_state", "outbox_tx", ["chain", "sender", "state"])

    return transactions


def _move_transactions(
    connection: sa.Connection, transactions: sa.Table
) -> dict[bytes, tuple[str, int]]:
    """Move the relay's transactions; return sender and nonce by their hashes."""
    old = sa.table(
        "identity_relay_transactions",
        sa.column("hash", sa.LargeBinary),
        sa.column("contract", sa.String),
        sa.column("sender", sa.String),
        sa.column("raw", sa.LargeBinary),
        sa.column("fields", sa.JSON),
        sa.column("block", sa.BigInteger),
        sa.column("settled", sa.Boolean),
    )

    moved: dict[bytes, tuple[str, int]] = {}
    attempts: dict[tuple[int, str, int], int] = {}
    for row in connection.execute(sa.select(old)).mappings():
        nonce = int(row["fields"]["nonce"])
        place = (_chain(row["contract"]), row["sender"], nonce)
        attempt = attempts.get(place, -1) + 1

        attempts[place] = attempt
        moved[row["hash"]] = (row["sender"], nonce)
        connection.execute(
            transactions.insert().values(
                chain=place[0],
                sender=row["sender"],
                nonce=nonce,
                attempt=attempt,
                token=0,
                role="call",
                raw=row["raw"],
                hash=row["hash"],
                fee=row["fields"].get("maxFeePerGas", row["fields"].get("gasPrice", 0)),
                fields=row["fields"],
                state=_transaction_state(row),
                block=row["block"],
            )
        )

    return moved


def _move_acts(
    connection: sa.Connection, items: sa.Table, nonces: dict[bytes, tuple[str, int]]
) -> None:
    old = sa.table(
        "identity_relay_acts",
        sa.column("number", sa.Integer),
        sa.column("contract", sa.String),
        sa.column("kind", sa.String),
        sa.column("id", sa.LargeBinary),
        sa.column("digest", sa.LargeBinary),
        sa.column("content", sa.JSON),
        sa.column("state", sa.String),
        sa.column("attempts", sa.Integer),
        sa.column("reason", sa.String),
        sa.column("transaction", sa.LargeBinary),
        sa.column("added_at", sa.BigInteger),
        sa.column("settled_at", sa.BigInteger),
    )
    moved = connection.execute(sa.text("SELECT hash, block FROM identity_relay_transactions"))
    blocks = {row.hash: row.block for row in moved}

    for row in connection.execute(sa.select(old).order_by(old.c.number)).mappings():
        sender, nonce = nonces.get(row["transaction"], (None, None))
        mined = blocks.get(row["transaction"]) is not None

        connection.execute(
            items.insert().values(
                kind=f"consent.{row['kind']}",
                chain=_chain(row["contract"]),
                target=row["contract"].rpartition(":")[2],
                key=row["digest"].hex(),
                effect=row["id"],
                sender=sender,
                payload=row["content"],
                state=_item_state(row["state"], mined=mined),
                reason=row["reason"],
                attempts=row["attempts"],
                nonce=nonce,
                added_at=row["added_at"],
                settled_at=row["settled_at"],
            )
        )


def _chain(contract: str) -> int:
    """Return the chain id of a contract as CAIP-10 writes it."""
    return int(contract.split(":")[1])


def _transaction_state(row: Any) -> str:
    mined = row["block"] is not None
    if row["settled"]:
        return "final" if mined else "replaced"

    return "mined" if mined else "signed"


def _item_state(state: str, *, mined: bool) -> str:
    if state == "sent":
        return "mined" if mined else "signed"

    return {"queued": "queued", "done": "final", "refused": "refused"}[state]
