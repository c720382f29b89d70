"""What a wallet holds, as JSON: members and forms are on docs/protocol/identity-credentials.md."""

import json
import re
from typing import Any

from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.identity.wallet.errors import MalformedWallet

_ADDRESS, _ID = re.compile("0x[0-9a-fA-F]{40}"), re.compile("0x[0-9a-f]{64}")
_MEMBERS = {
    "words": str,
    "subjects": list,
    "holderKeys": dict,
    "credentials": dict,
    "consents": dict,
}


def new_content(words: str) -> dict[str, Any]:
    """Return what a wallet holds in which nothing has been put yet."""
    return {"words": words} | {name: kind() for name, kind in _MEMBERS.items() if kind is not str}


def read_content(raw: bytes) -> dict[str, Any]:
    """Read what a wallet holds, once it is unlocked.

    Raises:
        MalformedWallet: it is something else; the password was right, so a later version or another
            program wrote it.

    """
    try:
        text = raw.decode()
        refuse_deep(text)
        content = json.loads(text)
    except (CanonicalError, ValueError):
        raise MalformedWallet("what the wallet holds is not JSON") from None
    if not isinstance(content, dict) or content.keys() != _MEMBERS.keys():
        raise MalformedWallet(
            "the wallet holds more or less than this program knows: use a later program"
        )
    for name, kind in _MEMBERS.items():
        if not isinstance(content[name], kind) or not _known(name, content[name]):
            raise MalformedWallet(
                f"the wallet's '{name}' have a form that this program does not know"
            )
    return content


def _known(name: str, value: Any) -> bool:
    """Say whether a member has the form that its accessors rely on."""
    if name == "subjects":
        return all(isinstance(one, str) and _ADDRESS.fullmatch(one) for one in value)
    if name == "consents":
        return all(
            _ID.fullmatch(identifier) and isinstance(kept, dict)
            for identifier, kept in value.items()
        )
    if name == "credentials":
        return all(_credential(kept) for kept in value.values())
    return name == "words" or all(isinstance(jwk, dict) for jwk in value.values())


def _credential(kept: Any) -> bool:
    if not isinstance(kept, dict) or kept.keys() != {"text", "holderKey", "addedAt"}:
        return False
    texts = isinstance(kept["text"], str) and isinstance(kept["addedAt"], str)
    return texts and (kept["holderKey"] is None or isinstance(kept["holderKey"], str))
