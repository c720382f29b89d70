"""The typed client of `LoyaltyToken`: one method per function of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self

from eth_abi.abi import encode
from eth_typing import ChecksumAddress

from careledger.chain import artifacts
from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.send import Sender
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.errors import NodeError
from careledger.loyalty.events import Issued, IssuedBatch
from careledger.loyalty.messages import Authorization, Redemption, Signature, TokenMessages
from careledger.values.addresses import address
from careledger.values.times import to_seconds

ISSUER_ROLE = "careledger.issuer"
"""Role of the delegates that may issue."""
MANAGER_ROLE = "careledger.manager"
"""Role of the delegates that set limits, pauses and policies."""


@dataclass(frozen=True)
class Programme:
    """The state of a brand's programme; amounts in the smallest unit."""

    brand: ChecksumAddress
    outstanding: int
    cap: int
    notice: timedelta
    closes_at: datetime | None
    """When issuing and redeeming end; None while no end is announced."""
    paused: bool


@dataclass(frozen=True)
class IssuerLimit:
    """How fast an issuer may issue: `capacity` at once, refilled evenly within `period`."""

    capacity: int
    period: timedelta
    available: int


@dataclass(frozen=True)
class Issuance:
    """One item of a batch."""

    to: str
    amount: int
    ref: bytes


class LoyaltyToken(ContractClient):
    """A brand's points.

    Amounts are in the smallest unit (10^18 a point). Methods that change something return the
    receipt and raise what the contract refuses with (`careledger.loyalty.errors`). `queue` hands
    any of them over without waiting.
    """

    name: ClassVar[str] = "LoyaltyToken"

    @classmethod
    def deploy(
        cls,
        sender: Sender,
        registry: str,
        brand: str,
        *,
        name: str,
        symbol: str,
        cap: int,
        notice: timedelta,
    ) -> Self:
        """Deploy a brand's token and return its client.

        Args:
            sender: pays; gets no right over the token.
            registry: the identity registry's address.
            brand: the identity whose points these will be.
            name: of the points; it is in the signatures' domain too.
            symbol: a short one.
            cap: the most that may ever be outstanding.
            notice: between the announcement of the end and the end.

        Raises:
            BadProgramme: the contract takes no such programme.
            NodeError: the transaction made no contract.

        """
        artifact = artifacts.load(cls.name)
        (constructor,) = artifact.entries("constructor")
        arguments = [
            address(registry, "registry"),
            address(brand, "brand"),
            name,
            symbol,
            cap,
            int(notice.total_seconds()),
        ]
        code = artifact.bytecode + encode(artifacts.types(constructor), arguments)

        receipt = sender.transact(None, code)
        if receipt.contract_address is None:
            raise NodeError(f"transaction 0x{receipt.transaction_hash.hex()} made no contract")
        return cls(sender.chain, receipt.contract_address, sender)

    def queue(self, function: str, *arguments: Any, gas: int | None = None) -> Pending:
        """Hand over a call of a function, by its name in the contract; the sender's `wait` waits.

        Args:
            arguments: as the contract takes them.
            gas: limit; None to simulate first, which fails for a call that depends on one under
                way.

        """
        return self._send(function, *arguments, gas=gas)

    @cached_property
    def messages(self) -> TokenMessages:
        """What holders sign for this token."""
        return TokenMessages(self.chain.chain_id, self.address, self.token_name())

    # ---- issuing

    def issue(self, to: str, amount: int, ref: bytes) -> TransactionReceipt:
        """Give new points, as an issuer of the brand."""
        return self._write("issue", to, amount, ref)

    def issue_batch(self, items: Sequence[Issuance]) -> TransactionReceipt:
        """Give new points to many, all or none of them."""
        return self._write("issueBatch", [(item.to, item.amount, item.ref) for item in items])

    def issuances(self, ref: bytes) -> list[bytes]:
        """Return the transactions that gave points for a reference, oldest first.

        Look before you issue again: the contract does not refuse a second time.
        """
        alone = [event.log for event in self.history(Issued, ref=ref)]
        in_batches = [event.log for event in self.history(IssuedBatch) if ref in event.refs]

        logs = sorted(alone + in_batches, key=lambda log: (log.block_number, log.log_index))
        return [log.transaction_hash for log in logs]

    # ---- redeeming

    def redeem(self, amount: int, ref: bytes) -> TransactionReceipt:
        """Give up own points for what the reference stands for."""
        return self._write("redeem", amount, ref)

    def redeem_with_authorization(self, order: Redemption, signature: bytes) -> TransactionReceipt:
        """Redeem for a holder that signed `messages.redeem`."""
        return self._write("redeemWithAuthorization", *order.abi(), signature)

    # ---- the brand's settings

    def set_issuer_limit(self, issuer: str, capacity: int, period: timedelta) -> TransactionReceipt:
        """Set how fast an issuer may issue; a capacity of 0 stops it."""
        return self._write("setIssuerLimit", issuer, capacity, int(period.total_seconds()))

    def set_paused(self, paused: bool) -> TransactionReceipt:
        """Pause or resume issuing."""
        return self._write("setPaused", paused)

    def announce_wind_down(self) -> TransactionReceipt:
        """Announce that the programme ends after its notice, as the brand's controller."""
        return self._write("announceWindDown")

    def call_off_wind_down(self) -> TransactionReceipt:
        """Call off the announced end, as the brand's controller."""
        return self._write("callOffWindDown")

    # ---- ERC-20 and EIP-2612

    def transfer(self, to: str, amount: int) -> TransactionReceipt:
        """Move own points."""
        return self._write("transfer", to, amount)

    def approve(self, spender: str, amount: int) -> TransactionReceipt:
        """Let somebody spend own points."""
        return self._write("approve", spender, amount)

    def transfer_from(self, holder: str, to: str, amount: int) -> TransactionReceipt:
        """Move a holder's points on an allowance."""
        return self._write("transferFrom", holder, to, amount)

    def permit(
        self, owner: str, spender: str, value: int, deadline: datetime, signature: Signature
    ) -> TransactionReceipt:
        """Set the allowance that an owner signed as `messages.permit`; anyone may send it."""
        arguments = (owner, spender, value, to_seconds(deadline))
        return self._signed("permit", "address,address,uint256,uint256", signature, *arguments)

    # ---- ERC-3009

    def transfer_with_authorization(
        self, order: Authorization, signature: Signature
    ) -> TransactionReceipt:
        """Move points for a holder that signed `messages.transfer`."""
        return self._signed("transferWithAuthorization", _AUTHORIZATION, signature, *order.abi())

    def receive_with_authorization(
        self, order: Authorization, signature: Signature
    ) -> TransactionReceipt:
        """Pull points, as the payee of an order that its holder signed as `messages.receive`."""
        return self._signed("receiveWithAuthorization", _AUTHORIZATION, signature, *order.abi())

    def cancel_authorization(
        self, authorizer: str, nonce: bytes, signature: Signature
    ) -> TransactionReceipt:
        """Cancel an unused order, by the holder's signature over `messages.cancel`."""
        return self._signed("cancelAuthorization", "address,bytes32", signature, authorizer, nonce)

    def _signed(
        self, function: str, kinds: str, signature: Signature, *arguments: Any
    ) -> TransactionReceipt:
        """Choose the form of a function by that of the signature."""
        if isinstance(signature, bytes):
            return self._write(f"{function}({kinds},bytes)", *arguments, signature)
        return self._write(f"{function}({kinds},uint8,bytes32,bytes32)", *arguments, *signature)

    # ---- ERC-1363

    def transfer_and_call(self, to: str, amount: int, data: bytes = b"") -> TransactionReceipt:
        """Move own points and tell the receiving contract."""
        return self._write("transferAndCall(address,uint256,bytes)", to, amount, data)

    def transfer_from_and_call(
        self, holder: str, to: str, amount: int, data: bytes = b""
    ) -> TransactionReceipt:
        """Move a holder's points on an allowance and tell the receiving contract."""
        return self._write(
            "transferFromAndCall(address,address,uint256,bytes)", holder, to, amount, data
        )

    def approve_and_call(self, spender: str, amount: int, data: bytes = b"") -> TransactionReceipt:
        """Let a contract spend own points and tell it."""
        return self._write("approveAndCall(address,uint256,bytes)", spender, amount, data)

    # ---- views

    def programme(self, block: Block = "latest") -> Programme:
        """Return the state of the programme."""
        brand, outstanding, cap, notice, closes, paused = self._read("programme", block=block)
        at = datetime.fromtimestamp(closes, UTC) if closes else None
        return Programme(brand, outstanding, cap, timedelta(seconds=notice), at, paused)

    def issuer_limit(self, issuer: str) -> IssuerLimit:
        """Return how fast an issuer may issue, and how much now."""
        capacity, period, available = self._read("issuerLimit", issuer)
        return IssuerLimit(capacity, timedelta(seconds=period), available)

    def balance_of(self, owner: str, block: Block = "latest") -> int:
        """Return what a holder has."""
        return int(self._read("balanceOf", owner, block=block))

    def total_supply(self, block: Block = "latest") -> int:
        """Return the points that were issued and not redeemed."""
        return int(self._read("totalSupply", block=block))

    def allowance(self, owner: str, spender: str) -> int:
        """Return what an owner lets a spender spend; 2^256 - 1 is not counted down."""
        return int(self._read("allowance", owner, spender))

    def nonces(self, owner: str) -> int:
        """Return the nonce of an owner's next permit."""
        return int(self._read("nonces", owner))

    def authorization_state(self, authorizer: str, nonce: bytes) -> bool:
        """Say whether an order was used or cancelled."""
        return bool(self._read("authorizationState", authorizer, nonce))

    def token_name(self) -> str:
        """Return the name of the points (the contract's `name`)."""
        return str(self._read("name"))

    def symbol(self) -> str:
        """Return the symbol of the points."""
        return str(self._read("symbol"))

    def decimals(self) -> int:
        """Return 18."""
        return int(self._read("decimals"))

    def registry(self) -> ChecksumAddress:
        """Return the registry that says who acts for the brand."""
        return ChecksumAddress(self._read("REGISTRY"))

    def brand(self) -> ChecksumAddress:
        """Return the identity whose points these are."""
        return ChecksumAddress(self._read("BRAND"))

    def cap(self) -> int:
        """Return the most that may ever be outstanding."""
        return int(self._read("CAP"))

    def notice(self) -> timedelta:
        """Return the time between the announcement of the end and the end."""
        return timedelta(seconds=self._read("NOTICE"))

    def shortest_notice(self) -> timedelta:
        """Return the shortest notice that a programme may have."""
        return timedelta(seconds=self._read("SHORTEST_NOTICE"))

    def domain_separator(self) -> bytes:
        """Return the separator of the signing domain (EIP-712)."""
        return bytes(self._read("DOMAIN_SEPARATOR"))

    def eip712_domain(self) -> tuple[Any, ...]:
        """Return the domain of signatures (EIP-5267)."""
        return tuple(self._read("eip712Domain"))

    def supports_interface(self, interface_id: bytes) -> bool:
        """Say whether the contract has an interface (ERC-165)."""
        return bool(self._read("supportsInterface", interface_id))


_AUTHORIZATION = "address,address,uint256,uint256,uint256,bytes32"
