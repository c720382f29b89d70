"""The values that the identity registry takes and returns: names, operations, guardianships."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.errors import InputError
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import to_seconds

DEACTIVATED = address("0x000000000000000000000000000000000000dEaD")
"""Controls deactivated identities: an address without a key."""

# the roles in which a brand's delegates act in the suite
AGENT = "careledger.agent"
ISSUER = "careledger.issuer"
SCANNER = "careledger.scanner"
MANAGER = "careledger.manager"


def name32(text: str | bytes) -> bytes:
    """Return the 32 bytes of a delegate's type or an attribute's name, padded with zeros.

    Raises:
        InputError: it is empty, longer than 32 bytes, or ends in a zero.

    """
    raw = text.encode() if isinstance(text, str) else bytes(text)
    if isinstance(text, bytes) and len(raw) == 32:
        return raw

    if not 0 < len(raw) <= 32 or raw.endswith(b"\0"):
        raise InputError(
            f"{text!r} is not a valid name: 1 to 32 bytes are needed, the last one not zero"
        )
    return raw.ljust(32, b"\0")


def name_text(name: bytes) -> str:
    """Return a name as text, without the zeros that pad it.

    Raises:
        InputError: it is not UTF-8, so it has no text.

    """
    try:
        return name.rstrip(b"\0").decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"name 0x{name.hex()} is not text: sign for it by ERC-1056 or send it directly"
        ) from error


class Action(IntEnum):
    """What a step of a batch does, numbered as in the contract."""

    CHANGE_OWNER = 0
    ADD_DELEGATE = 1
    REVOKE_DELEGATE = 2
    SET_ATTRIBUTE = 3
    REVOKE_ATTRIBUTE = 4
    DEACTIVATE = 5

    @property
    def text(self) -> str:
        """The word that is signed, such as `AddDelegate`."""
        return "".join(part.capitalize() for part in self.name.split("_"))


@dataclass(frozen=True)
class Operation:
    """A step of a batch; the class methods make the possible ones."""

    action: Action
    name: bytes = bytes(32)
    account: str = ZERO_ADDRESS
    value: bytes = b""
    valid_to: int = 0
    """Seconds since 1970 UTC."""

    @classmethod
    def change_owner(cls, new_owner: str) -> Self:
        """Give the identity another controller; only as the last step."""
        return cls(Action.CHANGE_OWNER, account=address(new_owner, "new owner"))

    @classmethod
    def add_delegate(cls, delegate_type: str | bytes, delegate: str, valid_to: datetime) -> Self:
        """Name a delegate."""
        who = address(delegate, "delegate")
        return cls(Action.ADD_DELEGATE, name32(delegate_type), who, valid_to=to_seconds(valid_to))

    @classmethod
    def revoke_delegate(cls, delegate_type: str | bytes, delegate: str) -> Self:
        """Dismiss a delegate."""
        return cls(Action.REVOKE_DELEGATE, name32(delegate_type), address(delegate, "delegate"))

    @classmethod
    def set_attribute(cls, name: str | bytes, value: bytes, valid_to: datetime) -> Self:
        """Publish an attribute."""
        return cls(Action.SET_ATTRIBUTE, name32(name), value=value, valid_to=to_seconds(valid_to))

    @classmethod
    def revoke_attribute(cls, name: str | bytes, value: bytes) -> Self:
        """Withdraw an attribute."""
        return cls(Action.REVOKE_ATTRIBUTE, name32(name), value=value)

    @classmethod
    def deactivate(cls) -> Self:
        """Deactivate the identity for good; only as the last step."""
        return cls(Action.DEACTIVATE)

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Operation` of the contract."""
        return int(self.action), self.name, self.account, self.value, self.valid_to


@dataclass(frozen=True)
class Guardianship:
    """The guardians that an identity has committed to, for when its key is lost."""

    root: bytes
    """Root over the guardians; zero: there are none."""
    controller: ChecksumAddress
    """Who named them; they count only while it controls the identity."""
    threshold: int
    delay: int
    """Seconds."""
    round: int
    """An approval is valid for one round."""
    active: bool


@dataclass(frozen=True)
class Recovery:
    """A recovery that guardians have started."""

    new_owner: ChecksumAddress
    """The zero address: there is no recovery."""
    ready_at: datetime
    live: bool
    """Whether it can still be finished."""


@dataclass(frozen=True)
class GuardianApproval:
    """A guardian's approval of a recovery."""

    guardian: ChecksumAddress
    deadline: int
    """Until when it is valid; seconds since 1970 UTC."""
    salt: bytes
    proof: tuple[bytes, ...]
    signature: bytes

    def abi(self) -> tuple[Any, ...]:
        """Return the struct `Approval` of the contract."""
        return self.guardian, self.deadline, self.salt, list(self.proof), self.signature
