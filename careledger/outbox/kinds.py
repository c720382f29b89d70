"""What a noun tells the outbox about one kind of its transactions.

```python
class Withdrawals:
    name = "refunds.withdraw"
    ...

OutboxWorker(store, sender, [Withdrawals(escrow)]).run()
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from eth_typing import ChecksumAddress

T = TypeVar("T")


@dataclass(frozen=True)
class EffectState:
    """What the chain says about the effect of an item."""

    done: bool = False
    """It is there, whoever brought it about."""
    impossible: str | None = None
    """Why it can never come about: one sentence."""


class OutboxKind(Protocol[T]):
    """One kind of call to one contract; T is an item of it.

    Items of one kind can share a transaction. Everything that a method asks the chain, it asks as
    of the newest block. A method that cannot ask raises NodeError, and nothing is lost.
    """

    @property
    def name(self) -> str:
        """The noun and the call, such as `consent.grant`; at most 32 characters."""

    @property
    def target(self) -> ChecksumAddress:
        """The contract that is called."""

    @property
    def batch(self) -> int:
        """How many items one transaction can carry at most."""

    def to_json(self, item: T) -> dict[str, Any]:
        """Return what is stored of an item: everything that it needs later, and no secret."""

    def from_json(self, document: Mapping[str, Any]) -> T:
        """Return the item of a stored document."""

    def effect(self, item: T) -> bytes:
        """Return the key under which the contract does the item once; 32 bytes at most."""

    def effect_state(self, item: T) -> EffectState:
        """Ask the chain, by the effect key, whether the item is done or can never be."""

    def would_take(self, items: Sequence[T]) -> bool:
        """Return whether the chain would do all of these items now, in one transaction."""

    def refusal(self, item: T) -> str | None:
        """Return why the chain would not take an item by itself now; None if it would."""

    def gas(self, item: T) -> int | None:
        """Return what an item adds to the gas limit of its transaction; None: ask the node."""

    def encode(self, items: Sequence[T]) -> bytes:
        """Return the calldata that does these items."""
