"""`careledger identity`: identifiers, delegates, keys, and what they resolve to."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_account import Account

from careledger.chain.keys import new_password
from careledger.chain.rpc import connect
from careledger.cli.identity.consents import consent
from careledger.cli.identity.credentials import check, issue, present
from careledger.cli.identity.desk import (
    At,
    Folder,
    Identity,
    duration,
    moment,
    open_desk,
    told,
)
from careledger.cli.identity.keys import publish, withdraw
from careledger.cli.identity.recovery import recovery
from careledger.cli.identity.status import status
from careledger.cli.identity.verification import erase, read, verify
from careledger.cli.identity.wallet import wallet
from careledger.console import Json, Out, Rpc, warn
from careledger.errors import InputError
from careledger.files import write_new
from careledger.identity.did.did import DidUrl, format_did
from careledger.identity.did.history import Change, delegates_at, history
from careledger.identity.did.model import Operation, name_text
from careledger.identity.did.resolver import resolve as resolve_did
from careledger.settings import Settings
from careledger.values.addresses import address
from careledger.values.times import from_seconds, time_text

app = typer.Typer(
    help="Identifiers (did:ethr), their delegates and keys, and what they resolve to.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(recovery, name="recovery")
app.add_typer(wallet, name="wallet")
app.add_typer(status, name="status")
app.add_typer(consent, name="consent")
for command in (publish, withdraw, issue, present, check, verify, read, erase):
    app.command()(command)

Role = Annotated[
    str, typer.Option(help="The delegate's type, such as careledger.agent, veriKey or sigAuth.")
]


@app.command()
def create(
    *,
    keystore: Annotated[
        Path, typer.Option("--keystore", help="Encrypted key file to write; must not exist yet.")
    ],
    rpc: Rpc = None,
    chain_id: Annotated[
        int | None, typer.Option(min=1, help="Instead of asking the node.", show_default=False)
    ] = None,
    json_: Json = False,
) -> None:
    """Make a new key in an encrypted file, and show the identifier that it controls.

    Nothing is sent: an identifier needs no registration. The password comes from the first line of
    CARELEDGER_PASSWORD_FILE, or is asked for.

    Example: careledger identity create --keystore brand.json
    """
    out, settings = Out(json_), Settings.from_environment()
    chain = chain_id if chain_id is not None else connect(rpc or settings.rpc).chain_id
    if keystore.exists():
        raise InputError(f"{keystore} is there already and is left as it is")
    account = Account.create()
    encrypted = Account.encrypt(account.key, new_password(settings.password_file))
    write_new(keystore, (json.dumps(encrypted) + "\n").encode())
    key = "0x" + account._key_obj.public_key.to_compressed_bytes().hex()
    found = {
        "did": format_did(account.address, chain),
        "didByPublicKey": format_did(key, chain),
        "address": account.address,
        "publicKey": key,
        "keystore": str(keystore),
    }
    out.table(
        "A new identity",
        ["", ""],
        list(found.items()),
        caption=f"sign with CARELEDGER_KEYSTORE={keystore}",
    )
    out.document(found)


@app.command()
def delegate(
    identity: Identity,
    account: Annotated[
        str, typer.Argument(metavar="DELEGATE", help="Address of the account that may act.")
    ],
    *,
    role: Role,
    for_: Annotated[
        str | None,
        typer.Option("--for", help="How long: 90s, 15m, 12h, 30d, 8w.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="Until when, such as 2030-01-31T12:00:00Z.", show_default=False),
    ] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Let an account act for an identity in a role, until an expiry; again to change the expiry.

    Example: careledger identity delegate did:ethr:0x7a69:0xf39F… 0x7099… --role careledger.agent
    --for 30d
    """
    if (for_ is None) == (until is None):
        raise InputError("either --for or --until is needed")
    lasting = None if for_ is None else duration(for_, "--for")
    ending = None if until is None else moment(until, "--until")
    who = address(account, "delegate")
    desk = open_desk(rpc, registry, deployments)
    subject, signing = desk.identity(identity), desk.signing()
    if ending is not None:
        receipt = signing.execute(subject, [Operation.add_delegate(role, who, ending)])
    else:
        receipt = signing.add_delegate(subject, role, who, lasting or 0)
    valid_to = time_text(desk.registry.delegates(subject, role, who) or from_seconds(0))
    what = {"identity": desk.did(subject), "delegate": who, "role": role, "validTo": valid_to}
    told(Out(json_), "Delegate named", what, receipt)


@app.command()
def revoke(
    identity: Identity,
    account: Annotated[
        str, typer.Argument(metavar="DELEGATE", help="Address of the account that may act no more.")
    ],
    *,
    role: Role,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Dismiss a delegate at once, in every contract of the suite.

    Example: careledger identity revoke did:ethr:0x7a69:0xf39F… 0x7099… --role careledger.agent
    """
    who = address(account, "delegate")
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    receipt = desk.signing().revoke_delegate(subject, role, who)
    told(
        Out(json_),
        "Delegate dismissed",
        {"identity": desk.did(subject), "delegate": who, "role": role},
        receipt,
    )


@app.command()
def rotate(
    identity: Identity,
    new_owner: Annotated[
        str, typer.Argument(metavar="NEW_KEY", help="Address of the key that is to control it.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Put an identity under another key. Its delegates stay; its guardians have to be named anew.

    Example: careledger identity rotate did:ethr:0x7a69:0xf39F… 0x3C44…
    """
    owner = address(new_owner, "new key")
    if int(owner, 16) == 0:
        raise InputError(
            "the zero address is no key: it would give control back to the first key of the identity"
        )
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    guarded = desk.registry.guardianship(subject).active
    receipt = desk.signing().change_owner(subject, owner)
    told(out, "Key rotated", {"identity": desk.did(subject), "controller": owner}, receipt)
    if guarded:
        warn(
            "the guardians were the former key's; name them anew with `careledger identity recovery`"
        )


@app.command()
def resolve(
    did: Annotated[
        str, typer.Argument(metavar="DID", help="A did:ethr, perhaps with ?versionId=BLOCK.")
    ],
    *,
    block: Annotated[
        int | None, typer.Option(min=0, help="The document as of this block.", show_default=False)
    ] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Show the DID document of an identifier, from the chain alone.

    Example: careledger identity resolve did:ethr:0x7a69:0xf39F… --block 17 --json
    """
    url = DidUrl.parse(did)
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    found = resolve_did(desk.registry, url, block=block)
    document, metadata = found.document, found.metadata
    rows = [
        [_short(m["id"]), m["type"], _material(m), _uses(document, m["id"])]
        for m in document["verificationMethod"]
    ]
    rows += [
        [_short(s["id"]), s["type"], s["serviceEndpoint"], "service"]
        for s in document.get("service", [])
    ]
    state = "DEACTIVATED; " if metadata.get("deactivated") else ""
    version = (
        f"version {metadata['versionId']} of {metadata['updated']}"
        if "versionId" in metadata
        else "never changed"
    )
    if "nextVersionId" in metadata:
        version += "; next version {nextVersionId} of {nextUpdate}".format(**metadata)
    out.table(
        document["id"], ["id", "type", "key or endpoint", "for"], rows, caption=state + version
    )
    out.document(found.result)


def _short(reference: str) -> str:
    return reference[reference.index("#") :]


def _material(method: dict[str, Any]) -> Any:
    (name,) = set(method) - {"id", "type", "controller"}
    return method[name]


def _uses(document: dict[str, Any], reference: str) -> str:
    uses = ("authentication", "assertionMethod", "keyAgreement")
    return ", ".join(use for use in uses if reference in document.get(use, []))


@app.command()
def delegates(
    identity: Identity,
    *,
    block: Annotated[
        int | None, typer.Option(min=0, help="As of this block.", show_default=False)
    ] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """List who may act for an identity, or could at an earlier block: every type, not only keys of the document.

    Example: careledger identity delegates did:ethr:0x7a69:0xf39F… --block 17
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    subject, chain = desk.identity(identity), desk.registry.chain
    changes = history(desk.registry, subject)
    time = chain.timestamp("latest" if block is None else block)
    found = [
        {
            "delegate": one.delegate,
            "role": _role(one.delegate_type),
            "validTo": time_text(from_seconds(one.valid_to)),
        }
        for one in delegates_at(changes, time, block)
    ]
    rows = [[one["delegate"], one["role"], one["validTo"]] for one in found]
    out.table(
        f"Delegates of {desk.did(subject)}",
        ["delegate", "role", "until"],
        rows,
        caption=_count(changes),
    )
    out.document({"identity": desk.did(subject), "delegates": found})


def _role(delegate_type: bytes) -> str:
    try:
        return name_text(delegate_type)
    except InputError:
        return "0x" + delegate_type.hex()


def _count(changes: list[Change]) -> str:
    return (
        f"{len(changes)} changes so far"
        if changes
        else "nothing was ever recorded for this identity"
    )


@app.command()
def deactivate(
    identity: Identity,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; there is no way back.")] = False,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Dismiss every delegate of an identity and take it out of use, for good.

    Example: careledger identity deactivate did:ethr:0x7a69:0xf39F… --yes
    """
    if not yes:
        raise InputError("nobody can take this back: say --yes to do it")
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    now = desk.registry.chain.timestamp()
    valid = delegates_at(history(desk.registry, subject), now)
    steps = [Operation.revoke_delegate(one.delegate_type, one.delegate) for one in valid]
    receipt = desk.signing().execute(subject, [*steps, Operation.deactivate()])
    told(
        Out(json_),
        "Deactivated",
        {"identity": desk.did(subject), "delegatesDismissed": len(steps)},
        receipt,
    )
