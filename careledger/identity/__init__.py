"""Identifiers, credentials and consents: who a brand or customer is, and who may act or read."""
