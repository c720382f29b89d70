"""`careledger identity verify`, `read`, `erase`: what a company does with a customer's answer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.cli.commands import command
from careledger.cli.identity.arguments import claim_path
from careledger.cli.identity.company import company_of, read_answer
from careledger.cli.identity.files import read_token
from careledger.cli.identity.identifiers import app
from careledger.cli.report import report
from careledger.errors import InputError, ProofError

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.exchange.request import ClaimName
    from careledger.identity.exchange.verifications import (
        ClaimCondition,
        Verification,
        Verifications,
    )
    from careledger.suite import Suite

VerificationId = Annotated[str, typer.Argument(metavar="VERIFICATION", help="Id of a kept result.")]


@command(app, contracts=["IdentityRegistry"])
def verify(
    suite: "Suite",
    out: "Out",
    answer: Annotated[Path, typer.Argument(metavar="ANSWER", help="The customer's answer.")],
    *,
    request: Annotated[Path, typer.Option(help="The request that it answers, as it was signed.")],
    issuer: Annotated[list[str], typer.Option(help="DID whose credentials are believed; repeat.")],
    wish: Annotated[
        list[str] | None,
        typer.Option(
            help="A claim with the value that is wished, as JSON: age_over_18=true; repeat."
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Show the values, once; they are not kept.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what a rotated key of the issuer signed.")
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="Private JWK of the company, where the settings' key only pays."
        ),
    ] = None,
) -> None:
    """Verify an answer: put the consent on chain, check everything, keep the result without values.

    Safe to run again. The key of the settings pays. Exit status 1 also when a wish is not met.

    Example: careledger identity verify answer.json --request request.jwt --issuer
    did:ethr:0x7a69:0xf39F… --wish age_over_18=true
    """
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.credentials.did_keys import KeyPolicy
    from careledger.identity.credentials.policy import VerifierPolicy
    from careledger.identity.exchange.link import read_link
    from careledger.identity.exchange.request import parse_request

    text = read_link(read_token(request, "request"))
    claimed, _ = parse_request(text)
    given = read_answer(answer)
    wishes = _wishes(wish or [])

    keys = KeyPolicy.NOW if strict else KeyPolicy.AT_SIGNING
    policy = VerifierPolicy(issuers=issuer, keys=keys)
    company = company_of(suite, claimed.did, policy, key)
    asked = company.own_request(text)
    reading = company.take(given, asked, wishes)

    facts = _facts(reading.kept) | {
        "transactionHash": reading.granted,
        "alreadyTaken": reading.verified is None,
    }
    out.table("Verified", ["", ""], list(facts.items()))
    values: dict[str, Any] = {}
    if show and reading.verified is not None:
        values = {path_text(path): reading.verified.get(path) for path in asked.claims}
        out.table("Shown, and not kept", ["claim", "value"], list(values.items()))
    out.document(facts | ({"values": values} if values else {}))

    _require_wishes(reading.kept)


def _require_wishes(kept: "Verification") -> None:
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.exchange.verifications import ClaimOutcome

    unmet = [path_text(path) for path, outcome in kept.claims if outcome is ClaimOutcome.NOT_MET]
    if not kept.met:
        raise ProofError(f"everything is genuine, and not as wished: {', '.join(unmet)}")


def _wishes(given: list[str]) -> "dict[ClaimName, ClaimCondition]":
    from careledger.crypto.canonical import CanonicalError, loads

    wishes: dict[ClaimName, ClaimCondition] = {}
    for text in given:
        name, _, wanted = text.partition("=")
        try:
            value = loads(wanted)
        except CanonicalError as error:
            raise InputError(
                f"--wish {text!r} is not a claim, '=' and a value in JSON, such as age_over_18=true"
            ) from error
        wishes[claim_path(name)] = _equal(value)
    return wishes


def _equal(wanted: Any) -> "ClaimCondition":
    """Return whether a value is this one, and of its type: true is not 1."""
    return lambda found: type(found) is type(wanted) and bool(found == wanted)


def _facts(kept: "Verification") -> dict[str, Any]:
    from careledger.identity.credentials.claim_paths import path_text

    return {
        "verification": kept.id,
        "issuer": kept.issuer,
        "type": kept.type,
        "claims": [f"{path_text(path)}: {outcome}" for path, outcome in kept.claims],
        "met": kept.met,
        "consent": kept.consent_id,
        "checkedAt": kept.checked_at,
        "confirmedAt": kept.confirmed_at,
    }


@command(app, contracts=["IdentityRegistry"])
def read(suite: "Suite", out: "Out", verification: VerificationId) -> None:
    """Read a kept result again, if the customer's consent and the issuer's credential still stand.

    Example: careledger identity read 6f1c…
    """
    found = _verifications(suite).read(verification)
    report(out, "It still stands", _facts(found) | {"blockNumber": found.block_number})


@command(app, contracts=["IdentityRegistry"])
def erase(suite: "Suite", out: "Out", verification: VerificationId) -> None:
    """Erase a kept result, on the disk too.

    Example: careledger identity erase 6f1c…
    """
    _verifications(suite).erase(verification)
    out.say(f"{verification} is erased")
    out.document({"erased": verification})


def _verifications(suite: "Suite") -> "Verifications":
    from careledger.identity.exchange.verifications import Verifications
    from careledger.identity.status.readers import ChainStatusReader

    clients = suite.identity
    return Verifications(suite.store, clients.consents, ChainStatusReader(clients.statuses))
