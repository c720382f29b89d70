"""Loyalty: points that customers own, market and pools to swap them, and the brand's report."""
