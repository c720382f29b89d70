"""Contracts that are broken on purpose: proof that a property can fail.

A mutant is one piece of a source text, replaced. It is compiled into memory and into `build/mutants` (by content, so
that a second run compiles nothing), never into the artifacts.
"""

import hashlib
import json
import os
from typing import Any

from careledger.chain.artifacts import Artifact
from careledger.chain.compile import ROOT, Unit, collect, solc
from careledger.chain.toolchain import SOLC_VERSION

CACHE = ROOT / "build" / "mutants"


def mutate(path: str, old: str, new: str, inside: str = "", contract: str = "") -> Artifact:
    """Compile a contract with one piece of its source replaced.

    Args:
        path: the contract's source file, from the repository's root: `contracts/x/Y.sol`.
        old: the piece; it must be there exactly once.
        new: what stands there instead.
        inside: the source file to change, where it is one that `path` imports.
        contract: the contract's name, where it is not the file's.
    """
    unit = collect(path)
    target = inside or path
    assert unit.sources[target].count(old) == 1, f"{target} has {unit.sources[target].count(old)} of: {old}"
    broken = Unit(path, unit.sources | {target: unit.sources[target].replace(old, new)})
    return _compiled(broken, contract or path.rpartition("/")[2].removesuffix(".sol"))


def _compiled(unit: Unit, name: str) -> Artifact:
    # Not optimised: it takes half the time to compile, and nobody measures a mutant's gas.
    wanted = {unit.path: {name: ["abi", "evm.bytecode.object", "evm.methodIdentifiers"]}}
    settings = unit.standard_json["settings"] | {"optimizer": {"enabled": False}, "outputSelection": wanted}
    document = unit.standard_json | {"settings": settings}
    text = json.dumps([SOLC_VERSION, document], sort_keys=True)
    file = CACHE / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    if not file.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(json.dumps(solc(document)["contracts"][unit.path][name]))
        partial.replace(file)
    compiled: dict[str, Any] = json.loads(file.read_text())
    return Artifact(
        name=name,
        source=unit.path,
        abi=compiled["abi"],
        bytecode=bytes.fromhex(compiled["evm"]["bytecode"]["object"]),
        deployed_bytecode=b"",
        immutable_references={},
        compiler={},
        raw={"methodIdentifiers": compiled["evm"]["methodIdentifiers"]},
    )
