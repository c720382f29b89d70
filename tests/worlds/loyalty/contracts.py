"""Brands, their points, their customers and what these sign, in the in-process EVM."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from careledger.chain import artifacts
from careledger.chain.artifacts import Artifact
from careledger.chain.reverts import Reverted, RevertedSilently, RevertedUnknown, declared
from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from careledger.loyalty import errors  # noqa: F401  the classes of what contracts refuse with
from tests.support.evm import Deployed, Evm, actor

POINT = 10**18
DAY = 86_400
FOREVER = 2**256 - 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1."""
NOBODY = "0x" + "00" * 20
ISSUER, MANAGER = (
    name.encode().ljust(32, b"\0") for name in ("careledger.issuer", "careledger.manager")
)

PERMIT = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
_AUTHORIZED = (
    "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
TRANSFER = "TransferWithAuthorization" + _AUTHORIZED
RECEIVE = "ReceiveWithAuthorization" + _AUTHORIZED
CANCEL = "CancelAuthorization(address authorizer,bytes32 nonce)"
REDEEM = (
    "RedeemWithAuthorization(address from,uint256 value,bytes32 ref,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce)"
)
OFFER = (
    "Offer(address maker,address taker,address give,address want,uint256 giveAmount,"
    "uint256 wantAmount,uint256 minFill,uint256 expiry,uint256 nonce,bytes32 ref)"
)
CANCEL_WORD = "Cancel(address maker,uint256 word,uint256 mask,uint256 deadline)"


def sign(account: LocalAccount, message: bytes) -> bytes:
    """Return r || s || v over a 32-byte digest."""
    raw = PrivateKey(bytes(account.key)).sign_recoverable(message, hasher=None)
    return raw[:64] + bytes([raw[64] + 27])


def high_s(signature: bytes) -> bytes:
    """Return the other form of a signature: as good for ecrecover, and refused by us."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])


def vrs(signature: bytes) -> tuple[int, bytes, bytes]:
    return signature[64], signature[:32], signature[32:64]


def error_data(error: str, *arguments: Any) -> bytes:
    """Return what a contract answers with an error, given by its name in an ABI or signature."""
    if "(" not in error:
        names = ("LoyaltyToken", "PointMarket", "PointPools")
        entries = (entry for name in names for entry in artifacts.load(name).entries("error"))
        error = next(artifacts.signature(entry) for entry in entries if entry["name"] == error)
    inside = error[error.index("(") + 1 : -1]
    return keccak(text=error)[:4] + encode([kind for kind in inside.split(",") if kind], arguments)


@contextmanager
def refuses(error: str, *arguments: Any) -> Iterator[None]:
    """Expect exactly this error with these arguments; "" stands for a refusal without words."""
    with pytest.raises(Reverted) as caught:
        yield
    expected = error_data(error, *arguments) if error else b""
    got: Any = caught.value
    assert got.data == expected, f"refused with {got!r} ({got.data.hex()}), not {error}{arguments}"
    assert type(got) is (
        declared().get(expected[:4], RevertedUnknown) if expected else RevertedSilently
    )
    assert type(got) is not RevertedUnknown or "_" not in error, (
        f"{error} has no class in careledger.loyalty"
    )


class Points:
    """A brand's points: the contract, the brand's people, and signatures in its domain."""

    def __init__(
        self,
        evm: Evm,
        registry: Deployed,
        label: str,
        cap: int = 10**9 * POINT,
        notice: int = 30 * DAY,
        artifact: Artifact | None = None,
    ) -> None:
        self.evm, self.registry, self.name = evm, registry, f"{label} Points"
        self.brand, self.issuer, self.manager = (
            actor(f"{label} {who}") for who in ("brand", "issuer", "manager")
        )
        self.symbol = label.upper()
        arguments = (registry.address, self.brand.address, self.name, self.symbol, cap, notice)
        self.token = evm.deploy("LoyaltyToken", *arguments, artifact=artifact)
        self.address = self.token.address
        for role, who in ((ISSUER, self.issuer), (MANAGER, self.manager)):
            registry.transact(
                "addDelegate",
                self.brand.address,
                role,
                who.address,
                10 * 365 * DAY,
                sender=self.brand,
            )

    def open(self, capacity: int = 10**6 * POINT, period: int = DAY) -> "Points":
        """Let the issuer issue."""
        self.token.transact(
            "setIssuerLimit", self.issuer.address, capacity, period, sender=self.manager
        )
        return self

    def give(self, to: Any, amount: int) -> None:
        self.token.transact(
            "issue", getattr(to, "address", to), amount, bytes(32), sender=self.issuer
        )

    def balance(self, who: Any) -> int:
        return int(self.token.call("balanceOf", getattr(who, "address", who)))

    def approve(self, owner: Any, spender: Any, amount: int = FOREVER) -> None:
        self.token.transact("approve", getattr(spender, "address", spender), amount, sender=owner)

    def digest(
        self, kind: str, *values: Any, chain_id: int | None = None, contract: str | None = None
    ) -> bytes:
        domain = (
            self.name,
            "1",
            self.evm.chain_id if chain_id is None else chain_id,
            contract or self.address,
        )
        return digest(domain_separator(*domain), struct_hash(kind, values))

    def sign(self, account: LocalAccount, kind: str, *values: Any, **domain: Any) -> bytes:
        return sign(account, self.digest(kind, *values, **domain))


@dataclass(frozen=True)
class Offer:
    """A market offer, in the order of the contract's struct."""

    maker: str
    taker: str
    give: str
    want: str
    give_amount: int
    want_amount: int
    min_fill: int
    expiry: int
    nonce: int
    ref: bytes

    @property
    def members(self) -> tuple[Any, ...]:
        return tuple(self.__dict__.values())


class Market:
    """The market, and signatures in its domain."""

    def __init__(self, evm: Evm, registry: Deployed, artifact: Artifact | None = None) -> None:
        self.evm = evm
        self.contract = evm.deploy("PointMarket", registry.address, artifact=artifact)
        self.address = self.contract.address

    def policy(
        self,
        points: Any,
        fee: int = 0,
        most: int = 1000,
        *,
        offers: bool = True,
        pools: bool = True,
    ) -> None:
        terms = (points.brand.address, fee, most, offers, pools)
        self.contract.transact("setPolicy", points.address, terms, sender=points.brand)

    def digest(
        self, kind: str, *values: Any, chain_id: int | None = None, contract: str | None = None
    ) -> bytes:
        chain = self.evm.chain_id if chain_id is None else chain_id
        separator = domain_separator("CareLedger PointMarket", "1", chain, contract or self.address)
        return digest(separator, struct_hash(kind, values))

    def id_of(self, offer: Offer, **domain: Any) -> bytes:
        return self.digest(OFFER, *offer.members, **domain)

    def sign(self, account: LocalAccount, offer: Offer, **domain: Any) -> bytes:
        return sign(account, self.id_of(offer, **domain))
