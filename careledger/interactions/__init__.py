"""Interactions: the anchored record of calls, chats, e-mails, agreements, and its receipts."""
