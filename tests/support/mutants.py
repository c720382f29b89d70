"""Contracts that are broken on purpose: proof that a property can fail.

A mutant is one piece of a source text, replaced. It is compiled into memory and into
`build/mutants` (by content, so that a second run compiles nothing), never into the artifacts.
"""

import hashlib
import json
import os
from typing import Any

from careledger.chain.artifacts import Artifact
from careledger.chain.compile import ROOT, CompilationUnit, collect, solc
from careledger.chain.toolchain import SOLC_VERSION

CACHE = ROOT / "build" / "mutants"


def mutate(
    path: str, old: str, new: str, inside: str = "", contract: str = "", *, optimise: bool = False
) -> Artifact:
    """Compile a contract with one piece of its source replaced.

    Args:
        path: the contract's source file, from the repository's root: `contracts/x/Y.sol`.
        old: the piece; it must be there exactly once, however its lines are broken.
        new: what stands there instead.
        inside: the source file to change, where it is one that `path` imports.
        contract: the contract's name, where it is not the file's.
        optimise: where the compiler runs out of stack without.
    """
    unit = collect(path)
    target = inside or path
    broken = CompilationUnit(
        path, unit.sources | {target: _replaced(unit.sources[target], old, new, target)}
    )
    how = {"optimizer": {"enabled": True, "runs": 200}} if optimise else {}
    return _compiled(broken, contract or path.rpartition("/")[2].removesuffix(".sol"), **how)


def _replaced(source: str, old: str, new: str, target: str) -> str:
    """Replace a piece of a source, wherever the formatter breaks its lines."""
    places = [place for place, character in enumerate(source) if not character.isspace()]
    dense = "".join(source[place] for place in places)
    wanted = "".join(old.split())
    assert dense.count(wanted) == 1, f"{target} has {dense.count(wanted)} of: {old}"

    first = dense.index(wanted)
    last = first + len(wanted) - 1
    return source[: places[first]] + new.strip() + source[places[last] + 1 :]


def foreign(path: str, contract: str, evm_version: str = "cancun") -> Artifact:
    """Compile a contract of another library, to hold ours against it; run it in an EVM of that
    version.

    Args:
        path: its source file, as it is imported: `@openzeppelin/contracts/x/Y.sol`.
        contract: the contract's name.
        evm_version: what its source needs.
    """
    return _compiled(
        collect(path), contract, evmVersion=evm_version, optimizer={"enabled": True, "runs": 200}
    )


def _compiled(unit: CompilationUnit, name: str, **other: Any) -> Artifact:
    # Not optimised: it takes half the time to compile, and nobody measures a mutant's gas.
    wanted = {unit.path: {name: ["abi", "evm.bytecode.object", "evm.methodIdentifiers"]}}
    settings = (
        unit.standard_json["settings"]
        | {"optimizer": {"enabled": False}, "outputSelection": wanted}
        | other
    )
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
