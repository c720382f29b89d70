"""Does a brand number its interactions as it says? What an auditor, or two customers together, can find out.

A proof says that a leaf is in a batch, and the leaf says its number; nothing on chain keeps a brand
from giving a number twice or leaving one out. Both come to light: the first as soon as two receipts
meet, each when the leaves of the batch are laid open, which tells nobody what the interactions
were.
"""

from careledger.errors import ProofError
from careledger.interactions.batch import Batch
from careledger.interactions.client import InteractionLog
from careledger.interactions.errors import UnknownInteraction
from careledger.interactions.receipt import Receipt


def check_leaves(client: InteractionLog, batch: Batch) -> int:
    """Check that the batch that is anchored holds exactly these leaves: each of its numbers once, and nothing else.

    Args:
        client: the contract, as a node serves it.
        batch: as the brand lays it open, with or without records (`Batch.bare`). The numbers of its
            leaves follow from their order, so an equal root leaves no room for another numbering.

    Returns the batch's id.

    Raises:
        ProofError: another batch is anchored under these numbers, or none.

    """
    try:
        batch_id = client.batch_of(batch.log.brand, batch.first)
    except UnknownInteraction as error:
        raise ProofError(f"no batch is anchored from number {batch.first} on") from error
    there = client.batch(batch.log.brand, batch_id)
    if (there.root, there.first, there.count) != (batch.root, batch.first, batch.count):
        raise ProofError(
            f"batch {batch_id} holds other leaves than these {batch.count} from number {batch.first} on: a number is "
            f"given twice or left out, or a leaf is not the one that was anchored"
        )
    return batch_id


def contradict(client: InteractionLog, one: Receipt, other: Receipt) -> bool:
    """Say whether two receipts convict the brand: the same number, two leaves, and the contract accepts both."""
    if one.anchored is None or other.anchored is None or one.log != other.log:
        return False
    if one.fields.index != other.fields.index or one.fields == other.fields:
        return False
    brand = one.log.brand
    return all(
        client.verify(brand, anchored.batch.id, fields, list(anchored.batch.proof))
        for anchored, fields in ((one.anchored, one.fields), (other.anchored, other.fields))
    )
