from datetime import UTC, datetime, timedelta
from secrets import token_bytes

import pytest
from eth_abi.abi import encode

from careledger.chain import artifacts
from careledger.refunds.client import RefundEscrow, ReturnDesk
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.return_desk import order_ref
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS

FOREVER = 2**256 - 1
YEAR = 365 * 86_400


class Shop:
    """The deployed suite on Anvil, a token, and a sender for everybody whom a deal needs."""

    def __init__(self, chain, suite, senders, development):
        self.chain, self.suite, self.development = chain, suite, development
        names = (
            "patron",
            "payer",
            "seller",
            "carrier",
            "scanner",
            "arbiter",
            "fee_to",
            "relayer",
            "stranger",
            "other",
        )
        for name, sender in zip(names, senders, strict=True):
            setattr(self, name, sender)
        self.escrow = RefundEscrow(chain, suite["RefundEscrow"])
        self.desk = ReturnDesk(chain, suite["ReturnDesk"])
        self.token = self.deploy("TestToken", "Test Dollar", "TUSD", 6)
        self.call(self.patron, self.token, "mint(address,uint256)", self.payer.address, 10**12)
        registry = Erc20Token(chain, suite["IdentityRegistry"])
        self.call(
            self.carrier,
            registry,
            "addDelegate(address,bytes32,address,uint256)",
            self.carrier.address,
            b"careledger.scanner".ljust(32, b"\0"),
            self.scanner.address,
            YEAR,
        )

    def deploy(self, name, *arguments):
        artifact = artifacts.load(name)
        entries = artifact.entries("constructor")
        kinds = artifacts.types(entries[0]) if entries else []
        at = self.patron.transact(
            None, artifact.bytecode + encode(kinds, arguments)
        ).contract_address
        return Erc20Token(self.chain, str(at), self.patron)

    def call(self, sender, contract, signature, *arguments):
        return sender.wait(contract.using(sender).queue(signature, *arguments))

    def now(self):
        return datetime.fromtimestamp(self.chain.timestamp(), UTC)

    def sleep(self, span):
        self.development.warp(self.chain.timestamp() + int(span.total_seconds()))

    def terms(self, **fields):
        now = self.now()
        values = {
            "payer": self.payer.address,
            "seller": self.seller.address,
            "token": self.token.address,
            "amount": 100_000_000,
            "release_at": now + timedelta(days=30),
            "sla_at": now + timedelta(days=7),
            "dispute_window": timedelta(days=3),
            "criteria": self.desk.address,
            "arbiter": self.arbiter.address,
            "fee_bps": 250,
            "fee_to": self.fee_to.address,
            "default_bps": 4_000,
            "order_ref": order_ref(self.carrier.address, token_bytes(8).hex(), b"k" * 32),
        }
        return DealTerms(**values | fields)

    def open(self, **fields):
        terms = self.terms(**fields)
        if terms.token == ZERO_ADDRESS:
            self.by(self.payer).open(terms, terms.amount)
        else:
            self.token.using(self.payer).approve(self.escrow.address, terms.amount)
            self.by(self.payer).open(terms)
        return terms

    def by(self, sender):
        return self.escrow.using(sender)

    def id(self, terms):
        return terms.id(self.chain.chain_id, self.escrow.address)


@pytest.fixture
def shop(chain, suite, senders, development):
    return Shop(chain, suite, senders, development)
