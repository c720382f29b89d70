"""`careledger identity issue`, `present`, `check`: credentials from issuer to holder to anybody."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.commands import command
from careledger.cli.identity.arguments import IssuerKey, WalletFile, claim_path
from careledger.cli.identity.files import issuer_with, read_list, read_object, read_token
from careledger.cli.identity.identifiers import app
from careledger.cli.identity.status import list_id
from careledger.cli.identity.wallet import open_wallet
from careledger.cli.report import report
from careledger.errors import Conflict, InputError
from careledger.files import write_private
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.credentials.status_reference import StatusReference
    from careledger.suite import Suite


@command(app, contracts=["IdentityRegistry"])
def issue(
    suite: "Suite",
    out: "Out",
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
    key: IssuerKey = None,
    for_: Annotated[str, typer.Option("--for", help="How long it is valid.")] = "365d",
) -> None:
    """Issue a credential: an SD-JWT VC, of which the customer shows what they choose.

    They can choose down to a member of an object.

    Nothing is sent. The place in the status list is kept in the database of CARELEDGER_STORE, with
    the type, the thumbprint of the customer's key and the times, and no claim: `status issued`
    lists them.

    Example: careledger identity issue ana.json --issuer did:ethr:0x7a69:0xf39F… --type
    https://bank.example/kyc/1 --holder ana.jwk --list kyc-2026 --uri
    https://bank.example/status/kyc-2026 --out ana.credential
    """
    from careledger.identity.credentials.issuer import Validity, issue_sd_jwt, issue_vc_jwt
    from careledger.identity.credentials.keys import VerificationKey

    content = read_object(claims, "claims")
    lasting = parse_duration(for_, "--for")
    bound = None
    if holder is not None:
        bound = VerificationKey.from_jwk(read_object(holder, "holder key"), f"{holder}")
    if (list_ is None) != (uri is None):
        raise InputError(
            "--list and --uri belong together: the place in a list, and where it is exported to"
        )

    at = suite.now()
    validity = Validity(at, at + lasting)
    issuing = suite.identity.address_of(issuer)
    by = issuer_with(suite, issuing, key)

    status = None
    if list_ is not None and uri is not None:
        thumbprint = None if bound is None or vc_jwt else bound.thumbprint
        status = _allocate(suite, issuing, list_, uri, type_, thumbprint, validity)

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
    facts = {
        "issuer": by.did,
        "key": by.kid,
        "type": type_,
        "expiresAt": at + lasting,
        "statusIndex": None if status is None else status.index,
        "file": str(to),
    }
    report(out, "Issued", facts)


def _everything(
    value: Any, path: tuple[str | int | None, ...] = ()
) -> Iterator[tuple[str | int | None, ...]]:
    """Yield the path of each claim and array element at any depth.

    So whoever shows a country need not show a street.
    """
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)

    for step, inner in inside:
        here = (*path, step)
        yield here
        yield from _everything(inner, here)


def _allocate(
    suite: "Suite",
    issuer: str,
    list_: str,
    uri: str,
    type_: str,
    holder_key: str | None,
    validity: Any,
) -> "StatusReference":
    """Take a place in a status list, and return the reference that the credential carries."""
    from careledger.identity.credentials.status_reference import StatusReference
    from careledger.identity.status.allocation import StatusIndexAllocator

    name = list_id(list_)
    index = StatusIndexAllocator(suite.store, issuer, name).allocate(
        type_=type_,
        holder_key=holder_key,
        issued_at=validity.issued_at,
        expires_at=validity.expires_at,
    )
    contract = suite.identity.statuses.address
    return StatusReference(uri, index, suite.chain.chain_id, contract, issuer, name)


@command(app)
def present(
    out: "Out",
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
    file: WalletFile = None,
) -> None:
    """Present a credential where no consent is asked for; `consent grant` answers a request.

    Example: careledger identity present 1saVQLX1svPgZIDT --claim age_over_18 --audience
    https://shop.example --nonce bXkgbm9uY2UgaXMgbG9uZw --out presentation
    """
    from careledger.identity.credentials.held_credential import HeldCredential

    with open_wallet(file, writing=False) as wallet:
        held = wallet.credential(credential)
        selection = HeldCredential.parse(held.text).select([claim_path(one) for one in claim or []])
        if held.holder_key is None:
            raise Conflict(
                f"the credential {held.id} is bound to no key of this wallet, "
                f"so nobody can present it"
            )
        key = wallet.holder_key(held.holder_key)

    text = selection.present(key, audience=audience, nonce=nonce, at=datetime.now(UTC))
    write_private(to, f"{text}\n".encode())
    out.say(f"{to} shows {', '.join(claim or []) or 'what is open anyway'} to {audience}")
    out.document(
        {"credential": held.id, "claims": claim or [], "audience": audience, "file": str(to)}
    )


@command(app, contracts=["IdentityRegistry"])
def check(
    suite: "Suite",
    out: "Out",
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
) -> None:
    """Check a credential: signature, issuer's key on chain, times, status.

    With --nonce, --audience and --type it is a presentation, and its holder is checked too. With
    --status-list its status is that of an exported list, which has to be the one that the
    credential names, by its issuer, and fresh. `status read` shows what such a list holds.

    Example: careledger identity check ana.credential --issuer did:ethr:0x7a69:0xf39F…
    """
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.credentials.did_keys import DidKeys
    from careledger.identity.credentials.formats import credential_in
    from careledger.identity.credentials.policy import PresentationRequirements, VerifierPolicy
    from careledger.identity.credentials.verifier import Verifier
    from careledger.identity.status.readers import ChainStatusReader, ListStatusReader

    text = read_token(credential, "credential")
    exported = None if status_list is None else read_list(status_list)
    registry = suite.identity.registry
    keys = DidKeys(registry)

    lists = None
    if exported is not None:
        lists = ListStatusReader(
            credential_in(text).issuer, keys, lambda _: exported, now=suite.now
        )
    policy = VerifierPolicy(issuers=issuer, status_required=lists is not None)
    statuses = lists or ChainStatusReader(suite.identity.statuses)
    verifier = Verifier(registry, policy, statuses=statuses, keys=keys)

    if audience is not None and nonce is not None and type_ is not None:
        found = verifier.verify(text, PresentationRequirements(audience, nonce, type_))
    elif audience is None and nonce is None:
        found = verifier.check(text, type_)
    else:
        raise InputError("a presentation is checked with --audience, --nonce and --type, all three")

    facts: dict[str, Any] = {
        "issuer": found.issuer,
        "key": found.issuer_key,
        "keyValidNow": found.key_valid_now,
        "type": found.type,
        "expiresAt": found.expires_at,
        "claims": [path_text(path) for path in found.disclosed],
        "statusIndex": None if found.status is None else found.status.index,
        "blockNumber": found.block_number,
    }
    if lists is not None and found.status is not None:
        facts["statusIssuedAt"] = lists.fresh(found.status.uri).issued_at
    report(out, "The credential is good", facts)
