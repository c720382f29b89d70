"""`careledger identity recovery`: guardians, for the day when a key is lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from careledger.chain.keys import load_account
from careledger.cli.identity.desk import At, Desk, Folder, Identity, duration, open_desk, told
from careledger.console import Json, Out, Rpc, warn
from careledger.errors import Conflict, InputError
from careledger.identity.did.guardians import GuardianCard, Guardians, RecoveryApproval, approve
from careledger.identity.did.model import Guardianship
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import time_text

recovery = typer.Typer(
    help="Guardians who can give an identity a new key when its own is lost.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@recovery.command("name")
def name_guardians(
    identity: Identity,
    *,
    guardian: Annotated[
        list[str], typer.Option("--guardian", help="Address of a guardian; once for each.")
    ],
    threshold: Annotated[int, typer.Option(min=1, max=255, help="How many of them must agree.")],
    cards: Annotated[Path, typer.Option("--cards", help="New folder for the guardians' cards.")],
    delay: Annotated[str, typer.Option(help="How long you can object: 1d to 52w.")] = "7d",
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Name guardians, and write a card for each of them. The chain does not learn who they are.

    Give each guardian its card, and keep none where the identity's key is.

    Example: careledger identity recovery name did:ethr:0x7a69:0xf39F… --guardian 0x7099… --guardian
    0x3C44… --threshold 2 --cards cards
    """
    chosen, objecting = Guardians.choose(guardian, threshold), duration(delay, "--delay")
    desk = open_desk(rpc, registry, deployments)
    subject, signing = desk.identity(identity), desk.signing()
    try:
        cards.mkdir(parents=True)
    except OSError as error:
        raise InputError(
            f"{cards} cannot be made a new folder for the cards: {error.strerror}"
        ) from error
    made = chosen.cards(desk.registry.messages, subject)
    for (
        card
    ) in made:  # before the transaction: whatever happens then, no guardian is without its salt
        card.write(cards / f"{card.guardian}.json")
    receipt = signing.set_guardians(subject, made[0].root, threshold, objecting)
    what = {
        "identity": desk.did(subject),
        "guardians": len(made),
        "threshold": threshold,
        "cards": str(cards),
    }
    told(
        Out(json_),
        "Guardians named",
        what | {"delaySeconds": int(objecting.total_seconds())},
        receipt,
    )


@recovery.command()
def dismiss(
    identity: Identity,
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Dismiss all guardians; a recovery under way ends.

    Example: careledger identity recovery dismiss did:ethr:0x7a69:0xf39F…
    """
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    receipt = desk.signing().set_guardians(subject, bytes(32), 0, timedelta())
    told(Out(json_), "Guardians dismissed", {"identity": desk.did(subject)}, receipt)


@recovery.command("approve")
def approve_recovery(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The guardian's card.")],
    new_owner: Annotated[
        str, typer.Argument(metavar="NEW_KEY", help="Address of the new key; ask the person.")
    ],
    *,
    out_file: Annotated[Path, typer.Option("--out", help="Where to write the approval.")],
    for_: Annotated[str, typer.Option("--for", help="How long you stand by it.")] = "14d",
    rpc: Rpc = None,
    json_: Json = False,
) -> None:
    """As a guardian, sign that the identity of the card is to get a new key. Nothing is sent.

    Example: careledger identity recovery approve card.json 0x90F7… --out approval.json
    """
    mine, owner, standing = (
        GuardianCard.read(card),
        address(new_owner, "new key"),
        duration(for_, "--for"),
    )
    desk = open_desk(rpc, mine.registry, None)
    desk.registry.chain.expect(mine.chain_id)
    named = _active(desk, mine.identity)
    if named.root != mine.root:
        raise Conflict(
            "the guardians of this identity were named anew since the card was written: ask for a new card"
        )
    now = max(desk.registry.chain.timestamp(), int(datetime.now(UTC).timestamp()))
    deadline = datetime.fromtimestamp(now, UTC) + standing
    signed = approve(
        mine,
        load_account(desk.settings),
        controller=named.controller,
        new_owner=owner,
        in_round=named.round,
        deadline=deadline,
    )
    signed.write(out_file)
    what = {
        "identity": desk.did(mine.identity),
        "newOwner": owner,
        "until": time_text(deadline),
        "approval": str(out_file),
    }
    out = Out(json_)
    out.table("Approved", ["", ""], list(what.items()))
    out.document(what)


def _active(desk: Desk, identity: str) -> Guardianship:
    named = desk.registry.guardianship(identity)
    if not named.active:
        raise Conflict(f"nobody guards {desk.did(identity)}: its controller has named no guardians")
    return named


@recovery.command()
def start(
    approvals: Annotated[
        list[Path], typer.Argument(metavar="APPROVAL...", help="Files that guardians wrote.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Start a recovery with the approvals of enough guardians; any account can send it.

    Example: careledger identity recovery start one.json two.json
    """
    given = [RecoveryApproval.read(file) for file in approvals]
    (identity, owner), *others = {(one.identity, one.new_owner) for one in given}
    if others:
        raise InputError("the approvals are for different identities or different new keys")
    desk = open_desk(rpc, registry, deployments)
    receipt = desk.signing().start_recovery(identity, owner, [one.approval for one in given])
    ready = desk.registry.recovery(identity).ready_at
    told(
        Out(json_),
        "Recovery started",
        {"identity": desk.did(identity), "newOwner": owner, "readyAt": time_text(ready)},
        receipt,
    )


@recovery.command()
def stop(
    identity: Identity,
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """As the controller, object to a recovery: the key is not lost.

    Example: careledger identity recovery stop did:ethr:0x7a69:0xf39F…
    """
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    told(
        Out(json_),
        "Recovery stopped",
        {"identity": desk.did(subject)},
        desk.signing().stop_recovery(subject),
    )


@recovery.command()
def finish(
    identity: Identity,
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Hand the identity to its new key, once the delay has passed; any account can send it.

    Example: careledger identity recovery finish did:ethr:0x7a69:0xf39F…
    """
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    receipt = desk.signing().finish_recovery(subject)
    what = {"identity": desk.did(subject), "controller": desk.registry.identity_owner(subject)}
    told(Out(json_), "Recovered", what, receipt)
    warn("delegates of before stay; look through them with `careledger identity delegates`")


@recovery.command()
def status(
    identity: Identity,
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Show what an identity has committed to for a lost key, and whether a recovery is under way.

    Example: careledger identity recovery status did:ethr:0x7a69:0xf39F…
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    named, started = desk.registry.guardianship(subject), desk.registry.recovery(subject)
    under_way = started.new_owner != ZERO_ADDRESS
    what = {
        "identity": desk.did(subject),
        "guarded": named.active,
        "threshold": named.threshold,
        "delaySeconds": named.delay,
        "newOwner": started.new_owner if under_way else None,
        "readyAt": time_text(started.ready_at) if under_way else None,
        "live": started.live,
    }
    out.table(
        "Recovery",
        ["", ""],
        [[key, "-" if value is None else value] for key, value in what.items()],
    )
    out.document(what)
