"""`careledger refunds`: a dispute from its beginning to its last word."""

from typing import TYPE_CHECKING

from careledger.cli.commands import command
from careledger.cli.refunds.arguments import (
    Commitment,
    Deal,
    Evidence,
    Share,
    commitment_to,
    deal_terms,
)
from careledger.cli.refunds.deals import app
from careledger.cli.refunds.state import act
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import parse_percent

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.suite import Suite


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
    escrow = suite.refunds.escrow
    charge, _ = escrow.costs(deal_terms(suite, deal))
    act(suite, out, deal, "Disputed", lambda terms: escrow.dispute(terms, word, charge), kept)


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
    escrow = suite.refunds.escrow
    act(
        suite,
        out,
        deal,
        "Evidence submitted",
        lambda terms: escrow.submit_evidence(terms, word),
        kept,
    )


@command(app)
def rule(suite: "Suite", out: "Out", deal: Deal, *, share: Share) -> None:
    """Decide a dispute, as the arbiter.

    Example: careledger refunds rule deal.json --share 62.5
    """
    bps = parse_percent(share, "--share")
    act(suite, out, deal, "Ruled", lambda terms: suite.refunds.escrow.award(terms, bps))


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
    escrow = suite.refunds.escrow
    made = deal_terms(suite, deal)
    charge, bond = escrow.costs(made)

    value = charge
    if made.token == ZERO_ADDRESS:
        value += bond
    else:
        token = suite.refunds.token(made.token)
        if token.allowance(suite.sender.address, escrow.address) < bond:
            token.approve(escrow.address, bond)

    act(suite, out, deal, "Appealed", lambda terms: escrow.appeal(terms, word, value), kept)


@command(app)
def execute(suite: "Suite", out: "Out", deal: Deal) -> None:
    """End a dispute whose time is over; anyone may.

    Example: careledger refunds execute deal.json
    """
    act(suite, out, deal, "Executed", suite.refunds.escrow.execute)
