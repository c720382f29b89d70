"""Verified once by a bank, read by an insurer with the customer's consent, and revoked."""

import tempfile
from pathlib import Path
from typing import Any

from careledger.console import Out
from careledger.flows.kyc.story import CLAIMS, Step, Story
from careledger.flows.stage import open_stage
from careledger.values.times import time_text


def flow(out: Out, rpc: str | None = None) -> None:
    """Issue a credential, show two of its claims by consent, revoke, recover a lost phone.

    Example: careledger demo kyc --json
    """
    with open_stage(rpc) as stage, tempfile.TemporaryDirectory() as folder:
        story = Story(stage, Path(folder), out.note)
        told = story.tell()
        out.table(
            "What happened; Ana has no ether",
            ["who", "what", "seconds #", "gas #", "paid by", "transaction"],
            [_row(step) for step in told.steps],
        )
        out.table(
            "Onboarding, from the request to the kept result",
            ["part", "seconds #"],
            [[part, f"{seconds:.3f}"] for part, seconds in told.onboarding.items()],
            caption="the programs' time on this machine and its chain; reading the screen and touching the phone come "
            "on top, and a block takes as long as the chain's blocks take",
        )
        out.table(
            "What the insurer saw of the bank's seven claims",
            ["claim", "value"],
            [[name, told.shown.get(name, "not shown")] for name in CLAIMS],
            caption=f"values of claims found in the insurer's database and files: {', '.join(told.leaked) or 'none'}",
        )
        out.table(
            "What was refused",
            ["attempt", "reason"],
            [list(item) for item in told.refusals.items()],
        )
        out.table(
            "Ana's diary",
            ["given at", "to", "what", "what for", "until", "used", "stands"],
            [_entry(stage.name_of(one.receipt.consent.terms.grantee), one) for one in told.diary],
        )
        out.document(
            {
                "identity": story.ana,
                "steps": [
                    {
                        "who": s.who,
                        "what": s.what,
                        "seconds": s.seconds,
                        "gas": [r.gas_used for r in s.receipts],
                    }
                    for s in told.steps
                ],
                "onboardingSeconds": told.onboarding,
                "shown": told.shown,
                "leaked": told.leaked,
                "refusals": told.refusals,
                "consents": [
                    {"id": one.receipt.consent.id, "state": one.state, "uses": len(one.uses)}
                    for one in told.diary
                ],
            }
        )


def _row(step: Step) -> list[Any]:
    gas = f"{sum(receipt.gas_used for receipt in step.receipts):,}" if step.receipts else "-"
    hashes = " ".join("0x" + receipt.transaction_hash.hex() for receipt in step.receipts)
    return [step.who, step.what, f"{step.seconds:.3f}", gas, step.payer, hashes]


def _entry(grantee: str, entry: Any) -> list[Any]:
    given = entry.receipt
    claims = ", ".join(".".join(map(str, path)) for path in given.claims)
    used = ", ".join(time_text(use.at) for use in entry.uses) or "-"
    until = time_text(given.consent.expires_at)
    return [
        time_text(given.given_at),
        grantee,
        claims,
        given.purpose.text,
        until,
        used,
        entry.state,
    ]
