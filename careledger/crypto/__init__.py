"""Hashes, Merkle trees, canonical JSON, typed data and state proofs: pure functions without I/O."""
