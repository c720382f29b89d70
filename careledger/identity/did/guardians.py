"""Guardians: the tree that hides them, the card that each of them keeps, and what they sign.

The controller commits to a root only. A card lets one guardian act and names no other, so guardians
need not know of each other, and whoever steals a card still lacks that guardian's key.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from careledger.crypto.canonical import refuse_deep
from careledger.crypto.merkle import MerkleTree, root_of
from careledger.errors import InputError
from careledger.files import write_new
from careledger.identity.did.messages import IdentityMessages
from careledger.identity.did.model import GuardianApproval
from careledger.values.addresses import address
from careledger.values.times import to_seconds

MOST = 255
"""The contract counts approvals in a byte."""


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

    def write(self, file: Path) -> None:
        """Write the card, readable by its owner only; an existing file is left alone.

        Raises:
            InputError: the file is there already, or cannot be written.

        """
        document = {
            "chainId": self.chain_id,
            "registry": self.registry,
            "identity": self.identity,
            "guardian": self.guardian,
            "salt": "0x" + self.salt.hex(),
            "proof": ["0x" + node.hex() for node in self.proof],
            "root": "0x" + self.root.hex(),
        }
        write_new(
            file, (json.dumps({"careledgerGuardianCard": 1} | document, indent=2) + "\n").encode()
        )


@dataclass(frozen=True)
class Guardians:
    """A set of guardians and the salts that hide them."""

    members: tuple[tuple[ChecksumAddress, bytes], ...]

    @classmethod
    def choose(cls, accounts: Sequence[str], threshold: int) -> "Guardians":
        """Return a set with fresh salts.

        Raises:
            InputError: an address is malformed or comes twice, or the threshold cannot be met.

        """
        chosen = [address(account, "guardian") for account in accounts]
        if len(set(chosen)) != len(chosen):
            raise InputError("a guardian is named twice, but counts once")
        if not 1 <= threshold <= len(chosen) <= MOST:
            raise InputError(
                f"{threshold} of {len(chosen)} guardians cannot agree: 1 to {MOST} are possible"
            )
        return cls(tuple((account, secrets.token_bytes(32)) for account in chosen))

    @property
    def tree(self) -> MerkleTree:
        """The tree that the root is of."""
        return MerkleTree(_value(guardian, salt) for guardian, salt in self.members)

    def cards(self, domain: IdentityMessages, identity: str) -> list[GuardianCard]:
        """Return a card for each guardian, in the order in which they were chosen."""
        tree, subject = self.tree, address(identity, "identity")
        return [
            GuardianCard(
                domain.chain_id,
                domain.registry,
                subject,
                guardian,
                salt,
                tuple(tree.proof(place)),
                tree.root,
            )
            for place, (guardian, salt) in enumerate(self.members)
        ]


def _value(guardian: str, salt: bytes) -> bytes:
    return encode(["address", "bytes32"], [guardian, salt])


def read_card(file: Path) -> GuardianCard:
    """Read a guardian's card.

    Raises:
        InputError: it cannot be read, or is no card whose proof leads to its root.

    """
    raw = read_json(file, "careledgerGuardianCard")
    try:
        card = GuardianCard(
            int(raw["chainId"]),
            address(raw["registry"], "registry"),
            address(raw["identity"], "identity"),
            address(raw["guardian"], "guardian"),
            _word(raw["salt"]),
            tuple(_word(node) for node in raw["proof"]),
            _word(raw["root"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} is no guardian's card: {error!r}") from error
    if root_of(_value(card.guardian, card.salt), card.proof) != card.root:
        raise InputError(f"{file}: the proof of the card does not lead to its root; it was altered")
    return card


@dataclass(frozen=True)
class RecoveryApproval:
    """A guardian's consent on its way to whoever starts the recovery."""

    identity: ChecksumAddress
    new_owner: ChecksumAddress
    approval: GuardianApproval

    def write(self, file: Path) -> None:
        """Write it; an existing file is left alone.

        Raises:
            InputError: the file is there already, or cannot be written.

        """
        document = {
            "identity": self.identity,
            "newOwner": self.new_owner,
            "deadline": self.approval.deadline,
            "guardian": self.approval.guardian,
            "salt": "0x" + self.approval.salt.hex(),
            "proof": ["0x" + node.hex() for node in self.approval.proof],
            "signature": "0x" + self.approval.signature.hex(),
        }
        write_new(
            file,
            (json.dumps({"careledgerRecoveryApproval": 1} | document, indent=2) + "\n").encode(),
        )


def read_approval(file: Path) -> RecoveryApproval:
    """Read a guardian's consent.

    Raises:
        InputError: it cannot be read, or is none.

    """
    raw = read_json(file, "careledgerRecoveryApproval")
    try:
        approval = GuardianApproval(
            address(raw["guardian"], "guardian"),
            int(raw["deadline"]),
            _word(raw["salt"]),
            tuple(_word(node) for node in raw["proof"]),
            bytes.fromhex(raw["signature"][2:]),
        )
        identity, new_owner = (
            address(raw["identity"], "identity"),
            address(raw["newOwner"], "new owner"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} is no approval of a recovery: {error!r}") from error
    return RecoveryApproval(identity, new_owner, approval)


def approve(
    card: GuardianCard,
    account: LocalAccount,
    *,
    controller: str,
    new_owner: str,
    in_round: int,
    deadline: datetime,
) -> RecoveryApproval:
    """Sign a guardian's consent.

    Args:
        account: the guardian's key.
        controller: the identity's present one.
        in_round: the guardianship's present round.
        deadline: until when the guardian stands by it.

    Raises:
        InputError: the key is not the guardian's.

    """
    if account.address != card.guardian:
        raise InputError(f"the card is for the key of {card.guardian}, but {account.address} signs")
    owner = address(new_owner, "new owner")
    typed = IdentityMessages(card.chain_id, card.registry).approve_recovery(
        card.identity, controller, owner, in_round=in_round, deadline=deadline
    )
    approval = GuardianApproval(
        card.guardian, to_seconds(deadline), card.salt, card.proof, typed.sign(account)
    )
    return RecoveryApproval(card.identity, owner, approval)


def read_json(file: Path, kind: str) -> dict[str, Any]:
    """Read a JSON object that says of itself what it is: `{kind: 1, …}`.

    Raises:
        InputError: it cannot be read, or is something else.

    """
    try:
        text = file.read_text()
        refuse_deep(text)
        raw = json.loads(text)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{file} is not JSON: {error}") from error
    if not isinstance(raw, dict) or raw.get(kind) != 1:
        raise InputError(f"{file} is not a {kind} of version 1")
    return raw


def _word(text: Any) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise ValueError(f"{text!r} is not 0x and 64 hexadecimal digits")
    return bytes.fromhex(text[2:])
