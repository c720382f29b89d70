"""Verified once by a bank, read by an insurer by consent."""
