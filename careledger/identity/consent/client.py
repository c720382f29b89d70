"""The typed client of `ConsentRegistry`: a method for each function, a class for each event."""

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

OnChain = Consent | Commitment
"""A consent with its terms, or what is on chain of it."""


class ConsentRegistry(ContractClient):
    """The consents of everybody."""

    name = "ConsentRegistry"

    @property
    def messages(self) -> ConsentMessages:
        """What signatures for this registry are bound to."""
        return ConsentMessages(self.chain.chain_id, self.address)

    # -- giving

    def grant(self, consent: OnChain, epoch: int) -> TransactionReceipt:
        """Give a consent, as the subject's controller or its delegate.

        Args:
            epoch: the subject's present one (`epoch`); with another, the consent is used up and
                never valid.

        Raises:
            NotSubject, ExpiryPassed, AlreadyUsed, EpochAhead: as they say.

        """
        return self._write("grant", consent.abi(), epoch)

    def grant_by_sig(self, act: SignedGrant) -> TransactionReceipt:
        """Relay a signed grant.

        Raises:
            NotSubject, ExpiryPassed, AlreadyUsed, EpochAhead, ConsentSignatureExpired, BadConsentSignature:
            as they say.

        """
        return self._write("grantBySig", *act.abi())

    def grant_batch(self, acts: Sequence[SignedGrant]) -> TransactionReceipt:
        """Relay many signed grants; what cannot be granted is skipped, and the events say what was."""
        return self._write("grantBatch", [act.abi() for act in acts], gas=self.batch_gas(acts))

    # -- ending

    def revoke(self, consent: OnChain) -> TransactionReceipt:
        """End a consent for good, or burn its id, as the subject's controller or its delegate.

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
        """Relay a revocation that the account in control of the subject signed, of a consent on chain, for less gas.

        Raises:
            NotGranted, ConsentSignatureExpired, BadConsentSignature: as they say.
            InputError: the signature is not an account's: `revoke_by_sig` takes the others.

        """
        return self._write(
            "revokeCompactBySig", act.consent.id, act.signed.deadline, *act.signed.compact
        )

    def revoke_batch(self, acts: Sequence[SignedRevocation]) -> TransactionReceipt:
        """Relay many signed revocations; what cannot be revoked is skipped, and the events say what was."""
        return self._write("revokeBatch", [act.abi() for act in acts], gas=self.batch_gas(acts))

    def revoke_all(self, subject: str) -> TransactionReceipt:
        """End all consents of a subject, and void its signatures that are under way.

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
        """Give a consent back, as the company; shows the terms to everybody.

        Raises:
            NotGrantee, NotGranted: as they say.

        """
        return self._write("renounce", consent.abi(), consent.terms.abi())

    # -- batches

    def batch_gas(self, acts: Sequence[SignedGrant | SignedRevocation]) -> int:
        """Return the gas limit that a batch needs, so that it has room to check each signature.

        Unused gas costs nothing.
        """
        return 60_000 + sum(self.item_gas(act) for act in acts)

    def item_gas(self, act: SignedGrant | SignedRevocation) -> int:
        """Return what one item of a batch needs at most."""
        own = len(act.signed.signature) == 65 and not self.chain.code(act.signed.signer)
        return 60_000 if own else 1_120_000 + 40 * len(act.signed.signature)

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

        for first in range(0, len(wanted), 500):  # nodes limit how many topics they compare
            page = wanted[first : first + 500]
            for event in self.history(UseCommitted, to_block=to_block, commitment=page):
                found.setdefault(event.commitment, event)

        return found

    # -- views

    def is_valid(self, id: bytes, block: Block = "latest") -> bool:
        """Say whether a consent stands: granted, ended by nobody, of its subject's present epoch, not expired."""
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
        """Return when a subject last ended all its consents, in seconds since 1970 UTC; 0 where it never did."""
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

    def id_of(self, consent: OnChain) -> bytes:
        """Return the id as the contract computes it; `Consent.id` is the same without a node."""
        return bytes(self._read("idOf", consent.abi()))

    def terms_hash(self, terms: ConsentTerms) -> bytes:
        """Return the terms' hash as the contract computes it; `ConsentTerms.hash` is the same without a node."""
        return bytes(self._read("termsHash", terms.abi()))

    def is_signed_by(
        self, signer: str, digest: bytes, signature: bytes, block: Block = "latest"
    ) -> bool:
        """Say whether a signature is a signer's, in any form that the contract takes."""
        return bool(self._read("isSignedBy", signer, digest, signature, block=block))

    def registry(self) -> ChecksumAddress:
        """Return the address of the identity registry that says who may act."""
        return ChecksumAddress(self._read("REGISTRY"))

    def consent_role(self) -> bytes:
        """Return the type of the delegates who may act about consents, `terms.ROLE` padded to 32 bytes."""
        return bytes(self._read("CONSENT_ROLE"))

    def signature_gas(self) -> int:
        """Return what checking a signature in a batch may take, where it is not an account's own."""
        return int(self._read("SIGNATURE_GAS"))

    def eip712_domain(self) -> tuple[bytes, str, str, int, str, bytes, list[int]]:
        """Return the EIP-5267 description of the signing domain."""
        fields: tuple[bytes, str, str, int, str, bytes, list[int]] = self._read("eip712Domain")
        return fields
