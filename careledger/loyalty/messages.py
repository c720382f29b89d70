"""What holders of points sign at a token, as EIP-712 typed data.

`sign` of a message is for accounts whose key is at hand; a wallet signs its `to_json()` by itself.
docs/protocol/loyalty.md has the types; offers are in `offers`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from secrets import token_bytes
from typing import Any

from careledger.crypto.typed_data import SigningDomain, TypedData, Vrs
from careledger.values.addresses import address
from careledger.values.times import to_seconds

_AUTHORIZATION = (
    "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
PERMIT_TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
TRANSFER_TYPE = "TransferWithAuthorization" + _AUTHORIZATION
RECEIVE_TYPE = "ReceiveWithAuthorization" + _AUTHORIZATION
REDEEM_TYPE = (
    "RedeemWithAuthorization(address from,uint256 value,bytes32 ref,uint256 validAfter,"
    "uint256 validBefore,bytes32 nonce)"
)
CANCEL_TYPE = "CancelAuthorization(address authorizer,bytes32 nonce)"

Signature = bytes | Vrs
"""Bytes go to the form of a function that contract wallets can use too, three numbers to the
standard's own."""


def random_nonce() -> bytes:
    """Return 32 random bytes."""
    return token_bytes(32)


@dataclass(frozen=True)
class Authorization:
    """An order to move points that its holder signs and somebody else sends (ERC-3009).

    It holds strictly after `valid_after` (None: from the beginning) and strictly before
    `valid_before`.
    """

    holder: str
    to: str
    value: int
    valid_before: datetime
    valid_after: datetime | None = None
    nonce: bytes = field(default_factory=random_nonce)

    def abi(self) -> tuple[Any, ...]:
        """Return it as the contract takes it."""
        return self.holder, self.to, self.value, *_validity(self), self.nonce


@dataclass(frozen=True)
class Redemption:
    """An order to redeem points that their holder signs and somebody else sends.

    It holds in the same way as an `Authorization`.
    """

    holder: str
    amount: int
    ref: bytes
    valid_before: datetime
    valid_after: datetime | None = None
    nonce: bytes = field(default_factory=random_nonce)

    def abi(self) -> tuple[Any, ...]:
        """Return it as the contract takes it."""
        return self.holder, self.amount, self.ref, *_validity(self), self.nonce


def _validity(order: Authorization | Redemption) -> tuple[int, int]:
    after = 0 if order.valid_after is None else to_seconds(order.valid_after)
    return after, to_seconds(order.valid_before)


@dataclass(frozen=True)
class TokenMessages:
    """What is signed for one token."""

    chain_id: int
    token: str
    token_name: str

    @cached_property
    def domain(self) -> SigningDomain:
        """The token's signing domain."""
        return SigningDomain(self.token_name, "1", self.chain_id, address(self.token))

    def permit(
        self, owner: str, spender: str, value: int, nonce: int, deadline: datetime
    ) -> TypedData:
        """Let a spender spend (EIP-2612); `nonce` is the owner's next one, `nonces(owner)`."""
        values = [owner, spender, value, nonce, to_seconds(deadline)]
        return TypedData.of(self.domain, PERMIT_TYPE, values)

    def transfer(self, order: Authorization) -> TypedData:
        """Move points; anyone may send it."""
        return TypedData.of(self.domain, TRANSFER_TYPE, order.abi())

    def receive(self, order: Authorization) -> TypedData:
        """Move points; only the payee may send it."""
        return TypedData.of(self.domain, RECEIVE_TYPE, order.abi())

    def redeem(self, order: Redemption) -> TypedData:
        """Redeem points; anyone may send it."""
        return TypedData.of(self.domain, REDEEM_TYPE, order.abi())

    def cancel(self, authorizer: str, nonce: bytes) -> TypedData:
        """Cancel an authorisation or redemption that was not used yet."""
        return TypedData.of(self.domain, CANCEL_TYPE, [authorizer, nonce])
