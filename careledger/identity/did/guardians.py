"""Guardians: the tree that hides them, the card that each of them keeps, and what they sign.

The controller commits to a root only. A card lets one guardian act and names no other. So guardians
need not know each other, and who steals a card still lacks that guardian's key.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.merkle import MerkleTree, root_of
from careledger.errors import InputError
from careledger.files import read_file, write_new
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import GuardianApproval
from careledger.values.addresses import address
from careledger.values.times import to_seconds

FORMAT = 1
MAX_GUARDIANS = 255
"""The contract counts approvals in a byte."""
MAX_FILE_BYTES = 65_536
"""Of a card or an approval that is read at all."""

_MAX_PROOF = 64


@dataclass(frozen=True)
class GuardianCard:
    """What a guardian keeps: enough to approve a recovery, nothing about the others."""

    chain_id: int
    registry: ChecksumAddress
    identity: ChecksumAddress
    guardian: ChecksumAddress
    salt: bytes
    proof: tuple[bytes, ...]
    root: bytes

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON, bytes as 0x-text."""
        return {
            "careledgerGuardianCard": FORMAT,
            "chainId": self.chain_id,
            "registry": self.registry,
            "identity": self.identity,
            "guardian": self.guardian,
            "salt": hexed(self.salt),
            "proof": [hexed(node) for node in self.proof],
            "root": hexed(self.root),
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            MalformedDocument: a member is missing, unknown or not valid, or the proof does not lead
                to the root.

        """
        node = JsonNode.of(document, "guardian card")
        members = node.object(
            (
                "careledgerGuardianCard",
                "chainId",
                "registry",
                "identity",
                "guardian",
                "salt",
                "proof",
                "root",
            )
        )
        members["careledgerGuardianCard"].version(FORMAT)

        card = cls(
            members["chainId"].integer(bits=256),
            members["registry"].address(),
            members["identity"].address(),
            members["guardian"].address(),
            members["salt"].hex(32),
            tuple(one.hex(32) for one in members["proof"].items(_MAX_PROOF)),
            members["root"].hex(32),
        )
        if root_of(_leaf(card.guardian, card.salt), card.proof) != card.root:
            raise node.fault("the proof does not lead to the root: the card was altered")
        return card

    def write(self, file: Path) -> None:
        """Write the card to a new file that only its owner can read.

        Raises:
            InputError: the file exists already, or cannot be written.

        """
        _write(file, self.to_json())

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a card.

        Raises:
            InputError: it cannot be read, or is not a card whose proof leads to its root.

        """
        return cls.from_json(_read(file, "guardian card"))


@dataclass(frozen=True)
class Guardians:
    """A set of guardians, and the salts that hide them."""

    members: tuple[tuple[ChecksumAddress, bytes], ...]

    @classmethod
    def choose(cls, accounts: Sequence[str], threshold: int) -> "Guardians":
        """Return a set with fresh salts.

        Raises:
            InputError: an address is not valid or comes twice, or the threshold cannot be reached.

        """
        chosen = [address(account, "guardian") for account in accounts]

        if len(set(chosen)) != len(chosen):
            raise InputError("a guardian is named twice, but counts once")
        if not 1 <= threshold <= len(chosen) <= MAX_GUARDIANS:
            raise InputError(
                f"{threshold} of {len(chosen)} guardians cannot agree: "
                f"1 to {MAX_GUARDIANS} are possible"
            )

        return cls(tuple((account, secrets.token_bytes(32)) for account in chosen))

    @property
    def tree(self) -> MerkleTree:
        """The tree whose root the controller commits to."""
        return MerkleTree(_leaf(guardian, salt) for guardian, salt in self.members)

    def cards(self, messages: IdentityMessages, identity: str) -> list[GuardianCard]:
        """Return a card for each guardian, in the order in which they were chosen."""
        tree = self.tree
        subject = address(identity, "identity")

        return [
            GuardianCard(
                messages.chain_id,
                messages.registry,
                subject,
                guardian,
                salt,
                tuple(tree.proof(place)),
                tree.root,
            )
            for place, (guardian, salt) in enumerate(self.members)
        ]


@dataclass(frozen=True)
class RecoveryApproval:
    """A guardian's approval, for whoever starts the recovery."""

    identity: ChecksumAddress
    new_owner: ChecksumAddress
    approval: GuardianApproval

    def to_json(self) -> dict[str, Any]:
        """Return the approval as JSON, bytes as 0x-text."""
        return {
            "careledgerRecoveryApproval": FORMAT,
            "identity": self.identity,
            "newOwner": self.new_owner,
            "deadline": self.approval.deadline,
            "guardian": self.approval.guardian,
            "salt": hexed(self.approval.salt),
            "proof": [hexed(node) for node in self.approval.proof],
            "signature": hexed(self.approval.signature),
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            MalformedDocument: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "recovery approval").object(
            (
                "careledgerRecoveryApproval",
                "identity",
                "newOwner",
                "deadline",
                "guardian",
                "salt",
                "proof",
                "signature",
            )
        )
        members["careledgerRecoveryApproval"].version(FORMAT)

        approval = GuardianApproval(
            members["guardian"].address(),
            members["deadline"].integer(bits=256),
            members["salt"].hex(32),
            tuple(one.hex(32) for one in members["proof"].items(_MAX_PROOF)),
            members["signature"].hex(),
        )
        return cls(members["identity"].address(), members["newOwner"].address(), approval)

    def write(self, file: Path) -> None:
        """Write the approval to a new file that only its owner can read.

        Raises:
            InputError: the file exists already, or cannot be written.

        """
        _write(file, self.to_json())

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read an approval.

        Raises:
            InputError: it cannot be read, or is not an approval.

        """
        return cls.from_json(_read(file, "recovery approval"))


def approve(
    card: GuardianCard,
    account: LocalAccount,
    *,
    controller: str,
    new_owner: str,
    in_round: int,
    deadline: datetime,
) -> RecoveryApproval:
    """Sign a guardian's approval.

    Args:
        account: the guardian's key.
        controller: the identity's present one.
        in_round: the guardianship's present round.
        deadline: until when the approval is valid.

    Raises:
        InputError: the key is not the guardian's.

    """
    if account.address != card.guardian:
        raise InputError(f"the card is for the key of {card.guardian}, but {account.address} signs")

    owner = address(new_owner, "new owner")
    message = IdentityMessages(card.chain_id, card.registry).approve_recovery(
        card.identity, controller, owner, in_round=in_round, deadline=deadline
    )
    approval = GuardianApproval(
        card.guardian, to_seconds(deadline), card.salt, card.proof, message.sign(account)
    )
    return RecoveryApproval(card.identity, owner, approval)


def _leaf(guardian: str, salt: bytes) -> bytes:
    return encode(["address", "bytes32"], [guardian, salt])


def _write(file: Path, document: dict[str, Any]) -> None:
    write_new(file, (json.dumps(document, indent=2) + "\n").encode())


def _read(file: Path, what: str) -> JsonNode:
    return JsonNode.read(read_file(file, what, MAX_FILE_BYTES), what)
