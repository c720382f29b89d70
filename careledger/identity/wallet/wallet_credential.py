"""A credential in the wallet, and its id there."""

from dataclasses import dataclass, field

from careledger.crypto.hashing import sha256
from careledger.identity.credentials.jose import encode


@dataclass(frozen=True)
class WalletCredential:
    """A credential in the wallet."""

    id: str
    """Made from the text alone: a credential has the same id in every wallet."""
    text: str = field(repr=False)
    """As the issuer gave it."""
    holder_key: str | None
    """Thumbprint of the key that it is bound to; None where that key is not in this wallet."""
    added_at: str


def credential_id(text: str) -> str:
    """Return the id of a credential in a wallet, made from its text."""
    identifier = encode(sha256(text.encode())[:12])

    # a command would take a "-" in front for an option
    return f"_{identifier[1:]}" if identifier.startswith("-") else identifier
