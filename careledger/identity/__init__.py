"""Decentralised identifiers: who controls a brand or a customer, who may act for it, and since when."""
