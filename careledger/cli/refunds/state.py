"""Where a deal is, what may happen next, and the one way in which a command acts on it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from careledger.cli.refunds.arguments import amount_of, find_deal
from careledger.cli.report import report
from careledger.values.amounts import percent_text
from careledger.values.times import time_text

if TYPE_CHECKING:
    from careledger.chain.transactions import TransactionReceipt
    from careledger.console import Out
    from careledger.refunds.deal import DealState
    from careledger.refunds.terms import DealTerms
    from careledger.suite import Suite
    from careledger.suite.clients import RefundClients


def act(
    suite: "Suite",
    out: "Out",
    deal: str,
    title: str,
    call: "Callable[[RefundClients, DealTerms], TransactionReceipt]",
    kept: Mapping[str, Any] | None = None,
) -> None:
    """Call a function of the escrow on a deal, and report where the deal is afterwards.

    Args:
        suite: the suite.
        out: where to.
        deal: as the command line gives it.
        title: of the report.
        call: is given the clients of the version in which it was opened, and the terms.
        kept: what the reader has to keep, such as the key of a commitment.

    """
    holding, terms = find_deal(suite, deal)
    receipt = call(holding.refunds, terms)
    report(out, title, deal_facts(holding, terms) | dict(kept or {}), receipt)


def deal_facts(suite: "Suite", terms: "DealTerms") -> dict[str, Any]:
    """Return where a deal is and what may happen next."""
    from careledger.refunds.deal import Party

    escrow = suite.refunds.escrow
    identifier = terms.id(suite.chain.chain_id, escrow.address)
    deal = escrow.deal(identifier)

    facts: dict[str, Any] = {
        "id": identifier,
        "state": deal.state,
        "held": amount_of(suite, deal.held, terms.token),
    }
    if deal.deadline_at is not None:
        facts["deadlineAt"] = deal.deadline_at
    if deal.appellant is not Party.NONE:
        facts["appellant"] = deal.appellant
    return facts | {"next": _next(suite, terms, deal.state)}


def _next(suite: "Suite", terms: "DealTerms", state: "DealState") -> str:
    from careledger.refunds.deal import DealState

    ruling = "the arbiter may rule until the deadline; then anyone may call execute"
    sentences = {
        DealState.NONE: "the payer may open it",
        DealState.DISPUTED: ruling,
        DealState.APPEALED: ruling,
        DealState.RULED: "the loser may appeal until the deadline, once; "
        "then anyone may call execute",
    }
    if state is not DealState.OPEN:
        return sentences.get(state, "nothing: it is over")

    due = suite.refunds.escrow.due_bps(terms)
    if due:
        return f"{percent_text(due)} is due back: anyone may call refund"
    if suite.chain_time() >= terms.release_at:
        return "anyone may call release"
    return f"the payer may release; anyone from {time_text(terms.release_at)} on"
