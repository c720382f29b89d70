"""What can go wrong with the outbox."""

from careledger.errors import Conflict


class KeyInUse(Conflict):
    """Another program sends with this key; its lease says which one."""

    def __init__(self, name: str, holder: str, seconds: float) -> None:
        super().__init__(
            f"{holder} holds the lease {name!r} for another {max(seconds, 0):.0f} s: one program "
            f"at a time sends with a key; wait for it, or stop it"
        )
        self.holder = holder


class LeaseLost(Conflict):
    """This program held the lease on a key and took too long; another one may have it by now."""


class ItemsTaken(Conflict):
    """Another program, with another key, has put some of these items into a transaction."""
