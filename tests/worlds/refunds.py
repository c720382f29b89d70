"""A small shop in the in-process EVM: escrow, desk, a token, and everybody whom a deal needs."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from eth_abi import encode

from careledger.refunds.messages import DeskMessages, EscrowMessages
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER, Evm, actor

DAY = 86_400
REVERT, BURN, BOMB = 1, 2, 3  # moods of HostileReceiver
FIELDS = (
    "payer",
    "refundTo",
    "seller",
    "token",
    "amount",
    "releaseAt",
    "slaAt",
    "disputeWindow",
    "criteria",
    "arbiter",
    "feeBps",
    "feeTo",
    "defaultBps",
    "orderRef",
    "salt",
)
PEOPLE = (
    "payer",
    "seller",
    "refunder",
    "carrier",
    "scanner",
    "arbiter",
    "juror",
    "stranger",
    "relayer",
    "fee_to",
    "other",
)


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def raw(terms, **fields):
    """Return the contract's struct of terms with some of its fields as the contract names them."""
    words = list(terms.abi())
    for name, value in fields.items():
        words[FIELDS.index(name)] = value
    return tuple(words)


class World:
    """The parties' accounts are attributes: `world.payer`, `world.seller`, ..."""

    def __init__(self, evm=None, escrow_artifact=None, desk_artifact=None):
        self.evm = evm or Evm()
        for name in PEOPLE:
            setattr(self, name, actor(f"refunds {name}"))
            self.evm.fund(getattr(self, name), 1000 * ETHER)
        self.registry = self.evm.deploy("IdentityRegistry")
        self.escrow = self.evm.deploy(
            "RefundEscrow", self.registry.address, artifact=escrow_artifact
        )
        self.desk = self.evm.deploy(
            "ReturnDesk", self.registry.address, self.escrow.address, artifact=desk_artifact
        )
        self.token = self.evm.deploy("TestToken", "Test Dollar", "TUSD", 6)
        self.appoint(self.carrier, "careledger.scanner", self.scanner)
        self.appoint(self.seller, "careledger.refunder", self.refunder)
        self.appoint(self.arbiter, "careledger.arbiter", self.juror)
        self.messages = EscrowMessages(self.evm.chain_id, self.escrow.address)
        self.scans = DeskMessages(self.evm.chain_id, self.desk.address)
        self._orders = itertools.count(1)

    def appoint(self, identity, role, delegate, validity=3650 * DAY):
        self.registry.transact(
            "addDelegate",
            identity.address,
            role.encode().ljust(32, b"\0"),
            delegate.address,
            validity,
            sender=identity,
        )

    # ---- terms

    def ref(self, carrier=None):
        return bytes.fromhex((carrier or self.carrier).address[2:]) + next(self._orders).to_bytes(
            12, "big"
        )

    def terms(self, **fields):
        """Return terms that can be opened now, with every feature in use, and with these fields."""
        now = self.evm.now
        terms = DealTerms(
            payer=self.payer.address,
            seller=self.seller.address,
            token=self.token.address,
            amount=100_000_000,
            release_at=at(now + 30 * DAY),
            order_ref=self.ref(),
            sla_at=at(now + 7 * DAY),
            dispute_window=timedelta(days=3),
            criteria=self.desk.address,
            arbiter=self.arbiter.address,
            fee_bps=250,
            fee_to=self.fee_to.address,
            default_bps=4_000,
            salt=next(self._orders).to_bytes(32, "big"),
        )
        return replace(terms, **fields)

    def ether(self, **fields):
        return self.terms(**{"token": ZERO_ADDRESS, "amount": 2 * ETHER} | fields)

    def id(self, terms):
        return terms.id(self.evm.chain_id, self.escrow.address)

    # ---- acting

    def fund(self, terms):
        """Give the payer the deal's tokens and the escrow the allowance."""
        token = self.evm.at(terms.token, self.evm.artifacts[terms.token])
        token.transact("mint", terms.payer, terms.amount)
        token.transact("approve", self.escrow.address, terms.amount, sender=terms.payer)

    def open(self, terms=None, **fields):
        """Open a deal as its payer and return its terms."""
        terms = terms or self.terms(**fields)
        if terms.token == ZERO_ADDRESS:
            self.do("open", terms, sender=terms.payer, value=terms.amount)
        else:
            self.fund(terms)
            self.do("open", terms, sender=terms.payer)
        return terms

    def do(self, function, terms, *arguments, sender=None, value=0, gas=None):
        """Call the escrow with terms first; a stranger calls unless somebody else is named."""
        words = terms.abi() if isinstance(terms, DealTerms) else terms
        return self.escrow.transact(
            function, words, *arguments, sender=sender or self.stranger, value=value, gas=gas
        )

    def dispute(self, terms, sender=None, value=0):
        return self.do("dispute", terms, b"\x0e" * 32, sender=sender or terms.payer, value=value)

    def until_ruled(self, terms, bps):
        self.dispute(terms)
        return self.do("award", terms, bps, sender=self.arbiter)

    def until_appealed(self, terms, bps, sender=None):
        """Rule, and have the payer (or whoever is named) appeal."""
        self.until_ruled(terms, bps)
        return self.appeal(terms, sender or self.payer)

    def appeal(self, terms, sender, evidence=b"\x0a" * 32):
        bond = self.bond(terms)
        if terms.token == ZERO_ADDRESS:
            return self.do("appeal", terms, evidence, sender=sender, value=bond)
        self.token.transact("mint", sender.address, bond)
        self.token.transact("approve", self.escrow.address, bond, sender=sender)
        return self.do("appeal", terms, evidence, sender=sender)

    def deal(self, terms):
        names = ("held", "deadline", "window", "ruling_bps", "appeal_bps", "state", "appellant")
        return dict(zip(names, self.escrow.call("deal", self.id(terms)), strict=True))

    def bond(self, terms):
        return -(-self.deal(terms)["held"] // 10)

    def state(self, terms):
        return self.deal(terms)["state"]

    # ---- signing

    def signed(self, account, kind, *arguments, deadline=None):
        """Return the deadline and signature of a message, as signed functions take them."""
        deadline = self.evm.now + 3600 if deadline is None else deadline
        return deadline, getattr(self.messages, kind)(*arguments, at(deadline)).sign(account)

    def scan_signed(self, account, kind, *arguments, deadline=None):
        deadline = self.evm.now + 3600 if deadline is None else deadline
        return deadline, getattr(self.scans, kind)(*arguments, at(deadline)).sign(account)

    # ---- counting

    def balance(self, who, token=None):
        token = self.token.address if token is None else token
        who = getattr(who, "address", who)
        if token == ZERO_ADDRESS:
            return self.evm.balance(who)
        return self.evm.at(token, self.evm.artifacts[token]).call("balanceOf", who)

    def credit(self, who, token=None):
        return self.escrow.call(
            "credit", self.token.address if token is None else token, getattr(who, "address", who)
        )


def high_s(signature):
    """Return the other signature of the same message by the same key, whose s is high."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def packed(terms):
    """Return the terms as an ERC-1363 transfer carries them."""
    kinds = (
        ["address"] * 4
        + ["uint256"] * 4
        + ["address"] * 2
        + ["uint256", "address", "uint256", "bytes32", "bytes32"]
    )
    return encode(kinds, terms.abi() if isinstance(terms, DealTerms) else terms)


def hostile(world, name="CallingToken", fee=0):
    token = world.evm.deploy(name, "Odd Dollar", "ODD", 6)
    if fee is not None and name in ("CallingToken", "FeeToken"):
        token.transact("setFee", fee)
    return token


def loyalty(world):
    """Return points that the payer has plenty of."""
    points = world.evm.deploy(
        "LoyaltyToken",
        world.registry.address,
        world.seller.address,
        "Points",
        "PTS",
        10**30,
        90 * DAY,
    )
    points.transact("setIssuerLimit", world.seller.address, 10**21, DAY, sender=world.seller)
    points.transact("issue", world.payer.address, 10**20, bytes(31) + b"\1", sender=world.seller)
    return points


WINDOW = 3 * DAY
EVIDENCE = b"\x0e" * 32
REFUSED = 10_001


def seconds(time):
    return int(time.timestamp())
