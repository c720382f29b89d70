"""`careledger refunds`: a dispute from its beginning to its last word."""

from typing import TYPE_CHECKING

from careledger.cli.commands import command
from careledger.cli.refunds.arguments import (
    Commitment,
    Deal,
    Evidence,
    Share,
    commitment_to,
)
from careledger.cli.refunds.deals import app
from careledger.cli.refunds.state import act
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import parse_percent

if TYPE_CHECKING:
    from careledger.chain.transactions import TransactionReceipt
    from careledger.console import Out
    from careledger.refunds.terms import DealTerms
    from careledger.suite import Suite
    from careledger.suite.clients import RefundClients


@command(app)
def dispute(
    suite: "Suite",
    out: "Out",
    deal: Deal,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
) -> None:
    """Ask the arbiter: the payer before the release time, the seller in its window after it.

    Keep the evidence and the key that is printed: with both, anyone can check the commitment.

    Example: careledger refunds dispute deal.json --evidence statement.txt
    """
    word, kept = commitment_to(evidence, commitment)

    def call(refunds: "RefundClients", terms: "DealTerms") -> "TransactionReceipt":
        charge, _ = refunds.escrow.costs(terms)
        return refunds.escrow.dispute(terms, word, charge)

    act(suite, out, deal, "Disputed", call, kept)


@command(app, "evidence")
def submit_evidence(
    suite: "Suite",
    out: "Out",
    deal: Deal,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
) -> None:
    """Add evidence to a running dispute, as a party.

    Example: careledger refunds evidence deal.json --evidence photographs.zip
    """
    word, kept = commitment_to(evidence, commitment)

    def call(refunds: "RefundClients", terms: "DealTerms") -> "TransactionReceipt":
        return refunds.escrow.submit_evidence(terms, word)

    act(suite, out, deal, "Evidence submitted", call, kept)


@command(app)
def rule(suite: "Suite", out: "Out", deal: Deal, *, share: Share) -> None:
    """Decide a dispute, as the arbiter.

    Example: careledger refunds rule deal.json --share 62.5
    """
    bps = parse_percent(share, "--share")
    act(suite, out, deal, "Ruled", lambda refunds, terms: refunds.escrow.award(terms, bps))


@command(app)
def appeal(
    suite: "Suite",
    out: "Out",
    deal: Deal,
    *,
    evidence: Evidence = None,
    commitment: Commitment = None,
) -> None:
    """Have the arbiter decide once more, against a bond of a tenth of what is held.

    Example: careledger refunds appeal deal.json --evidence report.pdf
    """
    word, kept = commitment_to(evidence, commitment)

    def call(refunds: "RefundClients", terms: "DealTerms") -> "TransactionReceipt":
        charge, bond = refunds.escrow.costs(terms)
        if terms.token == ZERO_ADDRESS:
            return refunds.escrow.appeal(terms, word, charge + bond)

        token = refunds.token(terms.token)
        if token.allowance(suite.sender.address, refunds.escrow.address) < bond:
            token.approve(refunds.escrow.address, bond)
        return refunds.escrow.appeal(terms, word, charge)

    act(suite, out, deal, "Appealed", call, kept)


@command(app)
def execute(suite: "Suite", out: "Out", deal: Deal) -> None:
    """End a dispute whose time is over; anyone may.

    Example: careledger refunds execute deal.json
    """
    act(suite, out, deal, "Executed", lambda refunds, terms: refunds.escrow.execute(terms))
