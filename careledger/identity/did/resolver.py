"""Resolve a did:ethr to its DID document, from the chain alone.

The document is that of `ethr-did-resolver` 11 on npm, to the letter, so that whoever checks with
the other resolver finds the same: its numbering of keys (revoked and expired ones count), its
treatment of names and values that are no text, and its leaving a revoked key in `keyAgreement`.
"""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from careledger.chain.rpc import Chain
from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.errors import NodeError, NotFound, WrongChain
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import Did, DidUrl, format_did
from careledger.identity.did.events import DIDAttributeChanged, DIDDelegateChanged, DIDOwnerChanged
from careledger.identity.did.history import Change, history
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.times import from_seconds, time_text

CONTEXT = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
    "https://w3id.org/security/v3-unstable",
]
CONTENT_TYPE = "application/did+ld+json"

_RECOVERY_METHOD = "EcdsaSecp256k1RecoveryMethod2020"
_KEY_2019 = "EcdsaSecp256k1VerificationKey2019"
_ATTRIBUTE = re.compile(r"did/(pub|svc)/(\w+)(?:/(\w+))?(?:/(\w+))?", re.ASCII)
_PURPOSES = {
    "sigAuth": "SignatureAuthentication2018",
    "veriKey": "VerificationKey2018",
    "enc": "KeyAgreementKey2019",
}
_KEY_TYPES = {
    "Secp256k1VerificationKey2018": _KEY_2019,
    "Secp256k1SignatureAuthentication2018": _KEY_2019,
    "Ed25519SignatureAuthentication2018": "Ed25519VerificationKey2018",
    "Ed25519VerificationKey2018": "Ed25519VerificationKey2018",
    "RSAVerificationKey2018": "RSAVerificationKey2018",
    "X25519KeyAgreementKey2019": "X25519KeyAgreementKey2019",
}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True)
class Resolution:
    """What resolving a DID yields."""

    document: dict[str, Any]
    metadata: dict[str, Any]
    changes: list[Change]
    """The identity's whole history, later than the document's version included."""

    @property
    def result(self) -> dict[str, Any]:
        """The DID resolution result, as DID resolvers write it."""
        return {
            "didDocumentMetadata": self.metadata,
            "didResolutionMetadata": {"contentType": CONTENT_TYPE},
            "didDocument": self.document,
        }


def resolve(
    registry: IdentityRegistry,
    did: str | DidUrl,
    *,
    block: int | None = None,
    now: datetime | None = None,
    names: dict[str, int] | None = None,
    from_block: int = 0,
) -> Resolution:
    """Return the DID document of a did:ethr; at most five calls to the node, whatever its history.

    Args:
        did: a DID or a DID URL; its `versionId` counts where `block` is None.
        block: the document as it was after this block.
        now: decides what has expired; the block's time when one is named. Else the newest block's
            or this machine's, whichever is later: an idle chain's newest block may be old.
        names: further networks by name, with their chain ids.
        from_block: the registry's block, where it is known.

    Raises:
        MalformedDid: the text is no did:ethr, or its network is unknown.
        WrongChain: the DID is anchored on another chain than the registry's.
        NotFound: there is no such block yet.
        HistoryWithheld: the node keeps no old logs.

    """
    url = DidUrl.parse(did) if isinstance(did, str) else did
    _same_chain(url.did, registry.chain, names)
    wanted = block if block is not None else url.version_id
    changes = history(registry, url.did.address, from_block)
    time = _time(registry.chain, wanted, now)
    draft = _Draft(url.did, registry.chain.chain_id, time)
    draft.apply(changes, wanted)
    return Resolution(draft.document(), _metadata(registry.chain, draft), changes)


def document_as_of(
    did: Did, chain_id: int, changes: Iterable[Change], *, time: int, block: int | None = None
) -> dict[str, Any]:
    """Return the DID document that a history makes, without asking the node; without keys where deactivated.

    Args:
        changes: of the identity, oldest first, as `history` returns them.
        time: decides what has expired, in seconds since 1970 UTC.
        block: leave out what came after this block.

    """
    draft = _Draft(did, chain_id, time)
    draft.apply(changes, block)
    return draft.document()


def _same_chain(did: Did, chain: Chain, names: dict[str, int] | None) -> None:
    wanted = did.chain_id(names)
    if wanted != chain.chain_id:
        here = format_did(did.public_key or did.address, chain.chain_id)
        raise WrongChain(
            f"{did.text} is anchored on chain {wanted}, but the node at {chain.url} serves chain {chain.chain_id}; "
            f"there it would be {here}"
        )


def _time(chain: Chain, block: int | None, now: datetime | None) -> int:
    if block is None:
        given = int((now or datetime.now(UTC)).timestamp())
        return given if now else max(given, chain.timestamp())
    try:
        at = chain.timestamp(block)
    except NodeError as error:
        raise NotFound(
            f"there is no block {block} yet, so no version of that number: {error}"
        ) from error
    return int(now.timestamp()) if now else at


def _metadata(chain: Chain, draft: "_Draft") -> dict[str, Any]:
    found: dict[str, Any] = {"deactivated": True} if draft.deactivated else {}
    if draft.version:
        found |= {
            "versionId": str(draft.version),
            "updated": time_text(from_seconds(chain.timestamp(draft.version))),
        }
    if draft.next_version:
        found |= {
            "nextVersionId": str(draft.next_version),
            "nextUpdate": time_text(from_seconds(chain.timestamp(draft.next_version))),
        }
    return found


Key = tuple[str, str, str]
"""What an entry of the document is known by: kind of event, name, delegate or value."""


@dataclass
class _Draft:
    """The document while the history is gone through."""

    did: Did
    chain_id: int
    now: int
    version: int = 0
    next_version: int = 0
    deactivated: bool = False
    controller: str = ""
    keys: int = 0
    services: int = 0
    methods: dict[Key, dict[str, Any]] = field(default_factory=dict)
    authentication: dict[Key, str] = field(default_factory=dict)
    assertion: dict[Key, str] = field(default_factory=dict)
    agreement: dict[Key, str] = field(default_factory=dict)
    endpoints: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.controller = self.did.address

    def apply(self, changes: Iterable[Change], until: int | None) -> None:
        """Go through the changes, oldest first; those after block `until` only say which comes next."""
        for change in changes:
            name = _name(change)
            if name is None:  # somebody uses the registry for something else
                continue
            block = change.log.block_number
            if until is not None and block > until:
                self.next_version = self.next_version or block
                continue
            self.version = max(self.version, block)
            if isinstance(change, DIDOwnerChanged):
                self.controller = change.owner
                if change.owner == ZERO_ADDRESS:
                    self.deactivated = True
                    return
            elif change.valid_to and change.valid_to >= self.now:
                self._add(change, name)
            else:
                self._remove(change, name)

    def _add(self, change: DIDDelegateChanged | DIDAttributeChanged, name: str) -> None:
        key = _key(change, name)
        if isinstance(change, DIDDelegateChanged):
            self.keys += 1
            if name in ("sigAuth", "veriKey"):
                self._add_delegate(key, change.delegate, authenticates=name == "sigAuth")
            return
        match = _ATTRIBUTE.fullmatch(name)
        if match and match[1] == "pub":
            self.keys += 1
            self._add_key(key, match[2], match[3], match[4], change.value)
        elif match:
            self.services += 1
            self._add_service(key, match[2], change.value)

    def _add_delegate(self, key: Key, delegate: str, *, authenticates: bool) -> None:
        reference = f"{self.did.text}#delegate-{self.keys}"
        self.methods[key] = self._method(reference, _RECOVERY_METHOD) | {
            "blockchainAccountId": f"eip155:{self.chain_id}:{delegate}"
        }
        self.assertion[key] = reference
        if authenticates:
            self.authentication[key] = reference

    def _add_key(
        self, key: Key, algorithm: str, purpose: str | None, encoding: str | None, value: bytes
    ) -> None:
        reference = f"{self.did.text}#delegate-{self.keys}"
        kind = _KEY_TYPES.get(f"{algorithm}{_PURPOSES.get(purpose or '', purpose)}", algorithm)
        material = _material(encoding, value)
        if material is None:
            return
        self.methods[key] = self._method(reference, kind) | material
        if purpose == "enc":
            self.agreement[key] = reference
            return
        self.assertion[key] = reference
        if purpose == "sigAuth":
            self.authentication[key] = reference

    def _add_service(self, key: Key, kind: str, value: bytes) -> None:
        text = _decoded(value)
        if text is not None:
            reference = f"{self.did.text}#service-{self.services}"
            self.endpoints[key] = {
                "id": reference,
                "type": kind,
                "serviceEndpoint": _endpoint(text),
            }

    def _remove(self, change: DIDDelegateChanged | DIDAttributeChanged, name: str) -> None:
        if isinstance(change, DIDDelegateChanged) or name.startswith("did/pub/"):
            self.keys += 1
        elif name.startswith("did/svc/"):
            self.services += 1
        for entries in (self.authentication, self.assertion, self.methods, self.endpoints):
            entries.pop(_key(change, name), None)

    def _method(self, reference: str, kind: str) -> dict[str, Any]:
        return {"id": reference, "type": kind, "controller": self.did.text}

    def document(self) -> dict[str, Any]:
        """Return the DID document."""
        found: dict[str, Any] = {
            "id": self.did.text,
            "verificationMethod": [],
            "authentication": [],
        }
        found |= {"assertionMethod": [], "@context": CONTEXT}
        if self.deactivated:
            return found
        own = [f"{self.did.text}#controller"]
        methods = [
            self._method(own[0], _RECOVERY_METHOD)
            | {"blockchainAccountId": f"eip155:{self.chain_id}:{self.controller}"}
        ]
        if self.did.public_key and self.controller == self.did.address:
            own.append(f"{self.did.text}#controllerKey")
            methods.append(
                self._method(own[1], _KEY_2019) | {"publicKeyHex": self.did.public_key[2:]}
            )
        found["verificationMethod"] = [*methods, *self.methods.values()]
        found["authentication"] = [*own, *self.authentication.values()]
        found["assertionMethod"] = [*own, *self.assertion.values()]
        if self.endpoints:
            found["service"] = list(self.endpoints.values())
        if self.agreement:
            found["keyAgreement"] = list(self.agreement.values())
        return found


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _name(change: Change) -> str | None:
    if isinstance(change, DIDOwnerChanged):
        return ""
    raw = change.delegate_type if isinstance(change, DIDDelegateChanged) else change.name
    text = _decoded(raw)
    return None if text is None else text.rstrip("\0")


def _key(change: DIDDelegateChanged | DIDAttributeChanged, name: str) -> Key:
    if isinstance(change, DIDDelegateChanged):
        return "delegate", name, change.delegate
    return "attribute", name, change.value.hex()


def _material(encoding: str | None, value: bytes) -> dict[str, Any] | None:
    """Return a key in the encoding that its attribute names; None where it cannot be."""
    if encoding in (None, "hex"):
        return {"publicKeyHex": value.hex()}
    if encoding == "base64":
        return {"publicKeyBase64": base64.b64encode(value).decode()}
    if encoding == "base58":
        return {"publicKeyBase58": _base58(value)}
    if encoding == "pem":
        text = _decoded(value)
        return None if text is None else {"publicKeyPem": text}
    return {"value": value.hex()}


def _base58(value: bytes) -> str:
    number, digits = int.from_bytes(value, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return _BASE58[0] * (len(value) - len(value.lstrip(b"\0"))) + digits


def _endpoint(text: str) -> Any:
    """Return an endpoint's JSON as JavaScript reads it, or its text where it is none."""

    def no_constant(word: str) -> Any:
        raise ValueError(f"{word} is not JSON")

    try:
        refuse_deep(text)
        return json.loads(text, parse_constant=no_constant, parse_int=_number, parse_float=_number)
    except (ValueError, CanonicalError):
        return text


def _number(digits: str) -> int | float | None:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return None  # JavaScript writes null for what its numbers cannot hold
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
