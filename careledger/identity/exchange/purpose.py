"""The purpose of a request: why a company asks, in the words that the customer is shown."""

from dataclasses import dataclass
from typing import Any, Self

from careledger.crypto.documents import JsonNode
from careledger.identity.consent.errors import MalformedRequest
from careledger.identity.consent.terms import purpose_of
from careledger.identity.exchange.shown_text import require_shown_text

MAX_TEXT = 500
"""Characters of the sentence."""
MAX_TERMS = 2_000
"""Characters of the conditions."""


@dataclass(frozen=True)
class Purpose:
    """Why a company asks, in the words that the customer is shown.

    Raises:
        MalformedRequest: there is nothing to show, it is too long, or it has characters that make
            a text look like another.

    """

    text: str
    """One sentence."""
    terms: str
    """The conditions themselves, or the URL where they are."""

    def __post_init__(self) -> None:
        require_shown_text("purpose: text", self.text, MAX_TEXT)
        require_shown_text("purpose: terms", self.terms, MAX_TERMS, lines=True)
        if self.terms.lower().startswith("http:"):
            raise MalformedRequest(
                "the request's purpose: terms at an http: address could be changed on the way"
            )

    def hash(self, nonce: str) -> bytes:
        """Return the 32 bytes that stand for it in a consent."""
        return purpose_of(nonce, self.text, self.terms)

    def to_json(self) -> dict[str, str]:
        """Return the purpose as JSON."""
        return {"text": self.text, "terms": self.terms}

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read what `to_json` returned.

        Raises:
            MalformedDocument, MalformedRequest: a member is missing, unknown or not valid.

        """
        members = JsonNode.of(document, "purpose").object(("text", "terms"))
        return cls(members["text"].text(), members["terms"].text())
