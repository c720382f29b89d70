"""What each thing that can happen to a deal costs, on Anvil, to the last unit.

Everybody has tokens and ether before, so that no balance is written for the first time, and terms
are as a shop would make them: a return desk, an arbiter, refunds to the payer. Fees have rows of
their own, and so have allowances: the plain `open` finds one that is not counted down.
"""

from datetime import UTC, datetime, timedelta

import pytest
from eth_abi.abi import encode

from careledger.chain import artifacts
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import digest, sign_digest, struct_hash
from careledger.refunds.client import RefundEscrow, ReturnDesk
from careledger.refunds.deal import SplitAgreement
from careledger.refunds.erc20 import Erc20Token, sign_permit
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import START

pytestmark = pytest.mark.gas

DAY = 86_400
LATER = START + 200 * DAY
"""After every deadline here, and the same in every run."""
FOREVER = 2**256 - 1
ETHER = 10**18


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


class Shop:
    """A seller, its customers and everybody else, with tokens in everybody's hands."""

    def __init__(self, chain, suite, senders, development):
        self.chain, self.suite, self.development = chain, suite, development
        (
            self.patron,
            self.payer,
            self.seller,
            self.carrier,
            self.scanner,
            self.arbiter,
            self.fee_to,
            self.relayer,
        ) = senders[:8]
        self.escrow = RefundEscrow(chain, suite["RefundEscrow"])
        self.desk = ReturnDesk(chain, suite["ReturnDesk"])
        self.token = Erc20Token(
            chain, self.deploy("TestToken", "Test Dollar", "TUSD", 6), self.patron
        )
        self.points = Erc20Token(
            chain,
            self.deploy(
                "LoyaltyToken",
                suite["IdentityRegistry"],
                self.seller.address,
                "Points",
                "PTS",
                10**30,
                90 * DAY,
            ),
            self.seller,
        )
        self.count = 0
        self.appoint(self.carrier, b"careledger.scanner", self.scanner)
        for who in (self.payer, self.seller, self.fee_to):
            self.call(self.patron, self.token, "mint(address,uint256)", who.address, 10**12)
        self.call(self.payer, self.token, "approve(address,uint256)", self.escrow.address, FOREVER)
        self.call(
            self.seller,
            self.points,
            "setIssuerLimit(address,uint256,uint256)",
            self.seller.address,
            10**24,
            DAY,
        )
        for who in (self.payer, self.seller):
            self.call(
                self.seller,
                self.points,
                "issue(address,uint256,bytes32)",
                who.address,
                10**20,
                bytes(32),
            )
        self.call(self.payer, self.points, "approve(address,uint256)", self.escrow.address, FOREVER)
        for token in (
            self.token.address,
            self.points.address,
            ZERO_ADDRESS,
        ):  # the escrow has some of each already
            self.open(self.terms(token=token))

    def deploy(self, name, *arguments):
        artifact = artifacts.load(name)
        data = artifact.bytecode + encode(
            artifacts.types(artifact.entries("constructor")[0]), arguments
        )
        return str(self.patron.transact(None, data).contract_address)

    def appoint(self, identity, role, delegate):
        text = "addDelegate(address,bytes32,address,uint256)"
        registry = Erc20Token(self.chain, self.suite["IdentityRegistry"])
        arguments = (identity.address, role.ljust(32, b"\0"), delegate.address, LATER)
        self.call(identity, registry, text, *arguments)

    def call(self, sender, contract, signature, *arguments):
        return sender.wait(contract.using(sender).queue(signature, *arguments)).gas_used

    def terms(self, **fields):
        self.count += 1
        values = {
            "payer": self.payer.address,
            "seller": self.seller.address,
            "token": self.token.address,
            "amount": 129_990_000,
            "release_at": at(START + 90 * DAY),
            "sla_at": at(START + 30 * DAY),
            "dispute_window": timedelta(days=3),
            "criteria": self.desk.address,
            "arbiter": self.arbiter.address,
            "default_bps": 5_000,
            "order_ref": bytes.fromhex(self.carrier.address[2:])
            + keccak256(b"order %d" % self.count)[:12],
            "salt": keccak256(b"salt %d" % self.count),
        }
        return DealTerms(**values | fields)

    def open(self, terms):
        return (
            self.by(self.payer)
            .open(terms, terms.amount if terms.token == ZERO_ADDRESS else 0)
            .gas_used
        )

    def opened(self, **fields):
        terms = self.terms(**fields)
        self.open(terms)
        return terms

    def by(self, sender):
        return self.escrow.using(sender)

    def id(self, terms):
        return terms.id(self.chain.chain_id, self.escrow.address)

    def disputed(self, **fields):
        terms = self.opened(**fields)
        self.by(self.payer).dispute(terms, b"\xee" * 32)
        return terms

    def ruled(self, bps, **fields):
        terms = self.disputed(**fields)
        self.by(self.arbiter).award(terms, bps)
        return terms

    def later(self, seconds):
        self.development.warp(self.chain.timestamp() + seconds)


@pytest.fixture
def shop(chain, suite, senders, development):
    return Shop(chain, suite, senders, development)


def test_opening(shop, gas):
    gas.row("RefundEscrow.open", shop.open(shop.terms()), at_most=73_000)
    gas.row(
        "RefundEscrow.open.withFee", shop.open(shop.terms(fee_bps=250, fee_to=shop.fee_to.address))
    )
    gas.row("RefundEscrow.open.ether", shop.open(shop.terms(token=ZERO_ADDRESS)))
    terms = shop.terms()
    signature = shop.escrow.messages.open(terms, at(LATER)).sign(shop.payer.account)
    receipt = shop.by(shop.relayer).open_by_sig(terms, at(LATER), signature)
    gas.row("RefundEscrow.open.signed", receipt.gas_used)
    shop.call(shop.payer, shop.token, "approve(address,uint256)", shop.escrow.address, 10**12)
    gas.row("RefundEscrow.open.exactAllowance", shop.open(shop.terms()))


def permit(shop, terms):
    return sign_permit(
        shop.payer.account,
        shop.token.domain_separator(),
        shop.escrow.address,
        value=terms.amount,
        nonce=shop.token.nonces(terms.payer),
        deadline=at(LATER),
    )


def test_opening_by_permit(shop, gas):
    first = shop.terms()
    shop.by(shop.payer).open_with_permit(first, permit(shop, first))
    terms = shop.terms()
    gas.row(
        "RefundEscrow.open.permit",
        shop.by(shop.payer).open_with_permit(terms, permit(shop, terms)).gas_used,
    )
    terms = shop.terms()
    signature = shop.escrow.messages.open(terms, at(LATER)).sign(shop.payer.account)
    receipt = shop.by(shop.relayer).open_with_permit(
        terms, permit(shop, terms), at(LATER), signature
    )
    gas.row("RefundEscrow.open.permit.relayed", receipt.gas_used)


def test_opening_by_what_points_can(shop, gas):
    text = (
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce)"
    )
    terms = shop.terms(token=shop.points.address, amount=10**18)
    values = [terms.payer, shop.escrow.address, terms.amount, 0, LATER, shop.id(terms)]
    signature = sign_digest(
        shop.payer.account, digest(shop.points.domain_separator(), struct_hash(text, values))
    )
    authorization = (0, LATER, signature[64], signature[:32], signature[32:64])
    receipt = shop.by(shop.relayer).open_with_authorization(terms, authorization)
    gas.row("RefundEscrow.open.authorization", receipt.gas_used)
    terms = shop.terms(token=shop.points.address, amount=10**18)
    data = encode(["address", "uint256"], [shop.escrow.address, terms.amount])
    kinds = (
        ["address"] * 4
        + ["uint256"] * 4
        + ["address"] * 2
        + ["uint256", "address", "uint256", "bytes32", "bytes32"]
    )
    data = keccak256(b"transferAndCall(address,uint256,bytes)")[:4] + encode(
        ["address", "uint256", "bytes"],
        [shop.escrow.address, terms.amount, encode(kinds, terms.abi())],
    )
    receipt = shop.payer.transact(shop.points.address, data)
    gas.row("RefundEscrow.open.transferAndCall", receipt.gas_used)


def test_releasing(shop, gas):
    payer = shop.by(shop.payer)
    gas.row("RefundEscrow.release", payer.release(shop.opened()).gas_used, at_most=49_500)
    gas.row("RefundEscrow.release.ether", payer.release(shop.opened(token=ZERO_ADDRESS)).gas_used)
    fee = {"fee_bps": 250, "fee_to": shop.fee_to.address}
    gas.row("RefundEscrow.release.withFee", payer.release(shop.opened(**fee)).gas_used)
    terms = shop.opened()
    signature = shop.escrow.messages.release(shop.id(terms), at(LATER)).sign(shop.payer.account)
    receipt = shop.by(shop.relayer).release_by_sig(terms, at(LATER), signature)
    gas.row("RefundEscrow.release.signed", receipt.gas_used)
    terms = shop.opened()
    shop.desk.using(shop.scanner).scan_delivery(terms.order_ref)
    shop.later(91 * DAY)
    gas.row("RefundEscrow.release.byAnyone", shop.by(shop.relayer).release(terms).gas_used)


def test_scanning(shop, gas):
    scanner = shop.desk.using(shop.scanner)
    gas.row(
        "RefundEscrow.scanAndRefund",
        scanner.settle_return(shop.opened(), 10_000).gas_used,
        at_most=86_000,
    )
    gas.row(
        "RefundEscrow.scanAndRefund.graded", scanner.settle_return(shop.opened(), 7_500).gas_used
    )
    terms = shop.opened()
    gas.row("ReturnDesk.scanDelivery", scanner.scan_delivery(terms.order_ref).gas_used)
    gas.row(
        "RefundEscrow.scanAndRefund.afterDelivery", scanner.settle_return(terms, 10_000).gas_used
    )
    terms = shop.opened()
    message = shop.desk.messages.return_scan(
        terms.order_ref, 10_000, shop.scanner.address, at(LATER)
    )
    signed = (shop.scanner.address, at(LATER), message.sign(shop.scanner.account))
    receipt = shop.desk.using(shop.relayer).settle_return_by_sig(terms, 10_000, *signed)
    gas.row("RefundEscrow.scanAndRefund.relayed", receipt.gas_used)
    terms = shop.opened()
    gas.row("ReturnDesk.scanReturn", scanner.scan_return(terms.order_ref, 10_000).gas_used)
    gas.row("RefundEscrow.refund.byAnyone", shop.by(shop.relayer).refund(terms).gas_used)
    terms = shop.opened()
    scanner.scan_return(terms.order_ref, 7_500)
    gas.row("RefundEscrow.refund.byAnyone.graded", shop.by(shop.relayer).refund(terms).gas_used)


def test_agreeing(shop, gas):
    seller = shop.by(shop.seller)
    gas.row("RefundEscrow.refundPart", seller.refund_part(shop.opened(), 1_000_000).gas_used)
    gas.row("RefundEscrow.refundPart.all", seller.refund_part(shop.opened(), 129_990_000).gas_used)
    terms = shop.opened()
    message = shop.escrow.messages.split(shop.id(terms), 29_990_000, 100_000_000, at(LATER))
    signatures = message.sign(shop.payer.account), message.sign(shop.seller.account)
    agreement = SplitAgreement(29_990_000, 100_000_000, at(LATER), shop.seller.address, *signatures)
    gas.row("RefundEscrow.split", shop.by(shop.relayer).split(terms, agreement).gas_used)


def test_disputing(shop, gas):
    payer, arbiter, anyone = shop.by(shop.payer), shop.by(shop.arbiter), shop.by(shop.relayer)
    terms = shop.opened()
    gas.row("RefundEscrow.dispute", payer.dispute(terms, b"\xee" * 32).gas_used)
    gas.row("RefundEscrow.submitEvidence", payer.submit_evidence(terms, b"\xef" * 32).gas_used)
    gas.row("RefundEscrow.award", arbiter.award(terms, 6_000).gas_used)
    shop.later(4 * DAY)
    gas.row("RefundEscrow.execute", anyone.execute(terms).gas_used)
    terms = shop.disputed()
    shop.later(4 * DAY)
    gas.row("RefundEscrow.execute.silent", anyone.execute(terms).gas_used)
    terms = shop.ruled(6_000)
    gas.row("RefundEscrow.appeal", payer.appeal(terms, b"\xee" * 32).gas_used)
    arbiter.award(terms, 8_000)
    gas.row("RefundEscrow.execute.appealed", anyone.execute(terms).gas_used)
    terms = shop.opened()
    signature = shop.escrow.messages.dispute(shop.id(terms), b"\xee" * 32, at(LATER)).sign(
        shop.payer.account
    )
    gas.row(
        "RefundEscrow.dispute.signed",
        anyone.dispute_by_sig(terms, b"\xee" * 32, at(LATER), signature).gas_used,
    )


def test_claiming(shop, gas):
    blocking = Erc20Token(
        shop.chain, shop.deploy("BlockingToken", "Blocking", "BLK", 6), shop.patron
    )
    for who in (shop.payer, shop.seller, shop.fee_to):
        shop.call(shop.patron, blocking, "mint(address,uint256)", who.address, 10**12)
    shop.call(shop.payer, blocking, "approve(address,uint256)", shop.escrow.address, FOREVER)
    shop.opened(token=blocking.address)
    terms = shop.opened(token=blocking.address)
    shop.call(shop.patron, blocking, "setBlocked(address,bool)", shop.seller.address, True)
    gas.row("RefundEscrow.release.credited", shop.by(shop.payer).release(terms).gas_used)
    receipt = shop.by(shop.seller).claim(blocking.address, shop.fee_to.address)
    gas.row("RefundEscrow.claim", receipt.gas_used)
