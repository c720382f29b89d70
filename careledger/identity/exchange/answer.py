"""What a customer answers: the presentation, the consent, and the signature that puts it on chain.

The company reads it strictly, sees for nothing whether it fits the request (`Answer.check`), has
the grant submitted (`Relay.grant`), and then verifies the presentation with the consent on chain
(`Verifier.verify`). Format: docs/protocol/identity-consent.md.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.errors import InputError
from careledger.identity.consent.errors import AnswerTooLate, MalformedAnswer
from careledger.identity.consent.messages import (
    ConsentMessages,
    ConsentSignature,
    SignedGrant,
    Signer,
)
from careledger.identity.consent.terms import (
    Consent,
    members,
    presentation_hash,
    second_count,
    use_commitment,
)
from careledger.identity.credentials import jose
from careledger.identity.credentials.credential import Presentation
from careledger.identity.credentials.formats import parse_presentation
from careledger.identity.credentials.held_credential import SelectiveDisclosure
from careledger.identity.credentials.offline_checks import check_terms
from careledger.identity.exchange.request import LEEWAY, Request
from careledger.values.times import time_text

FORMAT = 1
LARGEST = 131_072
"""Bytes of an answer that are read at all."""


@dataclass(frozen=True)
class Answer:
    """What a customer hands over. Nothing in it was checked by being read."""

    presentation: str = field(repr=False)
    """An SD-JWT with its key binding, or a W3C presentation as JWT."""
    consent: Consent
    grant: SignedGrant | None
    """The signed grant; None where the customer has it on chain already."""

    @cached_property
    def parsed_presentation(self) -> Presentation:
        """The presentation, parsed once for every check; nothing in it has been checked.

        Raises:
            CredentialError: it cannot be read, or shows several credentials.

        """
        return parse_presentation(self.presentation)

    @property
    def presentation_hash(self) -> bytes:
        """SHA-256 of the presentation: what both parties keep of it."""
        return presentation_hash(self.presentation)

    @property
    def use(self) -> bytes:
        """The commitment to reading it, for `ConsentRegistry.commit_use`."""
        return use_commitment(self.consent.id, self.presentation_hash)

    @property
    def document(self) -> dict[str, Any]:
        """The answer as JSON."""
        grant = (
            None if self.grant is None else {"epoch": self.grant.epoch} | self.grant.signed.document
        )
        return {
            "careledgerAnswer": FORMAT,
            "presentation": self.presentation,
            "consent": self.consent.document,
            "grant": grant,
        }

    def write(self) -> bytes:
        """Return the answer file: canonical JSON (RFC 8785)."""
        return canonical.dumps(self.document)

    @classmethod
    def read(cls, content: bytes | str) -> Self:
        """Read an answer file.

        Raises:
            MalformedAnswer: it is no answer, or larger than is read.

        """
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        if len(raw) > LARGEST:
            raise MalformedAnswer(
                f"the answer has {len(raw):,} bytes, and at most {LARGEST:,} are read"
            )
        try:
            return cls._from_document(canonical.loads(raw))
        except MalformedAnswer:
            raise
        except InputError as error:
            raise MalformedAnswer(f"the answer cannot be read: {error}") from error

    @classmethod
    def _from_document(cls, document: Any) -> Self:
        names = ("careledgerAnswer", "presentation", "consent", "grant")
        given = members(document, "the answer", names)
        if type(given["careledgerAnswer"]) is not int or given["careledgerAnswer"] != FORMAT:
            raise MalformedAnswer(
                f"the answer's 'careledgerAnswer' is not {FORMAT}, the format that is read here"
            )
        presentation = given["presentation"]
        if not isinstance(presentation, str) or not presentation.isascii() or not presentation:
            raise MalformedAnswer("the answer's presentation is no text of ASCII characters")
        if len(presentation) > jose.LIMITS.token:
            raise MalformedAnswer(
                f"the answer's presentation has more than {jose.LIMITS.token:,} characters"
            )
        consent = Consent.from_document(given["consent"])
        return cls(
            presentation,
            consent,
            None if given["grant"] is None else _grant(given["grant"], consent),
        )

    def check(self, request: Request, now: datetime) -> None:
        """Make sure that it answers a request: nothing is asked of the chain, and nothing is believed.

        Who showed it, and that the consent stands, only `Verifier.verify` says.

        Raises:
            GranteeMismatch, ScopeMismatch, PurposeMismatch: the consent is about something else.
            AnswerTooLate: it came after the request's time, or the consent would last longer than
                was asked for.
            CredentialError: the presentation cannot be read.

        """
        if now > request.expires_at + LEEWAY:
            raise AnswerTooLate(
                f"the request could be answered until {time_text(request.expires_at)}: make a new one"
            )
        scope = self.parsed_presentation.credential.scope
        purpose = request.purpose.hash(request.nonce)
        check_terms(self.consent, grantee=request.grantee, scope=scope, purpose=purpose)
        if self.consent.expires_at > now + request.consent_for + LEEWAY:
            raise AnswerTooLate(
                f"the consent would last until {time_text(self.consent.expires_at)}, longer than was asked for"
            )


def _grant(document: Any, consent: Consent) -> SignedGrant:
    given = dict(members(document, "grant", ("epoch", "signer", "deadline", "signature")))
    epoch = second_count(given.pop("epoch"), "grant: epoch")
    return SignedGrant(consent.commitment, ConsentSignature.from_document(given), epoch)


@dataclass(frozen=True)
class ConsentSubject:
    """In whose name a consent is given."""

    signer: Signer
    """By default a key that serves this one consent; a passkey or an account of its own."""
    identity: ChecksumAddress | None = None
    """The identity that the signer acts for; the signer itself where it is None."""
    epoch: int = 0
    """The identity's, from `ConsentRegistry.epoch`; that of a new key is 0."""

    @property
    def address(self) -> ChecksumAddress:
        """The identity."""
        return self.identity or self.signer.address


def make_answer(
    request: Request,
    selection: SelectiveDisclosure,
    holder: jose.JwsSigner,
    subject: ConsentSubject,
    *,
    now: datetime,
    deadline: datetime,
    until: datetime | None = None,
) -> Answer:
    """Consent to a request, and show what it asks for.

    Args:
        request: from `read_request`, which has made sure whose it is.
        selection: what is shown of the credential.
        holder: signs by the key that the credential's issuer confirmed.
        subject: in whose name.
        deadline: the last second in which the grant can be submitted.
        until: where the consent is to end earlier than the company asks.

    """
    consent = request.consent(subject.address, selection.scope, now, until)
    shown = selection.present(
        holder, audience=request.audience, nonce=request.nonce, at=now, consent=consent.id
    )
    domain = ConsentMessages(request.chain_id, request.registry)
    return Answer(
        shown, consent, domain.signed_grant(consent, subject.signer, subject.epoch, deadline)
    )
