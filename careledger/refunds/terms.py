"""The terms of a deal: what is committed as a hash, and what every call carries again.

The id of a deal is a hash of the terms' words and of the escrow's EIP-712 domain, so that it names
the chain and the contract too. Format: docs/protocol/refunds.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from secrets import token_bytes
from typing import Any, Self

from eth_abi.abi import encode
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import domain_separator, struct_hash
from careledger.errors import InputError
from careledger.refunds.errors import TermsError, TermsNotFound
from careledger.values.addresses import ZERO_ADDRESS, address

ALL_BPS = 10_000
MAX_DURATION = timedelta(days=3650)
MIN_WINDOW = timedelta(hours=1)
MAX_WINDOW = timedelta(days=365)
MAX_AMOUNT = (1 << 128) - 1

DOMAIN = ("CareLedger RefundEscrow", "1")
TERMS_TYPE = (
    "Terms(address payer,address refundTo,address seller,address token,uint256 amount,uint256 releaseAt,"
    "uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,uint256 feeBps,address feeTo,"
    "uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
)
KINDS = [
    member.split()[0] for member in TERMS_TYPE.removeprefix("Terms(").removesuffix(")").split(",")
]
WORDS = len(KINDS)
"""How many 32-byte words the terms take in calldata."""


class DealState(IntEnum):
    """Where a deal is; the last three are ends."""

    NONE = 0
    OPEN = 1
    DISPUTED = 2
    RULED = 3
    APPEALED = 4
    RELEASED = 5
    REFUNDED = 6
    SPLIT = 7

    @property
    def final(self) -> bool:
        """Whether nothing changes any more."""
        return self >= DealState.RELEASED


class Party(IntEnum):
    """A side of a deal."""

    NONE = 0
    PAYER = 1
    SELLER = 2


@dataclass(frozen=True)
class DealTerms:
    """What a deal is about; fixed when it is opened.

    Amounts are in the token's smallest unit, times aware, shares in basis points. `refund_to`,
    `sla_at`, `criteria`, `arbiter` and `fee_to` may be left out.

    Raises:
        TermsError: a field cannot be, whatever the time is now; `check` looks at the times.

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
        for name in ("payer", "seller", "token", "refund_to", "criteria", "arbiter", "fee_to"):
            object.__setattr__(self, name, _address(name, getattr(self, name)))
        if not self.salt:
            object.__setattr__(self, "salt", token_bytes(32))
        for name in ("payer", "seller"):
            if getattr(self, name) == ZERO_ADDRESS:
                raise TermsError(name, f"{name} is missing: a deal needs one")
        if not _whole(self.amount) or not 0 < self.amount <= MAX_AMOUNT:
            raise TermsError(
                "amount", f"amount {self.amount!r} is no whole number of smallest units above 0"
            )
        for name in ("order_ref", "salt"):
            value = getattr(self, name)
            if not isinstance(value, bytes) or len(value) != 32:
                raise TermsError(name, f"{name} has to be 32 bytes")
        self._check_shares()
        self._check_dates()

    def _check_shares(self) -> None:
        for name in ("fee_bps", "default_bps"):
            value = getattr(self, name)
            if not _whole(value) or not 0 <= value <= ALL_BPS:
                raise TermsError(
                    name, f"{name} {value!r} is no whole number of basis points from 0 to 10,000"
                )
        if self.fee_bps and self.fee_to == ZERO_ADDRESS:
            raise TermsError("fee_to", "fee_to is missing: a fee needs somebody who gets it")

    def _check_dates(self) -> None:
        _seconds("release_at", self.release_at)
        if self.sla_at is not None and _seconds("sla_at", self.sla_at) >= _seconds(
            "release_at", self.release_at
        ):
            raise TermsError(
                "sla_at",
                "sla_at has to come before release_at, or the seller is paid before it counts",
            )
        if not isinstance(self.dispute_window, timedelta) or self.dispute_window.microseconds:
            raise TermsError(
                "dispute_window", "dispute_window has to be a time span of whole seconds"
            )
        if self.arbiter != ZERO_ADDRESS and not MIN_WINDOW <= self.dispute_window <= MAX_WINDOW:
            raise TermsError(
                "dispute_window",
                f"dispute_window {self.dispute_window} has to be from one hour to 365 days",
            )
        if self.dispute_window < timedelta(0):
            raise TermsError("dispute_window", "dispute_window cannot be negative")

    def check(self, now: datetime) -> None:
        """Make sure that the terms can be opened at a time.

        Raises:
            TermsError: a time has passed, or is too far ahead.

        """
        if self.release_at <= now:
            raise TermsError(
                "release_at", f"release_at {self.release_at:%Y-%m-%d %H:%M:%S} UTC has passed"
            )
        if self.release_at > now + MAX_DURATION:
            raise TermsError(
                "release_at", f"release_at {self.release_at:%Y-%m-%d} is more than 3,650 days ahead"
            )
        if self.sla_at is not None and self.sla_at <= now:
            raise TermsError("sla_at", f"sla_at {self.sla_at:%Y-%m-%d %H:%M:%S} UTC has passed")

    @property
    def refundee(self) -> ChecksumAddress:
        """Where refunds go."""
        return self.payer if self.refund_to == ZERO_ADDRESS else self.refund_to

    def abi(self) -> tuple[Any, ...]:
        """Return the terms as the contract's struct."""
        return (
            self.payer,
            self.refund_to,
            self.seller,
            self.token,
            self.amount,
            _seconds("release_at", self.release_at),
            0 if self.sla_at is None else _seconds("sla_at", self.sla_at),
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
            TermsError: it could not have been opened.

        """
        (
            payer,
            refund_to,
            seller,
            token,
            amount,
            release,
            sla,
            window,
            criteria,
            arbiter,
            fee,
            fee_to,
            default,
        ) = words[:13]
        return cls(
            payer=payer,
            refund_to=refund_to,
            seller=seller,
            token=token,
            amount=amount,
            release_at=_time("release_at", release),
            sla_at=_time("sla_at", sla) if sla else None,
            dispute_window=timedelta(seconds=min(window, 10**9)),
            criteria=criteria,
            arbiter=arbiter,
            fee_bps=fee,
            fee_to=fee_to,
            default_bps=default,
            order_ref=words[13],
            salt=words[14],
        )

    def struct_hash(self) -> bytes:
        """Return the EIP-712 struct hash, 32 bytes."""
        return struct_hash(TERMS_TYPE, self.abi())

    def id(self, chain_id: int, escrow: str) -> bytes:
        """Return the deal's id: keccak256(domain separator || keccak256(the terms' 15 words))."""
        return self.id_under(domain_separator(*DOMAIN, chain_id, escrow))

    def id_under(self, separator: bytes) -> bytes:
        """Return the deal's id under an escrow's 32-byte domain separator."""
        return keccak256(separator + keccak256(encode(KINDS, self.abi())))

    def renewed(self) -> Self:
        """Return the same terms with a new salt: another deal."""
        return replace(self, salt=token_bytes(32))

    def to_json(self) -> dict[str, Any]:
        """Return the terms as plain JSON: times in ISO 8601, the window in seconds, bytes as 0x-text."""
        document = asdict(self)
        document["release_at"] = self.release_at.isoformat()
        document["sla_at"] = None if self.sla_at is None else self.sla_at.isoformat()
        document["dispute_window"] = int(self.dispute_window.total_seconds())
        document["amount"] = str(self.amount)
        return document | {"order_ref": "0x" + self.order_ref.hex(), "salt": "0x" + self.salt.hex()}

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` made.

        Raises:
            TermsError: a field is missing, unknown, or cannot be.

        """
        if not isinstance(document, dict):
            raise TermsError("terms", "the terms have to be one JSON object")
        known = {field.name for field in fields(cls)}
        for name in document:
            if name not in known:
                raise TermsError(name, f"the terms have no field '{name}'")
        for name in ("payer", "seller", "token", "amount", "release_at", "order_ref"):
            if document.get(name) is None:
                raise TermsError(name, f"the terms lack '{name}'")
        return cls(
            **{name: _READERS.get(name, _as_is)(name, value) for name, value in document.items()}
        )


def find_terms(data: bytes, id: bytes, chain_id: int, escrow: str) -> DealTerms:
    """Find a deal's terms in the calldata of the transaction that opened it, whatever they are wrapped in.

    Args:
        data: the transaction's whole input.
        id: the deal's id; terms that hash to it are the right ones.

    Raises:
        TermsNotFound: they are not in there.

    """
    for words in _runs(data):
        if words[0][:12] != bytes(12) or words[2][:12] != bytes(12):
            continue
        try:
            terms = DealTerms.from_abi([_word(index, word) for index, word in enumerate(words)])
        except TermsError:
            continue
        if terms.id(chain_id, escrow) == id:
            return terms
    raise TermsNotFound(
        f"the transaction that opened deal 0x{id.hex()} does not carry its terms in the clear: ask who opened it"
    )


def _runs(data: bytes) -> Iterator[list[bytes]]:
    """Yield every run of words that the terms could be: ABI data is aligned behind a selector, at any depth."""
    length = 32 * WORDS
    for offset in range(0, len(data) - length + 1, 4):
        yield [data[offset + 32 * index : offset + 32 * index + 32] for index in range(WORDS)]


def _word(index: int, word: bytes) -> Any:
    if index in (0, 1, 2, 3, 8, 9, 11):
        return to_checksum_address(word[12:]) if word[:12] == bytes(12) else "?"
    return word if index > 12 else int.from_bytes(word, "big")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _address(name: str, value: Any) -> ChecksumAddress:
    try:
        return address(value, name)
    except InputError as error:
        raise TermsError(name, str(error)) from None


def _seconds(name: str, at: Any) -> int:
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise TermsError(name, f"{name} has to be a time with its time zone")
    if at.microsecond or at.timestamp() < 0:
        raise TermsError(name, f"{name} {at.isoformat()} has to be a whole second after 1970")
    return int(at.timestamp())


def _time(name: str, seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TermsError(name, f"{name} {seconds} is no time that a calendar knows") from error


def _iso(name: str, value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise TermsError(
            name, f"{name} {value!r} is no time such as 2027-01-31T12:00:00+00:00"
        ) from error


def _hex(name: str, value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise TermsError(name, f"{name} {value!r} is not hexadecimal") from error


def _integer(name: str, value: Any) -> int:
    if _whole(value):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise TermsError(name, f"{name} {value!r} is no whole number")


def _window(name: str, value: Any) -> timedelta:
    if not _whole(value) or not 0 <= value <= 10**9:
        raise TermsError(name, f"{name} {value!r} is no whole number of seconds")
    return timedelta(seconds=value)


def _as_is(_name: str, value: Any) -> Any:
    return value


def _optional_iso(name: str, value: Any) -> datetime | None:
    return None if value is None else _iso(name, value)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "amount": _integer,
    "release_at": _iso,
    "sla_at": _optional_iso,
    "dispute_window": _window,
    "order_ref": _hex,
    "salt": _hex,
}
"""How a field is read from JSON, where it is not the same there."""
