"""Amounts, times, durations and addresses: how each is read and written, once for all nouns."""
