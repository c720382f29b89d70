"""CPU seconds that the small things take, each beside `python -c "import web3"` of the same run.

Each command runs as a process of its own, several times. The least of its CPU seconds (user and
system) counts, because other programs can only add to it. The limits are for an idle machine: 0.35
s for help, version and completion; 0.8 s for what needs no node; for the rest 0.4 s above `import
web3`.
"""

import json as jsonlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.chain.toolchain import ROOT
from careledger.cli.program import run_command
from careledger.console import Out
from careledger.loyalty.client import LoyaltyToken
from careledger.suite import Suite

LIGHT = 0.35
OFFLINE = 0.8
ABOVE_WEB3 = 0.4
"""CPU seconds."""

CLI = (str(Path(sys.executable).with_name("careledger")),)


@dataclass(frozen=True)
class Sample:
    """A program, and how long it may take."""

    name: str
    command: Sequence[str]
    limit: float | None = None
    """CPU seconds."""
    above_web3: bool = False
    """Whether the limit begins behind `import web3`."""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Timing:
    """What a program took, and what it may take in this run; in CPU seconds."""

    name: str
    seconds: float
    limit: float | None

    @property
    def kept(self) -> bool:
        """Whether it took no more than it may."""
        return self.limit is None or self.seconds <= self.limit


@dataclass(frozen=True)
class Scene:
    """A folder with a receipt, and a chain with the suite, for the commands to work on."""

    folder: Path
    environment: Mapping[str, str]
    did: str
    account: str
    token: str
    block_hash: str

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
        """Run a program in the folder and return its CPU seconds."""
        before = _children()
        subprocess.run(
            list(command),
            cwd=self.folder,
            env=dict(self.environment) | dict(environment or {}),
            capture_output=True,
            check=True,
        )
        return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def open_scene() -> Iterator[Scene]:
    """Start a chain with the suite, points on it, and a receipt of an anchored interaction."""
    interactions = ROOT / "examples" / "interactions.json"
    first = jsonlib.loads(interactions.read_text())[0]["id"]

    with Suite.local() as suite, tempfile.TemporaryDirectory() as folder:
        account = suite.account.address
        token = LoyaltyToken.deploy(
            suite.sender,
            suite.address("IdentityRegistry"),
            account,
            name="Aurora Points",
            symbol="AURORA",
            cap=10**24,
            notice=timedelta(days=90),
        )
        scene = Scene(
            folder=Path(folder),
            environment=os.environ
            | {
                "CARELEDGER_RPC": suite.chain.url,
                "CARELEDGER_DEPLOYMENTS": str(suite.settings.deployments),
                "PYTHONPATH": str(ROOT),
            },
            did=suite.identity.did(account),
            account=account,
            token=token.address,
            block_hash="",
        )
        scene.run([*CLI, "interactions", "anchor", str(interactions), "--batch", "batch.json"])
        scene.run([*CLI, "interactions", "receipt", "batch.json", "--id", first])

        receipt = jsonlib.loads((scene.folder / "receipt.json").read_text())
        yield Scene(**(vars(scene) | {"block_hash": receipt["anchor"]["blockHash"]}))


def samples(scene: Scene) -> list[Sample]:
    """Return what is measured."""

    def completion(line: str) -> Sample:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        variables = {"_CARELEDGER_COMPLETE": "complete_bash"} | words
        return Sample(f"completion of `{line}`", CLI, LIGHT, environment=variables)

    def light(*arguments: str) -> Sample:
        return Sample(" ".join(arguments), [*CLI, *arguments], LIGHT)

    def offline(name: str, *arguments: str) -> Sample:
        return Sample(name, [*CLI, *arguments], OFFLINE)

    def on_chain(name: str, *arguments: str) -> Sample:
        return Sample(name, [*CLI, *arguments], ABOVE_WEB3, above_web3=True)

    verify = ("interactions", "verify", "receipt.json")
    return [
        light("--help"),
        light("--version"),
        light("identity", "--help"),
        light("identity", "resolve", "--help"),
        light("demo", "--help"),
        completion("careledger ident"),
        completion("careledger refunds show --r"),
        offline("interactions verify, offline", *verify, "--block-hash", scene.block_hash),
        offline("abi", "abi", "RefundEscrow"),
        on_chain("status", "status"),
        on_chain("interactions verify", *verify),
        on_chain("identity resolve", "identity", "resolve", scene.did),
        on_chain("loyalty balance", "loyalty", "balance", scene.token, scene.account),
        on_chain("refunds credit", "refunds", "credit", scene.account),
    ]


def measure(scene: Scene, times: int) -> list[Timing]:
    """Run every sample several times; `import web3` goes first."""

    def least(sample: Sample) -> float:
        return min(scene.run(sample.command, sample.environment) for _ in range(times))

    web3 = least(Sample("import web3", [sys.executable, "-c", "import web3"]))
    timings = [Timing("import web3", web3, None)]
    for sample in samples(scene):
        limit = sample.limit
        if limit is not None and sample.above_web3:
            limit += web3
        timings.append(Timing(sample.name, least(sample), limit))
    return timings


def startup(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    times: Annotated[int, typer.Option(min=1, help="How often each is run.")] = 5,
) -> None:
    """Measure how long the small things take to start.

    Example: python benchmarks/startup.py --times 5
    """
    out = Out(json)
    with open_scene() as scene:
        timings = measure(scene, times)

    rows: list[list[Any]] = [
        [
            one.name,
            f"{one.seconds:.2f}",
            "-" if one.limit is None else f"{one.limit:.2f}",
            "" if one.kept else "over",
        ]
        for one in timings
    ]
    out.table("CPU seconds to start", ["", "seconds #", "limit #", ""], rows)
    out.document(
        {
            "runs": times,
            "timings": [
                {"name": one.name, "seconds": round(one.seconds, 3), "limitSeconds": one.limit}
                for one in timings
            ],
        }
    )
    if not all(one.kept for one in timings):
        raise SystemExit(1)


if __name__ == "__main__":
    run_command(startup)
