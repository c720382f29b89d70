"""Interactions: the anchored record of calls, chats, e-mails and agreements, and the receipts that prove it."""
