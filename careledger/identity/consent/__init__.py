"""Consents: what a customer lets a company read, who may, what for and until when; revocable at any time."""
