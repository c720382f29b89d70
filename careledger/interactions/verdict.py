"""What a verification ends with: one verdict, and what led to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """The answer to: is this the interaction that was anchored?"""

    MATCH = "MATCH"
    """Record, parties, kind, time and number are those that the brand anchored."""
    ALTERED = "ALTERED"
    """Something in the receipt or the record is not what was anchored; the findings name it."""
    LATE = "LATE"
    """It matches, and the brand anchored it after the time that it had promised."""
    PROMISE_BROKEN = "PROMISE_BROKEN"
    """The brand promised to anchor it by a time that has passed, and nothing here shows that it
    did."""
    PENDING = "PENDING"
    """The brand promised to anchor it, and its time is not over."""
    ERASED = "ERASED"
    """An interaction with these commitments is anchored, and nothing is left that says what it was.
    """
    REORGED = "REORGED"
    """It is not, or no longer, anchored in the block that the receipt names."""
    UNKNOWN = "UNKNOWN"
    """The chain knows nothing of it."""


_FACTS = ("index", "brand", "batch", "anchoredAt", "anchorBy", "chainId")
_SENTENCES = {
    Verdict.MATCH: "{anchored}, and this is its record, unchanged.",
    Verdict.ALTERED: "{what} is not what was anchored.",
    Verdict.LATE: "{anchored}, later than promised ({anchorBy}); this is its record, unchanged.",
    Verdict.PROMISE_BROKEN: "{promised}, and there is no proof that it did.",
    Verdict.PENDING: "{promised}; that time is not over.",
    Verdict.ERASED: "{anchored}, but without its record and salts nothing can be said about its "
    "content.",
    Verdict.REORGED: "{what} is not anchored in the block that the receipt names.",
    Verdict.UNKNOWN: "{what} is not known on chain {chainId}.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    part: str
    """Where in the receipt, as in `record`, `interaction.content`, `batch.proof`."""
    reason: str
    """A clause for people."""


@dataclass(frozen=True)
class VerificationResult:
    """A verdict with its findings and with the facts that were established on the way."""

    verdict: Verdict
    findings: Sequence[Finding] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[str]:
        """The parts that the findings name, each once, in order."""
        return list(dict.fromkeys(finding.part for finding in self.findings))

    def sentence(self) -> str:
        """Return the result for people."""
        reasons = "; ".join(f"{finding.part}: {finding.reason}" for finding in self.findings)
        return f"{self.verdict.value}: {self._says()}" + (f" {reasons}." if reasons else "")

    def _says(self) -> str:
        known = {name: self.facts.get(name) for name in _FACTS}
        what = f"Interaction {known['index']} of {known['brand']}"
        anchored = f"{what} was anchored in batch {known['batch']} at {known['anchoredAt']}"
        promised = (
            f"The brand {known['brand']} promised to anchor this interaction by {known['anchorBy']}"
        )
        return _SENTENCES[self.verdict].format(
            what=what, anchored=anchored, promised=promised, **known
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as it is written under `--json`."""
        return {
            "verdict": self.verdict.value,
            "altered": self.parts if self.verdict is Verdict.ALTERED else [],
            "findings": [
                {"part": finding.part, "reason": finding.reason} for finding in self.findings
            ],
            "facts": dict(self.facts),
            "sentence": self.sentence(),
        }
