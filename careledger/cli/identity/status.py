"""`careledger identity status`: credentials that their issuer has revoked, and the lists made of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.identity.desk import At, Desk, Folder, Identity, duration, open_desk, told
from careledger.cli.identity.files import issuer_with, read_list, read_token
from careledger.console import Json, Out, Rpc, warn
from careledger.errors import Conflict, InputError
from careledger.files import write_private
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.formats import credential_in
from careledger.identity.did.model import name32
from careledger.identity.status import bits
from careledger.identity.status.allocation import AllocatedIndex, StatusIndexAllocator
from careledger.identity.status.events import WORD_BITS
from careledger.identity.status.kinds import kind_named
from careledger.identity.status.readers import ListStatusReader
from careledger.identity.status.snapshot import MIN_SIZE, check_within, take_snapshot
from careledger.identity.status.status_list import StatusIssuer
from careledger.values.times import time_text

status = typer.Typer(
    help="Which credentials an issuer has revoked, on chain and as standard status lists.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ListName = Annotated[
    str,
    typer.Option(
        "--list",
        metavar="LIST",
        help="The status list's name: text of up to 32 bytes, or 0x and 64 digits.",
    ),
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
            raise InputError(
                f"{name} is no name of a list: 0x is followed by 64 hexadecimal digits"
            ) from error
    return name32(name)


@status.command()
def revoke(
    issuer: Identity,
    index: Annotated[
        list[int] | None,
        typer.Argument(min=0, metavar="[INDEX...]", help="Places of the credentials in the list."),
    ] = None,
    *,
    list_: Annotated[
        str | None,
        typer.Option(
            "--list", metavar="LIST", help="The status list's name; a credential names its own."
        ),
    ] = None,
    credential: Annotated[
        Path | None,
        typer.Option("--credential", help="File with the credential, in the place of INDEX."),
    ] = None,
    size: Annotated[
        int, typer.Option(help="Places of the list; beyond them nothing is revoked.")
    ] = MIN_SIZE,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Revoke even what the database says was never given out, or to another."
        ),
    ] = False,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Revoke credentials, for good; by the issuer's key or a delegate in the role careledger.status.

    Where the database of CARELEDGER_STORE knows the list, a place that it never gave out is
    refused.

    Example: careledger identity status revoke did:ethr:0x7a69:0xf39F… 4711 --list kyc-2026

    Example: careledger identity status revoke did:ethr:0x7a69:0xf39F… --credential ana.credential
    """
    if (not index) == (credential is None):
        raise InputError(
            "either the places of the credentials are needed, or --credential with one of them"
        )
    if credential is None and list_ is None:
        raise InputError("--list is needed: a place is one of a list")
    text = "" if credential is None else read_token(credential, "credential")
    name, places = b"" if list_ is None else list_id(list_), index or []
    check_within(places, size)
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(issuer)
    if credential is not None:
        name, place = _place_of(desk, text, subject, name)
        check_within(places := [place], size)
    if not force:
        _check_given(desk, subject, name, places)
        if credential is not None:
            _check_same(desk, subject, name, text)
    receipts = desk.statuses.using(desk.sender).revoke_many(subject, name, places)
    what = {"issuer": desk.did(subject), "list": "0x" + name.hex(), "indexes": sorted(set(places))}
    told(Out(json_), "Revoked", what | {"transactions": len(receipts)}, receipts[-1])


def _place_of(desk: Desk, text: str, issuer: str, list_: bytes) -> tuple[bytes, int]:
    """Return the list and the place that a credential names, if this issuer signed it and keeps them here.

    Args:
        list_: the list that it has to be; any where it is empty.

    Raises:
        Conflict: it is another issuer's, or stands in another contract or list.
        CredentialError: it cannot be read, or the issuer did not sign it.

    """
    found = credential_in(text)
    keys, where = DidKeys(desk.registry), found.status
    if keys.did(found.issuer).address != issuer:
        raise Conflict(
            f"the credential is by {found.issuer}, and not by {desk.did(issuer)}: only its issuer revokes it"
        )
    keys.check(found.token, found.issuer, found.signed_at)
    if where is None or where.list_id is None:
        raise Conflict("the credential names no list on a chain, so nobody can revoke it there")
    if (where.chain_id, where.contract) != (desk.chain.chain_id, desk.statuses.address):
        raise Conflict(
            f"the credential's status is kept by {where.contract} on chain {where.chain_id}, "
            f"and {desk.statuses.address} on chain {desk.chain.chain_id} is written here"
        )
    if where.issuer != issuer:
        raise Conflict(
            f"the credential's status is kept by {where.issuer}, and not by its issuer, {issuer}"
        )
    if list_ and list_ != where.list_id:
        raise Conflict(
            f"the credential is in the list 0x{where.list_id.hex()}, and not in the one that --list names"
        )
    return where.list_id, where.index


@contextmanager
def _kept(desk: Desk, issuer: str, list_: bytes) -> Iterator[StatusIndexAllocator | None]:
    """Yield the places of a list as the database knows them; None where there is no database, and none is made."""
    where = desk.settings.store
    if "://" not in where and not Path(where).expanduser().exists():
        yield None
        return
    with desk.store() as store:
        yield StatusIndexAllocator(store, issuer, list_)


def _check_given(desk: Desk, issuer: str, list_: bytes, indexes: Sequence[int]) -> None:
    with _kept(desk, issuer, list_) as places:
        if places is None:
            return
        if not places.count():
            if places.count_in_other_lists():
                warn(
                    "the database of CARELEDGER_STORE knows other lists of this issuer, and not this one"
                )
            return
        never = places.never_allocated(indexes)
    if never:
        more = f" and {len(never) - 3} more" if len(never) > 3 else ""
        raise Conflict(
            f"nothing was sent: the database of CARELEDGER_STORE gave out other places of this list, and never "
            f"{', '.join(map(str, never[:3]))}{more}; mind the number, or say --force to revoke it all the same"
        )


def _check_same(desk: Desk, issuer: str, list_: bytes, text: str) -> None:
    """Refuse a credential where another is known to stand: whoever stole a key can sign one that names any place."""
    found = credential_in(text)
    bound = None if found.holder_key is None else found.holder_key.thumbprint
    with _kept(desk, issuer, list_) as places:
        given = None if places is None or found.status is None else places.find(found.status.index)
    if given is not None and given.is_other(found.types[-1], bound, found.signed_at):
        raise Conflict(
            f"nothing was sent: the database of CARELEDGER_STORE has another credential at place {given.index} than "
            f"this one, which may be forged with a stolen key; `status issued` lists what was issued, and "
            f"--force revokes the place all the same"
        )


@status.command()
def issued(
    issuer: Identity,
    *,
    list_: ListName,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """List what was issued in a list, as the database of CARELEDGER_STORE knows it, and what of it is revoked.

    A credential is found by its type, its times, and the thumbprint of the customer's key that it
    is bound to. A place was taken before its credential was signed: one may stand here whose
    credential nobody ever got.

    Example: careledger identity status issued did:ethr:0x7a69:0xf39F… --list kyc-2026
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    subject, name = desk.identity(issuer), list_id(list_)
    with _kept(desk, subject, name) as places:
        if places is None:
            raise InputError(
                f"there is no database {desk.settings.store}: CARELEDGER_STORE names the issuer's"
            )
        given = places.allocated()
    block = desk.chain.block_number()
    count = max((one.index // WORD_BITS + 1 for one in given), default=0)
    revoked = set(
        bits.set_indexes(bits.from_words(desk.statuses.words(subject, name, 0, count, block)))
    )
    found = [_entry(one) | {"revoked": one.index in revoked} for one in given]
    rows = [["-" if value is None else value for value in one.values()] for one in found]
    columns = ["place #", "type", "holder's key", "issued", "expires", "revoked"]
    caption = f"{len(found)} given out, {sum(one['revoked'] for one in found)} of them revoked as of block {block}"
    out.table(f"Issued in {list_} of {desk.did(subject)}", columns, rows, caption=caption)
    out.document(
        {"issuer": desk.did(subject), "list": "0x" + name.hex(), "block": block, "issued": found}
    )


def _entry(given: AllocatedIndex) -> dict[str, Any]:
    issued_at, expires_at = (
        None if at is None else time_text(at) for at in (given.issued_at, given.expires_at)
    )
    kept = {"index": given.index, "type": given.type, "holderKey": given.holder_key}
    return kept | {"issuedAt": issued_at, "expiresAt": expires_at}


@status.command()
def show(
    issuer: Identity,
    *,
    list_: ListName,
    size: Annotated[int, typer.Option(help="Places of the list.")] = MIN_SIZE,
    block: Annotated[
        int | None, typer.Option(min=0, help="As of this block.", show_default=False)
    ] = None,
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
    found = take_snapshot(
        desk.statuses,
        subject,
        list_id(list_),
        size=size,
        block="latest" if block is None else block,
    )
    rows = [[desk.did(subject), list_, index] for index in found.revoked]
    caption = f"{len(rows)} of {size:,} places, as of block {found.block}"
    out.table("Revoked", ["issuer", "list", "place #"], rows, caption=caption)
    out.document(found.source | {"size": size, "revoked": found.revoked})


@status.command()
def export(
    issuer: Identity,
    *,
    list_: ListName,
    uri: Annotated[
        str, typer.Option(help="Where the list will be found, as the credentials name it.")
    ],
    to: Annotated[
        Path, typer.Option("--out", help="File to write; an earlier export is replaced.")
    ],
    form: Annotated[
        Form, typer.Option(help="IETF token, W3C bitstring (VC 2.0 or 1.1), or plain JSON.")
    ] = Form.TOKEN,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="Private JWK of the issuer; the settings' key when not given."),
    ] = None,
    for_: Annotated[str, typer.Option("--for", help="How long the list may be relied on.")] = "1d",
    size: Annotated[
        int, typer.Option(help="Places of the list; always the same for a list.")
    ] = MIN_SIZE,
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
    snapshot = take_snapshot(desk.statuses, subject, list_id(list_), size=size)
    by = issuer_with(desk, subject, key)
    exporter = StatusIssuer(
        by.did, by.key, by.kid or "", lifetime, min(lifetime, timedelta(hours=1))
    )
    text = kind_named(form).export(snapshot, uri, exporter)
    write_private(to, f"{text}\n".encode())
    what = snapshot.source | {
        "form": form,
        "uri": uri,
        "revoked": len(snapshot.revoked),
        "file": str(to),
    }
    out.table("Exported", ["", ""], [[name, value] for name, value in what.items()])
    out.document(what)


@status.command()
def read(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File with an exported list, signed, of either form."),
    ],
    *,
    uri: Annotated[str, typer.Option(help="Where the list was found, as the credentials name it.")],
    issuer: Annotated[
        str, typer.Option(help="Who has to have signed it: a did:ethr or an address.")
    ],
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Show what an exported list holds, once its signature, its issuer's key on chain and its age are checked.

    Example: careledger identity status read kyc-2026.jwt --uri https://bank.example/status/kyc-2026
    --issuer did:ethr:0x7a69:0xf39F…
    """
    text, out = read_list(file), Out(json_)
    desk = open_desk(rpc, registry, deployments)
    did, keys = (
        issuer if issuer.startswith("did:") else desk.did(desk.identity(issuer)),
        DidKeys(desk.registry),
    )
    keys.did(did)
    found = ListStatusReader(did, keys, lambda _: text, now=lambda: desk.now).fresh(uri)
    until = None if found.expires_at is None else time_text(found.expires_at)
    caption = f"{len(found.revoked)} of {found.size:,} places, as of {time_text(found.issued_at)}"
    caption += "" if until is None else f"; to be relied on until {until}"
    out.table(
        "Revoked",
        ["issuer", "list", "place #"],
        [[did, uri, index] for index in found.revoked],
        caption=caption,
    )
    what: dict[str, Any] = {
        "issuer": did,
        "uri": uri,
        "issuedAt": time_text(found.issued_at),
        "expiresAt": until,
    }
    out.document(what | {"size": found.size, "source": found.source, "revoked": found.revoked})
