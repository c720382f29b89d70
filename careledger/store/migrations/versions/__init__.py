"""One module a revision: explicit operations, which import nothing of CareLedger."""
