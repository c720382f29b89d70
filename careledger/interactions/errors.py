"""What can go wrong with interactions: refusals of `InteractionLog`, and batches in conflict."""

from careledger.chain.reverts import Reverted
from careledger.errors import Conflict


class NotAuthorised(Reverted, error="InteractionLog_NotAuthorised"):
    """The account is neither the brand's controller nor its delegate for careledger.agent."""


class NoRoot(Reverted, error="InteractionLog_NoRoot"):
    """A batch needs a root that is not zero."""


class NoInteractions(Reverted, error="InteractionLog_NoInteractions"):
    """A batch holds at least one interaction."""


class WrongFirst(Reverted, error="InteractionLog_WrongFirst"):
    """The batch does not begin with the number of the brand's next interaction."""

    actual: int
    """The number that the log expects"""


class UnknownBatch(Reverted, error="InteractionLog_UnknownBatch"):
    """The brand has no batch of this number."""


class UnknownInteraction(Reverted, error="InteractionLog_UnknownInteraction"):
    """The brand has no anchored interaction of this number."""


class NotIncluded(Reverted, error="InteractionLog_NotIncluded"):
    """The proof does not show that the interaction is in the batch."""


class NotCustomer(Reverted, error="InteractionLog_NotCustomer"):
    """Only the customer's controller can acknowledge without a signature."""


class AlreadyAcknowledged(Reverted, error="InteractionLog_AlreadyAcknowledged"):
    """This customer acknowledged this interaction already."""


class AcknowledgementExpired(Reverted, error="InteractionLog_Expired"):
    """The signature's deadline has passed."""


class BadAcknowledgementSignature(Reverted, error="InteractionLog_BadSignature"):
    """The signature is not one of the customer's controller, or it has a high s."""


class AlreadyAnchored(Conflict):
    """Another batch begins with this number already.

    Attributes:
        id: the batch that is there.
        first: its first interaction's number.

    """

    id: int
    first: int

    def __init__(self, id: int, first: int) -> None:
        super().__init__(
            f"interaction {first} is anchored already, by batch {id}, which is not this one: "
            f"number the batch again from the log's head"
        )
        self.id = id
        self.first = first
