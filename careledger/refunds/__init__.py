"""Refunds: escrow, refunds that a scan or a missed deadline triggers, disputes."""
