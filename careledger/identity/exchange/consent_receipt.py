"""What the wallet keeps of each consent: enough to show it, to end it and to find it again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from eth_typing import ChecksumAddress

from careledger.crypto.documents import JsonNode, hexed
from careledger.identity.consent.terms import Consent, presentation_hash, use_commitment
from careledger.identity.credentials.claim_paths import ClaimPath
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.purpose import Purpose
from careledger.identity.exchange.request import Request, claim_paths
from careledger.values.times import from_seconds, to_seconds

FORMAT = 1
MAX_ITEMS = 10_000
"""Claims, and presentations, that are read at all."""

_MEMBERS = (
    "careledgerConsent", "chainId", "registry", "consent", "company", "vct", "claims", "purpose",
    "nonce", "givenAt", "presentations", "oneTime",
)  # fmt: skip


@dataclass(frozen=True)
class ConsentReceipt:
    """The customer's record of a consent."""

    consent: Consent
    chain_id: int
    registry: ChecksumAddress
    company: str
    """Its DID."""
    vct: str
    claims: tuple[ClaimPath, ...]
    """What it asked for."""
    purpose: Purpose
    nonce: str
    given_at: datetime
    presentations: tuple[bytes, ...]
    """SHA-256 of what was handed over under it; with the id, it makes the commitments of uses."""
    one_time: bool
    """Whether the subject is of this consent alone."""

    @classmethod
    def of(cls, request: Request, answer: Answer, given_at: datetime, *, one_time: bool) -> Self:
        """Record an answer to a request."""
        return cls(
            consent=answer.consent,
            chain_id=request.chain_id,
            registry=request.registry,
            company=request.did,
            vct=request.vct,
            claims=request.claims,
            purpose=request.purpose,
            nonce=request.nonce,
            given_at=from_seconds(to_seconds(given_at)),
            presentations=(answer.presentation_hash,),
            one_time=one_time,
        )

    def with_presentation(self, presentation: str) -> Self:
        """Return the same with one more presentation that was handed over under it."""
        return replace(self, presentations=(*self.presentations, presentation_hash(presentation)))

    @property
    def commitments(self) -> list[bytes]:
        """What the company puts on chain when it reads a presentation."""
        return [use_commitment(self.consent.id, shown) for shown in self.presentations]

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON, for the wallet to keep."""
        return {
            "careledgerConsent": FORMAT,
            "chainId": self.chain_id,
            "registry": self.registry,
            "consent": self.consent.to_json(),
            "company": self.company,
            "vct": self.vct,
            "claims": [list(path) for path in self.claims],
            "purpose": self.purpose.to_json(),
            "nonce": self.nonce,
            "givenAt": to_seconds(self.given_at),
            "presentations": [hexed(shown) for shown in self.presentations],
            "oneTime": self.one_time,
        }

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            InputError: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "wallet's consent").object(_MEMBERS)
        members["careledgerConsent"].version(FORMAT)
        claims = [one.value for one in members["claims"].items(MAX_ITEMS)]

        return cls(
            consent=Consent.from_json(members["consent"]),
            chain_id=members["chainId"].integer(bits=256),
            registry=members["registry"].address(),
            company=members["company"].text(),
            vct=members["vct"].text(),
            claims=claim_paths(claims, "the wallet's consent: claims"),
            purpose=Purpose.from_json(members["purpose"]),
            nonce=members["nonce"].text(),
            given_at=members["givenAt"].seconds(),
            presentations=tuple(one.hex(32) for one in members["presentations"].items(MAX_ITEMS)),
            one_time=members["oneTime"].boolean(),
        )
