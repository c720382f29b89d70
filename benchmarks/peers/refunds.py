"""Escrow: OpenZeppelin's RefundEscrow and Kleros's first one, both for ether, and ours."""

from bench import ETHER, START, Bench, Row, keyed
from eth_utils.crypto import keccak
from loyalty import solady_token
from packages import published
from suite import Suite

ZERO = "0x" + "00" * 20
DAY = 24 * 3600
NONE = "none on npm"


def openzeppelin(bench: Bench) -> dict[str, float]:
    """Deposit for a buyer and give it back; the state of the whole escrow decides, not the deal."""
    owner, seller, first, buyer = *bench.actors[:2], *bench.actors[6:8]
    build = published("openzeppelin-4.9", "build/contracts/RefundEscrow.json", "not stated")
    escrow = bench.deploy(build, seller.address)
    escrow.gas(owner, "deposit", first.address, value=ETHER)
    found: dict[str, float] = {"deposit": escrow.gas(owner, "deposit", buyer.address, value=ETHER)}
    escrow.gas(owner, "enableRefunds")
    found["refund"] = escrow.gas(owner, "withdraw", buyer.address)
    return found


def kleros(bench: Bench) -> dict[str, float]:
    """Open, reimburse and pay, after a first deal: the list of deals begins only once."""
    buyer, seller, arbitrator = *bench.actors[6:8], keyed("arbitrator").address
    build = published(
        "kleros-interaction", "build/contracts/MultipleArbitrableTransaction.json", "200 runs"
    )
    escrow = bench.deploy(build)
    evidence = "/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"
    deal = (arbitrator, 30 * DAY, seller.address, b"", evidence)
    escrow.gas(buyer, "createTransaction", *deal, value=ETHER)
    found: dict[str, float] = {"create": escrow.gas(buyer, "createTransaction", *deal, value=ETHER)}
    found["reimburse"] = escrow.gas(seller, "reimburse", 0, ETHER)
    found["pay"] = escrow.gas(buyer, "pay", 1, ETHER)
    return found


class Ours:
    """Deals on our escrow, with criteria and an arbiter, while another deal is always open."""

    def __init__(self, bench: Bench) -> None:
        self.suite = Suite(bench)
        self.issuer, self.carrier, self.scanner, self.payer, self.seller = (
            *bench.actors[3:6],
            *bench.actors[6:8],
        )
        self.escrow = self.suite.contract("RefundEscrow")
        self.desk = self.suite.contract("ReturnDesk", self.escrow.address)
        self.suite.delegate(self.carrier, "careledger.scanner", self.scanner)
        self.deals = 0

    def terms(self, token: str) -> tuple[object, ...]:
        """Return the terms of the next deal."""
        self.deals += 1
        order = bytes.fromhex(self.carrier.address[2:]) + keccak(text=f"order {self.deals}")[:12]
        parties = (self.payer.address, ZERO, self.seller.address)
        arbiter = (self.desk.address, keyed("arbiter").address)
        times = (
            START + 30 * DAY,
            START + 7 * DAY,
            3 * DAY,
        )  # released, delivered by, each step of a dispute
        return (
            *parties,
            token,
            ETHER,
            *times,
            *arbiter,
            0,
            ZERO,
            5_000,
            order,
            keccak(text=f"salt {self.deals}"),
        )

    def opened(self, token: str) -> tuple[tuple[object, ...], int]:
        """Open a deal; return its terms and the gas."""
        terms = self.terms(token)
        return terms, self.escrow.gas(
            self.payer, "open", terms, value=0 if token != ZERO else ETHER
        )

    def measure(self, token: str) -> dict[str, float]:
        """Return gas by operation, in a token or, for the zero address, in ether."""
        self.opened(token)
        released, gas = self.opened(token)
        found: dict[str, float] = {
            "open": gas,
            "release": self.escrow.gas(self.payer, "release", released),
        }
        given_back, _ = self.opened(token)
        found["refundPart"] = self.escrow.gas(self.seller, "refundPart", given_back, ETHER)
        scanned, _ = self.opened(token)
        found["scanAndRefund"] = self.desk.gas(self.scanner, "settleReturn", scanned, 10_000)
        twice, _ = self.opened(token)
        order = twice[-2]
        first = self.desk.gas(self.scanner, "scanReturn", order, 10_000)
        found["scanThenRefund"] = first + self.escrow.gas(self.issuer, "refund", twice)
        return found

    def stablecoin(self, bench: Bench) -> str:
        """Deploy a token that payer and seller hold, and let the escrow take the payer's."""
        token = bench.deploy(solady_token())
        for holder in (self.payer, self.seller):
            token.gas(bench.actors[0], "mint", holder.address, 1000 * ETHER)
        token.gas(self.payer, "approve", self.escrow.address, 2**256 - 1)
        return token.address


def rows(bench: Bench) -> list[Row]:
    """Measure the three escrows."""
    simple, arbitrable = openzeppelin(bench), kleros(bench)
    ours = Ours(bench)
    ether, token = ours.measure(ZERO), ours.measure(ours.stablecoin(bench))

    def row(what: str, ours: float, peer: str, gas: float | None) -> Row:
        return Row(what, peer, gas, f"RefundEscrow.{what}", ours)

    return [
        row("open.ether", ether["open"], "OpenZeppelin 4.9 deposit", simple["deposit"]),
        row("open.ether", ether["open"], "Kleros createTransaction", arbitrable["create"]),
        row("refund.ether", ether["refundPart"], "OpenZeppelin 4.9 withdraw", simple["refund"]),
        row("refund.ether", ether["refundPart"], "Kleros reimburse", arbitrable["reimburse"]),
        row("release.ether", ether["release"], "Kleros pay", arbitrable["pay"]),
        row("open", token["open"], NONE, None),
        row("release", token["release"], NONE, None),
        row("refund", token["refundPart"], NONE, None),
        row(
            "scanAndRefund",
            token["scanAndRefund"],
            "ours, in two transactions",
            token["scanThenRefund"],
        ),
    ]
