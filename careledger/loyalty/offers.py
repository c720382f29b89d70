"""Offers to swap points: what a maker signs, without sending anything, and the file it travels in.

The file is one JSON object. Its `offer` is the EIP-712 message that wallets sign, member by member;
amounts are decimal strings, because most JSON readers cannot hold them as numbers:

    {"format": "careledger.offer.v1", "chainId": 31337, "market": "0x…", "offer": {"maker": "0x…",
     "taker": "0x…", "give": "0x…", "want": "0x…", "giveAmount": "1000000000000000000",
     "wantAmount": "…", "minFill": "…", "expiry": 1800086400, "nonce": "…", "ref": "0x…"},
     "signature": "0x…",
     "permit": {"value": "…", "deadline": 1800086400, "signature": "0x…"}}

The permit (EIP-2612) lets the market take what the offer gives; it is null where the maker has
approved the market.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import randbits
from typing import Any, Self

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount

from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain
from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.crypto.typed_data import digest, domain_separator, recover, struct_hash
from careledger.errors import InputError, SignatureError
from careledger.loyalty.amounts import MAX_UINT, moment, seconds
from careledger.loyalty.errors import OfferError
from careledger.loyalty.messages import TokenMessages, sign, split
from careledger.values.addresses import ZERO_ADDRESS, address

FORMAT = "careledger.offer.v1"
DOMAIN = ("CareLedger PointMarket", "1")
OFFER_TYPE = (
    "Offer(address maker,address taker,address give,address want,uint256 giveAmount,uint256 wantAmount,"
    "uint256 minFill,uint256 expiry,uint256 nonce,bytes32 ref)"
)
CANCEL_TYPE = "Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)"

_ADDRESSES = ("maker", "taker", "give", "want")
_LARGEST_FILE = 100_000


@dataclass(frozen=True)
class Offer:
    """What a maker gives and wants; amounts in the smallest unit.

    Raises:
        OfferError: a member cannot be, whatever the time is now.

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
        for name in _ADDRESSES:
            object.__setattr__(self, name, _address(name, getattr(self, name)))
        for name in ("give_amount", "want_amount", "min_fill", "nonce"):
            _whole(_camel(name), getattr(self, name))
        for name in ("give_amount", "want_amount"):
            if getattr(self, name) == 0:
                raise OfferError(_camel(name), "is 0: an offer swaps something for something")
        if self.give == self.want:
            raise OfferError("want", "is the token that is given: a swap is of two different ones")
        if self.maker in {ZERO_ADDRESS, self.taker}:
            raise OfferError("maker", "has to be an account, and another one than the taker")
        if self.min_fill > self.give_amount:
            raise OfferError(
                "minFill", "is more than giveAmount: the offer could only be taken whole"
            )
        if not isinstance(self.ref, bytes) or len(self.ref) != 32:
            raise OfferError("ref", "has to be 32 bytes")
        try:
            seconds(self.expires_at)
        except InputError as error:
            raise OfferError("expiry", str(error)) from error

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
            seconds(self.expires_at),
            self.nonce,
            self.ref,
        )

    def id(self, chain_id: int, market: str) -> bytes:
        """Return the offer's id, 32 bytes: the EIP-712 digest that the maker signs."""
        return digest(
            domain_separator(*DOMAIN, chain_id, market), struct_hash(OFFER_TYPE, self.abi())
        )

    def price(self, amount: int) -> int:
        """Return what the maker gets for a part of the offer: in proportion, rounded up."""
        return -(-amount * self.want_amount // self.give_amount)

    def message(self) -> dict[str, Any]:
        """Return the EIP-712 message in JSON: the `offer` of the file."""
        names = [
            member.split()[1] for member in OFFER_TYPE[OFFER_TYPE.index("(") + 1 : -1].split(",")
        ]
        plain = dict(zip(names, self.abi(), strict=True))
        for name in ("giveAmount", "wantAmount", "minFill", "nonce"):
            plain[name] = str(plain[name])
        return plain | {"ref": "0x" + self.ref.hex()}

    def typed_data(self, chain_id: int, market: str) -> dict[str, Any]:
        """Return what a wallet signs by `eth_signTypedData_v4`."""
        members = [
            member.split() for member in OFFER_TYPE[OFFER_TYPE.index("(") + 1 : -1].split(",")
        ]
        domain = [
            ("string", "name"),
            ("string", "version"),
            ("uint256", "chainId"),
            ("address", "verifyingContract"),
        ]
        return {
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for kind, name in domain],
                "Offer": [{"name": name, "type": kind} for kind, name in members],
            },
            "primaryType": "Offer",
            "domain": {
                "name": DOMAIN[0],
                "version": DOMAIN[1],
                "chainId": chain_id,
                "verifyingContract": market,
            },
            "message": self.message(),
        }

    @classmethod
    def from_message(cls, document: Any) -> Self:
        """Read what `message` made.

        Raises:
            OfferError: a member is missing, unknown, or cannot be.

        """
        names = [
            member.split()[1] for member in OFFER_TYPE[OFFER_TYPE.index("(") + 1 : -1].split(",")
        ]
        given = _object("offer", document, names)
        return cls(
            **{name: given[name] for name in _ADDRESSES},
            give_amount=_amount("offer.giveAmount", given["giveAmount"]),
            want_amount=_amount("offer.wantAmount", given["wantAmount"]),
            expires_at=_time("offer.expiry", given["expiry"]),
            min_fill=_amount("offer.minFill", given["minFill"]),
            nonce=_amount("offer.nonce", given["nonce"]),
            ref=_hex("offer.ref", given["ref"]),
        )


@dataclass(frozen=True)
class Permit:
    """An allowance that its owner signed for the market (EIP-2612)."""

    value: int
    deadline: datetime
    signature: bytes
    """65 bytes."""

    def abi(self) -> tuple[int, int, int, bytes, bytes]:
        """Return it as the contract's struct."""
        return self.value, seconds(self.deadline), *split(self.signature)


NO_PERMIT = (0, 0, 0, bytes(32), bytes(32))
"""The contract's struct for none."""


@dataclass(frozen=True)
class SignedOffer:
    """An offer with its maker's signature, as it is handed to takers."""

    offer: Offer
    chain_id: int
    market: str
    signature: bytes
    permit: Permit | None = None

    @property
    def id(self) -> bytes:
        """The offer's id."""
        return self.offer.id(self.chain_id, self.market)

    def verify(self, chain: Chain | None = None) -> None:
        """Make sure that the maker signed.

        Args:
            chain: to ask a maker that is a contract wallet (ERC-1271); accounts need none.

        Raises:
            WrongChain: the node serves another chain than the offer's.
            SignatureError: it did not.

        """
        if chain is not None:
            chain.expect(self.chain_id)
        try:
            if recover(self.id, self.signature).hex() == self.offer.maker[2:].lower():
                return
            reason = "another key signed it, or it was changed afterwards"
        except SignatureError as error:
            reason = str(error)
        if chain is None or not _accepted(chain, self.offer.maker, self.id, self.signature):
            raise SignatureError(
                f"the offer is not signed by its maker {self.offer.maker}: {reason}"
            )

    def dumps(self) -> str:
        """Return the text of the file."""
        permit = self.permit and {
            "value": str(self.permit.value),
            "deadline": seconds(self.permit.deadline),
            "signature": "0x" + self.permit.signature.hex(),
        }
        document = {
            "format": FORMAT,
            "chainId": self.chain_id,
            "market": self.market,
            "offer": self.offer.message(),
            "signature": "0x" + self.signature.hex(),
            "permit": permit,
        }
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def loads(cls, text: str | bytes) -> Self:
        """Read the text of a file.

        Raises:
            OfferError: it is not JSON of this format, to the letter: a member is missing, unknown,
                said twice, or cannot be. The signature is not checked: `verify` does.

        """
        if len(text) > _LARGEST_FILE:
            raise OfferError("file", f"is larger than an offer can be ({_LARGEST_FILE:,} bytes)")
        try:
            refuse_deep(text.decode() if isinstance(text, bytes) else text)
            document = json.loads(text, object_pairs_hook=_once, parse_constant=_never)
        except (ValueError, CanonicalError) as error:
            raise OfferError("file", f"is not JSON: {error}") from error
        given = _object(
            "file", document, ["format", "chainId", "market", "offer", "signature", "permit"]
        )
        if given["format"] != FORMAT:
            raise OfferError("format", f"is {given['format']!r}, not {FORMAT!r}")
        return cls(
            offer=Offer.from_message(given["offer"]),
            chain_id=_whole("chainId", given["chainId"]),
            market=_address("market", given["market"]),
            signature=_hex("signature", given["signature"]),
            permit=None if given["permit"] is None else _permit(given["permit"]),
        )


def sign_offer(
    account: LocalAccount,
    offer: Offer,
    chain_id: int,
    market: str,
    *,
    token: TokenMessages | None = None,
    permit_nonce: int = 0,
) -> SignedOffer:
    """Sign an offer; nothing is sent.

    Args:
        account: the maker's.
        offer: what it gives and wants.
        chain_id: of the chain that the market is on.
        market: its address.
        token: the messages of the token that is given, to sign a permit for the market too.
        permit_nonce: the maker's next permit nonce at that token.

    Raises:
        OfferError: the account is not the maker's.

    """
    if account.address != offer.maker:
        raise OfferError("maker", f"is {offer.maker}, but the key is that of {account.address}")
    permit = None
    if token is not None:
        message = token.permit(
            offer.maker, market, offer.give_amount, permit_nonce, offer.expires_at
        )
        permit = Permit(offer.give_amount, offer.expires_at, sign(account, message))
    return SignedOffer(offer, chain_id, market, sign(account, offer.id(chain_id, market)), permit)


def cancellation(
    chain_id: int, market: str, maker: str, *, word: int, mask: int, deadline: datetime
) -> bytes:
    """Return what a maker signs so that somebody else cancels nonces for it: 32 bytes."""
    struct = struct_hash(CANCEL_TYPE, [maker, word, mask, seconds(deadline)])
    return digest(domain_separator(*DOMAIN, chain_id, market), struct)


def _accepted(chain: Chain, wallet: str, message: bytes, signature: bytes) -> bool:
    """Ask a contract wallet (ERC-1271)."""
    if not chain.code(wallet):
        return False
    data = bytes.fromhex("1626ba7e") + encode(["bytes32", "bytes"], [message, signature])
    try:
        return chain.call(wallet, data)[:4] == data[:4]
    except Reverted:
        return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is said twice")
    return found


def _never(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _object(what: str, document: Any, names: list[str]) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise OfferError(what, "has to be one JSON object")
    for name in document:
        if name not in names:
            raise OfferError(what, f"has an unknown member {name!r}")
    for name in names:
        if name not in document:
            raise OfferError(what, f"lacks {name!r}")
    return document


def _permit(document: Any) -> Permit:
    given = _object("permit", document, ["value", "deadline", "signature"])
    signature = _hex("permit.signature", given["signature"])
    if len(signature) != 65:
        raise OfferError("permit.signature", f"has {len(signature)} bytes, not 65")
    return Permit(
        _amount("permit.value", given["value"]),
        _time("permit.deadline", given["deadline"]),
        signature,
    )


def _address(name: str, value: Any) -> str:
    try:
        return address(value, name)
    except InputError as error:
        raise OfferError(name, str(error).removeprefix(f"{name} ")) from error


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_UINT:
        raise OfferError(name, f"is {value!r}, not a whole number from 0 to 2^256 - 1")
    return value


def _amount(name: str, value: Any) -> int:
    plain = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78
    if not plain or (value != "0" and value.startswith("0")):
        raise OfferError(
            name, f'is {value!r}, not a whole number as a string such as "1000000000000000000"'
        )
    return _whole(name, int(value))


def _time(name: str, value: Any) -> datetime:
    at = moment(_whole(name, value))
    if seconds(at) != value:
        raise OfferError(name, f"is {value}, a time that no calendar knows")
    return at


def _hex(name: str, value: Any) -> bytes:
    try:
        if not value.startswith("0x"):
            raise ValueError
        return bytes.fromhex(value[2:])
    except (AttributeError, ValueError) as error:
        raise OfferError(name, f"is {value!r}, not 0x and hexadecimal digits") from error


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
