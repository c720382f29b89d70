"""Deployment records: which versions of the suite stand on a chain, and where.

A file `<chain id>.json` in the folder of the records. Contracts are immutable, so a new build of
one is a new version of the suite beside the older ones, which end by their own deadlines. What did
not change is the same contract in both versions.

```json
{
  "format": 2,
  "chainId": 31337,
  "genesis": "0x...",
  "versions": [
    {"version": 1, "release": "0.1.0", "contracts": {"RefundEscrow": {...}}, "pending": {}}
  ]
}
```

Format 1 had one version, its `contracts` and `pending` beside `chainId`; it is read as version 1,
and written in format 2 when something is deployed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.chain.rpc import Chain
from careledger.errors import NotFound, SettingsError, WrongChain

FORMAT = 2
_ONE_VERSION = 1


@dataclass(frozen=True)
class DeployedVersion:
    """One version of the suite on a chain, as the record has it."""

    number: int
    """From 1."""
    release: str | None
    """The release of CareLedger that deployed it; None where an early one did not say."""
    contracts: dict[str, dict[str, Any]]
    """Deployed contracts by name."""
    pending: dict[str, dict[str, Any]]
    """Deployments that were handed over, or were about to be."""

    def addresses(self) -> dict[str, ChecksumAddress]:
        """Return the address of every deployed contract."""
        return {
            name: to_checksum_address(entry["address"]) for name, entry in self.contracts.items()
        }


class DeploymentRecord:
    """The deployment record of one chain, on disk."""

    def __init__(self, folder: Path, chain_id: int) -> None:
        """Read the record; an empty one where there is no file.

        Raises:
            SettingsError: the file cannot be read, or is not a record of this chain.

        """
        self.file = folder / f"{chain_id}.json"
        try:
            self.document = _as_format_2(json.loads(self.file.read_text()), chain_id)
        except FileNotFoundError:
            self.document = {"format": FORMAT, "chainId": chain_id, "versions": []}
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"the deployment record {self.file} cannot be read: {error}"
            ) from error
        except (KeyError, TypeError) as error:
            raise SettingsError(
                f"{self.file} is not a deployment record of chain {chain_id} in format 1 or 2"
            ) from error

    @property
    def versions(self) -> list[DeployedVersion]:
        """The versions, oldest first; a change to their contracts is a change to the record."""
        return [
            DeployedVersion(one["version"], one["release"], one["contracts"], one["pending"])
            for one in self.document["versions"]
        ]

    def begin(self, release: str | None) -> DeployedVersion:
        """Add a version, without contracts yet."""
        number = len(self.document["versions"]) + 1
        empty: dict[str, Any] = {
            "version": number,
            "release": release,
            "contracts": {},
            "pending": {},
        }
        self.document["versions"].append(empty)
        return self.versions[-1]

    def save(self) -> None:
        """Write the record so that a crash leaves the old one or the new one, never half of it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".partial")
        with partial.open("w") as stream:
            json.dump(self.document, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self.file)

    def bind(self, genesis: str) -> None:
        """Tie the record to a chain by its first block.

        Raises:
            WrongChain: it is tied to another one.

        """
        known = self.document.setdefault("genesis", genesis)
        if known != genesis:
            raise WrongChain(
                f"{self.file} was written on a chain that began with block {known}, but this one "
                f"began with {genesis}: it is another chain with the same id; move the record away "
                f"to deploy here"
            )


def _as_format_2(document: Mapping[str, Any], chain_id: int) -> dict[str, Any]:
    """Return a record in today's format.

    Raises:
        KeyError, TypeError: it is not a record of this chain.

    """
    if document["chainId"] != chain_id or document["format"] not in (_ONE_VERSION, FORMAT):
        raise TypeError("another chain or format")

    found = dict(document)
    if found["format"] == _ONE_VERSION:
        contracts, pending = found.pop("contracts"), found.pop("pending")
        only = {"version": 1, "release": None, "contracts": contracts, "pending": pending}
        found |= {"format": FORMAT, "versions": [only] if contracts or pending else []}

    for version in found["versions"]:
        if not version.keys() >= {"version", "release", "contracts", "pending"}:
            raise KeyError("versions")
    return found


def read_versions(chain: Chain, folder: Path) -> list[DeployedVersion]:
    """Return the versions of the suite on this chain that have contracts, oldest first.

    Raises:
        NotFound: nothing is recorded for it.
        WrongChain: what is recorded was deployed on another chain with the same id.

    """
    record = DeploymentRecord(folder, chain.chain_id)
    versions = [one for one in record.versions if one.contracts]
    if not versions:
        raise NotFound(
            f"no deployment on chain {chain.chain_id} is recorded in {folder}: "
            f"run `careledger deploy`"
        )

    record.bind(chain.block(0)["hash"])
    return versions


def addresses(chain: Chain, folder: Path) -> dict[str, ChecksumAddress]:
    """Return where the newest version of the suite is on this chain, by contract name.

    Raises what `read_versions` raises.
    """
    return read_versions(chain, folder)[-1].addresses()
