"""Contracts of npm packages: the published bytecode, or compiled by the pinned compiler."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

from careledger import __version__
from careledger.chain import artifacts
from careledger.chain.compile import EVM_VERSION, ROOT, SETTINGS, solc
from careledger.chain.toolchain import MODULES, SOLC_VERSION
from careledger.errors import CompileError

HERE = Path(__file__).resolve().parent
OURS = "careledger"
PEERS = HERE / "node_modules"
CACHE = ROOT / "build" / "peers"
PLACES = {"@openzeppelin/": MODULES / "@openzeppelin", "solady/": MODULES / "solady" / "src"}
_IMPORT = re.compile(r"""^\s*import\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']\s*;""", re.MULTILINE)
_STAMP = re.compile("64736f6c6343([0-9a-f]{6})")  # CBOR: "solc", then three bytes of version


@dataclass(frozen=True, eq=False)
class Build:
    """A contract ready to deploy, and where it comes from."""

    name: str
    package: str
    version: str
    licence: str
    compiler: str
    optimizer: str
    published: bool
    """Whether the bytecode is the package's own; if not, it was compiled here from the package's
    sources."""
    abi: artifacts.Abi
    bytecode: bytes

    @property
    def label(self) -> str:
        """The name that people know it by."""
        return self.name.removesuffix("Token")

    def provenance(self) -> dict[str, Any]:
        """Return everything but the code itself."""
        names = ("name", "package", "version", "licence", "compiler", "optimizer", "published")
        return {name: getattr(self, name) for name in names}


def _manifest(package: str, folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / package / "package.json").read_text())
    return manifest


def published(package: str, file: str, optimizer: str) -> Build:
    """Read a contract that a package ships compiled.

    Args:
        file: the JSON file with ABI and bytecode, inside the package.
        optimizer: what is known of it; most of these files do not tell.
    """
    document = json.loads((PEERS / package / file).read_text())
    manifest = _manifest(package, PEERS)
    code = document["bytecode"].removeprefix("0x")
    stamp = _STAMP.findall(code)
    compiler = (
        ".".join(str(part) for part in bytes.fromhex(stamp[-1]))
        if stamp
        else document["compiler"]["version"]
    )
    return Build(
        name=document.get("contractName", Path(file).stem),
        package=manifest["name"],
        version=manifest["version"],
        licence=manifest["license"],
        compiler=compiler.partition("+")[0],
        optimizer=optimizer,
        published=True,
        abi=document["abi"],
        bytecode=bytes.fromhex(code),
    )


def compiled(
    package: str,
    source: str,
    *,
    at: Path = PEERS,
    compiler: str = SOLC_VERSION,
    runs: int = 1_000_000,
    ir: bool = False,
) -> Build:
    """Compile a contract for Cancun; the file is named after it.

    Args:
        package: whose contract it is, under `at`.
        source: an import path, or one of the files in `contracts/` that make a token of a library.
        compiler: ours, or one that `package.json` brings for a contract that ours cannot compile.
    """
    evm_version = "cancun"
    settings = {
        **SETTINGS,
        "evmVersion": evm_version,
        "optimizer": {"enabled": True, "runs": runs},
        "viaIR": ir,
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
    }
    sources = {name: {"content": text} for name, text in sorted(_collect(source).items())}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    key = hashlib.sha256(json.dumps([compiler, request], sort_keys=True).encode()).hexdigest()
    kept = CACHE / f"{key}.json"
    if not kept.is_file():
        contract = _compile(compiler, request)["contracts"][source][Path(source).stem]
        CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_text(
            json.dumps({"abi": contract["abi"], "bytecode": contract["evm"]["bytecode"]["object"]})
        )
    document = json.loads(kept.read_text())
    manifest = _manifest(package, at)
    return Build(
        name=Path(source).stem,
        package=manifest["name"],
        version=manifest["version"],
        licence=manifest["license"],
        compiler=compiler,
        optimizer=f"{runs:,} runs, {evm_version}" + (", IR" if ir else ""),
        published=False,
        abi=document["abi"],
        bytecode=bytes.fromhex(document["bytecode"]),
    )


def _compile(compiler: str, request: dict[str, Any]) -> dict[str, Any]:
    if compiler == SOLC_VERSION:
        return solc(request)
    command = ["node", "--stack-size=8000", str(HERE / "solc.cjs"), f"solc-{compiler}"]
    done = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=True
    )
    output: dict[str, Any] = json.loads(done.stdout)
    problems = [
        entry["formattedMessage"]
        for entry in output.get("errors", [])
        if entry["severity"] == "error"
    ]
    if problems:
        raise CompileError("\n".join(problems))
    return output


def ours(name: str) -> Build:
    """Return a contract of ours, as `make setup` and the tests compile it."""
    artifact = artifacts.load(name)
    optimizer = f"{SETTINGS['optimizer']['runs']:,} runs, {EVM_VERSION}"
    return Build(
        name,
        OURS,
        __version__,
        "MIT",
        SOLC_VERSION,
        optimizer,
        False,
        artifact.abi,
        artifact.bytecode,
    )


def _file(name: str) -> Path:
    for prefix, folder in PLACES.items():
        if name.startswith(prefix):
            return folder / name.removeprefix(prefix)
    return HERE / name if name.startswith("contracts/") else PEERS / name


def _collect(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    pending = [source]
    while pending:
        name = pending.pop()
        if name not in found:
            text = found[name] = _file(name).read_text()
            pending += [
                normpath(join(dirname(name), path)) if path.startswith(".") else path
                for path in _IMPORT.findall(text)
            ]
    return found
