"""Contracts to bytecode, bytecode to a chain, calls and transactions to a node and back."""
