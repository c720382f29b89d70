"""`careledger identity status`: credentials that their issuer has revoked, and the lists made of them."""

import json
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from careledger.console import Json, Out, Rpc
from careledger.errors import InputError
from careledger.files import write_private
from careledger.identity.commands.desk import At, Folder, Identity, duration, open_desk, told
from careledger.identity.commands.files import issuer_with
from careledger.identity.formats import name32
from careledger.identity.status.lists import MIN_SIZE, Envelope, Exporter, take

status = typer.Typer(
    help="Which credentials an issuer has revoked, on chain and as standard status lists.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ListName = Annotated[
    str,
    typer.Option("--list", metavar="LIST", help="The status list's name: text of up to 32 bytes, or 0x and 64 digits."),
]


class Form(StrEnum):
    """The standard forms of a list."""

    TOKEN = "token"  # noqa: S105  the IETF's word, no secret
    BITSTRING = "bitstring"
    BITSTRING_VC1 = "bitstring-vc1"
    PLAIN = "plain"


def list_id(name: str) -> bytes:
    """Return the 32 bytes that name a list on chain.

    Raises:
        InputError: the name is empty or too long.

    """
    if name.startswith("0x") and len(name) == 66:
        try:
            return bytes.fromhex(name[2:])
        except ValueError as error:
            raise InputError(f"{name} is no name of a list: 0x is followed by 64 hexadecimal digits") from error
    return name32(name)


@status.command()
def revoke(
    issuer: Identity,
    index: Annotated[
        list[int], typer.Argument(min=0, metavar="INDEX...", help="Places of the credentials in the list.")
    ],
    *,
    list_: ListName,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Revoke credentials, for good; by the issuer's key or a delegate in the role careledger.status.

    Example: careledger identity status revoke did:ethr:0x7a69:0xf39F… 4711 --list kyc-2026
    """
    desk, name = open_desk(rpc, registry, deployments), list_id(list_)
    subject = desk.identity(issuer)
    receipts = desk.statuses.using(desk.sender).revoke_many(subject, name, index)
    what = {"issuer": desk.did(subject), "list": "0x" + name.hex(), "indexes": sorted(set(index))}
    told(Out(json_), "Revoked", what | {"transactions": len(receipts)}, receipts[-1])


@status.command()
def show(
    issuer: Identity,
    *,
    list_: ListName,
    size: Annotated[int, typer.Option(help="Places of the list.")] = MIN_SIZE,
    block: Annotated[int | None, typer.Option(min=0, help="As of this block.", show_default=False)] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """List the places of an issuer's list that are revoked.

    Example: careledger identity status show did:ethr:0x7a69:0xf39F… --list kyc-2026
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    subject = desk.identity(issuer)
    found = take(desk.statuses, subject, list_id(list_), size=size, block="latest" if block is None else block)
    rows = [[desk.did(subject), list_, index] for index in found.indexes]
    caption = f"{len(rows)} of {size:,} places, as of block {found.block}"
    out.table("Revoked", ["issuer", "list", "place #"], rows, caption=caption)
    out.document(found.source | {"size": size, "revoked": found.indexes})


@status.command()
def export(
    issuer: Identity,
    *,
    list_: ListName,
    uri: Annotated[str, typer.Option(help="Where the list will be found, as the credentials name it.")],
    to: Annotated[Path, typer.Option("--out", help="File to write; an earlier export is replaced.")],
    form: Annotated[Form, typer.Option(help="IETF token, W3C bitstring (VC 2.0 or 1.1), or plain JSON.")] = Form.TOKEN,
    key: Annotated[
        Path | None, typer.Option("--key", help="Private JWK of the issuer; the settings' key when not given.")
    ] = None,
    for_: Annotated[str, typer.Option("--for", help="How long the list may be relied on.")] = "1d",
    size: Annotated[int, typer.Option(help="Places of the list; always the same for a list.")] = MIN_SIZE,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Make a standard status list from the chain, signed by the issuer, for verifiers without a node.

    Example: careledger identity status export did:ethr:0x7a69:0xf39F… --list kyc-2026
    --uri https://bank.example/status/kyc-2026 --out kyc-2026.jwt
    """
    out, desk, lifetime = Out(json_), open_desk(rpc, registry, deployments), duration(for_, "--for")
    subject = desk.identity(issuer)
    snapshot = take(desk.statuses, subject, list_id(list_), size=size)
    by = issuer_with(desk, subject, key)
    exporter = Exporter(by.did, by.key, by.kid or "", lifetime, min(lifetime, timedelta(hours=1)))
    if form is Form.TOKEN:
        text = exporter.token_list(snapshot, uri)
    elif form is Form.PLAIN:
        text = json.dumps(exporter.bitstring_credential(snapshot, uri), indent=2)
    else:
        text = exporter.bitstring_jwt(snapshot, uri, Envelope.V2 if form is Form.BITSTRING else Envelope.V1)
    write_private(to, f"{text}\n".encode())
    what = snapshot.source | {"form": form, "uri": uri, "revoked": len(snapshot.indexes), "file": str(to)}
    out.table("Exported", ["", ""], [[name, value] for name, value in what.items()])
    out.document(what)
