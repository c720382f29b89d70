"""The database: one engine, one history of the schema, tables that stand with their nouns.

Nothing of SQLAlchemy is imported before a store is opened: a command without one starts faster.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from careledger.store.engine import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    from careledger.store.engine import Store  # noqa: PLC0415  imported by whoever opens one

    return Store
