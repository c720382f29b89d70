"""What the commands about credentials share: whose key signs, and files with tokens and keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from careledger.errors import Conflict, InputError
from careledger.files import read_file

if TYPE_CHECKING:
    from careledger.identity.credentials.issuer import Issuer
    from careledger.identity.credentials.keys import SigningKey
    from careledger.suite import Suite

MAX_BYTES = 2**20
"""Of a file with a token, claims or a key."""


def issuer_with(suite: "Suite", identity: str, key: Path | None) -> "Issuer":
    """Return an identity as issuer, with the key of a file or of the settings.

    Args:
        suite: the suite.
        identity: its address.
        key: file with a private JWK; the settings' key when None.

    Raises:
        Conflict: the identity's document does not list that key, so nobody could verify what it
            signs.

    """
    from careledger.identity.credentials.issuer import Issuer
    from careledger.identity.credentials.keys import SigningKey, VerificationKey
    from careledger.identity.did.resolver import resolve

    signing = SigningKey.of_account(suite.account) if key is None else read_key(key)
    did = suite.identity.did(identity)
    document = resolve(suite.identity.registry, did, now=suite.now()).document

    for method in document["verificationMethod"]:
        known = VerificationKey.from_method(method)
        fits = (
            known is not None
            and known.kind is signing.kind
            and method["id"] in document["assertionMethod"]
        )
        if known is not None and fits and known.raw in (signing.public.raw, _account(signing)):
            return Issuer(did, signing, method["id"])

    name, value = signing.attribute
    raise Conflict(
        f"{did} does not list this key, so nobody could verify what it signs: "
        f"`careledger identity publish` it (attribute {name}, value 0x{value.hex()}), "
        f"or sign with the controller's key"
    )


def _account(key: "SigningKey") -> bytes:
    from careledger.identity.credentials.curves import KeyType

    return bytes.fromhex(key.address[2:]) if key.kind is KeyType.SECP256K1 else b""


def read_key(file: Path) -> "SigningKey":
    """Read a private JWK.

    Raises:
        InputError: it is not a private JWK; the message does not quote it.

    """
    from careledger.identity.credentials.keys import SigningKey

    document = read_object(file, "key")
    try:
        return SigningKey.from_private_jwk(document)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            f"the key file {file} is not a private JWK of P-256, secp256k1 or Ed25519"
        ) from error


def read_object(file: Path, what: str) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Raises:
        InputError: it cannot be read, or holds something else.

    """
    from careledger.crypto.canonical import CanonicalError, loads

    raw = read_file(file, what, MAX_BYTES)
    try:
        found = loads(raw)
    except CanonicalError as error:
        raise InputError(f"the {what} file {file} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"the {what} file {file} does not hold a JSON object")
    return found


def read_token(file: Path, what: str, at_most: int = MAX_BYTES) -> str:
    """Read a file that holds one token, perhaps with a line end.

    Args:
        file: its path.
        what: names it in the error.
        at_most: bytes.

    Raises:
        InputError: it cannot be read, or is not ASCII.

    """
    try:
        return read_file(file, what, at_most).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise InputError(f"the {what} file {file} is not ASCII, as every token is") from error


def read_list(file: Path) -> str:
    """Read a file that holds a signed status list.

    Raises:
        InputError: it cannot be read, or holds a list without a signature.

    """
    from careledger.identity.status.kinds import MAX_TEXT

    text = read_token(file, "status list", MAX_TEXT + 2)
    if text.startswith("{"):
        raise InputError(
            f"the status list file {file} is in the plain form, which has no signature, so anybody "
            f"could have written it: ask the issuer for a token or a signed bitstring"
        )
    return text
