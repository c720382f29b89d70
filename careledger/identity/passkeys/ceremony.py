"""Ask a browser for a passkey or for its signature, and check what it answers.

Each check has its own class of refusal. When all of ours have passed, the library `webauthn` has
the last word, so two readings must agree. What the chain cannot see is looked at here: relying
party, origin, frames, the counter. Source: Web Authentication Level 2, sections 7.1 and 7.2.
"""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import decode_credential_public_key, encode_cbor, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import CredentialDeviceType

from careledger.crypto import canonical
from careledger.crypto.hashing import sha256
from careledger.errors import InputError
from careledger.identity.passkeys.assertion import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Assertion,
    base64url,
    require_digest,
)
from careledger.identity.passkeys.errors import (
    AnotherPasskey,
    BackupContradiction,
    BadPasskey,
    CounterWentBack,
    MalformedPasskeyAnswer,
    UserAbsent,
    UserNotVerified,
    WrongCeremony,
    WrongChallenge,
    WrongOrigin,
    WrongSignature,
    WrongSite,
)
from careledger.identity.passkeys.keys import Passkey, PasskeyKey

TIMEOUT = 300_000
"""Milliseconds that a person has for it."""
MAX_ANSWER = 262_144
"""Characters of a browser's answer that are read at all."""
ES256 = -7

Answer = str | bytes | Mapping[str, Any]
"""What `PublicKeyCredential.toJSON()` gives: as text, or read already."""


@dataclass(frozen=True)
class Site:
    """Who asks for passkeys: the relying party, and the pages where it asks."""

    rp_id: str
    """Such as `wallet.example`: passkeys are bound to it, whatever the page's own name."""
    origins: tuple[str, ...]
    """Such as `https://app.wallet.example`: pages of the relying party or below it."""
    name: str = ""
    """What the browser shows."""

    def __post_init__(self) -> None:
        """Refuse what no browser would take.

        Raises:
            InputError: an origin is malformed, not served securely, or not the relying party's.

        """
        if not self.origins:
            raise InputError("a site needs at least one origin")
        for origin in self.origins:
            parts = urlsplit(origin)
            host = parts.hostname or ""
            if origin != f"{parts.scheme}://{parts.netloc}" or not host:
                raise InputError(
                    f"{origin!r} is no origin: scheme, host and port alone, such as https://wallet.example"
                )
            if parts.scheme != "https" and not (parts.scheme == "http" and host == "localhost"):
                raise InputError(
                    f"{origin}: browsers offer passkeys on https alone, and on http://localhost"
                )
            if host != self.rp_id and not host.endswith("." + self.rp_id):
                raise InputError(f"{origin} does not belong to the relying party {self.rp_id!r}")


def creation_options(
    site: Site, user: str, challenge: bytes, handle: bytes = b"", known: Sequence[Passkey] = ()
) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseCreationOptionsFromJSON` takes, to have a passkey made.

    Args:
        user: what the browser shows beside the site's name.
        challenge: random, and used once.
        handle: by which the authenticator tells users apart, at most 64 bytes; nothing about the
            person belongs in it. Random when empty.
        known: passkeys that the person has: the same device shall not make another.

    """
    return {
        "rp": {"id": site.rp_id, "name": site.name or site.rp_id},
        "user": {
            "id": base64url(handle or secrets.token_bytes(32)),
            "name": user,
            "displayName": user,
        },
        "challenge": base64url(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": ES256}],
        "timeout": TIMEOUT,
        "excludeCredentials": _descriptors(known),
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    }


def request_options(site: Site, digest: bytes, passkeys: Sequence[Passkey] = ()) -> dict[str, Any]:
    """Return what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, to have a digest signed.

    Args:
        digest: the 32 bytes that a contract has signed, such as `TypedData.digest`; it is the
            challenge itself.
        passkeys: any of these may sign; the person chooses when none is given.

    Raises:
        WrongChallenge: the digest is not 32 bytes long.

    """
    return {
        "challenge": base64url(require_digest(digest)),
        "rpId": site.rp_id,
        "timeout": TIMEOUT,
        "userVerification": "required",
        "allowCredentials": _descriptors(passkeys),
    }


def _descriptors(passkeys: Sequence[Passkey]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": base64url(one.credential_id)} for one in passkeys]


def check_created(answer: Answer, challenge: bytes, site: Site) -> Passkey:
    """Return the passkey that a browser made.

    Args:
        answer: of `navigator.credentials.create`.
        challenge: that of the options.

    Raises:
        PasskeyRefused: a subclass says why.
        BadPasskey: its key is not P-256.

    """
    document = _document(answer)
    _check_client_data(_part(document, "clientDataJSON"), "webauthn.create", challenge, site)
    with _malformed("the attestation object"):
        attestation = parse_attestation_object(_part(document, "attestationObject")).auth_data
        attested = attestation.attested_credential_data
        key = decode_credential_public_key(attested.credential_public_key) if attested else None
    flags = attestation.flags
    _check_flags(flags.up, flags.uv, flags.be, flags.bs)
    _check_site(attestation.rp_id_hash, site)
    if key is None or getattr(key, "alg", None) != ES256:
        raise BadPasskey(
            "a passkey for this suite has a P-256 key (ES256), and this one has another"
        )
    with _malformed("the new passkey"):
        verified = webauthn.verify_registration_response(
            credential=document,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
        )
    point = PasskeyKey(bytes(getattr(key, "x", b"")), bytes(getattr(key, "y", b"")))
    backed_up = (
        verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE
        and verified.credential_backed_up
    )
    return Passkey(point, verified.credential_id, site.rp_id, verified.sign_count, backed_up)


def check_assertion(answer: Answer, digest: bytes, passkey: Passkey, site: Site) -> Assertion:
    """Return a passkey's signature, checked: by this passkey, over this digest, on a page of this site.

    Keep `assertion.count` as the passkey's count afterwards, where it is not 0.

    Args:
        answer: of `navigator.credentials.get`.
        digest: the 32 bytes that were to be signed.

    Raises:
        PasskeyRefused: a subclass says why.

    """
    document = _document(answer)
    client_data = _part(document, "clientDataJSON")
    _check_client_data(client_data, "webauthn.get", require_digest(digest), site)
    authenticator_data = _part(document, "authenticatorData")
    if len(authenticator_data) < 37:
        raise MalformedPasskeyAnswer("the authenticator's data are shorter than 37 bytes")
    flags = authenticator_data[32]
    _check_flags(*(bool(flags & flag) for flag in (PRESENT, VERIFIED, ELIGIBLE, BACKED_UP)))
    _check_site(authenticator_data[:32], site)
    if _base64url(document.get("rawId"), "rawId") != passkey.credential_id:
        raise AnotherPasskey("another passkey answered than the one that was to sign")
    assertion = Assertion.of(authenticator_data, client_data, _part(document, "signature"), digest)
    if (assertion.count or passkey.count) and assertion.count <= passkey.count:
        raise CounterWentBack(
            f"the passkey's counter says {assertion.count} after {passkey.count}: an old answer, or a copied passkey"
        )
    _verify(document, digest, passkey, site)
    return assertion


def _verify(document: dict[str, Any], digest: bytes, passkey: Passkey, site: Site) -> None:
    try:
        webauthn.verify_authentication_response(
            credential=document,
            expected_challenge=digest,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            credential_public_key=encode_cbor(passkey.key.cose),
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        )
    except Exception as error:  # the library lets errors of its parsers through
        raise WrongSignature(
            f"the signature is not the passkey's over what it says it signed: {error}"
        ) from error


def _document(answer: Answer) -> dict[str, Any]:
    document = dict(answer) if isinstance(answer, Mapping) else _read(answer)
    if document.get("type") != "public-key" or document.get("id") != document.get("rawId"):
        raise MalformedPasskeyAnswer("the browser's answer is of no public key, or gives two ids")
    return document


def _read(answer: str | bytes) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER:
        raise MalformedPasskeyAnswer(f"the browser's answer is longer than {MAX_ANSWER} characters")
    try:
        document = canonical.loads(answer)
    except InputError as error:
        raise MalformedPasskeyAnswer(f"the browser's answer cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise MalformedPasskeyAnswer("the browser's answer is no JSON object")
    return document


def _part(document: Mapping[str, Any], name: str) -> bytes:
    response = document.get("response")
    if not isinstance(response, Mapping):
        raise MalformedPasskeyAnswer("the browser's answer has no response")
    return _base64url(response.get(name), name)


def _base64url(text: Any, name: str) -> bytes:
    if (
        not isinstance(text, str)
        or not re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII)
        or len(text) % 4 == 1
    ):
        raise MalformedPasskeyAnswer(
            f"{name} is missing from the browser's answer, or no base64url without padding"
        )
    if len(text) > MAX_ANSWER:
        raise MalformedPasskeyAnswer(f"{name} is longer than {MAX_ANSWER} characters")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_client_data(raw: bytes, ceremony: str, challenge: bytes, site: Site) -> None:
    try:
        said = canonical.loads(raw)
    except InputError as error:
        raise MalformedPasskeyAnswer(f"the client data cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise MalformedPasskeyAnswer("the client data are no JSON object")
    if said.get("type") != ceremony:
        raise WrongCeremony(
            f"the browser's answer is of type {said.get('type')!r}, not {ceremony!r}"
        )
    if said.get("challenge") != base64url(challenge):
        raise WrongChallenge(
            "the browser's answer is over another challenge than the one that was asked"
        )
    if said.get("origin") not in site.origins:
        raise WrongOrigin(
            f"the passkey was used on a page of {said.get('origin')!r}, not of {', '.join(site.origins)}"
        )
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise WrongOrigin("the passkey was used in a frame on somebody else's page")


def _check_flags(present: bool, verified: bool, eligible: bool, backed_up: bool) -> None:
    if not present:
        raise UserAbsent("the authenticator does not say that anybody was there")
    if not verified:
        raise UserNotVerified(
            "the authenticator did not ask for finger, face or PIN, which is required"
        )
    if backed_up and not eligible:
        raise BackupContradiction(
            "the authenticator says that the passkey is backed up and that it cannot be"
        )


def _check_site(rp_id_hash: bytes, site: Site) -> None:
    if rp_id_hash != sha256(site.rp_id.encode()):
        raise WrongSite(f"the passkey was used for another relying party than {site.rp_id!r}")


class _malformed:  # noqa: N801  reads as a verb where it is used
    """Turn whatever the library's parsers raise into `MalformedPasskeyAnswer`."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        if isinstance(error, Exception):
            raise MalformedPasskeyAnswer(
                f"{self.what} cannot be read or does not verify: {error!r}"
            ) from error
