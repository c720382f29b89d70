"""Issue credentials: SD-JWT VC, whose holder shows a part, and VC-JWT 1.1, which shows all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Any

from careledger.crypto import canonical
from careledger.errors import InputError
from careledger.identity.credentials.claim_paths import ClaimPath, matches, path_of, path_text
from careledger.identity.credentials.jose import JwsSigner, encode, sign
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.sd_jwt import NEVER_DISCLOSED, RESERVED, Disclosure, hasher
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.credentials.vc_jwt import STATUS_CONTEXT, W3C_CONTEXT
from careledger.identity.did.did import Did
from careledger.values.times import to_seconds

_SET_BY_ARGUMENT = frozenset({"iss", "sub", "iat", "nbf", "exp", "cnf", "vct", "status"})
_SALT_BYTES = 16
_DECOY_BYTES = 32


@dataclass(frozen=True)
class Issuer:
    """Who signs: a DID with one of the keys in its document."""

    did: str
    """A did:ethr."""
    key: JwsSigner = field(repr=False)
    kid: str | None = None
    """Which of the document's keys it is, a DID URL such as `did:ethr:…#controller`; None: readers
    try all."""

    def __post_init__(self) -> None:
        Did.parse(self.did)
        if self.kid is not None and not self.kid.startswith(f"{self.did}#"):
            raise InputError(
                f"kid {self.kid!r} is not a key of {self.did}: '<DID>#<fragment>' is needed"
            )

    @property
    def header(self) -> dict[str, str]:
        """What the JWS header says of the key."""
        return {} if self.kid is None else {"kid": self.kid}


@dataclass(frozen=True)
class Validity:
    """From when until when a credential is valid; the times have a zone."""

    issued_at: datetime
    """The time of signing: it decides which keys of the issuer count."""
    expires_at: datetime | None
    not_before: datetime | None = None

    def __post_init__(self) -> None:
        begins = to_seconds(self.not_before or self.issued_at)
        if self.expires_at is not None and to_seconds(self.expires_at) <= begins:
            raise InputError("the credential would expire before it begins")

    @property
    def claims(self) -> dict[str, int]:
        """The claims `iat`, `exp` and `nbf`."""
        given = {"iat": self.issued_at, "exp": self.expires_at, "nbf": self.not_before}
        return {name: to_seconds(at) for name, at in given.items() if at is not None}


# -- SD-JWT VC


def issue_sd_jwt(
    issuer: Issuer,
    vct: str,
    claims: Mapping[str, Any],
    validity: Validity,
    *,
    holder: VerificationKey | Mapping[str, Any] | None,
    disclosable: Iterable[str | Sequence[str | int | None]] | None = None,
    status: StatusReference | None = None,
    subject: str | None = None,
    decoys: int = 0,
    salts: Callable[[int], bytes] = token_bytes,
) -> str:
    """Sign an SD-JWT VC and return it with all its disclosures, for its holder.

    Args:
        vct: its type, a URI or name that issuer and verifiers agree on.
        claims: what it says of its subject, with nested objects and arrays.
        holder: the holder's key, as key or JWK; None: whoever has the credential can present it.
        disclosable: paths to the claims and array elements, nested ones too, that the holder may
            leave out; without it every claim at the top.
        status: where the issuer keeps whether it was revoked.
        subject: the claim `sub`, open to everybody: presentations can be linked by it.
        decoys: how many digests of nothing are added to each object that hides something.
        salts: makes the random bytes; only tests give another.

    Raises:
        InputError: a claim has a name that the format reserves, or a path leads nowhere.
        CanonicalError: a value has no JSON form.

    """
    _check_claims(claims)
    paths = _paths(claims, disclosable)
    disclosures = _Disclosures(paths, decoys, salts)

    payload: dict[str, Any] = {
        "iss": issuer.did,
        "vct": vct,
        **validity.claims,
        **disclosures.hide_in_object(claims, ()),
    }
    if unused := [path for path in paths if path not in disclosures.matched]:
        raise InputError(f"there is no claim {path_text(unused[0])} that could be disclosed")

    payload |= _registered_claims(subject, holder, status)
    if disclosures.made:
        payload["_sd_alg"] = "sha-256"

    jwt = sign({"typ": "dc+sd-jwt", **issuer.header}, payload, issuer.key)
    return "~".join([jwt, *(one.text for one in disclosures.made), ""])


def _registered_claims(
    subject: str | None,
    holder: VerificationKey | Mapping[str, Any] | None,
    status: StatusReference | None,
) -> dict[str, Any]:
    claims: dict[str, Any] = {}

    if subject is not None:
        claims["sub"] = subject
    if holder is not None:
        claims["cnf"] = {"jwk": _holder_key(holder).jwk}
    if status is not None:
        claims["status"] = status.sd_jwt_claim
    return claims


def _holder_key(holder: VerificationKey | Mapping[str, Any]) -> VerificationKey:
    if isinstance(holder, VerificationKey):
        return holder
    return VerificationKey.from_jwk(holder, "the holder's key")


def _paths(
    claims: Mapping[str, Any], disclosable: Iterable[str | Sequence[str | int | None]] | None
) -> Sequence[ClaimPath]:
    if disclosable is None:
        return [(name,) for name in claims if name not in NEVER_DISCLOSED]

    paths = [path_of(one) for one in disclosable]
    if never := [path for path in paths if path[0] in NEVER_DISCLOSED]:
        raise InputError(f"{path_text(never[0])} cannot be disclosable: the format forbids it")
    return paths


def _check_claims(claims: Mapping[str, Any]) -> None:
    if given := sorted(_SET_BY_ARGUMENT & claims.keys()):
        raise InputError(f"the claim {given[0]!r} has an argument of its own: take it out")
    canonical.dumps(dict(claims))
    _check_names(claims)


def _check_names(value: Any) -> None:
    if isinstance(value, Mapping):
        if reserved := sorted(RESERVED & value.keys()):
            raise InputError(
                f"a claim cannot have the name {reserved[0]!r}, which SD-JWT uses itself"
            )
        for inner in value.values():
            _check_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_names(inner)


class _Disclosures:
    """Takes disclosable values out of claims, innermost first, and leaves digests there."""

    def __init__(
        self, paths: Sequence[ClaimPath], decoys: int, salts: Callable[[int], bytes]
    ) -> None:
        self.paths = paths
        self.decoys = decoys
        self.salts = salts
        self.matched: set[ClaimPath] = set()
        self.made: list[Disclosure] = []

    def hide_in_object(self, value: Mapping[str, Any], path: ClaimPath) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        digests: list[str] = []
        for name, inner in value.items():
            here = (*path, name)
            content = self._hide_in(inner, here)
            if self._is_disclosable(here):
                digests.append(self._disclose(content, name))
            else:
                shown[name] = content

        if digests:
            decoys = [self._decoy() for _ in range(self.decoys)]
            shown["_sd"] = sorted([*digests, *decoys])  # sorted, so that their order says nothing
        return shown

    def _hide_in_array(self, value: Sequence[Any], path: ClaimPath) -> list[Any]:
        shown: list[Any] = []
        for place, inner in enumerate(value):
            here = (*path, place)
            content = self._hide_in(inner, here)
            if self._is_disclosable(here):
                shown.append({"...": self._disclose(content)})
            else:
                shown.append(content)
        return shown

    def _hide_in(self, value: Any, path: ClaimPath) -> Any:
        if isinstance(value, Mapping):
            return self.hide_in_object(value, path)
        if isinstance(value, list | tuple):
            return self._hide_in_array(value, path)
        return value

    def _disclose(self, content: Any, name: str | None = None) -> str:
        disclosure = Disclosure.make(encode(self.salts(_SALT_BYTES)), content, name)
        self.made.append(disclosure)
        return disclosure.digest()

    def _decoy(self) -> str:
        return encode(hasher("sha-256")(self.salts(_DECOY_BYTES)))

    def _is_disclosable(self, path: ClaimPath) -> bool:
        patterns = [one for one in self.paths if matches(one, path)]
        self.matched.update(patterns)
        return bool(patterns)


# -- VC-JWT


def issue_vc_jwt(
    issuer: Issuer,
    types: Sequence[str],
    subject: str | None,
    claims: Mapping[str, Any],
    validity: Validity,
    *,
    status: StatusReference | None = None,
    credential_id: str | None = None,
    contexts: Sequence[str] = (),
) -> str:
    """Sign a W3C credential (data model 1.1) as JWT: it always shows all of its claims.

    Args:
        types: its types beside `VerifiableCredential`.
        subject: the holder's DID, who presents it by a key of that DID; None: whoever has it can
            present it.
        claims: `credentialSubject`, without its id.
        status: where the issuer keeps whether it was revoked.
        credential_id: a URI, the claim `jti`.
        contexts: JSON-LD contexts beside the first.

    Raises:
        InputError: it would have no claims, or a claim has the name `id`.
        CanonicalError: a value has no JSON form.

    """
    if not claims:
        raise InputError("a W3C credential needs claims")
    if "id" in claims:
        raise InputError("the claim 'id' has an argument of its own, the subject: take it out")

    payload: dict[str, Any] = {
        "iss": issuer.did,
        "nbf": to_seconds(validity.issued_at),
        **validity.claims,
        "vc": _vc(types, claims, status, contexts),
    }
    if subject is not None:
        payload["sub"] = subject
    if credential_id is not None:
        payload["jti"] = credential_id

    return sign({"typ": "JWT", **issuer.header}, payload, issuer.key)


def _vc(
    types: Sequence[str],
    claims: Mapping[str, Any],
    status: StatusReference | None,
    contexts: Sequence[str],
) -> dict[str, Any]:
    vc: dict[str, Any] = {
        "@context": [W3C_CONTEXT, *contexts],
        "type": ["VerifiableCredential", *(one for one in types if one != "VerifiableCredential")],
        "credentialSubject": dict(claims),
    }

    if status is not None:
        vc["@context"].append(STATUS_CONTEXT)
        vc["credentialStatus"] = status.vc_entry
    return vc
