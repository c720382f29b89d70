"""Deploy the suite so that it can be killed at any moment and run again.

The record `deployments/<chain id>.json` is written, atomically, when a transaction is signed,
before it is handed over, and again when it is mined. A run that was killed in between hands over
the very same transaction, which a chain executes at most once.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp
from eth_abi.abi import encode
from eth_typing import ChecksumAddress
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.errors import Conflict, NodeError, NotFound, SettingsError, WrongChain

FORMAT = 1


@dataclass(frozen=True)
class DeploymentStep:
    """One contract of the suite, and which contracts before it its constructor takes."""

    name: str
    arguments: tuple[str, ...] = ()


SUITE = (
    DeploymentStep("IdentityRegistry"),
    DeploymentStep("InteractionLog", ("IdentityRegistry",)),
    DeploymentStep("PointMarket", ("IdentityRegistry",)),
    DeploymentStep("PointPools", ("PointMarket",)),
    DeploymentStep("RefundEscrow", ("IdentityRegistry",)),
    DeploymentStep("ReturnDesk", ("IdentityRegistry", "RefundEscrow")),
    DeploymentStep("ConsentRegistry", ("IdentityRegistry",)),
    DeploymentStep("CredentialStatus", ("IdentityRegistry",)),
    DeploymentStep("PasskeyVerifier"),
)
"""The contracts that a chain needs once, in the order of their dependencies. A brand's points are
its own."""


@dataclass(frozen=True)
class Estimate:
    """What deploying a contract would take."""

    name: str
    gas: int
    cost: int
    """In wei, at the newest block's price."""


def predicted_address(sender: str, nonce: int) -> ChecksumAddress:
    """Return the address of the contract that a sender's transaction of this nonce deploys."""
    return to_checksum_address(keccak(rlp.encode([to_canonical_address(sender), nonce]))[12:])


class DeploymentRecord:
    """The deployment record of one chain, on disk."""

    def __init__(self, folder: Path, chain_id: int) -> None:
        self.file = folder / f"{chain_id}.json"
        self.document: dict[str, Any] = {
            "format": FORMAT,
            "chainId": chain_id,
            "contracts": {},
            "pending": {},
        }
        try:
            self.document = json.loads(self.file.read_text())
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"the deployment record {self.file} cannot be read: {error}"
            ) from error
        if (
            not isinstance(self.document, dict)
            or self.document.get("format") != FORMAT
            or self.document.get("chainId") != chain_id
        ):
            raise SettingsError(
                f"{self.file} is no deployment record of chain {chain_id} in format {FORMAT}"
            )

    @property
    def contracts(self) -> dict[str, dict[str, Any]]:
        """Deployed contracts by name."""
        found: dict[str, dict[str, Any]] = self.document["contracts"]
        return found

    @property
    def pending(self) -> dict[str, dict[str, Any]]:
        """Deployments that were handed over, or were about to be."""
        found: dict[str, dict[str, Any]] = self.document["pending"]
        return found

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
                f"{self.file} was written on a chain that began with block {known}, but this one began with {genesis}: "
                f"it is another chain with the same id; move the record away to deploy here"
            )

    def addresses(self) -> dict[str, ChecksumAddress]:
        """Return the address of every deployed contract."""
        return {
            name: to_checksum_address(entry["address"]) for name, entry in self.contracts.items()
        }


def addresses(chain: Chain, folder: Path) -> dict[str, ChecksumAddress]:
    """Return where the suite is on this chain, by contract name.

    Raises:
        NotFound: nothing is recorded for it.
        WrongChain: what is recorded was deployed on another chain with the same id.

    """
    record = DeploymentRecord(folder, chain.chain_id)
    if not record.contracts:
        raise NotFound(
            f"no deployment on chain {chain.chain_id} is recorded in {folder}: run `careledger deploy`"
        )
    record.bind(chain.block(0)["hash"])
    return record.addresses()


def _creation(
    step: DeploymentStep, deployed: Mapping[str, str]
) -> tuple[artifacts.Artifact, bytes]:
    artifact = artifacts.load(step.name)
    constructor = artifact.entries("constructor")
    kinds = artifacts.types(constructor[0]) if constructor else []
    return artifact, artifact.bytecode + encode(kinds, [deployed[name] for name in step.arguments])


def estimate(chain: Chain, sender: str) -> list[Estimate]:
    """Return gas and cost of deploying the suite, without sending anything."""
    nonce = int(chain.request("eth_getTransactionCount", sender, "pending"), 16)
    price = int(chain.request("eth_gasPrice"), 16)
    deployed: dict[str, str] = {}
    result = []
    for offset, step in enumerate(SUITE):
        _, code = _creation(step, deployed)
        deployed[step.name] = predicted_address(sender, nonce + offset)
        gas = int(chain.request("eth_estimateGas", {"from": sender, "data": "0x" + code.hex()}), 16)
        result.append(Estimate(step.name, gas, gas * price))
    return result


def deploy(
    chain: Chain,
    sender: Sender,
    folder: Path,
    progress: Callable[[str, str], None] = lambda _name, _what: None,
) -> dict[str, ChecksumAddress]:
    """Deploy what is missing of the suite and return the address of every contract.

    Args:
        folder: where the record is kept.
        progress: told each contract's name and what became of it.

    Raises:
        WrongChain: the record belongs to another chain.
        Conflict: a recorded contract is not this build's, or is no longer on the chain.
        NodeError, Reverted: a transaction failed; what was done before it is recorded.

    """
    record = DeploymentRecord(folder, chain.chain_id)
    record.bind(chain.block(0)["hash"])
    for step in SUITE:
        artifact, code = _creation(step, record.addresses())
        if step.name in record.contracts:
            _check(chain, record, artifact)
            progress(step.name, "already deployed")
            continue
        if _resume(chain, sender, record, artifact):
            progress(step.name, "taken up where an earlier run was stopped")
        else:
            _create(sender, record, step, artifact, code)
            progress(step.name, "deployed")
        _check(chain, record, artifact)
    return record.addresses()


def _check(chain: Chain, record: DeploymentRecord, artifact: artifacts.Artifact) -> None:
    at = record.contracts[artifact.name]["address"]
    code = chain.code(at)
    if not code:
        raise Conflict(
            f"{artifact.name} is recorded at {at}, but nothing is there: check --rpc and the record"
        )
    if not artifact.matches(code):
        raise Conflict(
            f"{artifact.name} at {at} is of another build than the artifact: its source changed after it was deployed. "
            f"To deploy this build anew, move {record.file} away"
        )


def _resume(
    chain: Chain, sender: Sender, record: DeploymentRecord, artifact: artifacts.Artifact
) -> bool:
    """Finish a deployment that a killed run had signed; False when there is none, or its nonce went to another."""
    intent = record.pending.get(artifact.name)
    if intent is None or intent["deployer"] != sender.address:
        return False
    raw, signed = bytes.fromhex(intent["raw"][2:]), bytes.fromhex(intent["transaction"][2:])
    pending = Pending({"nonce": intent["nonce"]}, [signed], raw)
    used = int(chain.request("eth_getTransactionCount", sender.address, "latest"), 16)
    if used <= intent["nonce"]:
        sender.hand_over(pending)
    elif not chain.request("eth_getTransactionReceipt", intent["transaction"]):
        return False
    receipt = sender.wait(pending)
    if not artifact.matches(chain.code(intent["address"])):
        return False  # signed by a run of an older build
    _finish(record, artifact, receipt)
    return True


def _create(
    sender: Sender,
    record: DeploymentRecord,
    step: DeploymentStep,
    artifact: artifacts.Artifact,
    code: bytes,
) -> None:
    try:
        pending = sender.prepare(None, code)
    except Reverted as error:
        raise NodeError(f"the constructor of {step.name} refused: {error}") from error
    deployed = record.addresses()
    record.pending[step.name] = {
        "address": predicted_address(sender.address, pending.nonce),
        "deployer": sender.address,
        "constructorArguments": [deployed[name] for name in step.arguments],
        "nonce": pending.nonce,
        "transaction": "0x" + pending.hashes[-1].hex(),
        "raw": "0x" + pending.raw.hex(),
    }
    record.save()
    sender.hand_over(pending)
    _finish(record, artifact, sender.wait(pending))


def _finish(
    record: DeploymentRecord, artifact: artifacts.Artifact, receipt: TransactionReceipt
) -> None:
    entry = record.pending.pop(artifact.name)
    record.contracts[artifact.name] = {
        "address": entry["address"],
        "deployer": entry["deployer"],
        "constructorArguments": entry["constructorArguments"],
        "transaction": "0x" + receipt.transaction_hash.hex(),
        "block": receipt.block_number,
        "gasUsed": receipt.gas_used,
        "compiler": artifact.compiler,
        "source": artifact.source,
    }
    record.save()
