"""What can go wrong with the database."""

from careledger.errors import StoreError


class NoStore(StoreError):
    """The place does not hold a database of CareLedger, or the database cannot be opened."""


class UnknownVersion(StoreError):
    """The database was written by a later version of CareLedger than this one."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the database has schema version {found}, and this program knows versions up to "
            f"{known}: use the program that wrote it, or a later one"
        )
        self.found = found
        self.known = known


class StoreBusy(StoreError):
    """Another program holds the database, and did not let go of it in time."""
