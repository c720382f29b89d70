"""An Anvil that says it is chain 1337, as Hardhat does, and Node with the pinned npm packages."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from careledger.chain.artifacts import ARTIFACTS
from careledger.chain.node import LocalNode
from careledger.chain.rpc import Chain

HERE = Path(__file__).parent
INTEROP = HERE.parent
MODULES = INTEROP / "node_modules"

Node = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def packages() -> Path:
    """Return the folder of the npm packages, each at the version that package.json pins."""
    for name, wanted in json.loads((INTEROP / "package.json").read_text())["dependencies"].items():
        manifest = MODULES / name / "package.json"
        if not manifest.is_file():
            pytest.fail(f"npm package {name} is not installed: run `make interop`", pytrace=False)
        assert json.loads(manifest.read_text())["version"] == wanted.rpartition("@")[2], name
    return MODULES


@pytest.fixture
def hardhat_like(compiled: None, request: pytest.FixtureRequest) -> Iterator[Chain]:
    """Serve a fresh Anvil with Hardhat's chain id, and the options
    that a test gives as parameter.
    """
    extra = ["--chain-id", "1337", *getattr(request, "param", [])]
    with LocalNode("anvil", extra=extra) as chain:
        yield chain


@pytest.fixture
def run_node(packages: Path, hardhat_like: Chain) -> Node:
    """Return a function that runs a Node program of the pinned packages against that Anvil."""

    def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "CARELEDGER_INTEROP_RPC": hardhat_like.url,
            "CARELEDGER_INTEROP_ARTIFACT": str(ARTIFACTS / "IdentityRegistry.json"),
            "NO_COLOR": "1",
        }
        return subprocess.run(
            ["node", *command],
            cwd=INTEROP,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run
