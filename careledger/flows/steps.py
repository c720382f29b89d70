"""The steps of a flow: who did what, what it cost and who paid, as a table and as JSON."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from careledger.chain.transactions import TransactionReceipt
from careledger.console import Out
from careledger.errors import CareLedgerError

NOT_REFUSED = "NOT REFUSED"
"""Shown in place of the reason when an attempt that should fail did not fail."""


@dataclass(frozen=True)
class Step:
    """Something that happened in a flow."""

    who: str
    what: str
    paid_by: str = ""
    """Who paid for its transactions, or why there was nothing to pay."""
    receipts: tuple[TransactionReceipt, ...] = ()
    """Of its transactions, in their order; empty when nothing was sent."""
    seconds: float | None = None
    """How long the programs took, where the flow measures it."""

    @property
    def gas_used(self) -> int:
        """All that its transactions took."""
        return sum(receipt.gas_used for receipt in self.receipts)

    def to_json(self) -> dict[str, Any]:
        """Return the step as it is written under `--json`."""
        document = {
            "who": self.who,
            "what": self.what,
            "paidBy": self.paid_by,
            "gasUsed": self.gas_used,
            "transactions": [
                {
                    "transactionHash": receipt.transaction_hash,
                    "blockNumber": receipt.block_number,
                    "gasUsed": receipt.gas_used,
                }
                for receipt in self.receipts
            ],
        }
        return document if self.seconds is None else document | {"seconds": self.seconds}


class StepCosts:
    """What a step cost, filled in while the step is done."""

    def __init__(self) -> None:
        self.paid_by = ""
        self.receipts: list[TransactionReceipt] = []

    def add(self, paid_by: str, *receipts: TransactionReceipt | None) -> None:
        """Say who paid, or why there was nothing to pay, and for which transactions."""
        self.paid_by = paid_by
        self.receipts += [receipt for receipt in receipts if receipt is not None]


class Steps:
    """The steps of one flow, in the order in which they were done."""

    def __init__(self, progress: Callable[[str], None] = lambda _: None) -> None:
        """Begin without a step.

        Args:
            progress: called with a sentence when a step is done.

        """
        self.done: list[Step] = []
        self.refusals: dict[str, str] = {}
        """What was refused, and the sentence that says why."""
        self.progress = progress

    def add(self, who: str, what: str, *receipts: TransactionReceipt, paid_by: str = "") -> Step:
        """Add a step that is done.

        Args:
            receipts: of its transactions; none when nothing was sent.
            paid_by: who sent them and paid, when it was somebody else.

        """
        payer = paid_by or (who if receipts else "nothing sent")
        return self._append(Step(who, what, payer, receipts))

    @contextmanager
    def timed(self, who: str, what: str) -> Iterator[StepCosts]:
        """Do a step, measure how long it takes, and add it; gives where its costs are put."""
        costs = StepCosts()
        started = time.monotonic()

        yield costs

        seconds = time.monotonic() - started
        self._append(Step(who, what, costs.paid_by, tuple(costs.receipts), seconds))

    def refused(self, what: str, attempt: Callable[[], object]) -> str:
        """Try what must be refused; returns the sentence of the refusal, and keeps it."""
        try:
            attempt()
        except CareLedgerError as refusal:
            reason = str(refusal)
        else:
            reason = NOT_REFUSED

        self.refusals[what] = reason
        self.progress(f"refused: {what}: {reason}")
        return reason

    def table(self, out: Out, title: str, caption: str = "", *, seconds: bool = False) -> None:
        """Show all steps.

        Args:
            seconds: with a column of how long each took.

        """
        columns = ["who", "what", "gas #", "paid by", "transaction"]
        if seconds:
            columns.insert(2, "seconds #")

        rows = [_row(step, seconds=seconds) for step in self.done]
        out.table(title, columns, rows, caption)

    def refusal_table(self, out: Out, title: str = "What was refused") -> None:
        """Show what was refused, and why."""
        out.table(title, ["attempt", "reason"], [list(one) for one in self.refusals.items()])

    def to_json(self) -> list[dict[str, Any]]:
        """Return all steps as they are written under `--json`."""
        return [step.to_json() for step in self.done]

    def _append(self, step: Step) -> Step:
        self.done.append(step)
        self.progress(f"{step.who} {step.what}")
        return step


def _row(step: Step, *, seconds: bool) -> list[str]:
    gas = f"{step.gas_used:,}" if step.receipts else ""
    hashes = " ".join("0x" + receipt.transaction_hash.hex() for receipt in step.receipts)

    row = [step.who, step.what, gas, step.paid_by, hashes]
    if seconds:
        row.insert(2, "" if step.seconds is None else f"{step.seconds:.3f}")
    return row
