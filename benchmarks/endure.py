"""The long runs, by `make endure`: crash points, workers, faults and properties, at full counts.

Each step is a run of tests with more rounds than in `make test`. What has passed is kept in
`build/endure/` with its output; started again, for the same commit, only the rest is run. The seed
is printed and kept; `--anew` begins with the first step and another seed, `--list` shows the steps.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "endure"
OUTBOX = "tests/integration/outbox"

ROUNDS = {"CARELEDGER_ROUNDS": "20"}
KILLS = {"CARELEDGER_KILLS": "100"}
FAULTS = {"CARELEDGER_FAULTS": "500"}
TRANSACTIONS = {"CARELEDGER_TRANSACTIONS": "20000"}


@dataclass(frozen=True)
class Step:
    """A run of tests."""

    name: str
    tests: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def _outbox() -> list[Step]:
    """Return the outbox's steps: each crash point 20 times, 100 kills of three workers."""
    steps = []
    for database in ("sqlite", "postgresql"):
        crashes = f"{OUTBOX}/test_crashes.py"
        by_load = ("-n", "2", "--dist", "load", "-k", database)
        workers = (f"{OUTBOX}/test_workers.py", "-s", "-k", database)

        steps += [
            Step(f"killed at each point, {database}", (f"{crashes}::TestKilled", *by_load), ROUNDS),
            Step(f"frozen at each point, {database}", (f"{crashes}::TestFrozen", *by_load), ROUNDS),
            Step(f"three workers, 100 kills, {database}", workers, KILLS),
        ]

    return steps


STEPS = [
    *_outbox(),
    Step(
        "the relay killed at random", ("tests/integration/identity/test_consent_relay_trouble.py",)
    ),
    Step("RPC faults and reorganisations", ("tests/integration/chain/test_faults.py",), FAULTS),
    Step("properties of identity", ("tests/properties/identity", "-s"), TRANSACTIONS),
    Step("properties of interactions", ("tests/properties/interactions", "-s"), TRANSACTIONS),
    Step("properties of loyalty", ("tests/properties/loyalty", "-s"), TRANSACTIONS),
    Step("properties of refunds", ("tests/properties/refunds", "-s"), TRANSACTIONS),
]


def main(arguments: list[str]) -> int:
    """Run what has not passed yet; return how many steps failed."""
    if "--list" in arguments:
        for step in STEPS:
            print(f"{step.name}: {' '.join(step.tests)} {step.environment or ''}")
        return 0

    FOLDER.mkdir(parents=True, exist_ok=True)
    record = _record(anew="--anew" in arguments)
    print(f"commit {record['commit']}, CARELEDGER_SEED={record['seed']}, output in {FOLDER}")

    for number, step in enumerate(STEPS, 1):
        done = record["steps"].get(step.name, {})
        if done.get("passed"):
            print(f"[{number}/{len(STEPS)}] {step.name}: passed before, {done['seconds']} s")
            continue

        print(f"[{number}/{len(STEPS)}] {step.name}", flush=True)
        record["steps"][step.name] = _run(number, step, record["seed"])
        _write(record)

    return _report(record)


def _run(number: int, step: Step, seed: int) -> dict[str, object]:
    """Run the tests of a step, shown here and kept in a file; return what came of it."""
    environment = os.environ | step.environment
    environment |= {"CARELEDGER_SEED": str(seed), "CARELEDGER_REQUIRE_POSTGRES": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *step.tests]
    output = FOLDER / f"{number:02}.txt"
    began = time.monotonic()

    last = ""
    with output.open("w") as kept, subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        for line in running.stdout:
            kept.write(line)
            kept.flush()
            print(f"    {line}", end="", flush=True)
            last = line.strip() or last

    passed = running.returncode == 0
    return {"passed": passed, "seconds": round(time.monotonic() - began), "summary": last}


def _report(record: dict) -> int:
    """Show every step with what came of it."""
    failed = 0
    print()
    for step in STEPS:
        done = record["steps"].get(step.name, {"passed": False, "seconds": 0, "summary": "not run"})
        failed += not done["passed"]
        state = "passed" if done["passed"] else "FAILED"
        print(f"{state:7} {done['seconds']:>6} s  {step.name}: {done['summary']}")

    print(f"CARELEDGER_SEED={record['seed']}")
    return failed


def _record(*, anew: bool) -> dict:
    """Return what is known of this commit, or begin a new record with another seed."""
    file = FOLDER / "record.json"
    known = json.loads(file.read_text()) if file.exists() and not anew else {}
    commit = _commit()
    if known.get("commit") == commit:
        return known

    given = os.environ.get("CARELEDGER_SEED")
    return {"commit": commit, "seed": int(given or secrets.randbits(31) + 1), "steps": {}}


def _write(record: dict) -> None:
    (FOLDER / "record.json").write_text(json.dumps(record, indent=1) + "\n")


def _commit() -> str:
    """Return the commit, marked if files differ from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = git("status", "--porcelain")
    return git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
