"""The formats of credentials, and the one place that chooses between them.

A further format is a module with a `CredentialFormat`, and a line in `FORMATS`.
"""

from careledger.identity.credentials import sd_jwt_vc, vc_jwt
from careledger.identity.credentials.credential import Credential, Presentation
from careledger.identity.credentials.errors import (
    KeyBindingError,
    KeyBindingReason,
    MalformedToken,
    TokenReason,
)
from careledger.identity.credentials.jose import LIMITS, Limits

FORMATS = (
    sd_jwt_vc.FORMAT,
    vc_jwt.FORMAT,
)


def parse(text: str, limits: Limits = LIMITS) -> Credential | Presentation:
    """Parse a credential or a presentation of any format.

    Raises:
        CredentialError: it is not of a known format, cannot be read, or holds several credentials.

    """
    limits.check_token(text, "the token")
    for format_ in FORMATS:
        if format_.recognises(text):
            return format_.parse(text, limits)

    names = ", ".join(one.name for one in FORMATS)
    raise MalformedToken(
        TokenReason.MALFORMED_TOKEN, f"the token is not a credential in a known format: {names}"
    )


def parse_presentation(text: str, limits: Limits = LIMITS) -> Presentation:
    """Parse a presentation of any format.

    Raises:
        KeyBindingError: it is a credential alone.
        CredentialError: it cannot be read, or holds several credentials.

    """
    parsed = parse(text, limits)

    if isinstance(parsed, Credential):
        raise KeyBindingError(
            KeyBindingReason.KEY_BINDING_MISSING,
            "the credential comes without a proof of the holder's key: anybody could hand it over",
        )
    return parsed


def parse_credential(text: str, limits: Limits = LIMITS) -> Credential:
    """Parse a credential of any format that nobody presents.

    Raises:
        MalformedToken: it is a presentation.
        CredentialError: it cannot be read.

    """
    parsed = parse(text, limits)

    if isinstance(parsed, Presentation):
        raise MalformedToken(
            TokenReason.MALFORMED_TOKEN,
            "this is a presentation, with a holder's proof, and not a credential",
        )
    return parsed


def credential_in(text: str, limits: Limits = LIMITS) -> Credential:
    """Parse a credential, or take it out of its presentation.

    Raises:
        CredentialError: it cannot be read, or holds several credentials.

    """
    parsed = parse(text, limits)
    return parsed.credential if isinstance(parsed, Presentation) else parsed
