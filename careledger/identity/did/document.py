"""The DID document that follows from the changes of an identity; nothing here asks a node.

The document is that of `ethr-did-resolver` 11 on npm, to the letter, so that both resolvers return
the same: its numbering of keys (revoked and expired ones count), its treatment of names and values
that are not text, and that it leaves a revoked key in `keyAgreement`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from careledger.identity.did.did import Did
from careledger.identity.did.encoding import key_material, service_endpoint, text_of
from careledger.identity.did.events import DIDAttributeChanged, DIDDelegateChanged, DIDOwnerChanged
from careledger.identity.did.history import Change
from careledger.values.addresses import ZERO_ADDRESS

CONTEXT = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2",
    "https://w3id.org/security/v3-unstable",
]

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

_KeyOrService = DIDDelegateChanged | DIDAttributeChanged
_EntryKey = tuple[str, str, str]
"""What identifies an entry of the document: kind of event, name, delegate or value."""


def document_as_of(
    did: Did, chain_id: int, changes: Iterable[Change], *, time: int, block: int | None = None
) -> dict[str, Any]:
    """Return the DID document that a history makes; without keys where it is deactivated.

    Args:
        changes: of the identity, oldest first, as `history` returns them.
        time: decides what has expired, in seconds since 1970 UTC.
        block: leave out what came after this block.

    """
    builder = DocumentBuilder(did, chain_id, time)
    builder.apply(changes, block)

    return builder.document()


@dataclass
class DocumentBuilder:
    """The document while the changes are applied."""

    did: Did
    chain_id: int
    now: int
    """Decides what has expired, in seconds since 1970 UTC."""

    version: int = 0
    """The block of the last change that was applied."""
    next_version: int = 0
    """The block of the first change that was left out; 0 where there is none."""
    deactivated: bool = False
    controller: str = ""

    _keys: int = 0
    _services: int = 0
    _methods: dict[_EntryKey, dict[str, Any]] = field(default_factory=dict)
    _authentication: dict[_EntryKey, str] = field(default_factory=dict)
    _assertion: dict[_EntryKey, str] = field(default_factory=dict)
    _agreement: dict[_EntryKey, str] = field(default_factory=dict)
    _endpoints: dict[_EntryKey, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.controller = self.did.address

    def apply(self, changes: Iterable[Change], until: int | None) -> None:
        """Apply changes, oldest first; those after block `until` only set `next_version`."""
        for change in changes:
            name = _name(change)
            if name is None:  # somebody uses the registry for something else
                continue

            block = change.log.block_number
            if until is not None and block > until:
                self.next_version = self.next_version or block
                continue

            self.version = max(self.version, block)
            self._apply(change, name)
            if self.deactivated:
                return

    def _apply(self, change: Change, name: str) -> None:
        if isinstance(change, DIDOwnerChanged):
            self.controller = change.owner
            self.deactivated = change.owner == ZERO_ADDRESS
        elif change.valid_to and change.valid_to >= self.now:
            self._add(change, name)
        else:
            self._remove(change, name)

    def _add(self, change: _KeyOrService, name: str) -> None:
        entry = _entry_key(change, name)
        if isinstance(change, DIDDelegateChanged):
            self._keys += 1
            if name in ("sigAuth", "veriKey"):
                self._add_delegate(entry, change.delegate, authenticates=name == "sigAuth")
            return

        match = _ATTRIBUTE.fullmatch(name)
        if match and match[1] == "pub":
            self._keys += 1
            self._add_key(entry, match[2], match[3], match[4], change.value)
        elif match:
            self._services += 1
            self._add_service(entry, match[2], change.value)

    def _add_delegate(self, entry: _EntryKey, delegate: str, *, authenticates: bool) -> None:
        reference = f"{self.did.text}#delegate-{self._keys}"
        self._methods[entry] = self._account_method(reference, delegate)
        self._assertion[entry] = reference
        if authenticates:
            self._authentication[entry] = reference

    def _add_key(
        self,
        entry: _EntryKey,
        algorithm: str,
        purpose: str | None,
        encoding: str | None,
        key: bytes,
    ) -> None:
        material = key_material(encoding, key)
        if material is None:
            return

        reference = f"{self.did.text}#delegate-{self._keys}"
        long_purpose = _PURPOSES.get(purpose or "", purpose)
        kind = _KEY_TYPES.get(f"{algorithm}{long_purpose}", algorithm)
        self._methods[entry] = self._method(reference, kind) | material

        if purpose == "enc":
            self._agreement[entry] = reference
            return
        self._assertion[entry] = reference
        if purpose == "sigAuth":
            self._authentication[entry] = reference

    def _add_service(self, entry: _EntryKey, kind: str, value: bytes) -> None:
        text = text_of(value)
        if text is not None:
            self._endpoints[entry] = {
                "id": f"{self.did.text}#service-{self._services}",
                "type": kind,
                "serviceEndpoint": service_endpoint(text),
            }

    def _remove(self, change: _KeyOrService, name: str) -> None:
        if isinstance(change, DIDDelegateChanged) or name.startswith("did/pub/"):
            self._keys += 1
        elif name.startswith("did/svc/"):
            self._services += 1

        entry = _entry_key(change, name)
        for entries in (self._authentication, self._assertion, self._methods, self._endpoints):
            entries.pop(entry, None)

    def _method(self, reference: str, kind: str) -> dict[str, Any]:
        return {"id": reference, "type": kind, "controller": self.did.text}

    def _account_method(self, reference: str, account: str) -> dict[str, Any]:
        method = self._method(reference, _RECOVERY_METHOD)
        return method | {"blockchainAccountId": f"eip155:{self.chain_id}:{account}"}

    def document(self) -> dict[str, Any]:
        """Return the DID document."""
        document: dict[str, Any] = {
            "id": self.did.text,
            "verificationMethod": [],
            "authentication": [],
            "assertionMethod": [],
            "@context": CONTEXT,
        }
        if self.deactivated:
            return document

        methods = self._controller_methods()
        own = [method["id"] for method in methods]
        document["verificationMethod"] = [*methods, *self._methods.values()]
        document["authentication"] = [*own, *self._authentication.values()]
        document["assertionMethod"] = [*own, *self._assertion.values()]

        if self._endpoints:
            document["service"] = list(self._endpoints.values())
        if self._agreement:
            document["keyAgreement"] = list(self._agreement.values())
        return document

    def _controller_methods(self) -> list[dict[str, Any]]:
        methods = [self._account_method(f"{self.did.text}#controller", self.controller)]

        # the key in the DID counts only while the identity controls itself
        if self.did.public_key and self.controller == self.did.address:
            method = self._method(f"{self.did.text}#controllerKey", _KEY_2019)
            methods.append(method | {"publicKeyHex": self.did.public_key[2:]})
        return methods


def _name(change: Change) -> str | None:
    """Return the delegate type or the attribute name; None where it is not text."""
    if isinstance(change, DIDOwnerChanged):
        return ""
    raw = change.delegate_type if isinstance(change, DIDDelegateChanged) else change.name
    text = text_of(raw)
    return None if text is None else text.rstrip("\0")


def _entry_key(change: _KeyOrService, name: str) -> _EntryKey:
    if isinstance(change, DIDDelegateChanged):
        return "delegate", name, change.delegate
    return "attribute", name, change.value.hex()
