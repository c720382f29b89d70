"""did:ethr identifiers: the registry, its history, documents, guardians."""
