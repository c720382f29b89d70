"""What a verifier checks of a presentation: everything, always, and each failure has its own class.

What can be checked without the node comes first, so that garbage costs no calls. Then everything is
read as of one block: the issuer's keys, the credential's status, the consent. That takes six calls
to the node for an issuer who has changed its document, and the time of that block, once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from careledger.errors import SettingsError
from careledger.identity.consent.terms import Consent, presentation_hash
from careledger.identity.credentials import offline_checks as offline
from careledger.identity.credentials.chain_checks import (
    ConsentReader,
    StatusReader,
    check_consent,
    check_status,
)
from careledger.identity.credentials.credential import Credential, HolderProof, Presentation
from careledger.identity.credentials.did_keys import DidKeys, KeyPolicy, TokenSigner
from careledger.identity.credentials.errors import (
    IssuerError,
    IssuerReason,
    KeyBindingError,
    KeyBindingReason,
    Replayed,
    StatusError,
    StatusReason,
)
from careledger.identity.credentials.formats import parse_credential, parse_presentation
from careledger.identity.credentials.keys import VerificationKey
from careledger.identity.credentials.policy import (
    Nonces,
    PresentationRequirements,
    VerifiedCredential,
    VerifierPolicy,
)
from careledger.identity.did.client import IdentityRegistry
from careledger.values.times import from_seconds


@dataclass(frozen=True)
class _AsOf:
    """The present time, and the block as of which the chain is read."""

    now: datetime
    block: int


class Verifier:
    """Checks presentations and credentials against the chain."""

    def __init__(
        self,
        registry: IdentityRegistry,
        policy: VerifierPolicy,
        *,
        consents: ConsentReader | None = None,
        statuses: StatusReader | None = None,
        nonces: Nonces | None = None,
        keys: DidKeys | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Say what to rely on.

        Args:
            consents: needed where consent is required.
            statuses: needed for credentials with a status.
            nonces: where answered requests are remembered. None: the caller remembers them, as
                `Verifications.record` does in one transaction with the result.
            keys: shares its memory of block times between verifiers.
            clock: returns the present time, aware; the machine's when None. The time of the newest
                block counts where it is later.

        """
        self.registry = registry
        self.policy = policy
        self.consents = consents
        self.statuses = statuses
        self.nonces = nonces

        self.keys = keys or DidKeys(registry)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._trusted = (
            None
            if policy.issuers is None
            else {self.keys.did(one).address for one in policy.issuers}
        )

    def verify(
        self,
        presentation: Presentation | str,
        required: PresentationRequirements,
        consent: Consent | None = None,
    ) -> VerifiedCredential:
        """Check a presentation of any format.

        Args:
            presentation: as it came, or as `formats.parse_presentation` parsed it; then within the
                limits that it was parsed with.
            consent: what the customer handed over with it; the holder's proof names its id.

        Raises:
            CredentialError: it is not accepted; the class and its reason say why.
            NodeError: the node cannot be asked.
            SettingsError: a reader is missing that this presentation needs.

        """
        if isinstance(presentation, str):
            presentation = parse_presentation(presentation, self.policy.limits)
        credential = presentation.credential
        proof = presentation.proof

        # Without the node: whether it answers the request, and whose proof it is.
        offline.check_request(proof, required)
        holder = self._check_holder(credential, proof)
        offline.check_type(credential, required.type)
        offline.check_claims(credential, required)
        consent_id = offline.check_named_consent(proof, credential, required, consent)

        # As of one block: whether all of it is valid now.
        as_of = self._as_of()
        self._check_proof(proof, as_of)
        signer = self._check_credential(credential, as_of)
        self._check_consent(consent_id, consent, as_of)
        self._spend(required.nonce)

        return _verified(
            credential,
            signer,
            as_of,
            type_=required.type,
            holder=holder,
            consent_id=consent_id,
            hash_=presentation.hash,
        )

    def check(self, credential: str, type_: str | None = None) -> VerifiedCredential:
        """Check a credential that nobody presents: what a holder does with what an issuer gave.

        Signature, issuer's key, times, type and status are checked; there is no holder's proof,
        audience, nonce or consent.

        Args:
            type_: the type that it has to be of; None: any.

        Raises:
            CredentialError: it is not accepted; the class and its reason say why.
            NodeError: the node cannot be asked.

        """
        parsed = parse_credential(credential, self.policy.limits)
        if type_ is not None:
            offline.check_type(parsed, type_)

        as_of = self._as_of()
        signer = self._check_credential(parsed, as_of)

        return _verified(
            parsed,
            signer,
            as_of,
            type_=type_ or parsed.types[-1],
            holder=None,
            consent_id=None,
            hash_=presentation_hash(credential),
        )

    def _as_of(self) -> _AsOf:
        block = self.registry.chain.block("latest")
        mined_at = from_seconds(int(block["timestamp"], 16))
        return _AsOf(max(self._clock(), mined_at), int(block["number"], 16))

    # -- the holder

    def _check_holder(self, credential: Credential, proof: HolderProof) -> str:
        """Check whose proof it is; return the key's thumbprint, or the DID."""
        if isinstance(proof.holder, VerificationKey):
            offline.check_confirmed_key(proof, proof.holder)
            return proof.holder.thumbprint

        holder = self.keys.did(proof.holder)
        subject = credential.subject
        if subject is None or self.keys.did(subject).address != holder.address:
            raise KeyBindingError(
                KeyBindingReason.KEY_BINDING_INVALID,
                "the presentation is by somebody else than the credential's subject",
            )
        return proof.holder

    def _check_proof(self, proof: HolderProof, as_of: _AsOf) -> None:
        """Check when the proof was made, and the signature of a holder with a DID."""
        offline.check_proof_age(proof, as_of.now, self.policy)
        offline.check_times(proof.times, as_of.now, self.policy.leeway, "the holder's proof")

        if isinstance(proof.holder, str):
            # The holder's key counts now, for the proof is made now, whatever the policy says of
            # the issuer's.
            self.keys.check(
                proof.token,
                proof.holder,
                as_of.now,
                purpose="authentication",
                policy=KeyPolicy.AT_SIGNING,
                now=as_of.now,
            )

    # -- the issuer

    def _check_credential(self, credential: Credential, as_of: _AsOf) -> TokenSigner:
        """Check what the issuer is responsible for: the times, its key, the status."""
        offline.check_times(credential.times, as_of.now, self.policy.leeway, "the credential")

        issuer = self.keys.did(credential.issuer)
        if self._trusted is not None and issuer.address not in self._trusted:
            raise IssuerError(
                IssuerReason.UNTRUSTED_ISSUER,
                f"the credential is by {credential.issuer}, which is not an issuer that you trust",
            )
        signer = self.keys.check(
            credential.token,
            credential.issuer,
            credential.signed_at,
            policy=self.policy.keys,
            now=as_of.now,
        )

        self._check_status(credential, issuer.address, as_of)
        return signer

    def _check_status(self, credential: Credential, issuer: str, as_of: _AsOf) -> None:
        status = credential.status
        if status is None:
            if self.policy.status_required:
                raise StatusError(
                    StatusReason.STATUS_MISSING,
                    "the credential has no status, so it could not be revoked; "
                    "the policy requires one",
                )
            return

        # Otherwise whoever stole a former key of the issuer could sign credentials that the issuer
        # cannot revoke.
        if status.on_chain and status.issuer != issuer:
            raise IssuerError(
                IssuerReason.UNTRUSTED_ISSUER,
                f"the credential is by {credential.issuer}, who could not revoke it: "
                f"its status is kept by {status.issuer}",
            )
        if self.statuses is None:
            raise SettingsError(
                "the credential has a status, and the verifier has no reader for it: "
                "give it `statuses`"
            )
        check_status(self.statuses, status, as_of.block)

    # -- the customer

    def _check_consent(
        self, consent_id: bytes | None, consent: Consent | None, as_of: _AsOf
    ) -> None:
        if consent_id is None:
            return
        if self.consents is None:
            raise SettingsError(
                "consent is required, and the verifier has no reader for it: give it `consents`"
            )
        check_consent(self.consents, consent_id, as_of.now, as_of.block, consent)

    def _spend(self, nonce: str) -> None:
        """Mark the request as answered, once everything else was checked."""
        if self.nonces is not None and not self.nonces.spend(nonce):
            raise Replayed(
                "this request was answered already: a presentation is for one reading; ask again"
            )


def _verified(
    credential: Credential,
    signer: TokenSigner,
    as_of: _AsOf,
    *,
    type_: str,
    holder: str | None,
    consent_id: bytes | None,
    hash_: bytes,
) -> VerifiedCredential:
    return VerifiedCredential(
        format=credential.format,
        issuer=credential.issuer,
        issuer_key=signer.key_id,
        key_valid_now=signer.valid_now,
        type=type_,
        subject=credential.subject,
        claims=credential.claims,
        disclosed=credential.disclosed,
        issued_at=credential.signed_at,
        expires_at=credential.times.expires_at,
        status=credential.status,
        holder=holder,
        scope=credential.scope,
        consent_id=consent_id,
        presentation_hash=hash_,
        verified_at=as_of.now,
        block_number=as_of.block,
    )
