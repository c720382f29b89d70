"""Ethereum addresses as text, with their checksum (EIP-55)."""

import re
from typing import TYPE_CHECKING, cast

from careledger.errors import InputError

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress

ZERO_ADDRESS = cast("ChecksumAddress", "0x0000000000000000000000000000000000000000")
"""Stands for nobody and, as a token, for ether."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_SHOWN = 80
"""Characters of a wrong input that its error quotes."""


def address(text: str, what: str = "address") -> "ChecksumAddress":
    """Return an address in checksum form (EIP-55).

    Args:
        text: 0x and 40 hexadecimal digits, in one case or with a right checksum.
        what: names the input in the error.

    Raises:
        InputError: it is not an address, or mixes cases and its checksum is wrong.

    """
    # Imported here: the command line reads this module for `--help`, and eth-utils takes long.
    from eth_utils.address import to_checksum_address  # noqa: PLC0415

    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        shown = repr(text)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        raise InputError(
            f"{what} {shown} is not an address: 0x and 40 hexadecimal digits are needed"
        )

    mixed = text[2:] not in {text[2:].lower(), text[2:].upper()}
    if mixed and text != to_checksum_address(text):
        raise InputError(
            f"{what} {text} has a wrong checksum: one of its letters or digits is mistyped"
        )
    return to_checksum_address(text)
