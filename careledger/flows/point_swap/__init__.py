"""Two brands' points: offers, a pool, the report."""
