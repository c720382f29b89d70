"""What the chain says about items: done, never to be done, or worth a transaction."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from careledger.outbox.kinds import OutboxKind
from careledger.outbox.model import Judgement, OutboxItem

T = TypeVar("T")

ATTEMPTS = 4
"""After so many transactions that failed or passed an item over, although a simulation took it, it
is refused."""

BASE_GAS = 60_000
"""What a transaction costs before its first item."""


def judge(kind: OutboxKind[T], items: Iterable[OutboxItem[T]]) -> Judgement[T]:
    """Ask the chain, by the effect keys, which items are done, and which can never be.

    Raises:
        NodeError: the chain cannot be asked.

    """
    judged: Judgement[T] = Judgement([], [], [])

    for item in items:
        found = kind.effect_state(item.body)
        reason = found.impossible
        if reason is None and item.attempts >= ATTEMPTS:
            reason = (
                f"{ATTEMPTS} transactions with it did not bring it about, "
                f"though a simulation took it"
            )

        if found.done:
            judged.done.append(item)
        elif reason is not None:
            judged.refused.append((item, reason))
        else:
            judged.left.append(item)

    return judged


def acceptable(kind: OutboxKind[T], items: Sequence[OutboxItem[T]]) -> Judgement[T]:
    """Return which items the chain would take now (those that are left), and settle the others.

    Raises:
        NodeError: the chain cannot be asked.

    """
    judged = judge(kind, items)
    if not judged.left or kind.would_take([item.body for item in judged.left]):
        return judged

    # One of them at least spoils it for all: each has to stand for itself.
    alone = judged.left
    judged.left = []
    for item in alone:
        reason = kind.refusal(item.body)
        if reason is None:
            judged.left.append(item)
        else:
            judged.refused.append((item, reason))

    return judged


def affordable(
    kind: OutboxKind[T], waiting: Sequence[OutboxItem[T]], batch: int, gas: int
) -> tuple[list[OutboxItem[T]], int | None]:
    """Return as many items as go into one transaction, and its gas limit; None: ask the node.

    Those that were in one that failed go in ever fewer, so that the one that made it fail is found.

    Args:
        kind: of the items.
        waiting: items, those first that failed most.
        batch: items in a transaction, at most.
        gas: of a transaction, at most.

    """
    failed = waiting[0].attempts
    together = [item for item in waiting if item.attempts == failed]
    items = together[: max(1, min(batch, kind.batch) >> 3 * failed)]

    limit = BASE_GAS
    fit = 0
    for item in items:
        wanted = kind.gas(item.body)
        if wanted is None:
            return items, None
        if fit and limit + wanted > gas:
            break

        limit += wanted
        fit += 1

    return items[:fit], limit
