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


def mutate(path: str, old: str, new: str, inside: str = "", contract: str = "", *, optimise: bool = False) -> Artifact:
    """Compile a contract with one piece of its source replaced.

    Args:
        path: the contract's source file, from the repository's root: `contracts/x/Y.sol`.
        old: the piece; it must be there exactly once.
        new: what stands there instead.
        inside: the source file to change, where it is one that `path` imports.
        contract: the contract's name, where it is not the file's.
        optimise: where the compiler runs out of stack without.
    """
    unit = collect(path)
    target = inside or path
    assert unit.sources[target].count(old) == 1, f"{target} has {unit.sources[target].count(old)} of: {old}"
    broken = Unit(path, unit.sources | {target: unit.sources[target].replace(old, new)})
    how = {"optimizer": {"enabled": True, "runs": 200}} if optimise else {}
    return _compiled(broken, contract or path.rpartition("/")[2].removesuffix(".sol"), **how)


def foreign(path: str, contract: str, evm_version: str = "cancun") -> Artifact:
    """Compile a contract of another library, to hold ours against it; run it in an EVM of that version.

    Args:
        path: its source file, as it is imported: `@openzeppelin/contracts/x/Y.sol`.
        contract: the contract's name.
        evm_version: what its source needs.
    """
    return _compiled(collect(path), contract, evmVersion=evm_version, optimizer={"enabled": True, "runs": 200})


def _compiled(unit: Unit, name: str, **other: Any) -> Artifact:
    # Not optimised: it takes half the time to compile, and nobody measures a mutant's gas.
    wanted = {unit.path: {name: ["abi", "evm.bytecode.object", "evm.methodIdentifiers"]}}
    settings = unit.standard_json["settings"] | {"optimizer": {"enabled": False}, "outputSelection": wanted} | other
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
