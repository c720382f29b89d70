"""`careledger identity status`: credentials that their issuer revoked, and the lists of them."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.commands import command, group
from careledger.cli.identity.arguments import Identity, IssuerKey
from careledger.cli.identity.files import issuer_with, read_list, read_token
from careledger.cli.identity.revocation import (
    check_allocated,
    check_same,
    known_places,
    place_of,
)
from careledger.cli.options import Block
from careledger.cli.report import report
from careledger.errors import InputError
from careledger.files import write_private
from careledger.values.hashes import parse_bytes32
from careledger.values.times import parse_duration, time_text

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.status.allocation import AllocatedIndex
    from careledger.suite import Suite

app = group("Which credentials an issuer has revoked, on chain and as standard status lists.")

ListName = Annotated[
    str,
    typer.Option(
        "--list",
        metavar="LIST",
        help="The status list's name: text of up to 32 bytes, or 0x and 64 digits.",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        help="Places of the list; always the same for a list; 131072 when not given.",
        show_default=False,
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
    from careledger.identity.did.model import name32

    if name.startswith("0x") and len(name) == 66:
        return parse_bytes32(name, "the list's name")
    return name32(name)


@command(app, contracts=["IdentityRegistry"])
def revoke(
    suite: "Suite",
    out: "Out",
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
    size: Size = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Revoke even what the database says was never given out, or to another."
        ),
    ] = False,
) -> None:
    """Revoke credentials, for good, as the issuer or its delegate careledger.status.

    Where the database of CARELEDGER_STORE knows the list, a place that it never gave out is
    refused.

    Example: careledger identity status revoke did:ethr:0x7a69:0xf39F… 4711 --list kyc-2026

    Example: careledger identity status revoke did:ethr:0x7a69:0xf39F… --credential ana.credential
    """
    from careledger.identity.credentials.formats import credential_in
    from careledger.identity.status.snapshot import check_within

    if (not index) == (credential is None):
        raise InputError(
            "either the places of the credentials are needed, or --credential with one of them"
        )
    if credential is None and list_ is None:
        raise InputError("--list is needed: a place is one of a list")

    named = None if credential is None else credential_in(read_token(credential, "credential"))
    name = b"" if list_ is None else list_id(list_)
    places = index or []
    check_within(places, _size(size))

    subject = suite.identity.address_of(issuer)
    if named is not None:
        name, place = place_of(suite, named, subject, name)
        places = [place]
        check_within(places, _size(size))
    if not force:
        check_allocated(suite, out, subject, name, places)
        if named is not None:
            check_same(suite, subject, name, named)

    receipts = suite.identity.statuses.revoke_many(subject, name, places)
    facts = {
        "issuer": suite.identity.did(subject),
        "list": name,
        "indexes": sorted(set(places)),
        "transactions": len(receipts),
    }
    report(out, "Revoked", facts, receipts[-1])


def _size(given: int | None) -> int:
    from careledger.identity.status.snapshot import MIN_SIZE

    return MIN_SIZE if given is None else given


@command(app, contracts=["IdentityRegistry"])
def issued(suite: "Suite", out: "Out", issuer: Identity, *, list_: ListName) -> None:
    """List what was issued in a list, as the database knows it, and what of it is revoked.

    A credential is found by its type, its times, and the thumbprint of the customer's key that it
    is bound to. A place was taken before its credential was signed: one may stand here whose
    credential nobody ever got.

    Example: careledger identity status issued did:ethr:0x7a69:0xf39F… --list kyc-2026
    """
    from careledger.identity.status import bits
    from careledger.identity.status.events import WORD_BITS

    subject = suite.identity.address_of(issuer)
    name = list_id(list_)
    places = known_places(suite, subject, name)
    if places is None:
        raise InputError(
            f"there is no database {suite.settings.store}: CARELEDGER_STORE names the issuer's"
        )
    given = places.allocated()

    block = suite.chain.block_number()
    count = max((one.index // WORD_BITS + 1 for one in given), default=0)
    words = suite.identity.statuses.words(subject, name, 0, count, block)
    revoked = set(bits.set_indexes(bits.from_words(words)))

    found = [_entry(one) | {"revoked": one.index in revoked} for one in given]
    did = suite.identity.did(subject)
    columns = ["place #", "type", "holder's key", "issued", "expires", "revoked"]
    withdrawn = sum(one["revoked"] for one in found)
    out.table(
        f"Issued in {list_} of {did}",
        columns,
        [list(one.values()) for one in found],
        caption=f"{len(found)} given out, {withdrawn} of them revoked as of block {block}",
    )
    out.document({"issuer": did, "list": name, "blockNumber": block, "issued": found})


def _entry(given: "AllocatedIndex") -> dict[str, Any]:
    return {
        "index": given.index,
        "type": given.type,
        "holderKey": given.holder_key,
        "issuedAt": given.issued_at,
        "expiresAt": given.expires_at,
    }


@command(app, contracts=["IdentityRegistry"])
def show(
    suite: "Suite",
    out: "Out",
    issuer: Identity,
    *,
    list_: ListName,
    size: Size = None,
    block: Block = None,
) -> None:
    """List the places of an issuer's list that are revoked.

    Example: careledger identity status show did:ethr:0x7a69:0xf39F… --list kyc-2026
    """
    from careledger.identity.status.snapshot import take_snapshot

    subject = suite.identity.address_of(issuer)
    found = take_snapshot(
        suite.identity.statuses,
        subject,
        list_id(list_),
        size=_size(size),
        block="latest" if block is None else block,
    )
    did = suite.identity.did(subject)
    out.table(
        "Revoked",
        ["issuer", "list", "place #"],
        [[did, list_, index] for index in found.revoked],
        caption=f"{len(found.revoked)} of {_size(size):,} places, as of block {found.block}",
    )
    out.document(_source(found.source) | {"size": _size(size), "revoked": found.revoked})


def _source(source: dict[str, Any]) -> dict[str, Any]:
    """Return where a list is from; a file of a list calls the block otherwise than documents do."""
    return {"blockNumber" if name == "block" else name: value for name, value in source.items()}


@command(app, contracts=["IdentityRegistry"])
def export(
    suite: "Suite",
    out: "Out",
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
    key: IssuerKey = None,
    for_: Annotated[str, typer.Option("--for", help="How long the list may be relied on.")] = "1d",
    size: Size = None,
) -> None:
    """Make a standard status list from the chain, signed by the issuer; verifiers need no node.

    Example: careledger identity status export did:ethr:0x7a69:0xf39F… --list kyc-2026
    --uri https://bank.example/status/kyc-2026 --out kyc-2026.jwt
    """
    from careledger.identity.status.kinds import kind_named
    from careledger.identity.status.snapshot import take_snapshot
    from careledger.identity.status.status_list import StatusIssuer

    lifetime = parse_duration(for_, "--for")
    subject = suite.identity.address_of(issuer)
    snapshot = take_snapshot(suite.identity.statuses, subject, list_id(list_), size=_size(size))

    by = issuer_with(suite, subject, key)
    fresh = min(lifetime, timedelta(hours=1))
    exporter = StatusIssuer(by.did, by.key, by.kid or "", lifetime, fresh)
    text = kind_named(form).export(snapshot, uri, exporter)
    write_private(to, f"{text}\n".encode())

    facts = {"form": form, "uri": uri, "revoked": len(snapshot.revoked), "file": str(to)}
    report(out, "Exported", _source(snapshot.source) | facts)


@command(app, contracts=["IdentityRegistry"])
def read(
    suite: "Suite",
    out: "Out",
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File with an exported list, signed, of either form."),
    ],
    *,
    uri: Annotated[str, typer.Option(help="Where the list was found, as the credentials name it.")],
    issuer: Annotated[
        str, typer.Option(help="Who has to have signed it: a did:ethr or an address.")
    ],
) -> None:
    """Show an exported list, once its signature, its issuer's key on chain and its age are checked.

    Example: careledger identity status read kyc-2026.jwt --uri https://bank.example/status/kyc-2026
    --issuer did:ethr:0x7a69:0xf39F…
    """
    from careledger.identity.credentials.did_keys import DidKeys
    from careledger.identity.status.readers import ListStatusReader

    text = read_list(file)
    clients = suite.identity
    did = issuer if issuer.startswith("did:") else clients.did(clients.address_of(issuer))
    keys = DidKeys(clients.registry)
    keys.did(did)
    found = ListStatusReader(did, keys, lambda _: text, now=suite.now).fresh(uri)

    caption = f"{len(found.revoked)} of {found.size:,} places, as of {time_text(found.issued_at)}"
    if found.expires_at is not None:
        caption += f"; to be relied on until {time_text(found.expires_at)}"
    rows = [[did, uri, index] for index in found.revoked]
    out.table("Revoked", ["issuer", "list", "place #"], rows, caption=caption)
    out.document(
        {
            "issuer": did,
            "uri": uri,
            "issuedAt": found.issued_at,
            "expiresAt": found.expires_at,
            "size": found.size,
            "source": found.source,
            "revoked": found.revoked,
        }
    )
