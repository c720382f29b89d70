"""Interactions anchored, a receipt verified, and a changed byte found."""
