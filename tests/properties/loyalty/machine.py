"""What the machines have in common: a world, counts of what was tried, numbered properties."""

from collections import Counter
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from careledger.chain.reverts import Reverted
from tests.worlds.loyalty.swaps import World


class Broken(AssertionError):
    """A property does not hold; the message begins with its number."""


class PointsMachine(RuleBasedStateMachine):
    """A machine that tries things, and after each looks at the properties.

    `only` limits what is looked at to one property: that is how a mutant is shown to be caught by
    the very property that it is named for, not by another one, nor by the model's idea of what
    should have been refused.
    """

    make_world: ClassVar[Any] = World
    world: ClassVar[Any] = None
    only: ClassVar[str] = ""
    calls: ClassVar[Counter[str]]
    successes: ClassVar[Counter[str]]

    @classmethod
    def variant(cls, name: str, **attributes: Any) -> type["PointsMachine"]:
        """Return the machine with a world and counts of its own."""
        fresh = {"world": None, "calls": Counter(), "successes": Counter()}
        return type(name, (cls,), fresh | attributes)

    def __init__(self) -> None:
        super().__init__()
        if type(self).world is None:
            type(self).world = type(self).make_world()
        self.world.begin()
        self._seen: dict[Any, Any] = {}

    def teardown(self) -> None:
        self.world.end()

    def looks_at(self, *numbers: str) -> bool:
        """Say whether any of these properties is looked at: only then its values are read."""
        return not self.only or self.only in numbers

    def holds(self, number: str, condition: bool, *what: Any) -> None:
        """Insist on a property."""
        if not condition and self.only in ("", number):
            raise Broken(f"{number}: {what}")

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """Read; what was read already since the last transaction is not asked for again."""
        key = (contract, function, arguments)
        if key not in self._seen:
            self._seen[key] = self.world.read(*key[:2], *arguments)
        return self._seen[key]

    def forget(self) -> None:
        """Read anew from now on: something happened beside `attempt`."""
        self._seen = {}

    def attempt(
        self,
        action: str,
        expected: bool | None,
        contract: str,
        function: str,
        *arguments: Any,
        by: Any,
    ) -> bool:
        """Send a transaction and return whether it succeeded.

        Args:
            expected: whether the model says that it succeeds; None when it does not know.

        """
        self.calls[action] += 1
        self.forget()
        try:
            self.world.send(contract, function, *arguments, by=by)
        except Reverted as refused:
            if expected and not self.only:
                raise Broken(f"model: {action}{arguments} was refused: {refused!r}") from refused
            return False
        if expected is False and not self.only:
            raise Broken(f"model: {action}{arguments} was not refused")
        self.successes[action] += 1
        return True
