"""Put what the compiler made of the contracts into the package, so that it works without one.

hatchling runs this for a wheel and for a source distribution. The files are not committed: they are
compiled here where a contract changed, or come with a source distribution.
"""

import json
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "careledger/chain/built"
"""Where `careledger.chain.artifacts` finds them if there is no checkout."""
FLOWS_NEED = {"TestToken"}
"""Contracts of `contracts/mocks/` that a flow deploys."""


class ContractsHook(BuildHookInterface[Any]):
    """Adds ABI, bytecode, metadata, the hash of the sources and the compiler's input."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile what changed, and add the files; an editable install reads the checkout."""
        root = Path(self.root)
        if version == "editable" or (root / BUILT).is_dir():
            return

        for file, place in _built(root).items():
            build_data["force_include"][str(file)] = f"{BUILT}/{place}"


def _built(root: Path) -> dict[Path, str]:
    """Compile what changed, and return the files with their places in the package."""
    sys.path.insert(0, str(root))
    from careledger.chain import compile as compiler  # noqa: PLC0415  that of this source tree
    from careledger.errors import CareLedgerError  # noqa: PLC0415

    try:
        compiler.compile_all()
    except CareLedgerError as error:
        sys.exit(f"the contracts cannot be compiled for the package: {error}")

    sources = {unit.path for unit in compiler.units()}
    files: dict[Path, str] = {}
    for file in sorted(compiler.ARTIFACTS.glob("*.json")):
        artifact = json.loads(file.read_text())
        name = artifact["contractName"]
        source = artifact["source"]
        if source not in sources or (_is_mock(artifact) and name not in FLOWS_NEED):
            continue

        files[file] = file.name
        callable_ = any(entry["type"] == "function" for entry in artifact["abi"])
        if callable_ and artifact["bytecode"] != "0x" and Path(source).stem == name:
            files[compiler.STANDARD_JSON / file.name] = f"standard-json/{file.name}"
    return files


def _is_mock(artifact: dict[str, Any]) -> bool:
    """Say whether a contract is declared among the mocks, whichever file was compiled last."""
    metadata = artifact["metadata"]
    if isinstance(metadata, str):
        metadata = json.loads(metadata)

    (declared_in,) = metadata["settings"]["compilationTarget"]
    return "/mocks/" in declared_in
