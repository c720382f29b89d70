"""Measure the hashes and trees on one core of this machine.

Run `python benchmarks/hashing.py [--count N] [--json]`.

Rates are per CPU-second of this process, so another program on the machine does not falsify them;
each figure is the best of several runs, for what disturbs a run only ever makes it slower.
"""

import hashlib
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # without an installation, too

import typer

from careledger.cli.options import Json
from careledger.cli.program import run_command
from careledger.console import Out
from careledger.crypto.hashing import hmac_sha256, keccak256, keccak256_fallback
from careledger.crypto.merkle import MerkleTree, verify
from careledger.crypto.rfc6962 import LogTree, verify_inclusion
from careledger.interactions.batch import Batch
from careledger.interactions.formats import LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.record import InteractionRecord

HASHES = 100_000
RUNS = 3


def rate(work: Callable[[], Any], count: int, runs: int = RUNS) -> int:
    """Return how many of `count` things are done in a CPU-second."""
    best = float("inf")
    for _ in range(runs):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return round(count / best)


def interactions(count: int) -> list[dict[str, Any]]:
    """Return made-up interactions of about 1.6 kB each."""
    return [
        {
            "id": f"call-{number:07d}",
            "agent": "did:web:bench.example:agents:one",
            "customer": f"did:web:bench.example:customers:{number % 1000}",
            "kind": "call",
            "startedAt": "2026-03-02T08:14:05Z",
            "content": {
                "language": "es",
                "said": [
                    {"at": f"2026-03-02T08:{turn:02d}:00Z", "by": "agent", "text": "á" * 60}
                    for turn in range(8)
                ],
            },
        }
        for number in range(count)
    ]


def rows(count: int) -> list[tuple[str, str, int]]:
    """Measure everything and return (what, unit, rate)."""
    data = os.urandom(64)
    hashes: list[tuple[str, Callable[[bytes], Any]]] = [
        ("keccak256, as used", keccak256),
        ("keccak256, fallback (pycryptodome)", keccak256_fallback),
        ("SHA-256 (hashlib)", lambda block: hashlib.sha256(block).digest()),
        ("HMAC-SHA256 (hmac.digest)", lambda block: hmac_sha256(data, block)),
    ]

    def loop(hash_: Callable[[bytes], Any]) -> None:
        for _ in range(HASHES):
            hash_(data)

    result = [
        (name, "64-byte hashes", rate(lambda h=hash_: loop(h), HASHES)) for name, hash_ in hashes
    ]  # type: ignore[misc]
    raw = os.urandom(128 * count)
    values = [raw[at : at + 128] for at in range(0, len(raw), 128)]
    result.append((f"batch tree of {count:,}", "leaves", rate(lambda: MerkleTree(values), count)))
    few = values[: count // 10]
    result.append(
        (
            f"batch tree of {len(few):,}, fallback",
            "leaves",
            rate(lambda: MerkleTree(few, keccak256_fallback), len(few)),
        )
    )
    result.append(
        (f"log tree (RFC 6962) of {count:,}", "entries", rate(lambda: LogTree(values), count))
    )
    tree, log = MerkleTree(values), LogTree(values)
    some = range(0, count, max(1, count // 2000))

    def prove() -> None:
        for place in some:
            verify(values[place], tree.proof(place), tree.root, count)

    def prove_log(root: bytes = log.root()) -> None:
        for place in some:
            verify_inclusion(log.leaf(place), place, count, log.inclusion_proof(place), root)

    result.append(
        (f"batch proof made and verified, of {count:,}", "proofs", rate(prove, len(some)))
    )
    result.append(
        (f"log proof made and verified, of {count:,}", "proofs", rate(prove_log, len(some)))
    )
    return result + ingest(min(count, 10_000))


def ingest(count: int) -> list[tuple[str, str, int]]:
    """Measure the way from an interaction to its leaf in the tree."""
    brand, given = "did:ethr:0x7a69:0x" + "11" * 20, interactions(count)
    where = LogAddress(31337, "0x" + "22" * 20, "0x" + "11" * 20)
    records: list[InteractionRecord] = []

    def canonical() -> None:
        records[:] = [InteractionRecord.create(item, brand) for item in given]

    result = [("interaction to canonical record (1.6 kB)", "records", rate(canonical, count))]
    keyring = Keyring()
    leaf = rate(lambda: Batch.build(where, records, keyring, 0).root, count)
    return [*result, (f"records to a batch's root, {count:,}", "records", leaf)]


def _peak_memory() -> int:
    """Return the most memory that this process used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(
    count: Annotated[
        int, typer.Option(min=1000, help="Leaves and entries of the large trees.")
    ] = 1_000_000,
    json: Json = False,
) -> None:
    """Measure hashes, trees and ingest, and print what a CPU-second does."""
    out = Out(json)
    measured = rows(count)
    out.table(
        "Per CPU-second, one core",
        ["what", "rate #", "unit"],
        [[what, f"{figure:,}", unit] for what, unit, figure in measured],
        caption=f"{_peak_memory():,} MB of memory at most",
    )
    out.document({what: {"unit": unit, "perSecond": figure} for what, unit, figure in measured})


if __name__ == "__main__":
    run_command(main)
