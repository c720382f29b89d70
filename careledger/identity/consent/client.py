"""The typed client of `ConsentRegistry`: a method for each function."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from eth_typing import ChecksumAddress

from careledger.chain.contract import ContractClient
from careledger.chain.rpc import Block
from careledger.chain.transactions import TransactionReceipt
from careledger.identity.consent import errors  # noqa: F401  declares what the contract refuses with
from careledger.identity.consent.events import ConsentGranted, ConsentRevoked, UseCommitted
from careledger.identity.consent.messages import (
    ConsentMessages,
    SignedGrant,
    SignedRevocation,
    SignedRevokeAll,
)
from careledger.identity.consent.terms import (
    Commitment,
    Consent,
    ConsentRecord,
    ConsentTerms,
)
from careledger.values.addresses import address
from careledger.values.hashes import require_bytes32
from careledger.values.times import from_seconds

ConsentOrCommitment = Consent | Commitment
"""A consent with its terms, or what is on chain of it."""

_TOPICS = 500
"""Commitments in a query; nodes limit how many topics they compare."""
_BATCH_GAS = 60_000
_ACCOUNT_ITEM_GAS = 60_000
_CONTRACT_ITEM_GAS = 1_120_000
_BYTE_GAS = 40
"""What a batch needs at most: itself, an item that an account signed, any other item, and a byte of
the signature of any other item."""


class ConsentRegistry(ContractClient):
    """The consents of everybody."""

    name = "ConsentRegistry"

    @property
    def messages(self) -> ConsentMessages:
        """The messages that are signed for this registry."""
        return ConsentMessages(self.chain.chain_id, self.address)

    # -- grants

    def grant(self, consent: ConsentOrCommitment, epoch: int) -> TransactionReceipt:
        """Grant a consent, as the subject's controller or its delegate.

        Args:
            epoch: the subject's present one (`epoch`); with another, the id is used up and the
                consent is never valid.

        Raises:
            NotSubject, ExpiryPassed, AlreadyUsed, EpochAhead: as they say.

        """
        return self._write("grant", consent.abi(), epoch)

    def grant_by_sig(self, act: SignedGrant) -> TransactionReceipt:
        """Relay a signed grant.

        Raises:
            NotSubject, ExpiryPassed, AlreadyUsed, EpochAhead: as they say.
            ConsentSignatureExpired, BadConsentSignature: as they say.

        """
        return self._write("grantBySig", *act.abi())

    def grant_batch(self, acts: Sequence[SignedGrant]) -> TransactionReceipt:
        """Relay many signed grants; one that is not possible is skipped, and has no event."""
        return self._write("grantBatch", [act.abi() for act in acts], gas=self.batch_gas(acts))

    # -- endings

    def revoke(self, consent: ConsentOrCommitment) -> TransactionReceipt:
        """End a consent for good, as the subject's controller or its delegate.

        The id of a consent that is not on chain can then never be granted.

        Raises:
            NotSubject, AlreadyEnded: as they say.

        """
        return self._write("revoke", consent.abi())

    def revoke_by_sig(self, act: SignedRevocation) -> TransactionReceipt:
        """Relay a signed revocation.

        Raises:
            NotSubject, AlreadyEnded, ConsentSignatureExpired, BadConsentSignature: as they say.

        """
        return self._write("revokeBySig", act.consent.abi(), *act.signed.abi())

    def revoke_compact_by_sig(self, act: SignedRevocation) -> TransactionReceipt:
        """Relay a revocation for less gas, where the controlling account signed it.

        It ends only a consent that is on chain.

        Raises:
            NotGranted, ConsentSignatureExpired, BadConsentSignature: as they say.
            InputError: the signature is not an account's: `revoke_by_sig` accepts the others.

        """
        return self._write(
            "revokeCompactBySig", act.consent.id, act.signed.deadline, *act.signed.compact
        )

    def revoke_batch(self, acts: Sequence[SignedRevocation]) -> TransactionReceipt:
        """Relay many signed revocations; one that is not possible is skipped, and has no event."""
        return self._write("revokeBatch", [act.abi() for act in acts], gas=self.batch_gas(acts))

    def revoke_all(self, subject: str) -> TransactionReceipt:
        """End all consents of a subject, and void its signatures that nobody has submitted yet.

        Raises:
            NotSubject: the sender is neither its controller nor its delegate.

        """
        return self._write("revokeAll", subject)

    def revoke_all_by_sig(self, end: SignedRevokeAll) -> TransactionReceipt:
        """Relay the signed end of all consents of a subject.

        Raises:
            NotSubject, ConsentSignatureExpired, BadConsentSignature: as they say.

        """
        return self._write("revokeAllBySig", end.subject, *end.signed.abi())

    def renounce(self, consent: Consent) -> TransactionReceipt:
        """Give a consent back, as the company; everybody can then see its terms.

        Raises:
            NotGrantee, NotGranted: as they say.

        """
        return self._write("renounce", consent.abi(), consent.terms.abi())

    # -- batches

    def batch_gas(self, acts: Sequence[SignedGrant | SignedRevocation]) -> int:
        """Return the gas limit that a batch needs, so that it has room to check each signature.

        Unused gas costs nothing.
        """
        return _BATCH_GAS + sum(self.item_gas(act) for act in acts)

    def item_gas(self, act: SignedGrant | SignedRevocation) -> int:
        """Return what one item of a batch needs at most."""
        size = len(act.signed.signature)
        by_account = size == 65 and not self.chain.code(act.signed.signer)
        return _ACCOUNT_ITEM_GAS if by_account else _CONTRACT_ITEM_GAS + _BYTE_GAS * size

    def would_grant(self, acts: Sequence[SignedGrant]) -> int:
        """Return how many of these `grant_batch` would grant now."""
        return int(self._read("grantBatch", [act.abi() for act in acts]))

    def would_revoke(self, acts: Sequence[SignedRevocation]) -> int:
        """Return how many of these `revoke_batch` would revoke now."""
        return int(self._read("revokeBatch", [act.abi() for act in acts]))

    # -- uses

    def commit_use(self, commitment: bytes) -> TransactionReceipt:
        """Put a use on record, by its commitment."""
        return self._write("commitUse", require_bytes32(commitment, "commitment"))

    def commit_uses(self, commitments: Sequence[bytes]) -> TransactionReceipt:
        """Put many uses on record."""
        return self._write(
            "commitUses", [require_bytes32(one, "commitment") for one in commitments]
        )

    def uses(
        self, commitments: Iterable[bytes], to_block: Block = "latest"
    ) -> dict[bytes, UseCommitted]:
        """Return the first record of each of these; those that are not on record are left out."""
        wanted = list(dict.fromkeys(commitments))
        found: dict[bytes, UseCommitted] = {}

        for first in range(0, len(wanted), _TOPICS):
            page = wanted[first : first + _TOPICS]
            for event in self.history(UseCommitted, to_block=to_block, commitment=page):
                found.setdefault(event.commitment, event)

        return found

    # -- views

    def is_valid(self, id: bytes, block: Block = "latest") -> bool:
        """Say whether a consent is granted, not ended, not expired, and of the present epoch."""
        return bool(self._read("isValid", require_bytes32(id, "consent id"), block=block))

    def consent(self, id: bytes, block: Block = "latest") -> ConsentRecord:
        """Return what the chain keeps of an id."""
        return ConsentRecord.from_abi(
            self._read("consent", require_bytes32(id, "consent id"), block=block)
        )

    def record(self, id: bytes, block: Block = "latest") -> ConsentRecord:
        """Return `consent`, under the name by which a verifier asks."""
        return self.consent(id, block)

    def epoch(self, subject: str, block: Block = "latest") -> int:
        """Return when a subject last ended all its consents: seconds since 1970 UTC, 0: never."""
        return int(self._read("epoch", subject, block=block))

    def knows(self, subject: str, to_block: Block = "latest") -> bool:
        """Say whether a subject ever gave or ended a consent here.

        A wallet that was restored looks for its subjects in this way.
        """
        found = self.history(
            ConsentGranted,
            ConsentRevoked,
            subject=address(subject, "subject"),
            to_block=to_block,
        )

        return any(found)

    def time(self, block: Block = "latest") -> datetime:
        """Return a block's time, by which consents expire."""
        return from_seconds(self.chain.timestamp(block))

    def id_of(self, consent: ConsentOrCommitment) -> bytes:
        """Return the id as the contract computes it; `Consent.id` needs no node."""
        return bytes(self._read("idOf", consent.abi()))

    def terms_hash(self, terms: ConsentTerms) -> bytes:
        """Return the terms' hash as the contract computes it; `ConsentTerms.hash` needs no node."""
        return bytes(self._read("termsHash", terms.abi()))

    def is_signed_by(
        self, signer: str, digest: bytes, signature: bytes, block: Block = "latest"
    ) -> bool:
        """Say whether a signature is a signer's, in any form that the contract accepts."""
        return bool(self._read("isSignedBy", signer, digest, signature, block=block))

    def registry(self) -> ChecksumAddress:
        """Return the address of the identity registry that says who may act."""
        return ChecksumAddress(self._read("REGISTRY"))

    def consent_role(self) -> bytes:
        """Return the type of the delegates who may act about consents: `terms.ROLE`, padded."""
        return bytes(self._read("CONSENT_ROLE"))

    def signature_gas(self) -> int:
        """Return the gas that a contract may use to check a signature in a batch."""
        return int(self._read("SIGNATURE_GAS"))

    def eip712_domain(self) -> tuple[bytes, str, str, int, str, bytes, list[int]]:
        """Return the EIP-5267 description of the signing domain."""
        fields: tuple[bytes, str, str, int, str, bytes, list[int]] = self._read("eip712Domain")
        return fields
