"""Deploy the suite so that it can be killed at any moment and run again.

The record `deployments/<chain id>.json` is written, atomically, when a transaction is signed,
before it is handed over, and again when it is mined. A run that was killed in between hands over
the very same transaction, which a chain executes at most once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import rlp
from eth_abi.abi import encode
from eth_typing import ChecksumAddress
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.deployments import DeployedVersion, DeploymentRecord, addresses
from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.errors import Conflict, NodeError

__all__ = ["SUITE", "DeploymentStep", "Estimate", "addresses", "deploy", "estimate"]


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
    *,
    new_version: bool = False,
    release: str | None = None,
) -> dict[str, ChecksumAddress]:
    """Deploy what is missing of the newest version and return the address of every contract.

    Args:
        chain: the node.
        sender: pays.
        folder: where the record is kept.
        progress: told each contract's name and what became of it.
        new_version: deploy what another build made beside the older version. What did not change
            is taken over from it. Where nothing changed, nothing is deployed.
        release: of CareLedger, for the record of a new version.

    Raises:
        WrongChain: the record belongs to another chain.
        Conflict: a recorded contract is not this build's, or is no longer on the chain.
        NodeError, Reverted: a transaction failed; what was done before it is recorded.

    """
    record = DeploymentRecord(folder, chain.chain_id)
    record.bind(chain.block(0)["hash"])
    if not record.versions or (new_version and _is_outdated(chain, record.versions[-1])):
        record.begin(release)

    *older, version = record.versions
    work = _Deployment(chain, sender, record, version, older[-1] if older else None)
    for step in SUITE:
        progress(step.name, work.take(step))
    return version.addresses()


def _is_outdated(chain: Chain, version: DeployedVersion) -> bool:
    """Say whether a version is complete, and of another build."""
    if any(step.name not in version.contracts for step in SUITE):
        return False

    return any(
        not artifacts.load(step.name).matches(chain.code(version.contracts[step.name]["address"]))
        for step in SUITE
    )


@dataclass(frozen=True)
class _Deployment:
    """One run: a version that is being completed, and the one before it."""

    chain: Chain
    sender: Sender
    record: DeploymentRecord
    version: DeployedVersion
    before: DeployedVersion | None

    def take(self, step: DeploymentStep) -> str:
        """Make sure that a contract is there, and return what became of it."""
        artifact, code = _creation(step, self.version.addresses())

        if step.name in self.version.contracts:
            became = "already deployed"
        elif self._take_over(step, artifact):
            became = "taken over from the version before"
        elif self._resume(artifact):
            became = "taken up where an earlier run was stopped"
        else:
            self._create(step, artifact, code)
            became = "deployed"

        self._check(artifact)
        return became

    def _check(self, artifact: artifacts.Artifact) -> None:
        at = self.version.contracts[artifact.name]["address"]
        code = self.chain.code(at)
        if not code:
            raise Conflict(
                f"{artifact.name} is recorded at {at}, but nothing is there: "
                f"check --rpc and the record"
            )

        if not artifact.matches(code):
            raise Conflict(
                f"{artifact.name} at {at} is of another build than the artifact: its source "
                f"changed after it was deployed. `careledger deploy --new-version` deploys this "
                f"build beside it"
            )

    def _take_over(self, step: DeploymentStep, artifact: artifacts.Artifact) -> bool:
        """Take a contract from the version before, if it is this build's and built on the same."""
        entry = None if self.before is None else self.before.contracts.get(step.name)
        if entry is None:
            return False

        deployed = self.version.addresses()
        arguments = [deployed[name] for name in step.arguments]
        same = entry["constructorArguments"] == arguments
        if not same or not artifact.matches(self.chain.code(entry["address"])):
            return False

        self.version.contracts[step.name] = dict(entry)
        self.record.save()
        return True

    def _resume(self, artifact: artifacts.Artifact) -> bool:
        """Finish a deployment that a killed run had signed.

        False when there is none, or its nonce went to another transaction.
        """
        intent = self.version.pending.get(artifact.name)
        if intent is None or intent["deployer"] != self.sender.address:
            return False

        raw = bytes.fromhex(intent["raw"][2:])
        signed = bytes.fromhex(intent["transaction"][2:])
        pending = Pending({"nonce": intent["nonce"]}, [signed], raw)
        counted = self.chain.request("eth_getTransactionCount", self.sender.address, "latest")
        if int(counted, 16) <= intent["nonce"]:
            self.sender.hand_over(pending)
        elif not self.chain.request("eth_getTransactionReceipt", intent["transaction"]):
            return False

        receipt = self.sender.wait(pending)
        if not artifact.matches(self.chain.code(intent["address"])):
            return False  # signed by a run of an older build
        self._finish(artifact, receipt)
        return True

    def _create(self, step: DeploymentStep, artifact: artifacts.Artifact, code: bytes) -> None:
        try:
            pending = self.sender.prepare(None, code)
        except Reverted as error:
            raise NodeError(f"the constructor of {step.name} refused: {error}") from error

        deployed = self.version.addresses()
        self.version.pending[step.name] = {
            "address": predicted_address(self.sender.address, pending.nonce),
            "deployer": self.sender.address,
            "constructorArguments": [deployed[name] for name in step.arguments],
            "nonce": pending.nonce,
            "transaction": "0x" + pending.hashes[-1].hex(),
            "raw": "0x" + pending.raw.hex(),
        }

        self.record.save()

        self.sender.hand_over(pending)
        self._finish(artifact, self.sender.wait(pending))

    def _finish(self, artifact: artifacts.Artifact, receipt: TransactionReceipt) -> None:
        entry = self.version.pending.pop(artifact.name)

        self.version.contracts[artifact.name] = {
            "address": entry["address"],
            "deployer": entry["deployer"],
            "constructorArguments": entry["constructorArguments"],
            "transaction": "0x" + receipt.transaction_hash.hex(),
            "block": receipt.block_number,
            "gasUsed": receipt.gas_used,
            "compiler": artifact.compiler,
            "source": artifact.source,
            "sources": artifact.sources_hash,
            "interface": artifact.interface_hash,
            "codeHash": "0x" + keccak(self.chain.code(entry["address"])).hex(),
        }

        self.record.save()
