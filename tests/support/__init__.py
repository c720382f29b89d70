"""Builders, harnesses and naive reference models that the tests share."""
