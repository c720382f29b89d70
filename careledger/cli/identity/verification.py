"""`careledger identity verify`, `read` and `erase`: what a company does with a customer's answer."""

from pathlib import Path
from typing import Annotated, Any

import typer

from careledger.cli.identity.claims import claim_path
from careledger.cli.identity.company import open_company, read_answer
from careledger.cli.identity.desk import At, Folder, open_desk
from careledger.cli.identity.files import read_token
from careledger.console import Json, Out, Rpc
from careledger.crypto.canonical import CanonicalError, loads
from careledger.errors import InputError, ProofError
from careledger.identity.credentials.claim_paths import path_text
from careledger.identity.credentials.did_keys import KeyPolicy
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.exchange.link import read_link
from careledger.identity.exchange.request import ClaimName, parse_request
from careledger.identity.exchange.verifications import (
    ClaimCondition,
    ClaimOutcome,
    Verification,
    Verifications,
)
from careledger.identity.status.readers import ChainStatusReader
from careledger.values.times import time_text


def verify(
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
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Verify an answer: have the consent put on chain, check everything, keep the result without any value.

    Safe to run again. The key of the settings pays. Exit status 1 also when a wish is not met.

    Example: careledger identity verify answer.json --request request.jwt --issuer
    did:ethr:0x7a69:0xf39F… --wish age_over_18=true
    """
    text = read_link(read_token(request, "request"))
    claimed, _ = parse_request(text)
    given, wishes, out = read_answer(answer), _wishes(wish or []), Out(json_)
    desk = open_desk(rpc, registry, deployments)
    policy = VerifierPolicy(issuers=issuer, keys=KeyPolicy.NOW if strict else KeyPolicy.AT_SIGNING)
    with open_company(desk, claimed.did, policy, key) as company:
        asked = company.own_request(text)
        reading = company.take(given, asked, wishes)
    what = _told(reading.kept) | {
        "granted": _hash(reading.granted),
        "alreadyTaken": reading.verified is None,
    }
    out.table("Verified", ["", ""], [[name, _text(value)] for name, value in what.items()])
    values = (
        {}
        if reading.verified is None or not show
        else {path_text(path): reading.verified.get(path) for path in asked.claims}
    )
    if values:
        out.table("Shown, and not kept", ["claim", "value"], list(values.items()))
    out.document(what | ({"values": values} if values else {}))
    if not reading.kept.met:
        unmet = [
            path_text(path)
            for path, outcome in reading.kept.claims
            if outcome is ClaimOutcome.NOT_MET
        ]
        raise ProofError(f"everything is genuine, and not as wished: {', '.join(unmet)}")


def _wishes(given: list[str]) -> dict[ClaimName, ClaimCondition]:
    wishes: dict[ClaimName, ClaimCondition] = {}
    for text in given:
        name, _, wanted = text.partition("=")
        try:
            value = loads(wanted)
        except CanonicalError as error:
            raise InputError(
                f"--wish {text!r} is no claim, '=' and a value in JSON, such as age_over_18=true"
            ) from error
        path = claim_path(name)
        wishes[path] = _equal(value)
    return wishes


def _equal(wanted: Any) -> ClaimCondition:
    """Return whether a value is this one, and of its type: true is not 1."""
    return lambda found: type(found) is type(wanted) and bool(found == wanted)


def _told(kept: Verification) -> dict[str, Any]:
    return {
        "verification": kept.id,
        "issuer": kept.issuer,
        "type": kept.type,
        "claims": [f"{path_text(path)}: {outcome}" for path, outcome in kept.claims],
        "met": kept.met,
        "consent": None if kept.consent_id is None else "0x" + kept.consent_id.hex(),
        "checkedAt": time_text(kept.checked_at),
        "confirmedAt": None if kept.confirmed_at is None else time_text(kept.confirmed_at),
    }


def _text(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else "-" if value is None else value


def _hash(transaction: bytes | None) -> str | None:
    return None if transaction is None else "0x" + transaction.hex()


def read(
    verification: Annotated[
        str, typer.Argument(metavar="VERIFICATION", help="Id of a kept result.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Read a kept result again, if the customer's consent and the issuer's credential still stand on chain.

    Example: careledger identity read 6f1c…
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    with desk.store() as store:
        found = Verifications(store, desk.consents, ChainStatusReader(desk.statuses)).read(
            verification
        )
    what = _told(found) | {"block": found.block_number}
    out.table("It still stands", ["", ""], [[name, _text(value)] for name, value in what.items()])
    out.document(what)


def erase(
    verification: Annotated[
        str, typer.Argument(metavar="VERIFICATION", help="Id of a kept result.")
    ],
    *,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Erase a kept result, on the disk too.

    Example: careledger identity erase 6f1c…
    """
    out, desk = Out(json_), open_desk(rpc, registry, deployments)
    with desk.store() as store:
        Verifications(store, desk.consents, ChainStatusReader(desk.statuses)).erase(verification)
    out.say(f"{verification} is erased")
    out.document({"erased": verification})
