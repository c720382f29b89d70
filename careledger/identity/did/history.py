"""The whole history of an identity in two calls, with proof that the node left nothing out.

The registry links the changes: each event names the block of the change before it, and `changed`
names the block of the last one. All events are asked for at once and compared with the links. Where
an event is missing, a link leads to a block without events.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from careledger.chain.rpc import Block
from careledger.errors import NodeError
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.errors import HistoryWithheld
from careledger.identity.did.events import DIDAttributeChanged, DIDDelegateChanged, DIDOwnerChanged

Change = DIDOwnerChanged | DIDDelegateChanged | DIDAttributeChanged
CHANGES = (DIDOwnerChanged, DIDDelegateChanged, DIDAttributeChanged)


@dataclass(frozen=True)
class Delegate:
    """A delegate, from the history."""

    delegate_type: bytes
    delegate: str
    valid_to: int
    """Seconds since 1970 UTC."""


def history(
    registry: IdentityRegistry, identity: str, from_block: Block = "earliest"
) -> list[Change]:
    """Return every change of an identity, oldest first.

    Two calls for any number of changes. A node that refuses to search all blocks at once, or that
    cuts its answer short, is asked along the links instead: one call for each block with changes.

    Args:
        from_block: the registry's block, where it is known; nothing was before it.

    Raises:
        HistoryWithheld: the node leaves events out, as nodes without old logs do.
        NodeError: the node cannot be asked.

    """
    last = registry.changed(identity)
    if last == 0:
        return []

    try:
        changes = _changes(registry, identity, from_block, "latest")
        check_links(identity, changes, last)
    except NodeError:
        changes = _changes_by_links(registry, identity, last)
        check_links(identity, changes, last)
    return changes


def check_links(identity: str, changes: Sequence[Change], last: int) -> None:
    """Make sure that no change is missing between the very first one and block `last`.

    Within a block an event names either that block or the block of the change before; the first
    event always names the latter.

    Raises:
        HistoryWithheld: a link leads to a block without events.

    """
    before = 0
    seen = False
    for block, group in groupby(changes, key=lambda change: change.log.block_number):
        links = [change.previous_change for change in group]
        if links[0] != before or any(link not in (before, block) for link in links):
            raise _withheld(identity, links[0])

        before = block
        seen = seen or block == last
    if not seen:
        raise _withheld(identity, last)


def _withheld(identity: str, block: int) -> HistoryWithheld:
    return HistoryWithheld(
        f"the node does not return what changed for {identity} in block {block}, though the "
        "registry names that block: the node keeps no old logs; ask an archive node"
    )


def _changes(
    registry: IdentityRegistry, identity: str, from_block: Block, to_block: Block
) -> list[Change]:
    changes: Iterator[Change] = registry.history(
        *CHANGES, identity=identity, from_block=from_block, to_block=to_block, split=False
    )
    return list(changes)


def _changes_by_links(registry: IdentityRegistry, identity: str, last: int) -> list[Change]:
    changes: list[Change] = []
    block = last
    while block:
        here = _changes(registry, identity, block, block)
        if not here:
            raise _withheld(identity, block)

        changes[:0] = here
        block = min(change.previous_change for change in here)
        if block >= here[0].log.block_number:
            raise _withheld(identity, block)
    return changes


def delegates_at(changes: Iterable[Change], time: int, block: int | None = None) -> list[Delegate]:
    """Return who was a valid delegate at a time, in the order in which they were named.

    Args:
        changes: oldest first.
        time: seconds since 1970 UTC.
        block: leave out what came after this block.

    """
    valid_to: dict[tuple[bytes, str], int] = {}
    for change in changes:
        later = block is not None and change.log.block_number > block
        if isinstance(change, DIDDelegateChanged) and not later:
            valid_to[change.delegate_type, change.delegate] = change.valid_to

    return [Delegate(kind, who, until) for (kind, who), until in valid_to.items() if until > time]
