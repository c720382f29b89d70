"""Whose key signed a token: the keys of a did:ethr as of the time of signing, from the chain alone.

An issuer that rotates its key does not revoke what it signed before: the key has to be in the
document that was in force at the time of signing (`iat`). Whoever stole a key can sign with an
earlier time, so a verifier may ask for more (`KeyPolicy.NOW`), and an issuer whose key was stolen
revokes by status.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from itertools import groupby

from careledger.chain.rpc import Chain
from careledger.errors import InputError
from careledger.identity.credentials.curves import KeyType
from careledger.identity.credentials.errors import (
    IssuerError,
    IssuerReason,
    SignatureReason,
    TokenSignatureError,
)
from careledger.identity.credentials.jose import Jws
from careledger.identity.credentials.keys import KEY_TYPES, VerificationKey
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import Did
from careledger.identity.did.document import document_as_of
from careledger.identity.did.errors import MalformedDid
from careledger.identity.did.events import DIDOwnerChanged
from careledger.identity.did.history import Change, history
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.times import from_seconds, time_text, to_seconds

_LONGEST_DID = 512
_REMEMBERED_TIMES = 4096


class KeyPolicy(Enum):
    """At what time the signer's key has to be in the signer's document."""

    AT_SIGNING = "at signing"
    """When the token was signed; a rotated key still counts for what it signed before."""
    NOW = "now"
    """When the token was signed, and still: whatever a rotated key signed is refused."""


@dataclass(frozen=True)
class TokenSigner:
    """Whose key signed a token."""

    did: Did
    key_id: str
    """The verification method's id in the document as of the signing."""
    key: VerificationKey = field(repr=False)
    valid_now: bool
    """Whether the same key is still in the document."""


_Method = tuple[str, VerificationKey]
"""A verification method: its id, and its key."""


@dataclass(frozen=True)
class _KeyHistory:
    """A DID with every change of its document."""

    did: Did
    chain_id: int
    changes: Sequence[Change]

    def methods(self, time: int, block: int | None, purpose: str) -> list[_Method]:
        """Return the keys for a purpose in the document as of a time."""
        document = document_as_of(self.did, self.chain_id, self.changes, time=time, block=block)
        allowed = set(document.get(purpose, ()))
        found = (
            (method["id"], VerificationKey.from_method(method))
            for method in document["verificationMethod"]
        )
        return [(name, key) for name, key in found if key is not None and name in allowed]

    def every_key(self) -> Iterator[VerificationKey]:
        """Yield every key that was ever in the document, and those that never came into force."""
        owners = (c.owner for c in self.changes if isinstance(c, DIDOwnerChanged))
        for account in {self.did.address, *owners}:
            if account != ZERO_ADDRESS:
                yield VerificationKey(KeyType.SECP256K1, bytes.fromhex(account[2:]))

        published = [c for c in self.changes if not isinstance(c, DIDOwnerChanged) and c.valid_to]
        document = document_as_of(self.did, self.chain_id, published, time=0)
        for method in document["verificationMethod"]:
            if key := VerificationKey.from_method(method):
                yield key


def signer_did(text: str, chain_id: int, names: Mapping[str, int] | None = None) -> Did:
    """Parse the DID of an issuer or holder; it has to be on the chain that is read.

    Raises:
        IssuerError: it is not a did:ethr, is malformed, or is on another chain.

    """
    if not text.startswith("did:ethr:"):
        method = ":".join(text.split(":")[:2])[:40]
        raise IssuerError(
            IssuerReason.UNKNOWN_DID_METHOD,
            f"the signer has a DID of {method!r}, and only did:ethr is supported: ask for one",
        )
    if len(text) > _LONGEST_DID:
        raise IssuerError(
            IssuerReason.MALFORMED_ISSUER,
            f"the signer's DID has {len(text)} characters, and at most {_LONGEST_DID} are read",
        )

    try:
        did = Did.parse(text)
        found = did.chain_id(dict(names or {}))
    except (MalformedDid, InputError) as error:
        raise IssuerError(
            IssuerReason.MALFORMED_ISSUER, f"the signer's DID cannot be read: {error}"
        ) from error
    if found != chain_id:
        raise IssuerError(
            IssuerReason.UNKNOWN_CHAIN,
            f"{text} is on chain {found}, and the node serves chain {chain_id}",
        )
    return did


class DidKeys:
    """Checks tokens against the keys of their signers, from the history in the registry.

    Two calls to the node for a signer with a history (one without), and the times of at most
    log2(n) + 1 of its n blocks, which are remembered by the blocks' hashes.
    """

    def __init__(
        self,
        registry: IdentityRegistry,
        *,
        names: Mapping[str, int] | None = None,
        from_block: int = 0,
    ) -> None:
        """Bind to a registry.

        Args:
            names: further networks by name, with their chain ids.
            from_block: the registry's block, where it is known.

        """
        self.registry = registry
        self.names = names
        self.from_block = from_block

        self._times: OrderedDict[bytes, int] = OrderedDict()

    def did(self, text: str) -> Did:
        """Parse a signer's DID; see `signer_did`."""
        return signer_did(text, self.registry.chain.chain_id, self.names)

    def check(
        self,
        token: Jws,
        did: str,
        at: datetime,
        *,
        purpose: str = "assertionMethod",
        policy: KeyPolicy = KeyPolicy.AT_SIGNING,
        now: datetime | None = None,
    ) -> TokenSigner:
        """Make sure that a key of a DID signed a token.

        Args:
            at: when it was signed; the token says so itself.
            purpose: `assertionMethod` for what issuers sign, `authentication` for presentations.
            now: later of this machine's time and the newest block's where it is None.

        Raises:
            IssuerError: the DID cannot be read here; the identity was out of use, or the key was
                not in the document, when it counts; the key that is named was never there.
            TokenSignatureError: no key of the DID signed it, it was changed afterwards, or the keys
                are of another type than the algorithm.
            NodeError: the node cannot be asked, or keeps no old logs (HistoryWithheld).

        """
        signer = self.did(did)
        signed_at = to_seconds(at)
        present_at = to_seconds(now or present(self.registry.chain))
        changes = history(self.registry, signer.address, self.from_block)
        keys = _KeyHistory(signer, self.registry.chain.chain_id, changes)

        then = keys.methods(signed_at, self._block_at(changes, signed_at), purpose)
        still = keys.methods(present_at, None, purpose)
        if not then or (policy is KeyPolicy.NOW and not still):
            counts_at = time_text(from_seconds(present_at if then else signed_at))
            raise IssuerError(
                IssuerReason.IDENTITY_DEACTIVATED,
                f"{did} was out of use at {counts_at}: nothing that it signs counts",
            )

        name, key = self._signing_key(token, keys, then, signed_at)
        valid_now = any(key == other for _, other in still)
        if policy is KeyPolicy.NOW and not valid_now:
            raise IssuerError(
                IssuerReason.KEY_ROTATED,
                f"{name} was a key of {did} when this was signed, and is not now: the policy "
                "requires a key that is valid now; ask for a newly signed one",
            )
        return TokenSigner(signer, name, key, valid_now)

    def _signing_key(
        self, token: Jws, keys: _KeyHistory, methods: Sequence[_Method], signed_at: int
    ) -> _Method:
        """Return which of the keys signed a token."""
        named = _named_method(token, keys.did)
        candidates = [one for one in methods if named in (None, one[0])]
        fitting = [one for one in candidates if one[1].kind is KEY_TYPES[token.alg]]
        for found in fitting:
            if found[1].verify(token.alg, token.signing_input, token.signature):
                return found

        if named is None or fitting or not candidates:
            _require_no_other_key(token, keys, {key for _, key in methods}, signed_at)
        if named and not candidates:
            raise IssuerError(
                IssuerReason.ISSUER_KEY_UNKNOWN,
                f"{named[:200]} was not in the signer's document when the token was signed",
            )
        if not fitting:
            raise TokenSignatureError(
                SignatureReason.KEY_TYPE_MISMATCH,
                f"the header says {token.alg}, and {named or keys.did.text} has no key of type "
                f"{KEY_TYPES[token.alg]} for this purpose",
            )
        raise TokenSignatureError(
            SignatureReason.SIGNATURE_INVALID,
            f"the signature is not by {named or keys.did.text}: it is forged, "
            "or the token was changed",
        )

    def _block_at(self, changes: Sequence[Change], time: int) -> int:
        """Return the last block with changes that is not later than a time; 0 where none is."""
        blocks = [
            (number, next(group).log.block_hash)
            for number, group in groupby(changes, _block_number)
        ]

        # By far the most frequent: nothing was changed since.
        if blocks and self._time(blocks[-1][1]) <= time:
            return blocks[-1][0]

        low, high = 0, len(blocks)
        while low < high:
            middle = (low + high) // 2
            if self._time(blocks[middle][1]) <= time:
                low = middle + 1
            else:
                high = middle
        return blocks[low - 1][0] if low else 0

    def _time(self, block_hash: bytes) -> int:
        if block_hash not in self._times:
            self._times[block_hash] = int(self.registry.chain.block(block_hash)["timestamp"], 16)
            if len(self._times) > _REMEMBERED_TIMES:
                self._times.popitem(last=False)
        return self._times[block_hash]


def _block_number(change: Change) -> int:
    return change.log.block_number


def present(chain: Chain) -> datetime:
    """Return the present time: this machine's or the newest block's, whichever is later."""
    return max(datetime.now(UTC), from_seconds(chain.timestamp()))


def _require_no_other_key(
    token: Jws, keys: _KeyHistory, in_force: Set[VerificationKey], signed_at: int
) -> None:
    """Raise where an earlier or later key of the same DID fits, for then nothing was forged."""
    for key in keys.every_key():
        if key in in_force or key.kind is not KEY_TYPES[token.alg]:
            continue
        if key.verify(token.alg, token.signing_input, token.signature):
            raise IssuerError(
                IssuerReason.KEY_ROTATED,
                f"the key of {keys.did.text} that signed this was not in its document for this "
                f"purpose at {time_text(from_seconds(signed_at))}, the time of signing: "
                "it was rotated out, had expired, or came later",
            )


def _named_method(token: Jws, did: Did) -> str | None:
    """Return the id of the key that the header names, as the document has it."""
    if token.kid is None:
        return None

    named = f"{did.text}{token.kid}" if token.kid.startswith("#") else token.kid
    if not named.startswith(f"{did.text}#"):
        raise IssuerError(
            IssuerReason.ISSUER_KEY_UNKNOWN,
            f"the header's 'kid' {token.kid[:200]!r} is not a key of the signer, {did.text}",
        )
    return named
