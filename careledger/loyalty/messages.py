"""What holders of points sign at a token, as EIP-712 digests, and the signature itself.

Every method returns the 32 bytes to sign. `sign` is for accounts whose key is at hand; a wallet
signs the same typed data by itself (docs/protocol/loyalty.md has the types). Offers have `offers`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from secrets import token_bytes
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from careledger.errors import InputError
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

Vrs = tuple[int, bytes, bytes]
"""A signature as three numbers: v (27 or 28), r, s."""
Signature = bytes | Vrs
"""Bytes go to the form of a function that contract wallets can use too, three numbers to the
standard's own."""


def random_nonce() -> bytes:
    """Return 32 bytes that nobody has used."""
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
    """An order to redeem points that their holder signs and somebody else sends; validity as of an `Authorization`."""

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
    return 0 if order.valid_after is None else to_seconds(order.valid_after), to_seconds(
        order.valid_before
    )


@dataclass(frozen=True)
class TokenMessages:
    """What is signed for one token."""

    chain_id: int
    token: str
    token_name: str

    @cached_property
    def separator(self) -> bytes:
        """The 32-byte domain separator."""
        return domain_separator(self.token_name, "1", self.chain_id, self.token)

    def permit(self, owner: str, spender: str, value: int, nonce: int, deadline: datetime) -> bytes:
        """Let a spender spend (EIP-2612); `nonce` is the owner's next one, `nonces(owner)`."""
        return digest(
            self.separator,
            struct_hash(PERMIT_TYPE, [owner, spender, value, nonce, to_seconds(deadline)]),
        )

    def transfer(self, order: Authorization) -> bytes:
        """Move points; anyone may send it."""
        return digest(self.separator, struct_hash(TRANSFER_TYPE, order.abi()))

    def receive(self, order: Authorization) -> bytes:
        """Move points; only the payee may send it."""
        return digest(self.separator, struct_hash(RECEIVE_TYPE, order.abi()))

    def redeem(self, order: Redemption) -> bytes:
        """Redeem points; anyone may send it."""
        return digest(self.separator, struct_hash(REDEEM_TYPE, order.abi()))

    def cancel(self, authorizer: str, nonce: bytes) -> bytes:
        """Cancel an authorisation or redemption that was not used yet."""
        return digest(self.separator, struct_hash(CANCEL_TYPE, [authorizer, nonce]))


def sign(account: LocalAccount, message: bytes) -> bytes:
    """Sign a 32-byte digest; returns 65 bytes r || s || v, s low."""
    return bytes(account.unsafe_sign_hash(Hash32(message)).signature)


def split(signature: bytes) -> Vrs:
    """Return the three numbers of an account's signature.

    Raises:
        InputError: it has not 65 bytes.

    """
    if len(signature) != 65:
        raise InputError(f"a signature of an account has 65 bytes, not {len(signature)}")
    return signature[64], signature[:32], signature[32:64]
