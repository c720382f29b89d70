"""Compile what changed in `contracts/`, each source file by itself.

One standard-JSON input per source file, holding that file and what it imports and nothing else. So
the bytecode does not depend on what else was compiled in the same run, a change recompiles its own
file and its dependents only, and the input that is kept beside the artifact is what an explorer
needs to verify the source.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

from careledger.chain.toolchain import MODULES, ROOT, SOLC_VERSION, SOLCX_FOLDER
from careledger.errors import CompileError, ToolchainError

CONTRACTS = ROOT / "contracts"
ARTIFACTS = ROOT / "build" / "artifacts"
STANDARD_JSON = ROOT / "build" / "standard-json"
EVM_VERSION = "shanghai"
SETTINGS: dict[str, Any] = {
    "evmVersion": EVM_VERSION,
    "optimizer": {"enabled": True, "runs": 1_000_000},
    "outputSelection": {
        "*": {
            "*": [
                "abi",
                "devdoc",
                "userdoc",
                "metadata",
                "storageLayout",
                "evm.bytecode.object",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.immutableReferences",
                "evm.methodIdentifiers",
            ]
        }
    },
}
"""Solidity settings of everything that is deployed; `brownie-config.yaml` repeats the first two."""

LIBRARIES = {"solady/": MODULES / "solady" / "src", "@openzeppelin/": MODULES / "@openzeppelin"}
_IMPORT = re.compile(r"""^\s*import\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']\s*;""", re.MULTILINE)


@dataclass(frozen=True)
class CompilationUnit:
    """One source file of ours with everything that it imports."""

    path: str
    """Relative to the repository's root, with forward slashes."""
    sources: dict[str, str]
    """Source unit name -> text, the file itself included."""

    @cached_property
    def standard_json(self) -> dict[str, Any]:
        """The compiler's input."""
        ordered = {name: {"content": self.sources[name]} for name in sorted(self.sources)}
        return {"language": "Solidity", "sources": ordered, "settings": SETTINGS}

    @cached_property
    def key(self) -> str:
        """What the output depends on, hashed."""
        text = json.dumps([SOLC_VERSION, self.standard_json], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def is_interface(path: str) -> bool:
    """Say whether a source file is an interface by its name: `I` and a capital."""
    stem = Path(path).stem
    return len(stem) > 1 and stem[0] == "I" and stem[1].isupper()


def _read(name: str, importer: str) -> str:
    file = ROOT / name
    for prefix, folder in LIBRARIES.items():
        if name.startswith(prefix):
            file = folder / name.removeprefix(prefix)

    try:
        return file.read_text()
    except OSError as error:
        hint = "run `make setup`" if MODULES in file.parents else "check the path"
        raise CompileError(
            f"{importer} imports {name}, which cannot be read ({error.strerror}): {hint}"
        ) from error


def collect(path: str) -> CompilationUnit:
    """Read a source file and, transitively, what it imports.

    Raises:
        CompileError: an import cannot be read.

    """
    sources: dict[str, str] = {}
    pending = [(path, "careledger")]

    while pending:
        name, importer = pending.pop()
        if name in sources:
            continue

        text = sources[name] = _read(name, importer)
        pending += [
            (normpath(join(dirname(name), target)) if target.startswith(".") else target, name)
            for target in _IMPORT.findall(text)
        ]

    return CompilationUnit(path, sources)


def units(folder: Path = CONTRACTS) -> list[CompilationUnit]:
    """Collect every source file that is more than an interface, in the order of their paths."""
    paths = sorted(file.relative_to(ROOT).as_posix() for file in folder.rglob("*.sol"))
    return [collect(path) for path in paths if not is_interface(path)]


def solc(standard_json: dict[str, Any]) -> dict[str, Any]:
    """Run the pinned compiler on a standard-JSON input.

    Raises:
        ToolchainError: the compiler is not linked.
        CompileError: it crashed, or refused the input.

    """
    import solcx  # noqa: PLC0415  only who compiles needs it
    from solcx.exceptions import SolcError  # noqa: PLC0415

    binary = SOLCX_FOLDER / f"solc-v{SOLC_VERSION}"
    if not binary.exists():
        raise ToolchainError(f"solc {SOLC_VERSION} is not linked: run `make setup`")
    try:
        output: dict[str, Any] = solcx.compile_standard(standard_json, solc_binary=binary)
    except SolcError as error:
        try:
            problems = json.loads(str(error.stdout_data))["errors"]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise CompileError(f"solc crashed: {error}") from error
        text = "\n".join(p["formattedMessage"] for p in problems if p["severity"] == "error")
        raise CompileError(text) from error
    return output


def _refuse_warnings(output: dict[str, Any]) -> None:
    ours = [
        problem["formattedMessage"]
        for problem in output.get("errors", [])
        if not problem.get("sourceLocation", {}).get("file", "").startswith(tuple(LIBRARIES))
    ]
    if ours:
        raise CompileError("warnings in our own sources count as errors:\n" + "\n".join(ours))


def _artifact(name: str, unit: CompilationUnit, contract: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a contract."""
    evm = contract["evm"]

    return {
        "contractName": name,
        "source": unit.path,
        "key": unit.key,
        "compiler": {
            "version": SOLC_VERSION,
            "settings": {k: v for k, v in SETTINGS.items() if k != "outputSelection"},
        },
        "abi": contract["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        "immutableReferences": evm["deployedBytecode"].get("immutableReferences", {}),
        "methodIdentifiers": evm["methodIdentifiers"],
        "storageLayout": contract.get("storageLayout"),
        "metadata": contract["metadata"],
        "devdoc": contract["devdoc"],
        "userdoc": contract["userdoc"],
    }


def _write(file: Path, document: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)

    # Two may compile at once.
    partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
    partial.write_text(json.dumps(document, indent=1))
    partial.replace(file)


def compile_unit(unit: CompilationUnit) -> list[str]:
    """Compile one source file, write its artifacts, and return the names of its contracts.

    Interfaces of ours that it imports get an artifact too (an ABI and no bytecode).
    """
    output = solc(unit.standard_json)
    _refuse_warnings(output)

    names = []
    for path, contracts in output["contracts"].items():
        if path != unit.path and not (path.startswith("contracts/") and is_interface(path)):
            continue
        for name, contract in contracts.items():
            _write(ARTIFACTS / f"{name}.json", _artifact(name, unit, contract))
            if path == unit.path:
                names.append(name)

    _write(STANDARD_JSON / (Path(unit.path).stem + ".json"), unit.standard_json)
    _write(
        ARTIFACTS / "units" / (unit.path.replace("/", "--") + ".json"),
        {"key": unit.key, "contracts": names},
    )
    return names


def stale(collected: Iterable[CompilationUnit]) -> list[CompilationUnit]:
    """Return the units whose artifacts are missing or were made from something else."""
    result = []
    for unit in collected:
        record = ARTIFACTS / "units" / (unit.path.replace("/", "--") + ".json")
        try:
            known = json.loads(record.read_text())
        except (OSError, ValueError):
            known = {}

        complete = all(
            (ARTIFACTS / f"{name}.json").is_file() for name in known.get("contracts", [])
        )
        if known.get("key") != unit.key or not complete:
            result.append(unit)

    return result


def compile_all(progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Compile what changed and return the paths of the source files that were compiled.

    Args:
        progress: told the path of each source file as it is done.

    Raises:
        CompileError: sources do not compile or warn (all of them are named, the others are compiled
            all the same), or two contracts share a name.

    """
    if not CONTRACTS.is_dir():
        raise ToolchainError(
            "there are no contracts to compile here: the sources are in the repository's checkout, "
            "and this package carries what the compiler made of them"
        )

    collected = units()
    todo = stale(collected)

    refused = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for unit, done in [(unit, pool.submit(compile_unit, unit)) for unit in todo]:
            try:
                done.result()
                progress(unit.path)
            except CompileError as error:
                refused.append(str(error))

    if refused:
        raise CompileError("\n".join(refused))

    _refuse_doubles(collected)
    return [unit.path for unit in todo]


def _refuse_doubles(collected: list[CompilationUnit]) -> None:
    seen: dict[str, str] = {}
    for unit in collected:
        record = json.loads(
            (ARTIFACTS / "units" / (unit.path.replace("/", "--") + ".json")).read_text()
        )
        for name in record["contracts"]:
            if name in seen:
                raise CompileError(
                    f"{name} is defined in both {seen[name]} and {unit.path}: rename one"
                )
            seen[name] = unit.path
