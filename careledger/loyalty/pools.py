"""The typed client of `PointPools`: one method per function of the contract."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.loyalty.events import PoolSwapped
from careledger.loyalty.messages import Authorization, random_nonce
from careledger.values.times import from_seconds, to_seconds


@dataclass(frozen=True)
class Pair:
    """The state of a pair; token 0 has the lower address.

    Amounts are in the smallest unit, fees in basis points.
    """

    id: bytes
    token0: ChecksumAddress
    token1: ChecksumAddress
    reserve0: int
    reserve1: int
    shares: int
    """All shares, with the 1,000 that nobody owns; 0 for a pair that was never funded."""
    fee_bps0: int
    fee_bps1: int
    open: bool

    @property
    def number(self) -> int:
        """The id as ERC-6909 has it."""
        return int.from_bytes(self.id, "big")

    def reserve(self, token: str) -> int:
        """Return what the pool holds of one of its tokens."""
        return self.reserve0 if token == self.token0 else self.reserve1


@dataclass(frozen=True)
class Quote:
    """What a swap would give, and what it would cost in fees."""

    received: int
    fee_in: int
    """Of what is paid in, for the brand of that token."""
    fee_out: int
    """Beside `received`, for the brand of the token that comes out."""


@dataclass(frozen=True)
class Funding:
    """Tokens to fund a pool with, in either order: at most the amounts, at least the minima."""

    token_a: str
    token_b: str
    amount_a: int
    amount_b: int
    to: str
    """Who gets the shares."""
    deadline: datetime
    min_a: int = 0
    min_b: int = 0

    def abi(self) -> tuple[Any, ...]:
        """Return the contract's struct."""
        return (
            self.token_a,
            self.token_b,
            self.amount_a,
            self.amount_b,
            self.min_a,
            self.min_b,
            self.to,
            to_seconds(self.deadline),
        )


@dataclass(frozen=True)
class Removal:
    """Shares to give up, and the least that may come back for them."""

    token_a: str
    token_b: str
    shares: int
    to: str
    deadline: datetime
    min_a: int = 0
    min_b: int = 0

    def abi(self) -> tuple[Any, ...]:
        """Return the contract's struct."""
        return (
            self.token_a,
            self.token_b,
            self.shares,
            self.min_a,
            self.min_b,
            self.to,
            to_seconds(self.deadline),
        )


@dataclass(frozen=True)
class SwapOrder:
    """A swap that a holder signs and somebody else sends."""

    holder: str
    token_in: str
    token_out: str
    amount_in: int
    min_out: int
    to: str
    """Who gets what comes out."""
    deadline: datetime
    salt: bytes = field(default_factory=random_nonce)

    def abi(self) -> tuple[Any, ...]:
        """Return the contract's struct."""
        return (
            self.holder,
            self.token_in,
            self.token_out,
            self.amount_in,
            self.min_out,
            self.to,
            to_seconds(self.deadline),
            self.salt,
        )


class PointPools(ContractClient):
    """Pools of points against points.

    Methods that change something return the receipt and raise what the contract refuses with
    (`careledger.loyalty.errors`). `queue` hands any of them over without waiting.
    """

    name: ClassVar[str] = "PointPools"

    def queue(self, function: str, *arguments: Any, gas: int | None = None) -> Pending:
        """Hand over a call of a function, by its name in the contract; the sender's `wait` waits.

        Args:
            arguments: as the contract takes them.
            gas: limit; None to simulate first, which fails for a call that depends on one under
                way.

        """
        return self._send(function, *arguments, gas=gas)

    # ---- swapping

    def swap(
        self, token_in: str, token_out: str, amount_in: int, min_out: int, deadline: datetime
    ) -> TransactionReceipt:
        """Pay in one token and get the other, at least `min_out` of it, until the deadline."""
        return self._write("swap", token_in, token_out, amount_in, min_out, to_seconds(deadline))

    def swap_with_authorization(self, order: SwapOrder, signature: bytes) -> TransactionReceipt:
        """Swap for a holder that signed `token_in.messages.receive(authorization(order))`."""
        return self._write("swapWithAuthorization", order.abi(), signature)

    def authorization(self, order: SwapOrder) -> Authorization:
        """Return what the holder of a swap order signs at the token that is paid in."""
        before = from_seconds(to_seconds(order.deadline) + 1)
        return Authorization(
            order.holder, self.address, order.amount_in, before, nonce=self.order_nonce(order)
        )

    def swapped(self, receipt: TransactionReceipt) -> PoolSwapped:
        """Return the event of the swap that a transaction made."""
        return self.event(receipt, PoolSwapped)

    # ---- liquidity

    def add_liquidity(self, funding: Funding) -> TransactionReceipt:
        """Pay into a pool and get shares; the first one sets the price."""
        return self._write("addLiquidity", funding.abi())

    def remove_liquidity(self, removal: Removal) -> TransactionReceipt:
        """Give up own shares and get the part of both reserves that they are."""
        return self._write("removeLiquidity", removal.abi())

    def claim(self, token: str, to: str) -> TransactionReceipt:
        """Get what could not be paid out before, at another address."""
        return self._write("claim", token, to)

    # ---- brands

    def sync(self, token_a: str, token_b: str) -> TransactionReceipt:
        """Copy both brands' policies into the pair."""
        return self._write("sync", token_a, token_b)

    def collect_fees(self, token: str) -> TransactionReceipt:
        """Send the fees of a token to the account in its brand's policy."""
        return self._write("collectFees", token)

    # ---- views

    def quote(self, token_in: str, token_out: str, amount_in: int) -> Quote:
        """Return what a swap would give now; raises what the swap would raise."""
        return Quote(*self._read("quote", token_in, token_out, amount_in))

    def pair_of(self, token_a: str, token_b: str, block: Block = "latest") -> Pair:
        """Return the state of a pair."""
        return Pair(*self._read("pairOf", token_a, token_b, block=block))

    def fees_of(self, token: str, block: Block = "latest") -> int:
        """Return a brand's fees that wait to be collected."""
        return int(self._read("feesOf", token, block=block))

    def credit_of(self, token: str, provider: str) -> int:
        """Return what a provider may claim."""
        return int(self._read("creditOf", token, provider))

    def order_nonce(self, order: SwapOrder) -> bytes:
        """Return the nonce of the authorisation that is the order."""
        return bytes(self._read("orderNonce", order.abi()))

    def lp_fee_bps(self) -> int:
        """Return what stays for those who fund pools, in basis points of what is paid in."""
        return int(self._read("LP_FEE_BPS"))

    def locked_shares(self) -> int:
        """Return how many of a pair's shares nobody owns."""
        return int(self._read("LOCKED_SHARES"))

    def policies(self) -> ChecksumAddress:
        """Return the market where brands set their policies."""
        return ChecksumAddress(self._read("POLICIES"))

    # ---- shares (ERC-6909); `number` is the pair's id as a number

    def balance_of(self, owner: str, number: int) -> int:
        """Return the shares that a holder has of a pair."""
        return int(self._read("balanceOf", owner, number))

    def allowance(self, owner: str, spender: str, number: int) -> int:
        """Return the shares of a pair that a spender may move."""
        return int(self._read("allowance", owner, spender, number))

    def is_operator(self, owner: str, spender: str) -> bool:
        """Say whether somebody may move all shares of a holder."""
        return bool(self._read("isOperator", owner, spender))

    def transfer(self, to: str, number: int, amount: int) -> TransactionReceipt:
        """Move own shares."""
        return self._write("transfer", to, number, amount)

    def transfer_from(self, holder: str, to: str, number: int, amount: int) -> TransactionReceipt:
        """Move a holder's shares, as spender or operator."""
        return self._write("transferFrom", holder, to, number, amount)

    def approve(self, spender: str, number: int, amount: int) -> TransactionReceipt:
        """Let somebody move own shares of a pair."""
        return self._write("approve", spender, number, amount)

    def set_operator(self, operator: str, approved: bool) -> TransactionReceipt:
        """Let somebody move all own shares, or no longer."""
        return self._write("setOperator", operator, approved)

    def token_name(self, number: int) -> str:
        """Return the name of a pair's shares (the contract's `name`)."""
        return str(self._read("name", number))

    def symbol(self, number: int) -> str:
        """Return the symbol of a pair's shares."""
        return str(self._read("symbol", number))

    def decimals(self, number: int) -> int:
        """Return the decimals of a pair's shares."""
        return int(self._read("decimals", number))

    def token_uri(self, number: int) -> str:
        """Return an empty text: shares have no page of their own."""
        return str(self._read("tokenURI", number))

    def supports_interface(self, interface_id: bytes) -> bool:
        """Say whether the contract has an interface (ERC-165)."""
        return bool(self._read("supportsInterface", interface_id))
