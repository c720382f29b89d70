"""Offers to swap points: what a maker signs, without sending anything.

The JSON form of an offer is the EIP-712 message that wallets sign, member by member; amounts are
decimal text, because most readers of JSON round large numbers.
"""

from dataclasses import dataclass, field
from datetime import datetime
from secrets import randbits
from typing import Any, Self

from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.typed_data import SigningDomain, TypedData
from careledger.errors import InputError
from careledger.loyalty.errors import OfferError
from careledger.loyalty.points import MAX_UINT
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import to_seconds, whole_seconds

DOMAIN = ("CareLedger PointMarket", "1")
OFFER_TYPE = (
    "Offer(address maker,address taker,address give,address want,uint256 giveAmount,"
    "uint256 wantAmount,uint256 minFill,uint256 expiry,uint256 nonce,bytes32 ref)"
)
CANCEL_TYPE = "Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)"

_NAMES = [member.split()[1] for member in OFFER_TYPE[OFFER_TYPE.index("(") + 1 : -1].split(",")]


@dataclass(frozen=True)
class Offer:
    """What a maker gives and wants; amounts in the smallest unit.

    Raises:
        OfferError: a member has a value that it cannot have.

    """

    maker: str
    give: str
    want: str
    give_amount: int
    want_amount: int
    expires_at: datetime
    """The last second at which the offer holds."""
    min_fill: int = 0
    """The least that may be taken at a time, unless it is the rest."""
    taker: str = ZERO_ADDRESS
    """Who may take it; the zero address for anyone."""
    nonce: int = field(default_factory=lambda: randbits(256))
    """Word * 256 + bit. Of several offers with one nonce the first one that is taken counts."""
    ref: bytes = bytes(32)
    """A commitment of the maker's own, or zeros."""

    def __post_init__(self) -> None:
        for name in ("maker", "taker", "give", "want"):
            object.__setattr__(self, name, _address(name, getattr(self, name)))
        self._check_numbers()

        if self.give == self.want:
            raise OfferError("want", "is the token that is given: a swap is of two different ones")
        if self.maker in {ZERO_ADDRESS, self.taker}:
            raise OfferError("maker", "has to be an account, and another one than the taker")
        if not isinstance(self.ref, bytes) or len(self.ref) != 32:
            raise OfferError("ref", "has to be 32 bytes")

        try:
            whole_seconds(self.expires_at)
        except InputError as error:
            raise OfferError("expiry", str(error)) from error

    def _check_numbers(self) -> None:
        numbers = {
            "giveAmount": self.give_amount,
            "wantAmount": self.want_amount,
            "minFill": self.min_fill,
            "nonce": self.nonce,
        }
        for name, number in numbers.items():
            if not _is_whole(number) or not 0 <= number <= MAX_UINT:
                raise OfferError(name, f"is {number!r}, not a whole number from 0 to 2^256 - 1")

        for name in ("giveAmount", "wantAmount"):
            if numbers[name] == 0:
                raise OfferError(name, "is 0: an offer swaps something for something")
        if self.min_fill > self.give_amount:
            raise OfferError(
                "minFill", "is more than giveAmount: the offer could only be taken whole"
            )

    def abi(self) -> tuple[Any, ...]:
        """Return the offer as the contract's struct."""
        return (
            self.maker,
            self.taker,
            self.give,
            self.want,
            self.give_amount,
            self.want_amount,
            self.min_fill,
            to_seconds(self.expires_at),
            self.nonce,
            self.ref,
        )

    def message(self, chain_id: int, market: str) -> TypedData:
        """Return what the maker signs."""
        return TypedData.of(market_domain(chain_id, market), OFFER_TYPE, self.abi())

    def id(self, chain_id: int, market: str) -> bytes:
        """Return the offer's id, 32 bytes: the digest that the maker signs."""
        return self.message(chain_id, market).digest

    def price(self, amount: int) -> int:
        """Return what the maker gets for a part of the offer: in proportion, rounded up."""
        return -(-amount * self.want_amount // self.give_amount)

    def to_json(self) -> dict[str, Any]:
        """Return the EIP-712 message in JSON."""
        message = dict(zip(_NAMES, self.abi(), strict=True))
        for name in ("giveAmount", "wantAmount", "minFill", "nonce"):
            message[name] = str(message[name])
        return message | {"ref": hexed(self.ref)}

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read what `to_json` made.

        Raises:
            MalformedDocument: a member is missing, unknown, or has another form.
            OfferError: a member has a value that it cannot have.

        """
        members = node.object(_NAMES)

        return cls(
            maker=members["maker"].address(),
            taker=members["taker"].address(),
            give=members["give"].address(),
            want=members["want"].address(),
            give_amount=members["giveAmount"].amount(),
            want_amount=members["wantAmount"].amount(),
            min_fill=members["minFill"].amount(),
            expires_at=members["expiry"].seconds(),
            nonce=members["nonce"].amount(),
            ref=members["ref"].hex(32),
        )


def cancellation(
    chain_id: int, market: str, maker: str, *, word: int, mask: int, deadline: datetime
) -> TypedData:
    """Return what a maker signs so that somebody else cancels nonces for it."""
    values = [maker, word, mask, to_seconds(deadline)]
    return TypedData.of(market_domain(chain_id, market), CANCEL_TYPE, values)


def market_domain(chain_id: int, market: str) -> SigningDomain:
    """Return a market's signing domain."""
    return SigningDomain(*DOMAIN, chain_id, address(market, "market"))


def _address(name: str, value: Any) -> str:
    try:
        return address(value, name)
    except InputError as error:
        raise OfferError(name, str(error).removeprefix(f"{name} ")) from error


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
