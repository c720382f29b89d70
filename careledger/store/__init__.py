"""The database: one engine, one schema whose version is recorded, a module of tables for each noun."""

from careledger.store.engine import Store

__all__ = ["Store"]
