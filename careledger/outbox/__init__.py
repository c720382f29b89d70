"""Durable transactions: signed, stored, handed over, followed to their depth, mended.

A noun registers a *kind* (`kinds.py`): how its items become calldata, whether the chain would take
them, whether their effect is there. The outbox does the rest, through crashes and reorganisations:

- **S1** Only bytes that are committed to the database are sent.
- **S2** One nonce carries one call; a bump changes fees alone.
- **S3** Each item has an effect key that its contract enforces. Whether an item is done is asked of
  the chain by that key, and never concluded from what was sent.

One program at a time sends with a key: whoever has the lease (`lease.py`) in the database.
"""
