"""The company's side in one place: ask, take an answer, keep the result, put the use on record, read again.

```python
company = Company(issuer, registry, consents, statuses, store=store, policy=VerifierPolicy(issuers=[bank]), lock=file)
asked = company.ask(vct, ["age_over_18", "resident_eu"], Purpose("Offer you a policy", terms), timedelta(days=1))
reading = company.take(Answer.read(file), asked.request, {"age_over_18": lambda value: value is True})
company.verifications.read(reading.kept.id)
```
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from careledger.chain.rpc import Block
from careledger.chain.transactions import Receipt
from careledger.errors import Conflict, InputError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.errors import RequestElsewhere
from careledger.identity.consent.messages import SignedGrant, depends_on_foreign_contract
from careledger.identity.consent.outbox import Kind, State
from careledger.identity.consent.relay import Relay
from careledger.identity.consent.terms import ConsentRecord, ConsentStatus
from careledger.identity.credentials.chain_checks import ConsentReader
from careledger.identity.credentials.claim_paths import path_of, path_text
from careledger.identity.credentials.did_keys import DidKeys
from careledger.identity.credentials.errors import ConsentExpired, ConsentMismatch, Replayed
from careledger.identity.credentials.issuer import Issuer
from careledger.identity.credentials.policy import (
    ConsentRequirement,
    PresentationRequirements,
    VerifiedCredential,
    VerifierPolicy,
)
from careledger.identity.credentials.verifier import Verifier
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import parse
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.request import (
    LEEWAY,
    LIFETIME,
    Purpose,
    Request,
    SignedRequest,
    parse_request,
)
from careledger.identity.exchange.verifications import Verification, Verifications
from careledger.identity.status.client import CredentialStatus
from careledger.identity.status.readers import ChainStatusReader
from careledger.store import Store
from careledger.values.addresses import address
from careledger.values.times import from_seconds, time_text

SUBMITTING = timedelta(seconds=15)
"""A grant that ends, or can no longer be submitted, before a transaction is mined would be paid for
in vain."""
PATIENCE = 60.0
"""Seconds that an answer waits for another one that is being put on chain."""
Claim = str | Sequence[str | int | None]
"""Name of a claim, or a path to it."""
Wish = Callable[[Any], bool]
"""Whether a claim's value is as the company wishes."""


@dataclass(frozen=True)
class AcceptedAnswer:
    """What came of an answer."""

    kept: Verification
    """What stays in the store: no value of any claim."""
    verified: VerifiedCredential | None = field(repr=False)
    """What the customer showed, for the moment; None where this answer had been taken before."""
    granted: bytes | None
    """The transaction that put the consent on chain; None where it was there."""
    use: Receipt | None
    """The transaction that put the use on record; None where it was there."""


class _AsGranted:
    """What the chain would say of an answer's consent once it is granted: what can be known before it is paid for."""

    def __init__(self, answer: Answer) -> None:
        self._consent = answer.consent

    def record(self, id: bytes, block: Block = "latest") -> ConsentRecord:  # noqa: ARG002  as the registry has them
        """Return the record as it would be."""
        return ConsentRecord(
            self._consent.subject, self._consent.expires_at, 0, ConsentStatus.GRANTED
        )

    def epoch(self, subject: str, block: Block = "latest") -> int:  # noqa: ARG002  as the registry has them
        """Return the same epoch."""
        return 0


class Company:
    """One that reads verifications which exist already, with its customers' consent."""

    def __init__(
        self,
        issuer: Issuer,
        registry: IdentityRegistry,
        consents: ConsentRegistry,
        statuses: CredentialStatus,
        *,
        store: Store,
        policy: VerifierPolicy,
        lock: Path,
        verifiers: Collection[str] = (),
    ) -> None:
        """Say who asks, and what it relies on.

        Args:
            issuer: the company's DID with a key of its document; signs requests.
            consents: with the sender who pays for grants and for evidence of use.
            policy: whose credentials are believed, and how strictly.
            lock: keeps two programs from submitting with one key (`Relay`).
            verifiers: addresses of the ERC-7913 verifiers that it pays for, such as the suite's
                `PasskeyVerifier`. A contract of the customer's own could say yes when it is asked
                and no when it is paid for, so whoever signs by one has the consent put on chain
                elsewhere.

        """
        self.verifiers = {address(one, "verifier") for one in verifiers}
        self.issuer, self.registry, self.consents = issuer, registry, consents
        self.relay = Relay(store, consents, lock=lock, patience=PATIENCE)
        self.verifications = Verifications(store, consents, ChainStatusReader(statuses))
        self.policy, self._keys = policy, DidKeys(registry)

    def ask(
        self,
        vct: str,
        claims: Sequence[Claim],
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

    def asked(self, text: str) -> Request:
        """Read a request of this company's back, for `take`, wherever it was in the meantime.

        Raises:
            MalformedRequest, MalformedToken: it is none.
            RequestElsewhere: it is another company's. SignatureInvalid, IssuerError: no key of this
            company's signed it, or it was changed since.

        """
        request, token = parse_request(text)
        if request.grantee != parse(self.issuer.did).address:
            raise RequestElsewhere(
                f"the request is {request.did}'s, and {self.issuer.did} takes the answer"
            )
        self._keys.check(token, request.did, request.issued_at)
        return request

    def take(
        self, answer: Answer, request: Request, wishes: Mapping[Claim, Wish] | None = None
    ) -> AcceptedAnswer:
        """Verify an answer, have its consent put on chain, keep the result and put the use on record.

        Nothing is paid for before everything was verified but that the consent is on chain. A run
        that was killed anywhere can be done again: the same answer is then taken once, what is
        missing is made up for, and the chain is asked whether it may still be relied on.

        Args:
            request: the one that it answers; `parse_request` reads a stored one back.
            wishes: by claim, whether its value is as wished; only the outcome is kept.

        Raises:
            CredentialError, AnswerError: the answer is not accepted; the subclass says why.
            WrongNonce, Replayed, KeyBindingStale: the request is none of ours, was answered, or is
            over.
            InputError: a wish is about a claim that was not asked for.
            Conflict: the consent cannot be put on chain.
            NodeError: the chain cannot be asked.

        """
        before = self.verifications.of_presentation(answer.presentation_hash)
        if before is not None:
            return self._again(before, answer, request)
        wanted = wishes or {}
        for name in wanted:
            if path_of(name) not in request.claims:
                raise InputError(
                    f"{path_text(path_of(name))} was not asked for, so nothing of it is kept"
                )
        answer.check(request, self._now())
        self.verifications.require_open(request.nonce)
        shown = self._verify(self._verifier(_AsGranted(answer)), answer, request)
        outcomes: dict[Claim, bool] = {name: wish(shown.get(name)) for name, wish in wanted.items()}
        granted = self._grant(answer)
        verified = self.verify(answer, request)
        try:
            kept = self.verifications.record(verified, self._expected(request), outcomes)
        except Replayed:
            other = self.verifications.of_presentation(answer.presentation_hash)
            if other is None:
                raise
            kept = other  # another process took the same answer in the same moment
        return AcceptedAnswer(kept, verified, granted, self._use(answer))

    def verify(self, answer: Answer, request: Request) -> VerifiedCredential:
        """Verify an answer whose consent is on chain; nothing is kept, and nothing is paid for.

        Raises:
            CredentialError: it is not accepted; the subclass says why.
            NodeError: the chain cannot be asked.

        """
        return self._verify(self._verifier(self.consents), answer, request)

    def _verifier(self, consents: ConsentReader) -> Verifier:
        readers = self.verifications.statuses
        return Verifier(
            self.registry, self.policy, consents=consents, statuses=readers, keys=self._keys
        )

    def _verify(self, verifier: Verifier, answer: Answer, request: Request) -> VerifiedCredential:
        return verifier.verify(answer.parsed_presentation, self._expected(request), answer.consent)

    @staticmethod
    def _expected(request: Request) -> PresentationRequirements:
        consent = ConsentRequirement(request.grantee, request.purpose.hash(request.nonce))
        return PresentationRequirements(
            request.audience, request.nonce, request.vct, request.claims, consent
        )

    def _again(self, before: Verification, answer: Answer, request: Request) -> AcceptedAnswer:
        """Make up for what a run left undone after the result was kept; then see whether it stands."""
        answer.check(
            request, min(self._now(), request.expires_at + LEEWAY)
        )  # it came in time, for it was taken
        if before.consent_id != answer.consent.id:
            raise ConsentMismatch(
                "this presentation was taken with another consent than comes with it now"
            )
        use = self._use(answer)
        return AcceptedAnswer(self.verifications.read(before.id), None, None, use)

    def _grant(self, answer: Answer) -> bytes | None:
        if (
            self.consents.record(answer.consent.id).status is not ConsentStatus.NONE
            or answer.grant is None
        ):
            return None  # the verifier says whether it stands
        soon = self._now() + SUBMITTING
        if answer.consent.expires_at < soon:
            raise ConsentExpired(
                f"the consent ends at {time_text(answer.consent.expires_at)}: not worth being put on chain"
            )
        if answer.grant.signed.deadline_at < soon:
            ends = time_text(answer.grant.signed.deadline_at)
            raise Conflict(
                f"the customer's grant can be submitted until {ends}: not worth being tried"
            )
        self._require_harmless(answer.grant)
        self.relay.grant(answer.grant)
        self.relay.run()
        outcome = self.relay.outcome(Kind.GRANT, answer.grant)
        if outcome.state is State.REFUSED:
            raise Conflict(f"the customer's consent cannot be put on chain: {outcome.reason}")
        return outcome.transaction

    def _require_harmless(self, grant: SignedGrant) -> None:
        """Refuse to pay where a contract of somebody else's decides, for it may decide otherwise each time."""
        if depends_on_foreign_contract(grant, self.registry.chain.code, self.verifiers):
            raise Conflict(
                f"the consent is signed by a contract wallet or an unknown kind of key, {grant.signed.signer}: have "
                "it put on chain by somebody else, then hand in the answer again"
            )

    def _use(self, answer: Answer) -> Receipt | None:
        if self.consents.uses([answer.use]):
            return None
        payer = self.relay.payer()  # the relay has used up nonces of this key since
        return self.consents.using(payer).commit_use(answer.use)

    def _now(self) -> datetime:
        return max(datetime.now(UTC), from_seconds(self.registry.chain.timestamp()))
