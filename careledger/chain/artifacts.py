"""What the compiler made of a contract: ABI, bytecode, storage layout, documentation."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from careledger.chain.abi import signature, types
from careledger.chain.compile import ARTIFACTS, STANDARD_JSON
from careledger.errors import NotFound, ToolchainError

__all__ = ["Abi", "Artifact", "load", "signature", "types"]

Abi = list[dict[str, Any]]

PACKAGED = Path(__file__).with_name("built")
"""What an installed package carries of the compiler's output; a checkout has none."""


def compiler_input(name: str) -> str:
    """Return the compiler's standard-JSON input of a contract, with which explorers verify it.

    Raises:
        ToolchainError: the contract has not been compiled.
        NotFound: its input is not here.

    """
    place = PACKAGED / "standard-json" if PACKAGED.is_dir() else STANDARD_JSON
    file = place / f"{Path(load(name).source).stem}.json"
    if not file.is_file():
        raise NotFound(f"{name} has no compiler input here: run `careledger compile`")
    return file.read_text()


@dataclass(frozen=True)
class Artifact:
    """One compiled contract, as `careledger.chain.compile` wrote it."""

    name: str
    source: str
    abi: Abi
    bytecode: bytes
    deployed_bytecode: bytes
    immutable_references: dict[str, list[dict[str, int]]]
    compiler: dict[str, Any]
    raw: dict[str, Any]
    """The whole file, for the parts that are read rarely (storage layout, metadata, devdoc)."""

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return the ABI's entries of a kind: `function`, `event`, `error` or `constructor`."""
        return [entry for entry in self.abi if entry["type"] == kind]

    @cached_property
    def functions(self) -> dict[bytes, dict[str, Any]]:
        """4-byte selector -> ABI entry."""
        return {keccak(text=signature(entry))[:4]: entry for entry in self.entries("function")}

    @cached_property
    def events(self) -> dict[bytes, dict[str, Any]]:
        """32-byte topic -> ABI entry."""
        return {keccak(text=signature(entry)): entry for entry in self.entries("event")}

    @cached_property
    def errors(self) -> dict[bytes, dict[str, Any]]:
        """4-byte selector -> ABI entry."""
        return {keccak(text=signature(entry))[:4]: entry for entry in self.entries("error")}

    @property
    def sources_hash(self) -> str:
        """The hash of compiler, settings and all sources that it was made from."""
        return str(self.raw["key"])

    @cached_property
    def interface_hash(self) -> str:
        """The hash of the ABI: builds that have the same one are called in the same way."""
        entries = sorted(json.dumps(entry, sort_keys=True) for entry in self.abi)
        return hashlib.sha256(json.dumps(entries).encode()).hexdigest()

    def matches(self, code: bytes) -> bool:
        """Say whether code found on a chain is this contract's, whatever its immutables hold."""
        if len(code) != len(self.deployed_bytecode):
            return False

        # Immutables are in the code: both sides get zeros where they stand.
        found = bytearray(code)
        wanted = bytearray(self.deployed_bytecode)
        for places in self.immutable_references.values():
            for place in places:
                span = slice(place["start"], place["start"] + place["length"])
                found[span] = wanted[span] = bytes(place["length"])

        return found == wanted


@cache
def load(name: str, folder: Path | None = None) -> Artifact:
    """Return the artifact of a contract.

    Args:
        name: of the contract.
        folder: where to look; by default in the package, or in `build/` of a checkout.

    Raises:
        ToolchainError: the contract has not been compiled.

    """
    packaged = PACKAGED.is_dir()
    place = folder or (PACKAGED if packaged else ARTIFACTS)
    try:
        raw = json.loads((place / f"{name}.json").read_text())
    except OSError as error:
        todo = "this package has no such contract" if packaged else "run `careledger compile`"
        raise ToolchainError(f"contract '{name}' has not been compiled: {todo}") from error

    return Artifact(
        name=raw["contractName"],
        source=raw["source"],
        abi=raw["abi"],
        bytecode=bytes.fromhex(raw["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(raw["deployedBytecode"].removeprefix("0x")),
        immutable_references=raw["immutableReferences"],
        compiler=raw["compiler"],
        raw=raw,
    )
