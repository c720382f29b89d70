"""Whether a brand numbers its interactions as it says: for an auditor, or two customers together.

A proof says that a leaf is in a batch, and the leaf says its number. Nothing on chain keeps a brand
from giving a number twice or from leaving one out. Both can be found: a number that was given twice
as soon as two receipts are compared, and both faults when the brand shows the leaves of the batch,
which tell nobody what the interactions were.
"""

from careledger.errors import ProofError
from careledger.interactions.batch import Batch
from careledger.interactions.client import InteractionLog
from careledger.interactions.errors import UnknownInteraction
from careledger.interactions.receipt import Receipt


def check_leaves(client: InteractionLog, batch: Batch) -> int:
    """Check that an anchored batch holds exactly these leaves, and return the batch's id.

    Args:
        client: the contract, as a node serves it.
        batch: as the brand shows it, with or without records (`Batch.without_records`). The numbers
            of its leaves follow from their order, so an equal root leaves no room for another
            numbering: each number is there once, and nothing else is.

    Raises:
        ProofError: another batch is anchored under these numbers, or none.

    """
    try:
        batch_id = client.batch_of(batch.log.brand, batch.first)
    except UnknownInteraction as error:
        raise ProofError(f"no batch is anchored from number {batch.first} on") from error

    if not batch.is_anchored_as(client.batch(batch.log.brand, batch_id)):
        raise ProofError(
            f"batch {batch_id} holds other leaves than these {batch.count} from number "
            f"{batch.first} on: a number is given twice or left out, or a leaf is not the one that "
            f"was anchored"
        )
    return batch_id


def contradict(client: InteractionLog, one: Receipt, other: Receipt) -> bool:
    """Say whether two receipts convict the brand: one number, two leaves, both anchored."""
    if one.anchored is None or other.anchored is None or one.log != other.log:
        return False
    if one.fields.index != other.fields.index or one.fields == other.fields:
        return False

    return all(
        client.verify(one.log.brand, proof.batch.id, fields, list(proof.batch.proof))
        for proof, fields in ((one.anchored, one.fields), (other.anchored, other.fields))
    )
