"""The random key of each customer, from which the salts of their interactions are derived.

Whoever holds a customer's key can open what the leaves of their interactions commit to, and without
it nobody can: so the file is readable by its owner alone, and erasing a customer is destroying the
key (and the records).
"""

import secrets
from pathlib import Path

from careledger.crypto.canonical import dumps
from careledger.crypto.documents import JsonNode, hexed
from careledger.errors import NotFound
from careledger.files import read_file, write_private
from careledger.interactions import formats

FORMAT = "careledger.keys/1"


class Keyring:
    """A key a customer, by the customer's identifier; kept in a file, or in memory where there is none."""

    def __init__(self, file: Path | None = None) -> None:
        """Open the file, or begin an empty keyring that `save` writes there.

        Raises:
            SettingsError: the file cannot be read.
            MalformedDocument: it is no key file.

        """
        self.file = file
        self._keys: dict[str, bytes] = {}
        if file is not None and file.exists():
            members = JsonNode.read(read_file(file, "key"), "key file").object(["format", "keys"])
            members["format"].one_of(FORMAT)
            names = list(members["keys"].value) if isinstance(members["keys"].value, dict) else []
            self._keys = {
                name: node.hex(32) for name, node in members["keys"].object(names).items()
            }

    def key(self, customer: str) -> bytes:
        """Return a customer's key, made now if there is none; `save` before anything is built on it."""
        if customer not in self._keys:
            self._keys[customer] = secrets.token_bytes(32)
        return self._keys[customer]

    def known(self, customer: str) -> bytes:
        """Return a customer's key.

        Raises:
            NotFound: there is none, or it was destroyed.

        """
        try:
            return self._keys[customer]
        except KeyError:
            raise NotFound(
                f"there is no key of {customer}: it was destroyed, or is in another key file"
            ) from None

    def salts(self, customer: str, interaction_id: str) -> tuple[bytes, bytes]:
        """Return the salts of an interaction: content, parties. Makes the customer's key if there is none."""
        return formats.salts(self.key(customer), interaction_id)

    def erase(self, customer: str) -> None:
        """Destroy a customer's key and write the file: copies elsewhere are for the operator to destroy.

        Raises:
            NotFound: there is none.

        """
        self.known(customer)
        del self._keys[customer]
        self.save()

    def save(self) -> None:
        """Write the file.

        Raises:
            SettingsError: it cannot be written.

        """
        if self.file is not None:
            keys = {name: hexed(key) for name, key in self._keys.items()}
            write_private(self.file, dumps({"format": FORMAT, "keys": keys}))
