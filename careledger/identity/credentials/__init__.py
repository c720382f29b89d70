"""Credentials that an issuer signs, a holder keeps and presents in part, and a verifier checks against the chain."""
