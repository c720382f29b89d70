"""Verified once by a bank, read by an insurer with the customer's consent, and revoked."""

import tempfile
from pathlib import Path
from typing import Any

from careledger.console import Out
from careledger.flows.kyc.actors import CLAIMS
from careledger.flows.kyc.story import KycStory
from careledger.flows.stage import open_stage
from careledger.flows.steps import Steps
from careledger.identity.exchange.diary import DiaryEntry
from careledger.values.times import time_text


def flow(out: Out, rpc: str | None = None) -> None:
    """Issue a credential, show two of its claims by consent, revoke, recover a lost phone.

    Example: careledger demo kyc --json
    """
    with open_stage(rpc) as stage, tempfile.TemporaryDirectory() as folder:
        story = KycStory(stage, Path(folder), Steps(out.note))
        story.play()

        _show(out, story)
        out.document(_document(story))


def _show(out: Out, story: KycStory) -> None:
    story.steps.table(out, "What happened; Ana has no ether", seconds=True)
    out.table(
        "Onboarding, from the request to the kept result",
        ["part", "seconds #"],
        [[part, f"{seconds:.3f}"] for part, seconds in story.onboarding.items()],
        caption="the programs' time on this machine and its chain; reading the screen and touching "
        "the phone come on top, and a block takes as long as the chain's blocks take",
    )
    out.table(
        "What the insurer saw of the bank's seven claims",
        ["claim", "value"],
        [[name, story.shown.get(name, "not shown")] for name in CLAIMS],
        caption="values of claims found in the insurer's database and files: "
        + (", ".join(story.leaked) or "none"),
    )
    story.steps.refusal_table(out)
    out.table(
        "Ana's diary",
        ["given at", "to", "what", "what for", "until", "used", "state"],
        [_diary_row(story, entry) for entry in story.diary],
    )


def _diary_row(story: KycStory, entry: DiaryEntry) -> list[str]:
    given = entry.receipt
    claims = ", ".join(".".join(map(str, path)) for path in given.claims)
    uses = ", ".join(time_text(use.at) for use in entry.uses)

    return [
        time_text(given.given_at),
        story.stage.name_of(given.consent.terms.grantee),
        claims,
        given.purpose.text,
        time_text(given.consent.expires_at),
        uses or "-",
        entry.state,
    ]


def _document(story: KycStory) -> dict[str, Any]:
    return {
        "identity": story.ana,
        "steps": story.steps.to_json(),
        "onboardingSeconds": story.onboarding,
        "shown": story.shown,
        "leaked": story.leaked,
        "refusals": story.steps.refusals,
        "consents": [
            {"id": entry.receipt.consent.id, "state": entry.state, "uses": len(entry.uses)}
            for entry in story.diary
        ],
    }
