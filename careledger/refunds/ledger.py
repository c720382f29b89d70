"""Where every unit went: what came into escrow, by token, against what went out of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from careledger.chain.events import Event
from careledger.errors import CareLedgerError
from careledger.refunds import events
from careledger.refunds.terms import DealTerms


class NotBalanced(CareLedgerError):
    """What came in is not what went out."""


@dataclass
class LedgerAccount:
    """The sums of one token, in its smallest unit, as the escrow's events tell them."""

    opened: int = 0
    bonds: int = 0
    refunded: int = 0
    """To the payers' side."""
    paid: int = 0
    """To the sellers, fees taken off."""
    fees: int = 0
    bonds_paid: int = 0
    credited: int = 0
    """Of what went out, what its payee could not take at once."""
    claimed: int = 0

    @property
    def came_in(self) -> int:
        """Deposits and bonds."""
        return self.opened + self.bonds

    @property
    def went_out(self) -> int:
        """Refunds, payments, fees and bonds, whether taken at once or credited."""
        return self.refunded + self.paid + self.fees + self.bonds_paid

    @property
    def owed(self) -> int:
        """Credits that nobody has claimed yet."""
        return self.credited - self.claimed

    @property
    def held(self) -> int:
        """What deals that are not over hold."""
        return self.came_in - self.went_out

    @property
    def balance(self) -> int:
        """What the escrow has to have."""
        return self.held + self.owed

    def to_json(self) -> dict[str, str]:
        """Return all sums as decimal text of the smallest unit."""
        sums = {
            "opened": self.opened,
            "bonds": self.bonds,
            "cameIn": self.came_in,
            "refunded": self.refunded,
            "paid": self.paid,
            "fees": self.fees,
            "bondsPaid": self.bonds_paid,
            "wentOut": self.went_out,
            "credited": self.credited,
            "claimed": self.claimed,
            "owed": self.owed,
            "held": self.held,
        }
        return {name: str(amount) for name, amount in sums.items()}


class Ledger:
    """Sums over the events of many deals."""

    def __init__(self) -> None:
        self.accounts: dict[str, LedgerAccount] = defaultdict(LedgerAccount)
        self._tokens: dict[bytes, str] = {}

    def add(self, terms: DealTerms, id: bytes, happened: Iterable[Event]) -> None:
        """Count the events of one transaction that concerned a deal."""
        self._tokens[id] = terms.token
        for event in happened:
            self._count(event)

    def _count(self, event: Event) -> None:
        match event:
            case events.Opened():
                self.accounts[event.token].opened += event.amount
            case events.PartRefunded():
                self._of(event.id).refunded += event.amount
            case events.Refunded():
                self._of(event.id).refunded += event.refunded
            case events.Released():
                self._pay(event.id, event.paid, event.fee)
            case events.Split():
                self._of(event.id).refunded += event.refunded
                self._pay(event.id, event.paid, event.fee)
            case events.Appealed():
                self._of(event.id).bonds += event.bond
            case events.BondPaid():
                self._of(event.id).bonds_paid += event.bond
            case events.Credited():
                self.accounts[event.token].credited += event.amount
            case events.Claimed():
                self.accounts[event.token].claimed += event.amount
            case _:
                pass

    def _pay(self, id: bytes, paid: int, fee: int) -> None:
        self._of(id).paid += paid
        self._of(id).fees += fee

    def _of(self, id: bytes) -> LedgerAccount:
        return self.accounts[self._tokens[id]]


def require_equal(what: str, actual: int, expected: int) -> None:
    """Make sure that two sums are the same to the last unit.

    Raises:
        NotBalanced: they are not.

    """
    if actual != expected:
        raise NotBalanced(
            f"{what} is {actual}, but it has to be {expected}: {actual - expected:+d} units"
        )
