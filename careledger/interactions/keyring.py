"""The random key of each customer, from which the salts of their interactions are derived.

Whoever holds a customer's key can open what the leaves of their interactions commit to, and without
it nobody can: so the file is readable by its owner alone, and erasing a customer is destroying the
key (and the records).
"""

import secrets
from pathlib import Path
from typing import Any

from careledger.crypto.canonical import dumps
from careledger.crypto.documents import JsonNode, hexed
from careledger.errors import NotFound
from careledger.files import read_file, write_private
from careledger.interactions import formats

FORMAT = "careledger.keys/1"


class Keyring:
    """A key for each customer, by the customer's identifier; kept in a file, or in memory."""

    def __init__(self, file: Path | None = None) -> None:
        """Open the file, or begin an empty keyring that `write` writes there.

        Args:
            file: None keeps the keys in memory alone.

        Raises:
            InputError: the file cannot be read.
            MalformedDocument: it is not a key file.

        """
        self.file = file
        self._keys: dict[str, bytes] = {}

        if file is not None and file.exists():
            self._keys = _read_keys(JsonNode.read(read_file(file, "key"), "key file"))

    def key(self, customer: str) -> bytes:
        """Return a customer's key; a new one is made, and `write` must follow before it is used."""
        if customer not in self._keys:
            self._keys[customer] = secrets.token_bytes(32)
        return self._keys[customer]

    def known_key(self, customer: str) -> bytes:
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
        """Return the salts of an interaction: content, parties; a new customer gets a key."""
        return formats.salts(self.key(customer), interaction_id)

    def erase(self, customer: str) -> None:
        """Destroy a customer's key and write the file; copies elsewhere stay with the operator.

        Raises:
            NotFound: there is none.

        """
        self.known_key(customer)
        del self._keys[customer]
        self.write()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON document of the file."""
        keys = {customer: hexed(key) for customer, key in self._keys.items()}
        return {"format": FORMAT, "keys": keys}

    def write(self) -> None:
        """Write the file; a keyring in memory has none.

        Raises:
            InputError: it cannot be written.

        """
        if self.file is not None:
            write_private(self.file, dumps(self.to_json()))


def _read_keys(node: JsonNode) -> dict[str, bytes]:
    members = node.object(["format", "keys"])
    members["format"].one_of(FORMAT)

    keys = members["keys"]
    customers = list(keys.value) if isinstance(keys.value, dict) else []
    return {customer: key.hex(32) for customer, key in keys.object(customers).items()}
