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
        facts = self.facts
        what = f"Interaction {facts.get('index')} of {facts.get('brand')}"
        anchored = f"{what} was anchored in batch {facts.get('batch')} at {facts.get('anchoredAt')}"
        says = {
            Verdict.MATCH: f"{anchored}, and this is its record, unchanged.",
            Verdict.ALTERED: f"{what} is not what was anchored.",
            Verdict.LATE: f"{anchored}, later than promised ({facts.get('anchorBy')}); this is its record, unchanged.",
            Verdict.PROMISE_BROKEN: f"The brand {facts.get('brand')} promised to anchor this interaction by "
            f"{facts.get('anchorBy')}, and there is no proof that it did.",
            Verdict.PENDING: f"The brand {facts.get('brand')} promised to anchor this interaction by "
            f"{facts.get('anchorBy')}; that time is not over.",
            Verdict.ERASED: f"{anchored}, but without its record and salts nothing can be said about its content.",
            Verdict.REORGED: f"{what} is not anchored in the block that the receipt names.",
            Verdict.UNKNOWN: f"{what} is not known on chain {facts.get('chainId')}.",
        }
        return says[self.verdict]

    def document(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {
            "verdict": self.verdict.value,
            "altered": self.parts if self.verdict is Verdict.ALTERED else [],
            "findings": [
                {"part": finding.part, "reason": finding.reason} for finding in self.findings
            ],
            "facts": dict(self.facts),
            "sentence": self.sentence(),
        }
