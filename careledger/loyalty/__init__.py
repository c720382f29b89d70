"""Loyalty: points that customers own, the market and the pools where they swap them, and the brand's report."""
