"""The company's side: ask, accept an answer, keep the result, put the use on record, read again.

```python
company = Company(issuer, registry, consents, statuses, store=store, policy=policy)
asked = company.ask(vct, ["age_over_18"], Purpose("Offer you a policy", terms), timedelta(days=1))
accepted = company.take(Answer.read(content), asked.request, {"age_over_18": lambda value: value})
company.verifications.read(accepted.kept.id)
```
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from careledger.chain.rpc import Block
from careledger.chain.transactions import TransactionReceipt
from careledger.errors import Conflict, InputError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import RequestReason, RequestRefused
from careledger.identity.consent.kinds import ActKind
from careledger.identity.consent.messages import SignedGrant, depends_on_foreign_contract
from careledger.identity.consent.relay import ActState, Relay
from careledger.identity.consent.terms import Consent, ConsentRecord, ConsentStatus
from careledger.identity.credentials.chain_checks import ConsentReader
from careledger.identity.credentials.claim_paths import path_of, path_text
from careledger.identity.credentials.did_keys import DidKeys, present
from careledger.identity.credentials.errors import ConsentError, ConsentReason, Replayed
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifiedCredential,
    VerifierPolicy,
)
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import Did
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import (
    LEEWAY,
    LIFETIME,
    ClaimName,
    Request,
    SignedRequest,
    parse_request,
)
from careledger.identity.exchange.verifications import (
    ClaimCondition,
    Verification,
    Verifications,
)
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.readers import ChainStatusReader
from careledger.store import Store
from careledger.values.addresses import address
from careledger.values.times import time_text

SUBMITTING = timedelta(seconds=15)
"""How long a transaction takes to be mined. A grant whose time ends before that is not submitted,
because the company would pay for nothing."""
PATIENCE = 60.0
"""Seconds that an answer waits for another one that is being put on chain."""


@dataclass(frozen=True)
class AcceptedAnswer:
    """The result of an answer."""

    kept: Verification
    """What stays in the store: no value of any claim."""
    verified: VerifiedCredential | None = field(repr=False)
    """What the customer showed, for the moment; None where this answer was accepted before."""
    granted: bytes | None
    """The transaction that put the consent on chain; None where it was on chain already."""
    use: TransactionReceipt | None
    """The transaction that put the use on record; None where it was on record already."""


class _GrantedConsent:
    """Answers as the registry will after a grant, to verify an answer before the grant is paid."""

    def __init__(self, consent: Consent) -> None:
        self._consent = consent

    def record(self, id: bytes, block: Block = "latest") -> ConsentRecord:  # noqa: ARG002  as the registry
        """Return the record as it will be."""
        consent = self._consent
        return ConsentRecord(consent.subject, consent.expires_at, 0, ConsentStatus.GRANTED)

    def epoch(self, subject: str, block: Block = "latest") -> int:  # noqa: ARG002  as the registry
        """Return the epoch of the record."""
        return 0


class Company:
    """A company that reads existing verifications with the consent of its customers."""

    def __init__(
        self,
        issuer: Issuer,
        registry: IdentityRegistry,
        consents: ConsentRegistry,
        statuses: CredentialStatus,
        *,
        store: Store,
        policy: VerifierPolicy,
        verifiers: Collection[str] = (),
    ) -> None:
        """Say who asks, and what it relies on.

        Args:
            issuer: the company's DID with a key of its document; signs requests.
            consents: with the sender who pays for grants and for evidence of use.
            policy: whose credentials are believed, and how strictly.
            verifiers: addresses of the ERC-7913 verifiers that it pays for, such as the suite's
                `PasskeyVerifier`. A contract of the customer could accept the signature when it is
                asked and refuse it when it is paid for. So a customer who signs by such a contract
                has the consent put on chain by somebody else.

        """
        self.issuer = issuer
        self.registry = registry
        self.consents = consents
        self.policy = policy
        self.verifiers = {address(one, "verifier") for one in verifiers}

        self.relay = Relay(store, consents, patience=PATIENCE)
        self.verifications = Verifications(store, consents, ChainStatusReader(statuses))
        self._keys = DidKeys(registry)

    # -- requests

    def ask(
        self,
        vct: str,
        claims: Sequence[ClaimName],
        purpose: Purpose,
        consent_for: timedelta,
        *,
        lifetime: timedelta = LIFETIME,
        audience: str | None = None,
        response_uri: str | None = None,
    ) -> SignedRequest:
        """Return a signed request, good for one answer.

        Args:
            vct: the type of credential.
            claims: what is to be shown of it.
            consent_for: how long the company wants to rely on it.
            lifetime: how long the request can be answered.

        """
        request = Request.make(
            self.issuer.did,
            vct,
            claims,
            purpose,
            consent_for=consent_for,
            chain_id=self.registry.chain.chain_id,
            registry=self.consents.address,
            now=self._now(),
            lifetime=lifetime,
            nonce=self.verifications.issue(lifetime),
            audience=audience,
            response_uri=response_uri,
        )

        return SignedRequest(request, request.sign(self.issuer))

    def own_request(self, text: str) -> Request:
        """Read a request of this company again, for `take`, wherever it was in the meantime.

        Raises:
            MalformedRequest, MalformedToken: it is not a request.
            RequestRefused: it is another company's.
            TokenSignatureError, IssuerError: no key of this company signed it, or it was changed.

        """
        request, token = parse_request(text)
        if request.grantee != Did.parse(self.issuer.did).address:
            raise RequestRefused(
                RequestReason.REQUEST_ELSEWHERE,
                f"the request is of {request.did}, but {self.issuer.did} takes the answer",
            )

        self._keys.check(token, request.did, request.issued_at)
        return request

    # -- answers

    def take(
        self,
        answer: Answer,
        request: Request,
        conditions: Mapping[ClaimName, ClaimCondition] | None = None,
    ) -> AcceptedAnswer:
        """Verify an answer, have its consent granted, keep the result and put the use on record.

        Nothing is paid before everything is verified, except that the consent is on chain. A run
        that was killed can be repeated at any point: the same answer is accepted once, what is
        missing is done, and the chain is asked whether the result may still be relied on.

        Args:
            request: the one that it answers; `own_request` reads a stored one.
            conditions: by claim, what the company requires of its value; only the outcome is kept.

        Raises:
            CredentialError, AnswerError: the answer is not accepted; its reason says why.
            KeyBindingError, Replayed: the request is not one of ours, was answered, or
                is over.
            InputError: a condition is about a claim that was not asked for.
            Conflict: the consent cannot be put on chain.
            NodeError: the chain cannot be asked.

        """
        before = self.verifications.of_presentation(answer.presentation_hash)
        if before is not None:
            return self._take_again(before, answer, request)

        outcomes = self._verify_before_paying(answer, request, conditions or {})
        granted = self._put_on_chain(answer)
        verified = self.verify(answer, request)
        kept = self._keep(verified, answer, request, outcomes)
        return AcceptedAnswer(kept, verified, granted, self._put_use_on_record(answer))

    def verify(self, answer: Answer, request: Request) -> VerifiedCredential:
        """Verify an answer whose consent is on chain; nothing is kept, and nothing is paid.

        Raises:
            CredentialError: it is not accepted; its reason says why.
            NodeError: the chain cannot be asked.

        """
        return self._verify(answer, request, self.consents)

    def _verify(
        self, answer: Answer, request: Request, consents: ConsentReader
    ) -> VerifiedCredential:
        verifier = Verifier(
            self.registry,
            self.policy,
            consents=consents,
            statuses=self.verifications.statuses,
            keys=self._keys,
        )
        return verifier.verify(answer.parsed_presentation, _requirements(request), answer.consent)

    def _verify_before_paying(
        self,
        answer: Answer,
        request: Request,
        conditions: Mapping[ClaimName, ClaimCondition],
    ) -> dict[ClaimName, bool]:
        """Verify all but that the consent is on chain; return which conditions the claims meet."""
        for name in conditions:
            path = path_of(name)
            if path not in request.claims:
                raise InputError(
                    f"{path_text(path)} was not asked for, so no result of it can be kept"
                )

        answer.check(request, self._now())
        self.verifications.require_open(request.nonce)
        shown = self._verify(answer, request, _GrantedConsent(answer.consent))
        return {name: condition(shown.get(name)) for name, condition in conditions.items()}

    def _put_on_chain(self, answer: Answer) -> bytes | None:
        """Have the consent granted unless its id is on chain; return the transaction's hash."""
        status = self.consents.record(answer.consent.id).status
        if answer.grant is None or status is not ConsentStatus.NONE:
            return None  # `verify` says whether the consent is valid

        self._require_worth_paying(answer.consent, answer.grant)
        self.relay.grant(answer.grant)
        self.relay.run()

        outcome = self.relay.outcome(ActKind.GRANT, answer.grant)
        if outcome.state is ActState.REFUSED:
            raise Conflict(f"the customer's consent cannot be put on chain: {outcome.reason}")
        return outcome.transaction

    def _require_worth_paying(self, consent: Consent, grant: SignedGrant) -> None:
        """Refuse a grant whose transaction could cost gas and grant nothing."""
        mined_at = self._now() + SUBMITTING
        if consent.expires_at < mined_at:
            raise ConsentError(
                ConsentReason.CONSENT_EXPIRED,
                f"the consent ends at {time_text(consent.expires_at)}: too soon to put it on chain",
            )
        if grant.signed.deadline_at < mined_at:
            raise Conflict(
                "the customer's grant can be submitted until "
                f"{time_text(grant.signed.deadline_at)}: too soon to put it on chain"
            )

        if depends_on_foreign_contract(grant, self.registry.chain.code, self.verifiers):
            raise Conflict(
                f"a contract wallet or an unknown kind of key, {grant.signed.signer}, signed the "
                "consent: have it put on chain by somebody else, then hand in the answer again"
            )

    def _keep(
        self,
        verified: VerifiedCredential,
        answer: Answer,
        request: Request,
        outcomes: Mapping[ClaimName, bool],
    ) -> Verification:
        try:
            return self.verifications.record(verified, _requirements(request), outcomes)
        except Replayed:
            # another process may have accepted the same answer in the same moment
            other = self.verifications.of_presentation(answer.presentation_hash)
            if other is None:
                raise
            return other

    def _take_again(self, before: Verification, answer: Answer, request: Request) -> AcceptedAnswer:
        """Do what a run left undone after the result was kept; then see whether it is valid."""
        # it was accepted before, so it came in time
        in_time = min(self._now(), request.expires_at + LEEWAY)
        answer.check(request, in_time)

        if before.consent_id != answer.consent.id:
            raise ConsentError(
                ConsentReason.CONSENT_MISMATCH,
                "this presentation was accepted with another consent than comes with it now",
            )
        use = self._put_use_on_record(answer)
        return AcceptedAnswer(self.verifications.read(before.id), None, None, use)

    def _put_use_on_record(self, answer: Answer) -> TransactionReceipt | None:
        if self.consents.uses([answer.use]):
            return None

        with self.relay.paying() as payer:
            return self.consents.using(payer).commit_use(answer.use)

    def _now(self) -> datetime:
        return present(self.registry.chain)


def _requirements(request: Request) -> PresentationRequirements:
    purpose = request.purpose.hash(request.nonce)
    return PresentationRequirements(
        request.audience,
        request.nonce,
        request.vct,
        request.claims,
        ConsentRequirement(request.grantee, purpose),
    )
