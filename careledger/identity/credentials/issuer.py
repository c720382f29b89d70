"""Issue credentials: SD-JWT VC, whose holder shows one claim and keeps another, and VC-JWT 1.1."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_bytes
from typing import Any

from careledger.crypto import canonical
from careledger.errors import InputError
from careledger.identity.credentials.claim_paths import ClaimPath, path_of, path_text
from careledger.identity.credentials.jose import JwsSigner, encode, sign
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.sd_jwt import NEVER_DISCLOSED, RESERVED, Disclosure, hasher
from careledger.identity.credentials.status_reference import StatusReference
from careledger.identity.did.did import parse
from careledger.values.times import to_seconds

W3C_CONTEXT = "https://www.w3.org/2018/credentials/v1"
"""The first context of every W3C credential of the data model 1.1."""
STATUS_CONTEXT = "https://www.w3.org/ns/credentials/status/v1"
"""The context that says what a BitstringStatusListEntry is."""

_BY_PARAMETER = frozenset({"iss", "sub", "iat", "nbf", "exp", "cnf", "vct", "status"})
_SALT = 16


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
        parse(self.did)
        if self.kid is not None and not self.kid.startswith(f"{self.did}#"):
            raise InputError(
                f"kid {self.kid!r} is no key of {self.did}: '<DID>#<fragment>' is needed"
            )

    @property
    def header(self) -> dict[str, str]:
        """What the JWS header says of the key."""
        return {} if self.kid is None else {"kid": self.kid}


@dataclass(frozen=True)
class Validity:
    """From when until when; times have a zone."""

    issued_at: datetime
    """Decides which keys of the issuer count: the time of signing."""
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
        claims: what it says of its subject; nested objects and arrays as they are.
        holder: the key that the holder will prove to have, as key or JWK; None: whoever has it can
            present it.
        disclosable: paths to the claims and array elements that the holder may leave out, nested
            ones too; None in a path stands for every element. Without it every claim at the top may
            be left out.
        status: where it will stand that it was withdrawn.
        subject: the claim `sub`, open to everybody; a name that joins up presentations, so mostly
            None.
        decoys: so many digests of nothing are added to each object that hides something, so that
            their number tells nothing.
        salts: makes the random bytes; only tests and examples give another.

    Raises:
        InputError: a claim has a name that the format keeps for itself, or a path leads nowhere.
        CanonicalError: a value has no JSON form.

    """
    _check_claims(claims)
    paths = _paths(claims, disclosable)
    packing = _Packing(paths, decoys, salts)
    payload: dict[str, Any] = {
        "iss": issuer.did,
        "vct": vct,
        **validity.claims,
        **packing.object(claims, ()),
    }
    if unused := [path for path in paths if path not in packing.matched]:
        raise InputError(f"there is no claim {path_text(unused[0])} that could be disclosed")
    if subject is not None:
        payload["sub"] = subject
    if holder is not None:
        key = (
            holder
            if isinstance(holder, VerificationKey)
            else VerificationKey.from_jwk(holder, "the holder's key")
        )
        payload["cnf"] = {"jwk": key.jwk}
    if status is not None:
        payload["status"] = status.sd_jwt_claim
    if packing.hides:
        payload["_sd_alg"] = "sha-256"
    jwt = sign({"typ": "dc+sd-jwt", **issuer.header}, payload, issuer.key)
    return "~".join([jwt, *(one.text for one in packing.disclosures), ""])


def _paths(
    claims: Mapping[str, Any], disclosable: Iterable[str | Sequence[str | int | None]] | None
) -> Sequence[ClaimPath]:
    if disclosable is None:
        return [(name,) for name in claims if name not in NEVER_DISCLOSED]
    paths = [path_of(one) for one in disclosable]
    if never := [path for path in paths if path[0] in NEVER_DISCLOSED]:
        raise InputError(
            f"{path_text(never[0])} has to be said openly: the format forbids to disclose it selectively"
        )
    return paths


def _check_claims(claims: Mapping[str, Any]) -> None:
    if given := sorted(_BY_PARAMETER & claims.keys()):
        raise InputError(
            f"the claim {given[0]!r} is set by an argument of its own, not among the claims"
        )
    canonical.dumps(dict(claims))
    _check_names(claims)


def _check_names(value: Any) -> None:
    if isinstance(value, Mapping):
        if reserved := sorted(RESERVED & value.keys()):
            raise InputError(
                f"no claim may be named {reserved[0]!r}: selective disclosure keeps it for itself"
            )
        for inner in value.values():
            _check_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_names(inner)


class _Packing:
    """Takes out what can be disclosed, innermost first, and leaves digests in its place."""

    def __init__(
        self, paths: Sequence[ClaimPath], decoys: int, salts: Callable[[int], bytes]
    ) -> None:
        self.paths, self.decoys, self.salts = paths, decoys, salts
        self.matched: set[ClaimPath] = set()
        self.disclosures: list[Disclosure] = []
        self.hides = False

    def object(self, value: Mapping[str, Any], path: ClaimPath) -> dict[str, Any]:
        packed: dict[str, Any] = {}
        digests: list[str] = []
        for name, inner in value.items():
            here = (*path, name)
            content = self._value(inner, here)
            if self._hidden(here):
                digests.append(self._disclose(content, name))
            else:
                packed[name] = content
        if digests:
            decoys = [encode(hasher("sha-256")(self.salts(32))) for _ in range(self.decoys)]
            packed["_sd"] = sorted([*digests, *decoys])  # sorted, so that their order tells nothing
        return packed

    def _array(self, value: Sequence[Any], path: ClaimPath) -> list[Any]:
        packed: list[Any] = []
        for place, inner in enumerate(value):
            here = (*path, place)
            content = self._value(inner, here)
            packed.append({"...": self._disclose(content)} if self._hidden(here) else content)
        return packed

    def _value(self, value: Any, path: ClaimPath) -> Any:
        if isinstance(value, Mapping):
            return self.object(value, path)
        return self._array(value, path) if isinstance(value, list | tuple) else value

    def _disclose(self, content: Any, name: str | None = None) -> str:
        disclosure = Disclosure.make(encode(self.salts(_SALT)), content, name)
        self.disclosures.append(disclosure)
        self.hides = True
        return disclosure.digest()

    def _hidden(self, path: ClaimPath) -> bool:
        fitting = [one for one in self.paths if _fits(one, path)]
        self.matched.update(fitting)
        return bool(fitting)


def _fits(pattern: ClaimPath, path: ClaimPath) -> bool:
    if len(pattern) != len(path):
        return False
    return all(
        (wanted == found and type(wanted) is type(found))
        or (wanted is None and isinstance(found, int))
        for wanted, found in zip(pattern, path, strict=True)
    )


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
    """Sign a W3C credential (data model 1.1) as JWT: all claims are shown whenever it is.

    Args:
        types: its types beside `VerifiableCredential`.
        subject: the holder's DID, who presents it by a key of that DID; None: whoever has it can
            present it.
        claims: `credentialSubject`, without its id.
        status: where it will stand that it was withdrawn.
        credential_id: a URI, the claim `jti`.
        contexts: JSON-LD contexts beside the first.

    Raises:
        InputError: there is nothing in it, or a claim is called `id`.
        CanonicalError: a value has no JSON form.

    """
    if not claims or "id" in claims:
        raise InputError(
            "a W3C credential needs claims, and the subject's id is an argument of its own"
        )
    vc: dict[str, Any] = {
        "@context": [W3C_CONTEXT, *contexts],
        "type": ["VerifiableCredential", *(one for one in types if one != "VerifiableCredential")],
        "credentialSubject": dict(claims),
    }
    if status is not None:
        vc["@context"].append(STATUS_CONTEXT)
        vc["credentialStatus"] = status.vc_entry
    payload: dict[str, Any] = {
        "iss": issuer.did,
        "nbf": to_seconds(validity.issued_at),
        **validity.claims,
        "vc": vc,
    }
    payload |= {
        name: text for name, text in (("sub", subject), ("jti", credential_id)) if text is not None
    }
    return sign({"typ": "JWT", **issuer.header}, payload, issuer.key)
