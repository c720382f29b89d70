"""A contract of another build: the same functions, and other bytes behind them."""

from dataclasses import replace

from careledger.chain import artifacts

METADATA = 53
"""Bytes at the end of code that hash the sources, and that nothing runs."""


def rebuild(monkeypatch, name, *, abi=None):
    """Let the artifact of a contract be that of another build, perhaps with another interface."""
    load = artifacts.load
    built = load(name)
    end = built.deployed_bytecode[-METADATA:]
    other = end[:20] + bytes(byte ^ 0xFF for byte in end[20:24]) + end[24:]
    changed = replace(
        built,
        abi=built.abi if abi is None else abi,
        bytecode=built.bytecode.replace(end, other),
        deployed_bytecode=built.deployed_bytecode.replace(end, other),
    )
    assert changed.bytecode != built.bytecode
    monkeypatch.setattr(
        artifacts, "load", lambda wanted: changed if wanted == name else load(wanted)
    )
