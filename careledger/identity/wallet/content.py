"""The content of a wallet, as JSON; its members are in docs/protocol/identity-credentials.md."""

import re
from typing import Any

from careledger.crypto.documents import JsonNode, MalformedDocument
from careledger.identity.wallet.errors import MalformedWallet

MAX_SUBJECTS = 1_000_000

_MEMBERS = ("words", "subjects", "holderKeys", "credentials", "consents")
_CONSENT_ID = re.compile("0x[0-9a-f]{64}")


def new_content(words: str) -> dict[str, Any]:
    """Return the content of a new wallet."""
    return {"words": words, "subjects": [], "holderKeys": {}, "credentials": {}, "consents": {}}


def read_content(raw: bytes) -> dict[str, Any]:
    """Read the content of a wallet, once it is decrypted.

    Raises:
        MalformedWallet: it is something else. The password was right, so a later version of this
            program or another program wrote it.

    """
    try:
        node = JsonNode.read(raw, "wallet")
        _require_form(node)
    except MalformedDocument as error:
        # "from None", because the cause could quote a secret
        raise MalformedWallet(
            f"this program does not know the content of the wallet, at {error.path}: "
            "use a later program"
        ) from None

    content: dict[str, Any] = node.value
    return content


def _require_form(node: JsonNode) -> None:
    """Refuse a content whose members do not have the form that the wallet relies on."""
    members = node.object(_MEMBERS)
    members["words"].text()
    for subject in members["subjects"].items(MAX_SUBJECTS):
        subject.address()

    for key in members["holderKeys"].entries().values():
        key.entries()

    for credential in members["credentials"].entries().values():
        kept = credential.object(("text", "holderKey", "addedAt"))
        kept["text"].text()
        kept["addedAt"].text()
        if kept["holderKey"].value is not None:
            kept["holderKey"].text()

    for identifier, consent in members["consents"].entries().items():
        if not _CONSENT_ID.fullmatch(identifier):
            raise consent.fault("its name is not the id of a consent")
        consent.entries()
