"""What a customer answers: the presentation, the consent, and the signature that puts it on chain.

The company reads it strictly, and checks without cost that it fits the request (`Answer.check`).
Then it has the grant submitted (`Relay.grant`), and verifies the presentation with the consent on
chain (`Verifier.verify`). Format: docs/protocol/identity-consent.md.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto import canonical
from careledger.crypto.documents import JsonNode
from careledger.errors import InputError
from careledger.identity.consent.errors import AnswerTooLate, MalformedAnswer
from careledger.identity.consent.messages import (
    ConsentMessages,
    ConsentSignature,
    SignedGrant,
    Signer,
)
from careledger.identity.consent.terms import Consent, presentation_hash, use_commitment
from careledger.identity.credentials import jose
from careledger.identity.credentials.credential import Presentation
from careledger.identity.credentials.formats import parse_presentation
from careledger.identity.credentials.held_credential import SelectiveDisclosure
from careledger.identity.credentials.offline_checks import check_terms
from careledger.identity.exchange.request import LEEWAY, Request
from careledger.values.times import time_text

FORMAT = 1
MAX_FILE_BYTES = 131_072


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
        """The presentation, parsed once for every check; nothing in it was checked.

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

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON."""
        return {
            "careledgerAnswer": FORMAT,
            "presentation": self.presentation,
            "consent": self.consent.to_json(),
            "grant": None if self.grant is None else _grant_json(self.grant),
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid.

        """
        node = JsonNode.of(document, "answer")
        members = node.object(("careledgerAnswer", "presentation", "consent", "grant"))
        members["careledgerAnswer"].version(FORMAT)

        presentation = members["presentation"].text()
        if not presentation or not presentation.isascii():
            raise members["presentation"].fault("not a text of ASCII characters")
        if len(presentation) > jose.LIMITS.token:
            raise members["presentation"].fault(f"more than {jose.LIMITS.token:,} characters")

        consent = Consent.from_json(members["consent"])
        grant = members["grant"]
        return cls(presentation, consent, None if grant.value is None else _grant(grant, consent))

    def write(self) -> bytes:
        """Return the content of the answer file: canonical JSON (RFC 8785)."""
        return canonical.dumps(self.to_json())

    @classmethod
    def read(cls, content: bytes | str) -> Self:
        """Read the content of an answer file.

        Raises:
            MalformedAnswer: it is not an answer, or is larger than is read.

        """
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        if len(raw) > MAX_FILE_BYTES:
            raise MalformedAnswer(
                f"the answer has {len(raw):,} bytes, but at most {MAX_FILE_BYTES:,} are read"
            )

        try:
            return cls.from_json(JsonNode.read(raw, "answer"))
        except InputError as error:
            raise MalformedAnswer(f"the answer cannot be read: {error}") from error

    def check(self, request: Request, now: datetime) -> None:
        """Make sure that it answers a request; the chain is not asked, and nothing is believed.

        Only `Verifier.verify` says who showed it, and whether the consent is valid.

        Raises:
            ConsentError: the consent is about something else.
            AnswerTooLate: it came after the request's time, or the consent would last longer than
                was asked for.
            CredentialError: the presentation cannot be read.

        """
        if now > request.expires_at + LEEWAY:
            raise AnswerTooLate(
                f"the request could be answered until {time_text(request.expires_at)}: "
                "make a new one"
            )

        check_terms(
            self.consent,
            grantee=request.grantee,
            scope=self.parsed_presentation.credential.scope,
            purpose=request.purpose.hash(request.nonce),
        )

        if self.consent.expires_at > now + request.consent_for + LEEWAY:
            raise AnswerTooLate(
                f"the consent would last until {time_text(self.consent.expires_at)}, longer than "
                "the request asked for"
            )


def _grant_json(grant: SignedGrant) -> dict[str, Any]:
    return {"epoch": grant.epoch} | grant.signed.to_json()


def _grant(node: JsonNode, consent: Consent) -> SignedGrant:
    members = node.object(("epoch", "signer", "deadline", "signature"))
    signed = ConsentSignature.from_members(members)
    return SignedGrant(consent.commitment, signed, members["epoch"].integer(bits=40))


@dataclass(frozen=True)
class ConsentSubject:
    """The identity that consents, and who signs for it."""

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
        subject: the identity that consents.
        deadline: the last second in which the grant can be submitted.
        until: where the consent is to end earlier than the company asks.

    """
    consent = request.consent(subject.address, selection.scope, now, until)
    presentation = selection.present(
        holder, audience=request.audience, nonce=request.nonce, at=now, consent=consent.id
    )

    messages = ConsentMessages(request.chain_id, request.registry)
    grant = messages.signed_grant(consent, subject.signer, subject.epoch, deadline)
    return Answer(presentation, consent, grant)
