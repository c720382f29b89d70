"""The terms of a deal: what is committed as a hash, and what every call carries again.

The id of a deal is a hash of the terms' words and of the escrow's EIP-712 domain, so that it names
the chain and the contract too. Format: docs/protocol/refunds.md.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Any, Self

from eth_abi.abi import encode
from eth_typing import ChecksumAddress

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import domain_separator, struct_hash
from careledger.errors import InputError
from careledger.files import read_file, write_new
from careledger.refunds.errors import TermsError
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import LATEST_SECONDS, from_seconds, time_text, whole_seconds

ALL_BPS = 10_000
MAX_DURATION = timedelta(days=3650)
MIN_WINDOW = timedelta(hours=1)
MAX_WINDOW = timedelta(days=365)
MAX_AMOUNT = (1 << 128) - 1

DOMAIN = ("CareLedger RefundEscrow", "1")
TERMS_TYPE = (
    "Terms(address payer,address refundTo,address seller,address token,uint256 amount,"
    "uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,"
    "uint256 feeBps,address feeTo,uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
)
KINDS = [
    member.split()[0] for member in TERMS_TYPE.removeprefix("Terms(").removesuffix(")").split(",")
]
WORDS = len(KINDS)
"""How many 32-byte words the terms take in calldata."""

_ADDRESSES = ("payer", "seller", "token", "refund_to", "criteria", "arbiter", "fee_to")


@dataclass(frozen=True)
class DealTerms:
    """What a deal is about; fixed when it is opened.

    Amounts are in the token's smallest unit, times aware, shares in basis points. The zero address
    stands for ether as a token; as criteria, arbiter or payee of fees it stands for nobody.
    `refund_to`, `sla_at`, `criteria`, `arbiter` and `fee_to` may be left out.

    Raises:
        TermsError: a field has a value that it cannot have; `check` compares times with the clock.

    """

    payer: ChecksumAddress
    seller: ChecksumAddress
    token: ChecksumAddress
    amount: int
    release_at: datetime
    order_ref: bytes
    refund_to: ChecksumAddress = ZERO_ADDRESS
    sla_at: datetime | None = None
    dispute_window: timedelta = timedelta(0)
    criteria: ChecksumAddress = ZERO_ADDRESS
    arbiter: ChecksumAddress = ZERO_ADDRESS
    fee_bps: int = 0
    fee_to: ChecksumAddress = ZERO_ADDRESS
    default_bps: int = 0
    salt: bytes = b""

    def __post_init__(self) -> None:
        for name in _ADDRESSES:
            object.__setattr__(self, name, _address(name, getattr(self, name)))
        if not self.salt:
            object.__setattr__(self, "salt", token_bytes(32))

        for name in ("payer", "seller"):
            if getattr(self, name) == ZERO_ADDRESS:
                raise TermsError(name, f"{name} is missing: a deal needs one")
        if not _is_whole(self.amount) or not 0 < self.amount <= MAX_AMOUNT:
            raise TermsError(
                "amount",
                f"amount {self.amount!r} is not a whole number of smallest units above 0",
            )
        for name in ("order_ref", "salt"):
            value = getattr(self, name)
            if not isinstance(value, bytes) or len(value) != 32:
                raise TermsError(name, f"{name} has to be 32 bytes")

        self._check_shares()
        self._check_times()
        self._check_window()

    def _check_shares(self) -> None:
        for name in ("fee_bps", "default_bps"):
            value = getattr(self, name)
            if not _is_whole(value) or not 0 <= value <= ALL_BPS:
                raise TermsError(
                    name,
                    f"{name} {value!r} is not a whole number of basis points from 0 to 10,000",
                )

        if self.fee_bps and self.fee_to == ZERO_ADDRESS:
            raise TermsError("fee_to", "fee_to is missing: somebody has to get the fee")

    def _check_times(self) -> None:
        release_at = _seconds("release_at", self.release_at)

        if self.sla_at is not None and _seconds("sla_at", self.sla_at) >= release_at:
            raise TermsError(
                "sla_at",
                "sla_at has to come before release_at, or the seller is paid before it counts",
            )

    def _check_window(self) -> None:
        window = self.dispute_window
        if not isinstance(window, timedelta) or window.microseconds:
            raise TermsError(
                "dispute_window", "dispute_window has to be a duration of whole seconds"
            )

        if self.arbiter != ZERO_ADDRESS and not MIN_WINDOW <= window <= MAX_WINDOW:
            raise TermsError(
                "dispute_window", f"dispute_window {window} is not from one hour to 365 days"
            )
        if window < timedelta(0):
            raise TermsError("dispute_window", "dispute_window cannot be negative")

    def check(self, now: datetime) -> None:
        """Make sure that the terms can be opened at a time.

        Raises:
            TermsError: a time has passed, or is too far ahead.

        """
        if self.release_at <= now:
            raise TermsError("release_at", f"release_at {time_text(self.release_at)} has passed")

        if self.release_at > now + MAX_DURATION:
            raise TermsError(
                "release_at",
                f"release_at {time_text(self.release_at)} is more than 3,650 days ahead",
            )

        if self.sla_at is not None and self.sla_at <= now:
            raise TermsError("sla_at", f"sla_at {time_text(self.sla_at)} has passed")

    @property
    def refundee(self) -> ChecksumAddress:
        """Where refunds go."""
        return self.payer if self.refund_to == ZERO_ADDRESS else self.refund_to

    def renewed(self) -> Self:
        """Return the same terms with a new salt: another deal."""
        return replace(self, salt=token_bytes(32))

    # ---- hashes

    def struct_hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes."""
        return struct_hash(TERMS_TYPE, self.abi())

    def id(self, chain_id: int, escrow: str) -> bytes:
        """Return the deal's id: keccak256(domain separator || keccak256(the terms' 15 words))."""
        return self.id_under(domain_separator(*DOMAIN, chain_id, escrow))

    def id_under(self, separator: bytes) -> bytes:
        """Return the deal's id under an escrow's 32-byte domain separator."""
        return keccak256(separator + keccak256(encode(KINDS, self.abi())))

    # ---- the contract's struct

    def abi(self) -> tuple[Any, ...]:
        """Return the terms as the contract's struct."""
        return (
            self.payer,
            self.refund_to,
            self.seller,
            self.token,
            self.amount,
            whole_seconds(self.release_at),
            0 if self.sla_at is None else whole_seconds(self.sla_at),
            int(self.dispute_window.total_seconds()),
            self.criteria,
            self.arbiter,
            self.fee_bps,
            self.fee_to,
            self.default_bps,
            self.order_ref,
            self.salt,
        )

    @classmethod
    def from_abi(cls, words: Sequence[Any]) -> Self:
        """Read the contract's struct.

        Raises:
            TermsError: a deal with these terms cannot have been opened.

        """
        (
            payer,
            refund_to,
            seller,
            token,
            amount,
            release_at,
            sla_at,
            window,
            criteria,
            arbiter,
            fee_bps,
            fee_to,
            default_bps,
            order_ref,
            salt,
        ) = words

        return cls(
            payer=payer,
            refund_to=refund_to,
            seller=seller,
            token=token,
            amount=amount,
            release_at=_time("release_at", release_at),
            sla_at=_time("sla_at", sla_at) if sla_at else None,
            dispute_window=timedelta(seconds=min(window, _LONGEST_WINDOW)),
            criteria=criteria,
            arbiter=arbiter,
            fee_bps=fee_bps,
            fee_to=fee_to,
            default_bps=default_bps,
            order_ref=order_ref,
            salt=salt,
        )

    # ---- JSON and files

    def to_json(self) -> dict[str, Any]:
        """Return the terms as JSON, with the contract's names; the window is in seconds."""
        return {
            "payer": self.payer,
            "refundTo": self.refund_to,
            "seller": self.seller,
            "token": self.token,
            "amount": str(self.amount),
            "releaseAt": time_text(self.release_at),
            "slaAt": None if self.sla_at is None else time_text(self.sla_at),
            "disputeWindow": int(self.dispute_window.total_seconds()),
            "criteria": self.criteria,
            "arbiter": self.arbiter,
            "feeBps": self.fee_bps,
            "feeTo": self.fee_to,
            "defaultBps": self.default_bps,
            "orderRef": hexed(self.order_ref),
            "salt": hexed(self.salt),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read what `to_json` made; what may be left out may be null.

        Raises:
            MalformedDocument: a member is missing, unknown, or has another form.
            TermsError: a field has a value that it cannot have.

        """
        required = ("payer", "seller", "token", "amount", "releaseAt", "orderRef")
        optional = [name for name in _MEMBERS if name not in required]

        fields = {}
        for name, member in node.object(required, optional).items():
            field, read = _MEMBERS[name]
            fields[field] = read(member)
        return cls(**fields)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file that `write` wrote.

        Raises:
            InputError: it cannot be read, or does not hold terms; see `from_json`.

        """
        return cls.from_json(JsonNode.read(read_file(file, "terms"), "terms"))

    def write(self, file: Path) -> None:
        """Write the terms to a new file.

        Raises:
            InputError: the file is there already, or cannot be written.

        """
        text = json.dumps(self.to_json(), indent=2) + "\n"
        write_new(file, text.encode())


_LONGEST_WINDOW = 10**9
"""Seconds: more than any deal can have, and few enough for Python's timedelta."""


def _bps(node: JsonNode) -> int:
    return node.integer(16)


def _word(node: JsonNode) -> bytes:
    return node.hex(32)


def _window(node: JsonNode) -> timedelta:
    return timedelta(seconds=node.integer(32))


_MEMBERS: dict[str, tuple[str, Callable[[JsonNode], Any]]] = {
    "payer": ("payer", JsonNode.address),
    "refundTo": ("refund_to", JsonNode.address),
    "seller": ("seller", JsonNode.address),
    "token": ("token", JsonNode.address),
    "amount": ("amount", JsonNode.amount),
    "releaseAt": ("release_at", JsonNode.time),
    "slaAt": ("sla_at", JsonNode.time),
    "disputeWindow": ("dispute_window", _window),
    "criteria": ("criteria", JsonNode.address),
    "arbiter": ("arbiter", JsonNode.address),
    "feeBps": ("fee_bps", _bps),
    "feeTo": ("fee_to", JsonNode.address),
    "defaultBps": ("default_bps", _bps),
    "orderRef": ("order_ref", _word),
    "salt": ("salt", _word),
}
"""By member of the JSON form: the field, and how it is read."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _address(name: str, value: Any) -> ChecksumAddress:
    try:
        return address(value, name)
    except InputError as error:
        raise TermsError(name, str(error)) from None


def _seconds(name: str, at: Any) -> int:
    if not isinstance(at, datetime):
        raise TermsError(name, f"{name} has to be a time with its time zone")
    try:
        return whole_seconds(at, name)
    except InputError as error:
        raise TermsError(name, str(error)) from None


def _time(name: str, seconds: int) -> datetime:
    if seconds > LATEST_SECONDS:
        raise TermsError(name, f"{name} {seconds} is after the year 9999")
    return from_seconds(seconds)
