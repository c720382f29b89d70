"""The typed client of `RefundEscrow`: one method per function of the contract."""

from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import Pending, TransactionReceipt
from careledger.crypto.documents import hexed
from careledger.errors import NodeError, NotFound
from careledger.refunds.calldata import find_terms
from careledger.refunds.deal import Deal, SplitAgreement
from careledger.refunds.erc20 import Erc20Permit
from careledger.refunds.events import Opened
from careledger.refunds.messages import EscrowMessages
from careledger.refunds.return_desk import ReturnDesk
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import address
from careledger.values.times import to_seconds

__all__ = ["RefundEscrow", "ReturnDesk"]

PUSH_GAS_LIMIT = 1_200_000
"""Enough gas for every call of the escrow, with three payments of 300,000 gas each."""


class RefundEscrow(ContractClient):
    """Deals in escrow.

    Methods that change something return the receipt and raise what the contract refuses with
    (`careledger.refunds.errors`). `queue` hands any of them over without waiting.
    """

    name = "RefundEscrow"

    def queue(
        self, function: str, *arguments: Any, value: int = 0, gas: int | None = PUSH_GAS_LIMIT
    ) -> Pending:
        """Hand over a call of a function, by its name in the contract; the sender's `wait` waits.

        Args:
            arguments: as the contract takes them: `terms.abi()` first.
            gas: limit; None to simulate first, which fails for a call that depends on one under
                way.

        """
        return self._send(function, *arguments, value=value, gas=gas)

    def transact(
        self, function: str, terms: DealTerms, *arguments: Any, value: int = 0
    ) -> TransactionReceipt:
        """Call a function on a deal, by its name in the contract, and wait for it."""
        return self._write(function, terms.abi(), *arguments, value=value)

    @property
    def messages(self) -> EscrowMessages:
        """What is signed for this escrow."""
        return EscrowMessages(self.chain.chain_id, self.address)

    # ---- opening

    def open(self, terms: DealTerms, value: int = 0) -> TransactionReceipt:
        """Open a deal as its payer; `value` is the amount when the deal is in ether."""
        return self._write("open", terms.abi(), value=value)

    def open_by_sig(
        self, terms: DealTerms, deadline: datetime, signature: bytes, value: int = 0
    ) -> TransactionReceipt:
        """Open a deal for a payer that signed `messages.open`."""
        return self._write("openBySig", terms.abi(), to_seconds(deadline), signature, value=value)

    def open_with_permit(
        self,
        terms: DealTerms,
        permit: Erc20Permit,
        deadline: datetime | None = None,
        signature: bytes = b"",
    ) -> TransactionReceipt:
        """Open a deal with an EIP-2612 permit.

        Args:
            permit: the payer's, for the amount.
            deadline: of the payer's signature over `messages.open`; left out, with the signature,
                when the payer sends the transaction.
            signature: the payer's.

        """
        until = to_seconds(deadline) if deadline else 0

        return self._write("openWithPermit", terms.abi(), permit, until, signature)

    def open_with_authorization(
        self, terms: DealTerms, authorization: tuple[int, int, int, bytes, bytes]
    ) -> TransactionReceipt:
        """Open a deal with an ERC-3009 authorisation of the payer.

        Args:
            authorization: valid after, valid before, v, r, s; its nonce is the deal's id.

        """
        return self._write("openWithAuthorization", terms.abi(), authorization)

    def on_transfer_received(
        self, operator: str, sender: str, value: int, data: bytes
    ) -> TransactionReceipt:
        """Open a deal by an ERC-1363 transfer; only for tokens: call their `transferAndCall`."""
        return self._write("onTransferReceived", operator, sender, value, data)

    def open_received(
        self, terms: DealTerms, token: str, operator: str, sender: str, value: int
    ) -> TransactionReceipt:
        """Open a deal whose deposit has arrived; only for the escrow itself."""
        return self._write("openReceived", terms.abi(), token, operator, sender, value)

    # ---- ending

    def release(self, terms: DealTerms) -> TransactionReceipt:
        """Pay the seller.

        The payer may at any time; anyone from `release_at` on, unless something is due back.
        """
        return self._write("release", terms.abi())

    def release_by_sig(
        self, terms: DealTerms, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Pay the seller for a payer that signed `messages.release`."""
        return self._write("releaseBySig", terms.abi(), to_seconds(deadline), signature)

    def refund(self, terms: DealTerms) -> TransactionReceipt:
        """Pay back what the criteria say is due, and the rest to the seller; for anyone."""
        return self._write("refund", terms.abi())

    def refund_due(self, terms: DealTerms, bps: int) -> TransactionReceipt:
        """Pay back a share; only for the criteria contract itself."""
        return self._write("refundDue", terms.abi(), bps)

    def refund_part(self, terms: DealTerms, amount: int) -> TransactionReceipt:
        """Give back a part of what is held, or all of it, as the seller."""
        return self._write("refundPart", terms.abi(), amount)

    def split(self, terms: DealTerms, agreement: SplitAgreement) -> TransactionReceipt:
        """Divide what is held as both parties signed."""
        return self._write("split", terms.abi(), agreement.abi())

    # ---- disputes

    def dispute(self, terms: DealTerms, evidence: bytes, value: int = 0) -> TransactionReceipt:
        """Ask the arbiter to decide; `value` is what an ERC-792 arbitrator charges, see `costs`."""
        return self._write("dispute", terms.abi(), evidence, value=value)

    def dispute_by_sig(
        self,
        terms: DealTerms,
        evidence: bytes,
        deadline: datetime,
        signature: bytes,
        value: int = 0,
    ) -> TransactionReceipt:
        """Ask the arbiter for a payer that signed `messages.dispute`."""
        signed = (to_seconds(deadline), signature)

        return self._write("disputeBySig", terms.abi(), evidence, *signed, value=value)

    def submit_evidence(self, terms: DealTerms, evidence: bytes) -> TransactionReceipt:
        """Add the hash of further evidence to a running dispute, as a party."""
        return self._write("submitEvidence", terms.abi(), evidence)

    def award(self, terms: DealTerms, refund_bps: int) -> TransactionReceipt:
        """Rule as the arbiter: the payer's part in basis points; 10,001 refuses to rule."""
        return self._write("award", terms.abi(), refund_bps)

    def rule(self, dispute_id: int, ruling: int) -> TransactionReceipt:
        """Rule as an ERC-792 arbitrator: 1 for the payer, 2 for the seller, 0 refuses."""
        return self._write("rule", dispute_id, ruling)

    def appeal(self, terms: DealTerms, evidence: bytes, value: int = 0) -> TransactionReceipt:
        """Have the arbiter decide once more.

        Args:
            value: the arbitrator's charge and, when the deal is in ether, the bond.

        """
        return self._write("appeal", terms.abi(), evidence, value=value)

    def appeal_by_sig(
        self,
        terms: DealTerms,
        evidence: bytes,
        deadline: datetime,
        signature: bytes,
        value: int = 0,
    ) -> TransactionReceipt:
        """Appeal for a payer that signed `messages.appeal`."""
        signed = (to_seconds(deadline), signature)

        return self._write("appealBySig", terms.abi(), evidence, *signed, value=value)

    def execute(self, terms: DealTerms) -> TransactionReceipt:
        """End a dispute whose time is over; for anyone."""
        return self._write("execute", terms.abi())

    # ---- credits

    def claim(self, token: str, to: str) -> TransactionReceipt:
        """Take the sender's credit at another address."""
        return self._write("claim", token, address(to, "destination"))

    def claim_for(self, payee: str, token: str) -> TransactionReceipt:
        """Try again to pay a payee at its own address; for anyone."""
        return self._write("claimFor", payee, token)

    def claim_by_sig(
        self, payee: str, token: str, to: str, deadline: datetime, signature: bytes
    ) -> TransactionReceipt:
        """Take a credit for a payee that signed `messages.claim`."""
        return self._write("claimBySig", payee, token, to, to_seconds(deadline), signature)

    # ---- views

    def deal(self, id: bytes, block: Block = "latest") -> Deal:
        """Return where a deal is."""
        return Deal.from_abi(self._read("deal", id, block=block))

    def id_of(self, terms: DealTerms) -> bytes:
        """Return the id that the contract computes; `terms.id` does so without a node."""
        return bytes(self._read("idOf", terms.abi()))

    def due_bps(self, terms: DealTerms) -> int:
        """Return what the criteria say is due, in basis points."""
        return int(self._read("dueBps", terms.abi()))

    def costs(self, terms: DealTerms) -> tuple[int, int]:
        """Return the charge of a dispute in wei, and the bond of an appeal in the deal's token."""
        arbitration, bond = self._read("costs", terms.abi())
        return arbitration, bond

    def dispute_of(self, arbitrator: str, dispute_id: int) -> bytes:
        """Return the deal that an arbitrator has under a number; 32 zero bytes for none."""
        return bytes(self._read("disputeOf", arbitrator, dispute_id))

    def credit(self, token: str, payee: str) -> int:
        """Return what a payee may claim."""
        return int(self._read("credit", token, payee))

    def nonce(self, payee: str) -> int:
        """Return the nonce of a payee's next `messages.claim`."""
        return int(self._read("nonce", payee))

    def limits(self) -> tuple[Any, ...]:
        """Return what holds for every deal, in the order of the contract's struct `Limits`."""
        return tuple(self._read("limits"))

    def registry(self) -> ChecksumAddress:
        """Return where identities are looked up."""
        return ChecksumAddress(self._read("REGISTRY"))

    def eip712_domain(self) -> tuple[Any, ...]:
        """Return the domain of signatures (EIP-5267)."""
        return tuple(self._read("eip712Domain"))

    def terms_of(self, id: bytes) -> DealTerms:
        """Find a deal's terms in the transaction that opened it.

        Raises:
            NotFound: no such deal was opened.
            TermsNotFound: the transaction does not show them.
            NodeError: the node does not have the transaction any more.

        """
        opened = next(self.history(Opened, id=id), None)
        if opened is None:
            raise NotFound(f"no deal 0x{id.hex()} was opened in escrow {self.address}")

        transaction_hash = hexed(opened.log.transaction_hash)
        transaction = self.chain.request("eth_getTransactionByHash", transaction_hash)
        if transaction is None:
            raise NodeError(f"the node does not have transaction {transaction_hash} any more")

        calldata = bytes.fromhex(transaction["input"].removeprefix("0x"))
        return find_terms(calldata, id, self.chain.chain_id, self.address)
