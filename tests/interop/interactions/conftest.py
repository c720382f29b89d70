"""Node with the pinned npm packages."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
INTEROP = HERE.parent


@pytest.fixture(scope="session")
def ask() -> Callable[[str, Any], Any]:
    """Return a function that runs a Node program of this folder with JSON in and JSON out."""
    wanted = json.loads((INTEROP / "package.json").read_text())["dependencies"]
    for name in ("@openzeppelin/merkle-tree", "merkletreejs", "ethers"):
        manifest = INTEROP / "node_modules" / name / "package.json"
        if not manifest.is_file():
            pytest.fail(f"npm package {name} is not installed: run `make interop`", pytrace=False)
        assert json.loads(manifest.read_text())["version"] == wanted[name], name

    def run(program: str, question: Any) -> Any:
        done = subprocess.run(
            ["node", str(HERE / program)], cwd=INTEROP, input=json.dumps(question),
            capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run
