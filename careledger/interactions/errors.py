"""What can go wrong with interactions: the refusals of `InteractionLog`, and files that cannot be used."""

from careledger.chain.reverts import Reverted
from careledger.errors import Conflict


class NotAuthorised(
    Reverted, solidity="InteractionLog_NotAuthorised(address brand, address actor)"
):
    """The account is neither the brand's controller nor its delegate for careledger.agent."""

    brand: str
    actor: str


class NoRoot(Reverted, solidity="InteractionLog_NoRoot(address brand)"):
    """A batch needs a root that is not zero."""

    brand: str


class NoInteractions(Reverted, solidity="InteractionLog_NoInteractions(address brand)"):
    """A batch holds at least one interaction."""

    brand: str


class WrongFirst(
    Reverted, solidity="InteractionLog_WrongFirst(address brand, uint64 actual, uint64 expected)"
):
    """The brand's next interaction has another number than the batch begins with."""

    brand: str
    actual: int
    expected: int


class UnknownBatch(
    Reverted, solidity="InteractionLog_UnknownBatch(address brand, uint256 id, uint256 batches)"
):
    """The brand has not anchored so many batches."""

    brand: str
    id: int
    batches: int


class UnknownInteraction(
    Reverted,
    solidity="InteractionLog_UnknownInteraction(address brand, uint256 index, uint256 interactions)",
):
    """The brand has not anchored so many interactions."""

    brand: str
    index: int
    interactions: int


class NotIncluded(
    Reverted, solidity="InteractionLog_NotIncluded(address brand, uint256 id, bytes32 leaf)"
):
    """The interaction is not in that batch, or the proof does not show it."""

    brand: str
    id: int
    leaf: bytes


class NotCustomer(
    Reverted,
    solidity="InteractionLog_NotCustomer(address customer, address actual, address expected)",
):
    """Only the customer's controller acknowledges without a signature."""

    customer: str
    actual: str
    expected: str


class AlreadyAcknowledged(
    Reverted,
    solidity="InteractionLog_AlreadyAcknowledged(address customer, bytes32 leaf, uint256 acknowledgedAt)",
):
    """This customer acknowledged this interaction already."""

    customer: str
    leaf: bytes
    acknowledged_at: int


class Expired(
    Reverted, solidity="InteractionLog_Expired(address customer, uint256 actual, uint256 deadline)"
):
    """The signature's deadline has passed."""

    customer: str
    actual: int
    deadline: int


class BadSignature(
    Reverted,
    solidity="InteractionLog_BadSignature(address customer, address controller, bytes32 digest)",
):
    """The signature is not one of the customer's controller, or has a high s."""

    customer: str
    controller: str
    digest: bytes


class AlreadyAnchored(Conflict):
    """Another batch begins with this number already.

    Attributes:
        id: the batch that is there.
        first: its first interaction's number.

    """

    def __init__(self, id: int, first: int) -> None:
        super().__init__(
            f"interaction {first} is anchored already, by batch {id}, which is another one than this: "
            f"number the batch anew from the log's head"
        )
        self.id = id
        self.first = first
