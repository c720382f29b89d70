"""Anchoring: timestamps of the Ethereum Attestation Service, and batches in our log."""

from bench import Bench, Contract, Row
from eth_utils.crypto import keccak
from packages import published
from suite import Suite

BATCHES = 128
"""As many of ours as are averaged: the log's cost goes up and down with the binary form of its
length."""
ITEMS = 10_000
"""Interactions in one of our batches."""
TOGETHER = 100
"""Hashes in one multiTimestamp, as its documentation suggests; a hundred of them nearly hide the
transaction's base."""


def _hash(number: int) -> bytes:
    return keccak(text=f"careledger benchmark interaction {number}")


def _eas(bench: Bench) -> dict[str, float]:
    folder = "artifacts/contracts"
    package = "@ethereum-attestation-service/eas-contracts"
    schemas = bench.deploy(
        published(package, f"{folder}/SchemaRegistry.sol/SchemaRegistry.json", "not stated")
    )
    eas = bench.deploy(
        published(package, f"{folder}/EAS.sol/EAS.json", "not stated"), schemas.address
    )
    actor = bench.actors[1]
    single = eas.gas(actor, "timestamp", _hash(0))
    together = eas.gas(actor, "multiTimestamp", [_hash(1 + number) for number in range(TOGETHER)])
    return {"timestamp": single, "multiTimestamp": together / TOGETHER}


def _anchor(log: Contract, bench: Bench, brand: str) -> float:
    """Return the mean gas of `BATCHES` batches by a delegate, after the brand's first one."""
    agent = bench.actors[2]
    log.gas(agent, "anchorBatch", brand, _hash(0), ITEMS, 0)
    used = [
        log.gas(agent, "anchorBatch", brand, _hash(number), ITEMS, number * ITEMS)
        for number in range(1, BATCHES + 1)
    ]
    return sum(used) / BATCHES


def rows(bench: Bench) -> list[Row]:
    """Measure both."""
    theirs = _eas(bench)
    suite = Suite(bench)
    log = suite.contract("InteractionLog")
    brand, agent = bench.actors[1], bench.actors[2]
    suite.delegate(brand, "careledger.agent", agent)
    mean = _anchor(log, bench, brand.address)
    ours = "InteractionLog.anchorBatch.mean128"
    together, one = f"EAS multiTimestamp of {TOGETHER}", f"{ours} / {ITEMS:,}"
    return [
        Row("anchor a root", "EAS timestamp", theirs["timestamp"], ours, mean),
        Row("anchor an interaction", together, theirs["multiTimestamp"], one, mean / ITEMS),
    ]
