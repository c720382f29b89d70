"""`careledger identity consent`: ask for a consent, give it, see what was given, and end it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.identity.claims import claim_path
from careledger.cli.identity.company import open_company, read_answer
from careledger.cli.identity.desk import At, Desk, Folder, duration, open_desk
from careledger.cli.identity.files import read_token
from careledger.cli.identity.wallet import File, open_wallet
from careledger.console import Json, Out, Rpc
from careledger.errors import InputError, ProofError
from careledger.files import read_file, write_private
from careledger.identity.consent.endings import MAX_FILE_BYTES, TO_HAND_IN, Endings
from careledger.identity.consent.messages import (
    ConsentEnding,
    SignedRevokeAll,
    depends_on_foreign_contract,
)
from careledger.identity.consent.outbox import Kind, Outcome, State, key_of
from careledger.identity.consent.relay import Relay
from careledger.identity.credentials.claim_paths import path_text
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.exchange.company import PATIENCE
from careledger.identity.exchange.diary import Diary
from careledger.identity.exchange.holder import (
    TO_SUBMIT,
    answer_request,
    matching_credentials,
    open_diary,
    sign_forgotten_endings,
    signer_of,
)
from careledger.identity.exchange.link import deep_link, qr_png, qr_svg, qr_terminal, read_link
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import Request, read_request
from careledger.values.hashes import parse_bytes32
from careledger.values.times import time_text

consent = typer.Typer(
    help="A customer's leave to read a verification: asked for, given, listed, ended.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Consents = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Ids of consents.", show_default=False)
]


@consent.command("request")
def ask(
    *,
    grantee: Annotated[
        str, typer.Option("--from", help="Who asks: the company's did:ethr or address.")
    ],
    type_: Annotated[str, typer.Option("--type", help="The credential's type (vct).")],
    claim: Annotated[
        list[str],
        typer.Option("--claim", help="What is to be shown, such as address.country; repeat."),
    ],
    purpose: Annotated[
        str, typer.Option(help="What for: one sentence that the customer is shown.")
    ],
    terms: Annotated[str, typer.Option(help="The conditions, or the URL where they are.")],
    to: Annotated[Path, typer.Option("--out", help="File to write the signed request to.")],
    for_: Annotated[
        str, typer.Option("--for", help="How long the company wants to rely on it.")
    ] = "30d",
    within: Annotated[
        str, typer.Option("--within", help="How long the customer can answer.")
    ] = "15m",
    qr: Annotated[
        Path | None, typer.Option("--qr", help="Also write a QR code, .svg or .png.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="Private JWK of the company; the settings' key when not given."),
    ] = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Ask a customer to show claims, for a purpose: a signed request, as a link and a QR code for the phone.

    Nothing is sent. The request's nonce is kept in the database of CARELEDGER_STORE, and is good
    for one answer.

    Example: careledger identity consent request --from did:ethr:0x7a69:0x7099… --type
    https://bank.example/kyc/1 --claim age_over_18 --claim address.country --purpose "Offer you a
    policy" --terms https://insurer.example/terms --out request.jwt --qr request.svg
    """
    out, lasting, answering = Out(json_), duration(for_, "--for"), duration(within, "--within")
    if qr is not None and qr.suffix not in {".svg", ".png"}:
        raise InputError(f"--qr {qr} is neither .svg nor .png")
    desk = open_desk(rpc, registry, deployments)
    with open_company(desk, grantee, VerifierPolicy(issuers=None), key) as company:
        asked = company.ask(
            type_,
            [claim_path(one) for one in claim],
            Purpose(purpose, terms),
            lasting,
            lifetime=answering,
        )
    write_private(to, f"{asked.text}\n".encode())
    link = deep_link(asked.text)
    if qr is not None:
        write_private(qr, qr_svg(link).encode() if qr.suffix == ".svg" else qr_png(link))
    else:
        out.say(qr_terminal(link))
    told = _told(asked.request) | {"link": link, "file": str(to)}
    out.table(
        "A request to a customer", ["", ""], [[name, _text(value)] for name, value in told.items()]
    )
    out.document(told)


def _told(request: Request) -> dict[str, Any]:
    return {
        "from": request.did,
        "type": request.vct,
        "claims": [path_text(path) for path in request.claims],
        "purpose": request.purpose.text,
        "terms": request.purpose.terms,
        "consentFor": str(request.consent_for),
        "answerUntil": time_text(request.expires_at),
    }


def _text(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def _read(desk: Desk, file: Path) -> Request:
    text = read_link(read_token(file, "request"))
    return read_request(text, DidKeys(desk.registry), desk.consents.address, desk.now)


@consent.command()
def show(
    request: Annotated[
        Path, typer.Argument(metavar="REQUEST", help="File with a request, or with its link.")
    ],
    *,
    file: File = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Show who asks for what, and why, once it is certain who it is; and which credentials of a wallet would do.

    Example: careledger identity consent show request.jwt --wallet ana.wallet
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    asked = _read(desk, request)
    with open_wallet(file, writing=False) as wallet:
        told = _told(asked) | {
            "credentials": [held.id for held in matching_credentials(wallet, asked)]
        }
    out.table(
        "Somebody asks", ["", ""], [[name, _text(value) or "none"] for name, value in told.items()]
    )
    out.document(told)


@consent.command()
def grant(
    request: Annotated[
        Path, typer.Argument(metavar="REQUEST", help="File with a request, or with its link.")
    ],
    *,
    to: Annotated[Path, typer.Option("--out", help="File to write the answer to.")],
    credential: Annotated[
        str | None, typer.Option(help="Which of the wallet's; the newest that fits.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="Shorter than the company asks.")
    ] = None,
    file: File = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Consent to a request: write the answer, with what is shown and the signed consent. Nothing is sent.

    The consent is signed by a key that serves this one consent, so that companies cannot join up
    what they know. The company submits it; you can end it at any time (`consent revoke`).

    Example: careledger identity consent grant request.jwt --wallet ana.wallet --out answer.json
    """
    lasting = None if for_ is None else duration(for_, "--for")
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    asked, now = _read(desk, request), desk.now
    until = None if lasting is None else now + lasting
    with open_wallet(file) as wallet:
        made = answer_request(
            wallet, asked, desk.consents, now=now, credential=credential, until=until
        )
    write_private(to, made.write())
    told = {
        "consent": "0x" + made.consent.id.hex(),
        "to": asked.did,
        "claims": [path_text(path) for path in asked.claims],
        "until": time_text(made.consent.expires_at),
        "file": str(to),
    }
    out.table("You consented", ["", ""], [[name, _text(value)] for name, value in told.items()])
    out.document(told)


@consent.command("list")
def list_given(
    *,
    file: File = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """List what you gave: to whom, what for, until when, how it stands, and when it was used.

    Example: careledger identity consent list --wallet ana.wallet
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    with open_wallet(file, writing=False) as wallet:
        entries = open_diary(wallet, desk.consents).entries()
    found = [
        {
            "consent": "0x" + one.receipt.consent.id.hex(),
            "to": one.receipt.company,
            "claims": [path_text(path) for path in one.receipt.claims],
            "purpose": one.receipt.purpose.text,
            "givenAt": time_text(one.receipt.given_at),
            "until": time_text(one.receipt.consent.expires_at),
            "stands": one.state,
            "uses": [time_text(use.at) for use in one.uses],
        }
        for one in entries
    ]
    columns = ["to", "what", "what for", "until", "stands", "used", "consent"]
    rows = [
        [
            o["to"],
            _text(o["claims"]),
            o["purpose"],
            o["until"],
            o["stands"],
            _text(o["uses"]) or "-",
            o["consent"],
        ]
        for o in found
    ]
    out.table("What you gave", columns, rows)
    out.document({"consents": found})


@consent.command()
def revoke(
    consents: Consents = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Everything that you ever gave and that is not over.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Sign only, into this file, for somebody else to submit."),
    ] = None,
    file: File = None,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """End consents that you gave, for good. The key of the settings pays; the chain does not learn whose they were.

    With --out nothing is sent and no key is needed but the wallet: `consent submit` hands the file
    in, and anybody with ether can do that, such as the company. With --all a wallet that was
    restored from its words ends what stands on chain and it has no notes of, too.

    Example: careledger identity consent revoke --all --wallet ana.wallet
    """
    if bool(consents) == all_:
        raise InputError("say which consents are to end: their ids, or --all")
    wanted = list(dict.fromkeys(parse_bytes32(one, "consent id") for one in consents or []))
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    until = desk.now + (TO_SUBMIT if to is None else TO_HAND_IN)
    with open_wallet(file, writing=all_) as wallet:
        mine = open_diary(wallet, desk.consents)
        acts = _endings(mine, wanted, lambda subject: signer_of(wallet, (), subject), until)
        acts += sign_forgotten_endings(wallet, desk.consents, until) if all_ else []
    if to is None:
        _report(out, "Ended", _submit(desk, acts))
    else:
        _hand_over(out, Endings.of(desk.chain.chain_id, desk.consents.address, acts), to)


@consent.command()
def submit(
    endings: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `consent revoke --out` wrote.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Hand in the ends of consents that a customer signed. The key of the settings pays; anybody may do it.

    Safe to run again. Exit status 1 when one is refused; the others are handed in. What a contract
    wallet is said to have signed is not paid for: its owner hands it in.

    Example: careledger identity consent submit endings.json
    """
    signed, out = Endings.read(read_file(endings, "endings", MAX_FILE_BYTES)), Out(json_)
    desk = open_desk(rpc, registry, deployments)
    signed.expect(desk.chain.chain_id, desk.consents.address)
    parts: dict[bool, list[ConsentEnding]] = {False: [], True: []}
    for act in signed.acts:
        parts[depends_on_foreign_contract(act, desk.chain.code, desk.verifiers)].append(act)
    _report(out, "Ended", [*_submit(desk, parts[False]), *map(_refused, parts[True])])


def _refused(act: ConsentEnding) -> Outcome:
    reason = (
        f"a contract decides whether {act.signed.signer} signed it: whoever owns that hands it in"
    )
    return Outcome(_kind(act), key_of(act), State.REFUSED, reason, None, None)


def _kind(act: ConsentEnding) -> Kind:
    return Kind.END if isinstance(act, SignedRevokeAll) else Kind.REVOKE


def _hand_over(out: Out, signed: Endings, to: Path) -> None:
    write_private(to, signed.write())
    told = {
        "revocations": ["0x" + act.consent.id.hex() for act in signed.revocations],
        "ends": [end.subject for end in signed.ends],
        "submitUntil": None if signed.deadline_at is None else time_text(signed.deadline_at),
        "file": str(to),
    }
    rows = [[name, _text(value) or "none"] for name, value in told.items()]
    caption = f"somebody with ether submits it: careledger identity consent submit {to}"
    out.table(
        "Signed, and nothing sent",
        ["", ""],
        rows,
        caption=caption if signed.acts else "there is nothing to end",
    )
    out.document(told)


def _submit(desk: Desk, acts: Sequence[ConsentEnding]) -> list[Outcome]:
    if not acts:
        return []
    with _relay(desk) as relay:
        for act in acts:
            relay.end(act) if isinstance(act, SignedRevokeAll) else relay.revoke(act)
        relay.run()
        return [relay.outcome(_kind(act), act) for act in acts]


def _endings(mine: Diary, wanted: Sequence[bytes], signer: Any, until: Any) -> list[ConsentEnding]:
    if wanted:
        return [mine.revoke(one, signer(mine.find(one).consent.subject), until) for one in wanted]
    return list(mine.revoke_all(signer, until).acts)


def _report(out: Out, title: str, outcomes: Sequence[Outcome]) -> None:
    found = [
        {
            "id": "0x" + one.id.hex(),
            "state": one.state,
            "transaction": None if one.transaction is None else "0x" + one.transaction.hex(),
            "reason": one.reason,
        }
        for one in outcomes
    ]
    rows = [
        [one["id"], one["state"], one["transaction"] or "-", one["reason"] or ""] for one in found
    ]
    out.table(
        title,
        ["consent", "", "transaction", ""],
        rows,
        caption="" if rows else "there was nothing to end",
    )
    out.document({"consents": found})
    refused = [one for one in outcomes if one.state is State.REFUSED]
    if refused:
        raise ProofError(
            f"{len(refused)} of {len(outcomes)} were refused, the first because: {refused[0].reason}"
        )


@contextmanager
def _relay(desk: Desk) -> Iterator[Relay]:
    with desk.store() as store:
        yield Relay(store, desk.consents.using(desk.sender), lock=desk.lock, patience=PATIENCE)


@consent.command()
def renounce(
    answer: Annotated[
        Path, typer.Argument(metavar="ANSWER", help="The answer that the consent came with.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """As the company, give a consent back: you will not read any more. This shows everybody who you are.

    Example: careledger identity consent renounce answer.json
    """
    given, out = read_answer(answer), Out(json_)
    desk = open_desk(rpc, registry, deployments)
    receipt = desk.consents.using(desk.sender).renounce(given.consent)
    what = {
        "consent": "0x" + given.consent.id.hex(),
        "transaction": "0x" + receipt.transaction_hash.hex(),
    }
    out.table("Given back", ["", ""], list(what.items()))
    out.document(what)
