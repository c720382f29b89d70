"""Ask a browser for a passkey or for its signature, and check what it answers.

Each of our checks has its own reason. After them the library `webauthn` checks all again,
so two readings must agree. What the chain cannot see is checked here: relying party, origin,
frames, the counter. Source: Web Authentication Level 2, sections 7.1 and 7.2.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import decode_credential_public_key, encode_cbor, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import CredentialDeviceType

from careledger.crypto import base64url, canonical
from careledger.crypto.hashing import sha256
from careledger.errors import InputError
from careledger.identity.passkeys.assertion import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Assertion,
    require_digest,
)
from careledger.identity.passkeys.errors import BadPasskey, PasskeyReason, PasskeyRefused
from careledger.identity.passkeys.passkey import Passkey, PasskeyKey

TIMEOUT = 300_000
"""Milliseconds that a person has to answer."""

MAX_ANSWER = 262_144
"""Characters of a browser's answer that are read."""

ES256 = -7
"""COSE's number of the algorithm."""

_RP_ID_HASH = slice(0, 32)
_FLAGS = 32
_SMALLEST_DATA = 37
"""Bytes of authenticatorData: the relying party's hash, flags, counter."""

BrowserAnswer = str | bytes | Mapping[str, Any]
"""What `PublicKeyCredential.toJSON()` gives: as text, or parsed."""


@dataclass(frozen=True)
class RelyingParty:
    """Who asks for passkeys, and the pages where it asks."""

    rp_id: str
    """Such as `wallet.example`: passkeys are bound to it, whatever the page's own name."""
    origins: tuple[str, ...]
    """Such as `https://app.wallet.example`: pages of the relying party or below it."""
    name: str = ""
    """What the browser shows."""

    def __post_init__(self) -> None:
        """Refuse what no browser would accept.

        Raises:
            InputError: an origin is malformed, not served securely, or not the relying party's.

        """
        if not self.origins:
            raise InputError("a relying party needs at least one origin")
        for origin in self.origins:
            self._check_origin(origin)

    def _check_origin(self, origin: str) -> None:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if origin != f"{parts.scheme}://{parts.netloc}" or not host:
            raise InputError(
                f"{origin!r} is not an origin: scheme, host and port only are needed, "
                "such as https://wallet.example"
            )

        is_local = parts.scheme == "http" and host == "localhost"
        if parts.scheme != "https" and not is_local:
            raise InputError(
                f"{origin}: browsers offer passkeys only on https, and on http://localhost"
            )
        if host != self.rp_id and not host.endswith("." + self.rp_id):
            raise InputError(f"{origin} does not belong to the relying party {self.rp_id!r}")


# -- what is asked


def creation_options(
    relying_party: RelyingParty,
    user: str,
    challenge: bytes,
    handle: bytes = b"",
    known: Sequence[Passkey] = (),
) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseCreationOptionsFromJSON` takes, to create a passkey.

    Args:
        user: what the browser shows beside the relying party's name.
        challenge: random, and used once.
        handle: by which the authenticator tells users apart, at most 64 bytes; it must not say
            anything about the person. Random when empty.
        known: passkeys that the person has; the same device shall not create another one.

    """
    return {
        "rp": {"id": relying_party.rp_id, "name": relying_party.name or relying_party.rp_id},
        "user": {
            "id": base64url.encode(handle or secrets.token_bytes(32)),
            "name": user,
            "displayName": user,
        },
        "challenge": base64url.encode(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
        "timeout": TIMEOUT,
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    }


def request_options(
    relying_party: RelyingParty, digest: bytes, passkeys: Sequence[Passkey] = ()
) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, to sign a digest.

    Args:
        digest: the 32 bytes that a contract wants signed, such as `TypedData.digest`; they are the
            challenge.
        passkeys: any of these may sign; the person chooses when none is given.

    Raises:
        PasskeyRefused: the digest does not have 32 bytes.

    """
    return {
        "challenge": base64url.encode(require_digest(digest)),
        "rpId": relying_party.rp_id,
        "timeout": TIMEOUT,
        "userVerification": "required",
        "allowCredentials": _descriptors(passkeys),
    }


def _descriptors(passkeys: Sequence[Passkey]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": base64url.encode(one.credential_id)} for one in passkeys]


# -- what is answered


def check_created(answer: BrowserAnswer, challenge: bytes, relying_party: RelyingParty) -> Passkey:
    """Return the passkey that a browser created.

    Args:
        answer: of `navigator.credentials.create`.
        challenge: that of the options.

    Raises:
        PasskeyRefused: its reason says why.
        BadPasskey: its key is not of P-256.

    """
    document = _document(answer)
    client_data = _part(document, "clientDataJSON")
    _check_client_data(client_data, "webauthn.create", challenge, relying_party)

    with _malformed("the attestation object"):
        data = parse_attestation_object(_part(document, "attestationObject")).auth_data
        attested = data.attested_credential_data
        key = decode_credential_public_key(attested.credential_public_key) if attested else None
    _check_flags(data.flags.up, data.flags.uv, data.flags.be, data.flags.bs)
    _check_rp_id(data.rp_id_hash, relying_party)
    if key is None or getattr(key, "alg", None) != ES256:
        raise BadPasskey("a passkey needs a P-256 key (ES256) here, and this one has another")

    with _malformed("the new passkey"):
        verified = webauthn.verify_registration_response(
            credential=document,
            expected_challenge=challenge,
            expected_rp_id=relying_party.rp_id,
            expected_origin=list(relying_party.origins),
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
        )

    point = PasskeyKey(bytes(getattr(key, "x", b"")), bytes(getattr(key, "y", b"")))
    is_multi_device = verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Passkey(
        point,
        verified.credential_id,
        relying_party.rp_id,
        verified.sign_count,
        is_multi_device and verified.credential_backed_up,
    )


def check_assertion(
    answer: BrowserAnswer, digest: bytes, passkey: Passkey, relying_party: RelyingParty
) -> Assertion:
    """Return a passkey's signature: by this passkey, over this digest, on a page of this party.

    Keep `assertion.count` as the passkey's count afterwards, where it is not 0.

    Args:
        answer: of `navigator.credentials.get`.
        digest: the 32 bytes that were to be signed.

    Raises:
        PasskeyRefused: its reason says why.

    """
    document = _document(answer)
    client_data = _part(document, "clientDataJSON")
    _check_client_data(client_data, "webauthn.get", require_digest(digest), relying_party)

    data = _part(document, "authenticatorData")
    if len(data) < _SMALLEST_DATA:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            "the authenticator's data are shorter than 37 bytes",
        )
    flags = data[_FLAGS]
    _check_flags(*(bool(flags & flag) for flag in (PRESENT, VERIFIED, ELIGIBLE, BACKED_UP)))
    _check_rp_id(data[_RP_ID_HASH], relying_party)
    if _decoded(document.get("rawId"), "rawId") != passkey.credential_id:
        raise PasskeyRefused(
            PasskeyReason.ANOTHER_PASSKEY, "another passkey answered than the one that was to sign"
        )

    assertion = Assertion.of(data, client_data, _part(document, "signature"), digest)
    counts = assertion.count or passkey.count
    if counts and assertion.count <= passkey.count:
        raise PasskeyRefused(
            PasskeyReason.COUNTER_WENT_BACK,
            f"the passkey's counter says {assertion.count} after {passkey.count}: "
            "it is an old answer, or a copied passkey",
        )

    _verify(document, digest, passkey, relying_party)
    return assertion


def _verify(
    document: dict[str, Any], digest: bytes, passkey: Passkey, relying_party: RelyingParty
) -> None:
    """Have the library check the same answer, and the signature."""
    try:
        webauthn.verify_authentication_response(
            credential=document,
            expected_challenge=digest,
            expected_rp_id=relying_party.rp_id,
            expected_origin=list(relying_party.origins),
            credential_public_key=encode_cbor(passkey.key.cose),
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        )
    except Exception as error:  # the library lets errors of its parsers through
        raise PasskeyRefused(
            PasskeyReason.WRONG_SIGNATURE,
            f"the signature is not the passkey's over this answer: {error}",
        ) from error


# -- its parts


def _document(answer: BrowserAnswer) -> dict[str, Any]:
    document = dict(answer) if isinstance(answer, Mapping) else _parse(answer)
    if document.get("type") != "public-key" or document.get("id") != document.get("rawId"):
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            "the browser's answer is not of a public key, or gives two different ids",
        )
    return document


def _parse(answer: str | bytes) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            f"the browser's answer is longer than {MAX_ANSWER} characters",
        )
    return _json_object(answer, "the browser's answer")


def _json_object(text: str | bytes, what: str) -> dict[str, Any]:
    # Browsers may add members, so `JsonNode`, which refuses unknown ones, does not read this.
    try:
        document = canonical.loads(text)
    except canonical.CanonicalError as error:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER, f"{what} cannot be read: {error}"
        ) from error
    if not isinstance(document, dict):
        raise PasskeyRefused(PasskeyReason.MALFORMED_PASSKEY_ANSWER, f"{what} is not a JSON object")
    return document


def _part(document: Mapping[str, Any], name: str) -> bytes:
    response = document.get("response")
    if not isinstance(response, Mapping):
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER, "the browser's answer has no response"
        )
    return _decoded(response.get(name), name)


def _decoded(text: Any, name: str) -> bytes:
    if not isinstance(text, str):
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER, f"{name} is missing from the browser's answer"
        )
    if len(text) > MAX_ANSWER:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER, f"{name} is longer than {MAX_ANSWER} characters"
        )

    try:
        return base64url.decode(text, name)
    except base64url.MalformedBase64 as error:
        raise PasskeyRefused(PasskeyReason.MALFORMED_PASSKEY_ANSWER, str(error)) from error


def _check_client_data(
    raw: bytes, ceremony: str, challenge: bytes, relying_party: RelyingParty
) -> None:
    data = _json_object(raw, "the client data")
    if data.get("type") != ceremony:
        raise PasskeyRefused(
            PasskeyReason.WRONG_CEREMONY,
            f"the browser's answer is of type {data.get('type')!r}, not {ceremony!r}",
        )
    if data.get("challenge") != base64url.encode(challenge):
        raise PasskeyRefused(
            PasskeyReason.WRONG_CHALLENGE,
            "the browser's answer is over another challenge than the one that was asked",
        )

    if data.get("origin") not in relying_party.origins:
        raise PasskeyRefused(
            PasskeyReason.WRONG_ORIGIN,
            f"the passkey was used on a page of {data.get('origin')!r}, "
            f"not of {', '.join(relying_party.origins)}",
        )
    if data.get("crossOrigin", False) is not False or "topOrigin" in data:
        raise PasskeyRefused(
            PasskeyReason.WRONG_ORIGIN, "the passkey was used in a frame on somebody else's page"
        )


def _check_flags(present: bool, verified: bool, eligible: bool, backed_up: bool) -> None:
    if not present:
        raise PasskeyRefused(
            PasskeyReason.USER_ABSENT, "the authenticator does not say that anybody was there"
        )

    if not verified:
        raise PasskeyRefused(
            PasskeyReason.USER_NOT_VERIFIED,
            "the authenticator did not ask for finger, face or PIN, which is required",
        )

    if backed_up and not eligible:
        raise PasskeyRefused(
            PasskeyReason.BACKUP_CONTRADICTION,
            "the authenticator says that the passkey is backed up and that it cannot be",
        )


def _check_rp_id(rp_id_hash: bytes, relying_party: RelyingParty) -> None:
    if rp_id_hash != sha256(relying_party.rp_id.encode()):
        raise PasskeyRefused(
            PasskeyReason.WRONG_SITE,
            f"the passkey was used for another relying party than {relying_party.rp_id!r}",
        )


@contextmanager
def _malformed(what: str) -> Iterator[None]:
    """Turn whatever the library's parsers raise into `PasskeyRefused`."""
    try:
        yield
    except Exception as error:
        raise PasskeyRefused(
            PasskeyReason.MALFORMED_PASSKEY_ANSWER,
            f"{what} cannot be read or does not verify: {error!r}",
        ) from error
