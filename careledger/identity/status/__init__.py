"""Whether a credential was revoked: the bit on chain, and the lists that are exported from it."""
