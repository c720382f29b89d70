"""`careledger identity publish` and `withdraw`: keys of an identity's DID document, beside its controller's."""

from pathlib import Path
from typing import Annotated

import typer

from careledger.cli.identity.desk import At, Folder, Identity, duration, open_desk, told
from careledger.cli.identity.files import read_object
from careledger.console import Json, Out, Rpc
from careledger.identity.credentials.keys import ATTRIBUTES, VerificationKey

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


def _attribute(file: Path, presents: bool) -> tuple[str, bytes]:
    public = {name: value for name, value in read_object(file, "key").items() if name != "d"}
    key = VerificationKey.from_jwk(public, f"the key file {file}")
    name = ATTRIBUTES[key.kind]
    return name.replace("/veriKey", "/sigAuth") if presents else name, key.raw


def publish(
    identity: Identity,
    key: Key,
    *,
    for_: Annotated[str, typer.Option("--for", help="How long: 30d, 52w.")] = "52w",
    presents: Presents = False,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Publish a key in an identity's DID document, so that what it signs can be verified (`issue --key`).

    Example: careledger identity publish did:ethr:0x7a69:0xf39F… signing.jwk --for 52w
    """
    (name, value), lasting = _attribute(key, presents), duration(for_, "--for")
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    receipt = desk.signing().set_attribute(subject, name, value, lasting)
    told(
        Out(json_),
        "Published",
        {"identity": desk.did(subject), "attribute": name, "value": value},
        receipt,
    )


def withdraw(
    identity: Identity,
    key: Key,
    *,
    presents: Presents = False,
    rpc: Rpc = None,
    registry: At = None,
    deployments: Folder = None,
    json_: Json = False,
) -> None:
    """Take a key out of an identity's DID document; what it signed before counts, unless a verifier is strict.

    Example: careledger identity withdraw did:ethr:0x7a69:0xf39F… signing.jwk
    """
    name, value = _attribute(key, presents)
    desk = open_desk(rpc, registry, deployments)
    subject = desk.identity(identity)
    receipt = desk.signing().revoke_attribute(subject, name, value)
    told(
        Out(json_),
        "Withdrawn",
        {"identity": desk.did(subject), "attribute": name, "value": value},
        receipt,
    )
