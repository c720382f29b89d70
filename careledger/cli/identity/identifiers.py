"""`careledger identity`: identifiers, delegates, keys, and what they resolve to."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.arguments import time_or_day
from careledger.cli.commands import command, group
from careledger.cli.identity.arguments import Identity
from careledger.cli.options import Block, Yes
from careledger.cli.report import report
from careledger.errors import InputError
from careledger.files import write_new
from careledger.values.addresses import ZERO_ADDRESS, address
from careledger.values.times import from_seconds, parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.did.history import Change
    from careledger.suite import Suite

app = group("Identifiers (did:ethr), their delegates and keys, and what they resolve to.")

Role = Annotated[
    str, typer.Option(help="The delegate's type, such as careledger.agent, veriKey or sigAuth.")
]


@command(app)
def create(
    suite: "Suite",
    out: "Out",
    *,
    keystore: Annotated[
        Path, typer.Option("--keystore", help="Encrypted key file to write; must not exist yet.")
    ],
    chain_id: Annotated[
        int | None, typer.Option(min=1, help="Instead of asking the node.", show_default=False)
    ] = None,
) -> None:
    """Make a new key in an encrypted file, and show the identifier that it controls.

    Nothing is sent: an identifier needs no registration. The password comes from the first line of
    CARELEDGER_PASSWORD_FILE, or is asked for.

    Example: careledger identity create --keystore brand.json
    """
    from eth_account import Account

    from careledger.chain.keys import new_password
    from careledger.identity.did.did import format_did

    chain = chain_id if chain_id is not None else suite.chain.chain_id
    if keystore.exists():
        raise InputError(f"{keystore} is there already and is left as it is")

    account = Account.create()
    encrypted = Account.encrypt(account.key, new_password(suite.settings.password_file))
    write_new(keystore, (json.dumps(encrypted) + "\n").encode())

    key = "0x" + account._key_obj.public_key.to_compressed_bytes().hex()
    facts = {
        "did": format_did(account.address, chain),
        "didByPublicKey": format_did(key, chain),
        "address": account.address,
        "publicKey": key,
        "keystore": str(keystore),
    }
    report(out, "A new identity", facts, caption=f"sign with CARELEDGER_KEYSTORE={keystore}")


@command(app, contracts=["IdentityRegistry"])
def delegate(
    suite: "Suite",
    out: "Out",
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
) -> None:
    """Let an account act for an identity in a role, until an expiry; again to change the expiry.

    Example: careledger identity delegate did:ethr:0x7a69:0xf39F… 0x7099… --role careledger.agent
    --for 30d
    """
    from careledger.identity.did.model import Operation

    if (for_ is None) == (until is None):
        raise InputError("either --for or --until is needed")
    lasting = None if for_ is None else parse_duration(for_, "--for")
    ending = None if until is None else time_or_day(until, "--until")
    who = address(account, "delegate")

    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    if ending is not None:
        receipt = registry.execute(subject, [Operation.add_delegate(role, who, ending)])
    else:
        receipt = registry.add_delegate(subject, role, who, lasting or 0)

    facts = {
        "identity": suite.identity.did(subject),
        "delegate": who,
        "role": role,
        "expiresAt": registry.delegates(subject, role, who),
    }
    report(out, "Delegate named", facts, receipt)


@command(app, contracts=["IdentityRegistry"])
def revoke(
    suite: "Suite",
    out: "Out",
    identity: Identity,
    account: Annotated[
        str, typer.Argument(metavar="DELEGATE", help="Address of the account that may act no more.")
    ],
    *,
    role: Role,
) -> None:
    """Dismiss a delegate at once, in every contract of the suite.

    Example: careledger identity revoke did:ethr:0x7a69:0xf39F… 0x7099… --role careledger.agent
    """
    who = address(account, "delegate")
    subject = suite.identity.address_of(identity)
    receipt = suite.identity.registry.revoke_delegate(subject, role, who)
    facts = {"identity": suite.identity.did(subject), "delegate": who, "role": role}
    report(out, "Delegate dismissed", facts, receipt)


@command(app, contracts=["IdentityRegistry"])
def rotate(
    suite: "Suite",
    out: "Out",
    identity: Identity,
    new_owner: Annotated[
        str, typer.Argument(metavar="NEW_KEY", help="Address of the key that is to control it.")
    ],
) -> None:
    """Put an identity under another key. Its delegates stay; its guardians have to be named anew.

    Example: careledger identity rotate did:ethr:0x7a69:0xf39F… 0x3C44…
    """
    owner = address(new_owner, "new key")
    if owner == ZERO_ADDRESS:
        raise InputError(
            "the zero address is not a key: it would give control back to the identity's first key"
        )

    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    guarded = registry.guardianship(subject).active
    receipt = registry.change_owner(subject, owner)
    facts = {"identity": suite.identity.did(subject), "controller": owner}
    report(out, "Key rotated", facts, receipt)

    if guarded:
        out.warn(
            "the guardians were the former key's; name them anew with "
            "`careledger identity recovery`"
        )


@command(app, contracts=["IdentityRegistry"])
def resolve(
    suite: "Suite",
    out: "Out",
    did: Annotated[
        str, typer.Argument(metavar="DID", help="A did:ethr, perhaps with ?versionId=BLOCK.")
    ],
    *,
    block: Annotated[
        int | None, typer.Option(min=0, help="The document as of this block.", show_default=False)
    ] = None,
) -> None:
    """Show the DID document of an identifier, from the chain alone.

    Example: careledger identity resolve did:ethr:0x7a69:0xf39F… --block 17 --json
    """
    from careledger.identity.did.did import DidUrl
    from careledger.identity.did.resolver import resolve as resolve_did

    url = DidUrl.parse(did)
    found = resolve_did(suite.identity.registry, url, block=block)
    document = found.document

    rows = [
        [_short(method["id"]), method["type"], _material(method), _uses(document, method["id"])]
        for method in document["verificationMethod"]
    ]
    rows += [
        [_short(service["id"]), service["type"], service["serviceEndpoint"], "service"]
        for service in document.get("service", [])
    ]
    columns = ["id", "type", "key or endpoint", "for"]
    out.table(document["id"], columns, rows, caption=_version(found.metadata))
    out.document(found.result)


def _version(metadata: dict[str, Any]) -> str:
    version = "DEACTIVATED; " if metadata.get("deactivated") else ""
    if "versionId" in metadata:
        version += "version {versionId} of {updated}".format(**metadata)
    else:
        version += "never changed"
    if "nextVersionId" in metadata:
        version += "; next version {nextVersionId} of {nextUpdate}".format(**metadata)
    return version


def _short(reference: str) -> str:
    return reference[reference.index("#") :]


def _material(method: dict[str, Any]) -> Any:
    (name,) = set(method) - {"id", "type", "controller"}
    return method[name]


def _uses(document: dict[str, Any], reference: str) -> str:
    uses = ("authentication", "assertionMethod", "keyAgreement")
    return ", ".join(use for use in uses if reference in document.get(use, []))


@command(app, contracts=["IdentityRegistry"])
def delegates(suite: "Suite", out: "Out", identity: Identity, *, block: Block = None) -> None:
    """List who may act for an identity, or could at an earlier block, whatever the type.

    Example: careledger identity delegates did:ethr:0x7a69:0xf39F… --block 17
    """
    from careledger.identity.did.history import delegates_at, history

    subject = suite.identity.address_of(identity)
    changes = history(suite.identity.registry, subject)
    time = suite.chain.timestamp("latest" if block is None else block)

    found = [
        {
            "delegate": one.delegate,
            "role": _role(one.delegate_type),
            "expiresAt": from_seconds(one.valid_to),
        }
        for one in delegates_at(changes, time, block)
    ]
    did = suite.identity.did(subject)
    rows = [list(one.values()) for one in found]
    out.table(f"Delegates of {did}", ["delegate", "role", "until"], rows, caption=_count(changes))
    out.document({"identity": did, "delegates": found})


def _role(delegate_type: bytes) -> str:
    from careledger.identity.did.model import name_text

    try:
        return name_text(delegate_type)
    except InputError:
        return "0x" + delegate_type.hex()


def _count(changes: "list[Change]") -> str:
    if not changes:
        return "nothing was ever recorded for this identity"
    return f"{len(changes)} changes so far"


@command(app, contracts=["IdentityRegistry"])
def deactivate(suite: "Suite", out: "Out", identity: Identity, *, yes: Yes = False) -> None:
    """Dismiss every delegate of an identity and take it out of use, for good.

    Example: careledger identity deactivate did:ethr:0x7a69:0xf39F… --yes
    """
    from careledger.identity.did.history import delegates_at, history
    from careledger.identity.did.model import Operation

    if not yes:
        raise InputError("nobody can take this back: say --yes to do it")

    registry = suite.identity.registry
    subject = suite.identity.address_of(identity)
    valid = delegates_at(history(registry, subject), suite.chain.timestamp())
    steps = [Operation.revoke_delegate(one.delegate_type, one.delegate) for one in valid]

    receipt = registry.execute(subject, [*steps, Operation.deactivate()])
    facts = {"identity": suite.identity.did(subject), "delegatesDismissed": len(steps)}
    report(out, "Deactivated", facts, receipt)
