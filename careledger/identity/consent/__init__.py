"""Consents: what a customer lets a company read, why and until when; revocable at any time."""
