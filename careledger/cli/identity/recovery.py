"""`careledger identity recovery`: guardians, for the day when a key is lost."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.cli.identity.arguments import Identity
from careledger.cli.report import report
from careledger.errors import Conflict, InputError
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.did.model import Guardianship
    from careledger.suite import Suite

app = group("Guardians who can give an identity a new key when its own is lost.")


@command(app, "name", contracts=["IdentityRegistry"])
def name_guardians(
    suite: "Suite",
    out: "Out",
    identity: Identity,
    *,
    guardian: Annotated[
        list[str], typer.Option("--guardian", help="Address of a guardian; once for each.")
    ],
    threshold: Annotated[int, typer.Option(min=1, max=255, help="How many of them must agree.")],
    cards: Annotated[Path, typer.Option("--cards", help="New folder for the guardians' cards.")],
    delay: Annotated[str, typer.Option(help="How long you can object: 1d to 52w.")] = "7d",
) -> None:
    """Name guardians, and write a card for each of them. The chain does not learn who they are.

    Give each guardian its card, and keep none where the identity's key is.

    Example: careledger identity recovery name did:ethr:0x7a69:0xf39F… --guardian 0x7099… --guardian
    0x3C44… --threshold 2 --cards cards
    """
    from careledger.identity.did.guardians import Guardians

    chosen = Guardians.choose(guardian, threshold)
    objecting = parse_duration(delay, "--delay")

    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    _ = suite.account  # without a key no card is written
    try:
        cards.mkdir(parents=True)
    except OSError as error:
        raise InputError(
            f"{cards} cannot be made a new folder for the cards: {error.strerror}"
        ) from error

    # Before the transaction: whatever happens then, no guardian is without its salt.
    made = chosen.cards(registry.messages, subject)
    for card in made:
        card.write(cards / f"{card.guardian}.json")

    receipt = registry.set_guardians(subject, made[0].root, threshold, objecting)
    facts = {
        "identity": suite.identity.did(subject),
        "guardians": len(made),
        "threshold": threshold,
        "cards": str(cards),
        "delaySeconds": objecting,
    }
    report(out, "Guardians named", facts, receipt)


@command(app, contracts=["IdentityRegistry"])
def dismiss(suite: "Suite", out: "Out", identity: Identity) -> None:
    """Dismiss all guardians; a recovery under way ends.

    Example: careledger identity recovery dismiss did:ethr:0x7a69:0xf39F…
    """
    subject = suite.identity.address_of(identity)
    receipt = suite.identity.registry.set_guardians(subject, bytes(32), 0, timedelta())
    report(out, "Guardians dismissed", {"identity": suite.identity.did(subject)}, receipt)


@command(app, "approve")
def approve_recovery(
    suite: "Suite",
    out: "Out",
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The guardian's card.")],
    new_owner: Annotated[
        str, typer.Argument(metavar="NEW_KEY", help="Address of the new key; ask the person.")
    ],
    *,
    out_file: Annotated[Path, typer.Option("--out", help="Where to write the approval.")],
    for_: Annotated[str, typer.Option("--for", help="How long the approval is valid.")] = "14d",
) -> None:
    """As a guardian, sign that the identity of the card is to get a new key. Nothing is sent.

    Example: careledger identity recovery approve card.json 0x90F7… --out approval.json
    """
    from careledger.identity.did.guardians import GuardianCard, approve

    mine = GuardianCard.read(card)
    owner = address(new_owner, "new key")
    lasting = parse_duration(for_, "--for")

    suite.chain.expect(mine.chain_id)
    there = suite.with_contracts({"IdentityRegistry": mine.registry})
    named = _active(there, mine.identity)
    if named.root != mine.root:
        raise Conflict(
            "the guardians of this identity were named anew since the card was written: "
            "ask for a new card"
        )

    deadline = suite.now() + lasting
    signed = approve(
        mine,
        suite.account,
        controller=named.controller,
        new_owner=owner,
        in_round=named.round,
        deadline=deadline,
    )
    signed.write(out_file)
    facts = {
        "identity": suite.identity.did(mine.identity),
        "newOwner": owner,
        "expiresAt": deadline,
        "approval": str(out_file),
    }
    report(out, "Approved", facts)


def _active(suite: "Suite", identity: str) -> "Guardianship":
    named = suite.identity.registry.guardianship(identity)
    if not named.active:
        raise Conflict(
            f"{suite.identity.did(identity)} has no guardians: its controller has named none"
        )
    return named


@command(app, contracts=["IdentityRegistry"])
def start(
    suite: "Suite",
    out: "Out",
    approvals: Annotated[
        list[Path], typer.Argument(metavar="APPROVAL...", help="Files that guardians wrote.")
    ],
) -> None:
    """Start a recovery with the approvals of enough guardians; any account can send it.

    Example: careledger identity recovery start one.json two.json
    """
    from careledger.identity.did.guardians import RecoveryApproval

    given = [RecoveryApproval.read(file) for file in approvals]
    (identity, owner), *others = {(one.identity, one.new_owner) for one in given}
    if others:
        raise InputError("the approvals are for different identities or different new keys")

    registry = suite.identity.registry
    receipt = registry.start_recovery(identity, owner, [one.approval for one in given])
    facts = {
        "identity": suite.identity.did(identity),
        "newOwner": owner,
        "readyAt": registry.recovery(identity).ready_at,
    }
    report(out, "Recovery started", facts, receipt)


@command(app, contracts=["IdentityRegistry"])
def stop(suite: "Suite", out: "Out", identity: Identity) -> None:
    """As the controller, object to a recovery: the key is not lost.

    Example: careledger identity recovery stop did:ethr:0x7a69:0xf39F…
    """
    subject = suite.identity.address_of(identity)
    receipt = suite.identity.registry.stop_recovery(subject)
    report(out, "Recovery stopped", {"identity": suite.identity.did(subject)}, receipt)


@command(app, contracts=["IdentityRegistry"])
def finish(suite: "Suite", out: "Out", identity: Identity) -> None:
    """Hand the identity to its new key, once the delay has passed; any account can send it.

    Example: careledger identity recovery finish did:ethr:0x7a69:0xf39F…
    """
    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    receipt = registry.finish_recovery(subject)
    facts = {
        "identity": suite.identity.did(subject),
        "controller": registry.identity_owner(subject),
    }
    report(out, "Recovered", facts, receipt)
    out.warn("delegates of before stay; look through them with `careledger identity delegates`")


@command(app, contracts=["IdentityRegistry"])
def status(suite: "Suite", out: "Out", identity: Identity) -> None:
    """Show the guardians' commitment of an identity, and whether a recovery is under way.

    Example: careledger identity recovery status did:ethr:0x7a69:0xf39F…
    """
    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    named = registry.guardianship(subject)
    started = registry.recovery(subject)
    under_way = started.new_owner != ZERO_ADDRESS

    facts = {
        "identity": suite.identity.did(subject),
        "guarded": named.active,
        "threshold": named.threshold,
        "delaySeconds": named.delay,
        "newOwner": started.new_owner if under_way else None,
        "readyAt": started.ready_at if under_way else None,
        "live": started.live,
    }
    report(out, "Recovery", facts)
