"""`careledger identity issue`, `present` and `check`: credentials, from the issuer, by the holder, for anybody."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.identity.claims import claim_path
from careledger.cli.identity.desk import At, Desk, Folder, duration, open_desk
from careledger.cli.identity.files import issuer_with, read_list, read_object, read_token
from careledger.cli.identity.status import list_id
from careledger.cli.identity.wallet import File, open_wallet
from careledger.console import Json, Out, Rpc
from careledger.errors import Conflict, InputError
from careledger.files import write_private
from careledger.identity.credentials.claim_paths import path_text
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.formats import credential_in
from careledger.identity.credentials.held_credential import HeldCredential
from careledger.identity.credentials.issuer import Validity, issue_sd_jwt, issue_vc_jwt
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.policy import PresentationRequirements, VerifierPolicy
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.status.allocation import StatusIndexAllocator
from careledger.identity.status.readers import ChainStatusReader, ListStatusReader
from careledger.values.times import time_text


def issue(
    claims: Annotated[
        Path, typer.Argument(metavar="CLAIMS", help="JSON object of what is said of the customer.")
    ],
    *,
    issuer: Annotated[str, typer.Option(help="Who issues: a did:ethr or an address.")],
    type_: Annotated[str, typer.Option("--type", help="The credential's type (vct), a URI.")],
    to: Annotated[Path, typer.Option("--out", help="File to write the credential to.")],
    holder: Annotated[
        Path | None,
        typer.Option(help="Public JWK of the customer's wallet, to which the credential is bound."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="The customer's DID; for --vc-jwt.", show_default=False)
    ] = None,
    list_: Annotated[
        str | None, typer.Option("--list", help="Status list, so that it can be revoked.")
    ] = None,
    uri: Annotated[
        str | None, typer.Option("--uri", help="Where the exported list will be found.")
    ] = None,
    open_: Annotated[
        list[str] | None, typer.Option("--open", help="Claims at the top that are always shown.")
    ] = None,
    vc_jwt: Annotated[
        bool, typer.Option("--vc-jwt", help="A W3C VC-JWT: it shows everything.")
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="Private JWK of the issuer; the settings' key when not given."),
    ] = None,
    for_: Annotated[str, typer.Option("--for", help="How long it is valid.")] = "365d",
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Issue a credential: an SD-JWT VC, of which the customer shows what they choose, down to a member of an object.

    Nothing is sent. The place in the status list is kept in the database of CARELEDGER_STORE, with
    the type, the thumbprint of the customer's key and the times, and no claim: `status issued`
    lists them.

    Example: careledger identity issue ana.json --issuer did:ethr:0x7a69:0xf39F… --type
    https://bank.example/kyc/1 --holder ana.jwk --list kyc-2026 --uri
    https://bank.example/status/kyc-2026 --out ana.credential
    """
    content, lasting = read_object(claims, "claims"), duration(for_, "--for")
    bound = (
        None
        if holder is None
        else VerificationKey.from_jwk(read_object(holder, "holder key"), f"{holder}")
    )
    desk = open_desk(rpc, registry, deployments)
    at, by = desk.now, issuer_with(desk, desk.identity(issuer), key)
    validity = Validity(at, at + lasting)
    if (list_ is None) != (uri is None):
        raise InputError(
            "--list and --uri belong together: the place in a list, and where it is exported to"
        )
    status = None
    if list_ is not None and uri is not None:
        thumbprint = None if bound is None or vc_jwt else bound.thumbprint
        taking = partial(
            StatusIndexAllocator.allocate,
            type_=type_,
            holder_key=thumbprint,
            issued_at=at,
            expires_at=at + lasting,
        )
        status = _place(desk, desk.identity(issuer), list_id(list_), uri, taking)
    if vc_jwt:
        text = issue_vc_jwt(by, [type_], subject, content, validity, status=status)
    else:
        hidden = [path for path in _everything(content) if path[0] not in (open_ or [])]
        text = issue_sd_jwt(
            by,
            type_,
            content,
            validity,
            holder=bound,
            disclosable=hidden,
            status=status,
            subject=subject,
        )
    write_private(to, f"{text}\n".encode())
    what: dict[str, Any] = {
        "issuer": by.did,
        "key": by.kid,
        "type": type_,
        "expires": time_text(validity.expires_at or at),
        "statusIndex": None if status is None else status.index,
        "file": str(to),
    }
    out = Out(json_)
    out.table(
        "Issued",
        ["", ""],
        [[name, "-" if value is None else value] for name, value in what.items()],
    )
    out.document(what)


def _everything(
    value: Any, path: tuple[str | int | None, ...] = ()
) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the path of each claim and array element at any depth: whoever shows a country need not show a street."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, inner in inside:
        here = (*path, step)
        yield here
        yield from _everything(inner, here)


def _place(
    desk: Desk, issuer: str, list_: bytes, uri: str, taking: Callable[[StatusIndexAllocator], int]
) -> StatusReference:
    with desk.store() as store:
        index = taking(StatusIndexAllocator(store, issuer, list_))
    contract = desk.statuses.address
    return StatusReference(uri, index, desk.chain.chain_id, contract, issuer, list_)


def present(
    credential: Annotated[
        str, typer.Argument(metavar="CREDENTIAL", help="Which of the wallet's: `wallet list`.")
    ],
    *,
    claim: Annotated[
        list[str] | None, typer.Option("--claim", help="What is shown, such as address.country.")
    ] = None,
    audience: Annotated[str, typer.Option(help="Whom it is for: a DID or URL, as they say.")],
    nonce: Annotated[str, typer.Option(help="What they want it to answer.")],
    to: Annotated[Path, typer.Option("--out", help="File to write the presentation to.")],
    file: File = None,
    json_: Json = False,
) -> None:
    """Present a credential where no consent is asked for, such as to its issuer; else `consent grant` does it.

    Example: careledger identity present 1saVQLX1svPgZIDT --claim age_over_18 --audience
    https://shop.example --nonce bXkgbm9uY2UgaXMgbG9uZw --out presentation
    """
    out = Out(json_)
    with open_wallet(file, writing=False) as wallet:
        held = wallet.credential(credential)
        selection = HeldCredential.parse(held.text).select([claim_path(one) for one in claim or []])
        if held.holder_key is None:
            raise Conflict(
                f"the credential {held.id} is bound to no key of this wallet, so nobody can present it"
            )
        key = wallet.holder_key(held.holder_key)
    text = selection.present(key, audience=audience, nonce=nonce, at=datetime.now(UTC))
    write_private(to, f"{text}\n".encode())
    out.say(f"{to} shows {', '.join(claim or []) or 'what is open anyway'} to {audience}")
    out.document(
        {"credential": held.id, "claims": claim or [], "audience": audience, "file": str(to)}
    )


def check(
    credential: Annotated[
        Path, typer.Argument(metavar="FILE", help="File with a credential or a presentation.")
    ],
    *,
    issuer: Annotated[
        list[str] | None,
        typer.Option(help="DIDs whose credentials are believed; anybody's when not given."),
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="The type that it has to be of.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option(help="Of a presentation: whom it has to be for.")
    ] = None,
    nonce: Annotated[
        str | None, typer.Option(help="Of a presentation: what it has to answer.")
    ] = None,
    status_list: Annotated[
        Path | None,
        typer.Option(
            "--status-list",
            help="File with the issuer's exported list, to ask in the place of the chain.",
        ),
    ] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Check a credential: signature, issuer's key on chain, times, status; with --nonce, a presentation's holder too.

    With --status-list its status is that of an exported list, which has to be the one that the
    credential names, by its issuer, and fresh. `status read` shows what such a list holds.

    Example: careledger identity check ana.credential --issuer did:ethr:0x7a69:0xf39F…
    """
    text, out = read_token(credential, "credential"), Out(json_)
    exported = None if status_list is None else read_list(status_list)
    desk = open_desk(rpc, registry, deployments)
    keys, lists = DidKeys(desk.registry), None
    if exported is not None:
        lists = ListStatusReader(
            credential_in(text).issuer, keys, lambda _: exported, now=lambda: desk.now
        )
    policy = VerifierPolicy(issuers=issuer, status_required=lists is not None)
    verifier = Verifier(
        desk.registry, policy, statuses=lists or ChainStatusReader(desk.statuses), keys=keys
    )
    if audience is None or nonce is None or type_ is None:
        if audience is not None or nonce is not None:
            raise InputError(
                "a presentation is checked with --audience, --nonce and --type, all three"
            )
        found = verifier.check(text, type_)
    else:
        found = verifier.verify(text, PresentationRequirements(audience, nonce, type_))
    what = {
        "issuer": found.issuer,
        "key": found.issuer_key,
        "keyValidNow": found.key_valid_now,
        "type": found.type,
        "expires": None if found.expires_at is None else time_text(found.expires_at),
        "claims": [path_text(path) for path in found.disclosed],
        "statusIndex": None if found.status is None else found.status.index,
        "block": found.block_number,
    }
    if lists is not None and found.status is not None:
        what["statusAsOf"] = time_text(lists.fresh(found.status.uri).issued_at)
    rows = [
        [name, ", ".join(value) if isinstance(value, list) else value]
        for name, value in what.items()
    ]
    out.table("The credential is good", ["", ""], rows)
    out.document(what)
