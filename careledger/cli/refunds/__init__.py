"""`careledger refunds`: deals, returns, disputes."""
