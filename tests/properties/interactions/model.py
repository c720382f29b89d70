"""A naive model of a brand's log: a list of batches, roots by recursion."""

from dataclasses import dataclass, field

from careledger.interactions import formats
from careledger.interactions.formats import AnchoredBatch, LogAddress
from tests.support import logs


@dataclass
class LogModel:
    """What a brand's log must be, kept as a plain list."""

    log: LogAddress
    batches: list[AnchoredBatch] = field(default_factory=list)

    @property
    def interactions(self):
        return sum(batch.count for batch in self.batches)

    def records(self):
        return [
            formats.batch_record(self.log, place, batch) for place, batch in enumerate(self.batches)
        ]

    def head(self):
        return (logs.root(self.records()), len(self.batches), self.interactions)
