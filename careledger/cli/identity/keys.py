"""`careledger identity publish` and `withdraw`: further keys of an identity's DID document."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command
from careledger.cli.identity.arguments import Identity
from careledger.cli.identity.files import read_object
from careledger.cli.identity.identifiers import app
from careledger.cli.report import report
from careledger.values.times import parse_duration

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.suite import Suite

Key = Annotated[
    Path,
    typer.Argument(
        metavar="KEY", help="File with the JWK; of a private one only the public half is used."
    ),
]
Presents = Annotated[
    bool,
    typer.Option(
        "--presents", help="A key that also signs W3C presentations (sigAuth instead of veriKey)."
    ),
]


@command(app, contracts=["IdentityRegistry"])
def publish(
    suite: "Suite",
    out: "Out",
    identity: Identity,
    key: Key,
    *,
    for_: Annotated[str, typer.Option("--for", help="How long: 30d, 52w.")] = "52w",
    presents: Presents = False,
) -> None:
    """Publish a key in an identity's DID document, so that what it signs can be verified.

    Example: careledger identity publish did:ethr:0x7a69:0xf39F… signing.jwk --for 52w
    """
    name, value = _attribute(key, presents=presents)
    lasting = parse_duration(for_, "--for")

    subject = suite.identity.address_of(identity)
    receipt = suite.identity.registry.set_attribute(subject, name, value, lasting)
    facts = {"identity": suite.identity.did(subject), "attribute": name, "value": value}
    report(out, "Published", facts, receipt)


@command(app, contracts=["IdentityRegistry"])
def withdraw(
    suite: "Suite", out: "Out", identity: Identity, key: Key, *, presents: Presents = False
) -> None:
    """Take a key out of an identity's DID document; what it signed before still counts.

    A verifier that is strict does not count it.

    Example: careledger identity withdraw did:ethr:0x7a69:0xf39F… signing.jwk
    """
    name, value = _attribute(key, presents=presents)

    subject = suite.identity.address_of(identity)
    receipt = suite.identity.registry.revoke_attribute(subject, name, value)
    facts = {"identity": suite.identity.did(subject), "attribute": name, "value": value}
    report(out, "Withdrawn", facts, receipt)


def _attribute(file: Path, *, presents: bool) -> tuple[str, bytes]:
    from careledger.identity.credentials.keys import ATTRIBUTES, VerificationKey

    public = {name: value for name, value in read_object(file, "key").items() if name != "d"}
    key = VerificationKey.from_jwk(public, f"the key file {file}")
    name = ATTRIBUTES[key.kind]
    return name.replace("/veriKey", "/sigAuth") if presents else name, key.raw
