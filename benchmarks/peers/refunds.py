"""Escrow: OpenZeppelin's RefundEscrow and Kleros's first escrow, both for ether, and ours for ether and tokens."""

from bench import ETHER, Bench, Row, keyed
from packages import published

ZERO = "0x" + "00" * 20
DAY = 24 * 3600


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
    """Open, reimburse and pay; after a first deal, as the list of deals grows only once from nothing."""
    buyer, seller, arbitrator = *bench.actors[6:8], keyed("arbitrator").address
    build = published("kleros-interaction", "build/contracts/MultipleArbitrableTransaction.json", "200 runs")
    escrow = bench.deploy(build)
    evidence = "/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"
    deal = (arbitrator, 30 * DAY, seller.address, b"", evidence)
    escrow.gas(buyer, "createTransaction", *deal, value=ETHER)
    found: dict[str, float] = {"create": escrow.gas(buyer, "createTransaction", *deal, value=ETHER)}
    found["reimburse"] = escrow.gas(seller, "reimburse", 0, ETHER)
    found["pay"] = escrow.gas(buyer, "pay", 1, ETHER)
    return found


def rows(bench: Bench) -> list[Row]:
    """Measure the three escrows."""
    simple, arbitrable = openzeppelin(bench), kleros(bench)
    return [
        Row("open, ether", "OpenZeppelin 4.9 deposit", simple["deposit"], "RefundEscrow.open.ether", None),
        Row("open, ether", "Kleros createTransaction", arbitrable["create"], "RefundEscrow.open.ether", None),
        Row("refund, ether", "OpenZeppelin 4.9 withdraw", simple["refund"], "RefundEscrow.refund.ether", None),
        Row("refund, ether", "Kleros reimburse", arbitrable["reimburse"], "RefundEscrow.refund.ether", None),
        Row("release, ether", "Kleros pay", arbitrable["pay"], "RefundEscrow.release.ether", None),
    ]
