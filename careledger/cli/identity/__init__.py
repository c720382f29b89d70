"""`careledger identity`: identifiers, credentials, consents."""
