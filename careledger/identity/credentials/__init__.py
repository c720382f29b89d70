"""Credentials: an issuer signs them, a holder presents a part, a verifier checks the chain."""
