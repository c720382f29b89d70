"""What the outbox has to know of grants, revocations and ends of consents that customers signed.

Whether one is done is asked of the registry by its id: what somebody else submitted first counts as
done, and nothing is done twice.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from eth_typing import ChecksumAddress

from careledger.chain.reverts import Reverted
from careledger.crypto.typed_data import struct_hash
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import EpochAhead
from careledger.identity.consent.messages import (
    ConsentAct,
    ConsentSignature,
    SignedGrant,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import Commitment, ConsentStatus
from careledger.outbox.kinds import EffectState
from careledger.values.hashes import parse_bytes32
from careledger.values.times import from_seconds

A = TypeVar("A", SignedGrant, SignedRevocation, SignedRevokeAll)

ITEMS = 100
"""In a batch at most; the registry skips what does not fit, and the gas limit bounds it too."""

_TOO_DEAR = "Checking its signature takes more gas than a batch allows: send it by itself"
_ANOTHER_EPOCH = (
    "It was signed for another epoch of the subject, who has ended all consents of that one"
)


class ActKind(StrEnum):
    """What an act does."""

    GRANT = "grant"
    REVOKE = "revoke"
    END = "end"
    """Of all consents of a subject."""


def key_of(act: ConsentAct) -> bytes:
    """Return the 32 bytes under which an act of a kind is done once."""
    if isinstance(act, SignedRevokeAll):
        return struct_hash("End(address subject,uint40 epoch)", [act.subject, act.epoch])

    return act.consent.id


class _ConsentCalls(ABC, Generic[A]):
    """What the three kinds share; each is an `OutboxKind`."""

    kind: ClassVar[ActKind]
    batch = ITEMS

    def __init__(self, registry: ConsentRegistry, payer: str) -> None:
        """Say where the acts are done, and who pays for them.

        Args:
            registry: the contract.
            payer: address of the account that the calls are simulated for.

        """
        self.registry = registry
        self.payer = payer

    @property
    def name(self) -> str:
        """Its name in the outbox."""
        return f"consent.{self.kind}"

    @property
    def target(self) -> ChecksumAddress:
        """The registry."""
        return self.registry.address

    def effect(self, item: A) -> bytes:
        """Return the consent's id, or the hash of subject and epoch."""
        return key_of(item)

    def refusal(self, item: A) -> str | None:
        """Return the sentence of the registry's error, if the registry would not take it now."""
        if self.would_take([item]):
            return None

        try:
            self.registry.chain.call(self.target, self._alone(item), sender=self.payer)
        except EpochAhead:
            # The epoch is the present one of the subject, so it began in this very second.
            time.sleep(1)
            return None
        except Reverted as refusal:
            return str(refusal)

        return self._spoils_a_batch()

    @abstractmethod
    def would_take(self, items: Sequence[A]) -> bool:
        """Return whether the registry would do all of them now."""

    @abstractmethod
    def _alone(self, item: A) -> bytes:
        """Return the calldata that does one act and names the reason if it is refused."""

    def _spoils_a_batch(self) -> str | None:
        """Return why an act that is fine by itself is not in a batch."""
        return _TOO_DEAR


class GrantKind(_ConsentCalls[SignedGrant]):
    """Grants, many in a transaction."""

    kind = ActKind.GRANT

    def to_json(self, item: SignedGrant) -> dict[str, Any]:
        """Return the grant as it is stored."""
        return item.consent.to_json() | {"epoch": item.epoch, "signed": item.signed.to_json()}

    def from_json(self, document: Mapping[str, Any]) -> SignedGrant:
        """Return the grant of a stored document."""
        signed = ConsentSignature.from_json(document["signed"])
        return SignedGrant(_seen(document), signed, document["epoch"])

    def effect_state(self, item: SignedGrant) -> EffectState:
        """Ask for the consent's status, and for the subject's epoch."""
        status = self.registry.consent(item.consent.id).status

        # The registry would take a grant of another epoch, and it would never be valid.
        if self.registry.epoch(item.consent.subject) != item.epoch:
            return EffectState(impossible=_ANOTHER_EPOCH)

        return EffectState(done=status is ConsentStatus.GRANTED)

    def would_take(self, items: Sequence[SignedGrant]) -> bool:
        """Return whether the registry would grant all of them now."""
        try:
            return self.registry.would_grant(items) == len(items)
        except Reverted:
            return False

    def gas(self, item: SignedGrant) -> int | None:
        """Return what its signature takes to check, and its record to write."""
        return self.registry.item_gas(item)

    def encode(self, items: Sequence[SignedGrant]) -> bytes:
        """Return the calldata of `grantBatch`."""
        return self.registry.encode("grantBatch", [act.abi() for act in items])

    def _alone(self, item: SignedGrant) -> bytes:
        return self.registry.encode("grantBySig", *item.abi())


class RevocationKind(_ConsentCalls[SignedRevocation]):
    """Revocations, many in a transaction."""

    kind = ActKind.REVOKE

    def to_json(self, item: SignedRevocation) -> dict[str, Any]:
        """Return the revocation as it is stored; it has no epoch."""
        return item.consent.to_json() | {"epoch": 0, "signed": item.signed.to_json()}

    def from_json(self, document: Mapping[str, Any]) -> SignedRevocation:
        """Return the revocation of a stored document."""
        return SignedRevocation(_seen(document), ConsentSignature.from_json(document["signed"]))

    def effect_state(self, item: SignedRevocation) -> EffectState:
        """Ask for the consent's status."""
        status = self.registry.consent(item.consent.id).status
        return EffectState(done=status in {ConsentStatus.REVOKED, ConsentStatus.RENOUNCED})

    def would_take(self, items: Sequence[SignedRevocation]) -> bool:
        """Return whether the registry would revoke all of them now."""
        try:
            return self.registry.would_revoke(items) == len(items)
        except Reverted:
            return False

    def gas(self, item: SignedRevocation) -> int | None:
        """Return what its signature takes to check, and its record to write."""
        return self.registry.item_gas(item)

    def encode(self, items: Sequence[SignedRevocation]) -> bytes:
        """Return the calldata of `revokeBatch`."""
        return self.registry.encode("revokeBatch", [act.abi() for act in items])

    def _alone(self, item: SignedRevocation) -> bytes:
        return self.registry.encode("revokeBySig", item.consent.abi(), *item.signed.abi())


class RevokeAllKind(_ConsentCalls[SignedRevokeAll]):
    """Ends of all consents of a subject, each in a transaction of its own."""

    kind = ActKind.END
    batch = 1

    def to_json(self, item: SignedRevokeAll) -> dict[str, Any]:
        """Return the end as it is stored."""
        return {"subject": item.subject, "epoch": item.epoch, "signed": item.signed.to_json()}

    def from_json(self, document: Mapping[str, Any]) -> SignedRevokeAll:
        """Return the end of a stored document."""
        signed = ConsentSignature.from_json(document["signed"])
        return SignedRevokeAll(document["subject"], document["epoch"], signed)

    def effect_state(self, item: SignedRevokeAll) -> EffectState:
        """Ask for the subject's epoch."""
        return EffectState(done=self.registry.epoch(item.subject) > item.epoch)

    def would_take(self, items: Sequence[SignedRevokeAll]) -> bool:
        """Return whether the registry would end them now; `refusal` says why it would not."""
        try:
            for item in items:
                self.registry.chain.call(self.target, self._alone(item), sender=self.payer)
        except Reverted:
            return False

        return True

    def gas(self, item: SignedRevokeAll) -> int | None:  # noqa: ARG002  as the others have it
        """Have the node asked: how dear the check of the signature is, is not known here."""
        return None

    def encode(self, items: Sequence[SignedRevokeAll]) -> bytes:
        """Return the calldata of `revokeAllBySig`, of which there is no batch."""
        (item,) = items
        return self._alone(item)

    def _alone(self, item: SignedRevokeAll) -> bytes:
        return self.registry.encode("revokeAllBySig", item.subject, *item.signed.abi())

    def _spoils_a_batch(self) -> str | None:
        return None


def _seen(document: Mapping[str, Any]) -> Commitment:
    expires_at = from_seconds(document["expiry"])
    return Commitment(document["subject"], expires_at, parse_bytes32(document["terms"], "terms"))
