"""`careledger identity consent`: ask for a consent, give it, see what was given, and end it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.commands import command, group
from careledger.cli.identity.arguments import WalletFile, claim_path
from careledger.cli.identity.company import company_of, open_relay, read_answer
from careledger.cli.identity.files import read_token
from careledger.cli.identity.wallet import open_wallet
from careledger.cli.report import report
from careledger.errors import InputError, ProofError
from careledger.files import read_file, write_private
from careledger.values.hashes import parse_bytes32
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.consent.endings import Endings
    from careledger.identity.consent.kinds import ActKind
    from careledger.identity.consent.messages import ConsentEnding
    from careledger.identity.consent.relay import ActOutcome
    from careledger.identity.exchange.diary import Diary
    from careledger.identity.exchange.request import Request
    from careledger.suite import Suite

app = group("A customer's leave to read a verification: asked for, given, listed, ended.")

Consents = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", help="Ids of consents.", show_default=False)
]
RequestFile = Annotated[
    Path, typer.Argument(metavar="REQUEST", help="File with a request, or with its link.")
]


@command(app, "request", contracts=["IdentityRegistry"])
def ask(
    suite: "Suite",
    out: "Out",
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
) -> None:
    """Ask a customer to show claims, for a purpose: a signed request, as a link and a QR code.

    Nothing is sent. The request's nonce is kept in the database of CARELEDGER_STORE, and is good
    for one answer.

    Example: careledger identity consent request --from did:ethr:0x7a69:0x7099… --type
    https://bank.example/kyc/1 --claim age_over_18 --claim address.country --purpose "Offer you a
    policy" --terms https://insurer.example/terms --out request.jwt --qr request.svg
    """
    from careledger.identity.credentials.policy import VerifierPolicy
    from careledger.identity.exchange.link import deep_link, qr_png, qr_svg, qr_terminal
    from careledger.identity.exchange.purpose import Purpose

    lasting = parse_duration(for_, "--for")
    answering = parse_duration(within, "--within")
    if qr is not None and qr.suffix not in {".svg", ".png"}:
        raise InputError(f"--qr {qr} is neither .svg nor .png")

    company = company_of(suite, grantee, VerifierPolicy(issuers=None), key)
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
    facts = _request_facts(asked.request) | {"link": link, "file": str(to)}
    report(out, "A request to a customer", facts)


def _request_facts(request: "Request") -> dict[str, Any]:
    from careledger.identity.credentials.claim_paths import path_text

    return {
        "from": request.did,
        "type": request.vct,
        "claims": [path_text(path) for path in request.claims],
        "purpose": request.purpose.text,
        "terms": request.purpose.terms,
        "consentForSeconds": request.consent_for,
        "expiresAt": request.expires_at,
    }


def _read(suite: "Suite", file: Path) -> "Request":
    from careledger.identity.credentials.did_keys import DidKeys
    from careledger.identity.exchange.link import read_link
    from careledger.identity.exchange.request import read_request

    text = read_link(read_token(file, "request"))
    clients = suite.identity
    return read_request(text, DidKeys(clients.registry), clients.consents.address, suite.now())


@command(app, contracts=["IdentityRegistry"])
def show(suite: "Suite", out: "Out", request: RequestFile, *, file: WalletFile = None) -> None:
    """Show who asks for what, and why, once it is certain who asks; and which credentials fit.

    Example: careledger identity consent show request.jwt --wallet ana.wallet
    """
    from careledger.identity.exchange.holder import matching_credentials

    asked = _read(suite, request)
    with open_wallet(file, writing=False) as wallet:
        fitting = [held.id for held in matching_credentials(wallet, asked)]
    report(out, "Somebody asks", _request_facts(asked) | {"credentials": fitting})


@command(app, contracts=["IdentityRegistry"])
def grant(
    suite: "Suite",
    out: "Out",
    request: RequestFile,
    *,
    to: Annotated[Path, typer.Option("--out", help="File to write the answer to.")],
    credential: Annotated[
        str | None, typer.Option(help="Which of the wallet's; the newest that fits.")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="Shorter than the company asks.")
    ] = None,
    file: WalletFile = None,
) -> None:
    """Consent to a request: write the answer, with what is shown and the signed consent.

    Nothing is sent. The consent is signed by a key that serves this one consent, so that companies
    cannot join up what they know. The company submits it; you can end it at any time
    (`consent revoke`).

    Example: careledger identity consent grant request.jwt --wallet ana.wallet --out answer.json
    """
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.exchange.holder import answer_request

    lasting = None if for_ is None else parse_duration(for_, "--for")
    asked = _read(suite, request)
    now = suite.now()
    until = None if lasting is None else now + lasting

    with open_wallet(file) as wallet:
        made = answer_request(
            wallet, asked, suite.identity.consents, now=now, credential=credential, until=until
        )
    write_private(to, made.write())
    facts = {
        "consent": made.consent.id,
        "to": asked.did,
        "claims": [path_text(path) for path in asked.claims],
        "expiresAt": made.consent.expires_at,
        "file": str(to),
    }
    report(out, "You consented", facts)


@command(app, "list", contracts=["IdentityRegistry"])
def list_given(suite: "Suite", out: "Out", *, file: WalletFile = None) -> None:
    """List what you gave: to whom, what for, until when, its state, and when it was used.

    Example: careledger identity consent list --wallet ana.wallet
    """
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.exchange.holder import open_diary

    with open_wallet(file, writing=False) as wallet:
        entries = open_diary(wallet, suite.identity.consents).entries()

    found: list[dict[str, Any]] = [
        {
            "consent": one.receipt.consent.id,
            "to": one.receipt.company,
            "claims": [path_text(path) for path in one.receipt.claims],
            "purpose": one.receipt.purpose.text,
            "givenAt": one.receipt.given_at,
            "expiresAt": one.receipt.consent.expires_at,
            "state": one.state,
            "usedAt": [use.at for use in one.uses],
        }
        for one in entries
    ]
    shown = ["to", "claims", "purpose", "expiresAt", "state", "usedAt", "consent"]
    columns = ["to", "what", "what for", "until", "state", "used", "consent"]
    out.table("What you gave", columns, [[one[name] for name in shown] for one in found])
    out.document({"consents": found})


@command(app, contracts=["IdentityRegistry"])
def revoke(
    suite: "Suite",
    out: "Out",
    consents: Consents = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Everything that you ever gave and that is not over.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Sign only, into this file, for somebody else to submit."),
    ] = None,
    file: WalletFile = None,
) -> None:
    """End consents that you gave, for good. The chain does not learn whose they were.

    The key of the settings pays. With --out nothing is sent and no key is needed but the wallet:
    `consent submit` hands the file in, and anybody with ether can do that, such as the company.
    With --all a wallet that was restored from its words also ends what is valid on chain and it has
    no notes of.

    Example: careledger identity consent revoke --all --wallet ana.wallet
    """
    from careledger.identity.consent.endings import TO_HAND_IN, Endings
    from careledger.identity.exchange.holder import (
        TO_SUBMIT,
        open_diary,
        sign_forgotten_endings,
        signer_of,
    )

    if bool(consents) == all_:
        raise InputError("say which consents are to end: their ids, or --all")
    wanted = list(dict.fromkeys(parse_bytes32(one, "consent id") for one in consents or []))

    registry = suite.identity.consents
    until = suite.now() + (TO_SUBMIT if to is None else TO_HAND_IN)
    with open_wallet(file, writing=all_) as wallet:
        mine = open_diary(wallet, registry)
        acts = _endings(mine, wanted, lambda subject: signer_of(wallet, (), subject), until)
        acts += sign_forgotten_endings(wallet, registry, until) if all_ else []

    if to is None:
        _report_outcomes(out, "Ended", _submit(suite, acts))
    else:
        _hand_over(out, Endings.of(suite.chain.chain_id, registry.address, acts), to)


@command(app, contracts=["IdentityRegistry"])
def submit(
    suite: "Suite",
    out: "Out",
    endings: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `consent revoke --out` wrote.")
    ],
) -> None:
    """Hand in the ends of consents that a customer signed; anybody may do it.

    The settings' key pays. Safe to run again. Exit status 1 when one is refused; the others are
    handed in. The signature of a contract wallet is not paid for: its owner hands it in.

    Example: careledger identity consent submit endings.json
    """
    from careledger.identity.consent.endings import MAX_FILE_BYTES, Endings
    from careledger.identity.consent.messages import depends_on_foreign_contract

    signed = Endings.read(read_file(endings, "endings", MAX_FILE_BYTES))
    signed.expect(suite.chain.chain_id, suite.identity.consents.address)

    own: list[ConsentEnding] = []
    foreign: list[ConsentEnding] = []
    for act in signed.acts:
        depends = depends_on_foreign_contract(act, suite.chain.code, suite.identity.verifiers)
        (foreign if depends else own).append(act)

    _report_outcomes(out, "Ended", [*_submit(suite, own), *map(_refused, foreign)])


def _refused(act: "ConsentEnding") -> "ActOutcome":
    from careledger.identity.consent.kinds import key_of
    from careledger.identity.consent.relay import ActOutcome, ActState

    reason = (
        f"a contract decides whether {act.signed.signer} signed it: its owner has to hand it in"
    )
    return ActOutcome(_kind(act), key_of(act), ActState.REFUSED, reason, None, None)


def _kind(act: "ConsentEnding") -> "ActKind":
    from careledger.identity.consent.kinds import ActKind
    from careledger.identity.consent.messages import SignedRevokeAll

    return ActKind.END if isinstance(act, SignedRevokeAll) else ActKind.REVOKE


def _hand_over(out: "Out", signed: "Endings", to: Path) -> None:
    write_private(to, signed.write())
    facts = {
        "revocations": [act.consent.id for act in signed.revocations],
        "ends": [end.subject for end in signed.ends],
        "expiresAt": signed.deadline_at,
        "file": str(to),
    }
    caption = f"somebody with ether submits it: careledger identity consent submit {to}"
    if not signed.acts:
        caption = "there is nothing to end"
    report(out, "Signed, and nothing sent", facts, caption=caption)


def _submit(suite: "Suite", acts: "Sequence[ConsentEnding]") -> "list[ActOutcome]":
    from careledger.identity.consent.messages import SignedRevokeAll

    if not acts:
        return []

    relay = open_relay(suite)
    for act in acts:
        if isinstance(act, SignedRevokeAll):
            relay.end(act)
        else:
            relay.revoke(act)
    relay.run()
    return [relay.outcome(_kind(act), act) for act in acts]


def _endings(
    mine: "Diary", wanted: Sequence[bytes], signer: Any, until: Any
) -> "list[ConsentEnding]":
    if wanted:
        return [mine.revoke(one, signer(mine.find(one).consent.subject), until) for one in wanted]
    return list(mine.revoke_all(signer, until).acts)


def _report_outcomes(out: "Out", title: str, outcomes: "Sequence[ActOutcome]") -> None:
    from careledger.identity.consent.relay import ActState

    found = [
        {
            "id": one.id,
            "state": one.state,
            "transactionHash": one.transaction,
            "reason": one.reason,
        }
        for one in outcomes
    ]
    out.table(
        title,
        ["consent", "", "transaction", ""],
        [list(one.values()) for one in found],
        caption="" if found else "there was nothing to end",
    )
    out.document({"consents": found})

    refused = [one for one in outcomes if one.state is ActState.REFUSED]
    if refused:
        raise ProofError(
            f"{len(refused)} of {len(outcomes)} were refused, "
            f"the first because: {refused[0].reason}"
        )


@command(app, contracts=["IdentityRegistry"])
def renounce(
    suite: "Suite",
    out: "Out",
    answer: Annotated[
        Path, typer.Argument(metavar="ANSWER", help="The answer that the consent came with.")
    ],
) -> None:
    """As the company, give a consent back: you will not read any more. The chain shows who you are.

    Example: careledger identity consent renounce answer.json
    """
    given = read_answer(answer)
    receipt = suite.identity.consents.renounce(given.consent)
    report(out, "Given back", {"consent": given.consent.id}, receipt)
