"""The terms of a deal in the calldata of the transaction that opened it."""

from collections.abc import Iterator
from typing import Any

from eth_utils.address import to_checksum_address

from careledger.refunds.errors import TermsError, TermsNotFound
from careledger.refunds.terms import KINDS, WORDS, DealTerms


def find_terms(data: bytes, id: bytes, chain_id: int, escrow: str) -> DealTerms:
    """Find a deal's terms in calldata, at any depth of other calls.

    Args:
        data: the transaction's whole input.
        id: the deal's id; terms that hash to it are the right ones.

    Raises:
        TermsNotFound: they are not in there.

    """
    for words in _runs(data):
        # Most runs are ruled out here: payer and seller are addresses, with 12 zero bytes before.
        if words[0][:12] != bytes(12) or words[2][:12] != bytes(12):
            continue

        try:
            values = [_value(kind, word) for kind, word in zip(KINDS, words, strict=True)]
            terms = DealTerms.from_abi(values)
        except TermsError:
            continue
        if terms.id(chain_id, escrow) == id:
            return terms

    raise TermsNotFound(
        f"the transaction that opened deal 0x{id.hex()} does not show its terms: "
        "ask who opened the deal"
    )


def _runs(data: bytes) -> Iterator[list[bytes]]:
    """Yield every run of words that may be the terms.

    ABI data is aligned to 32 bytes behind a selector of 4, at any depth: so runs begin at any
    multiple of 4.
    """
    length = 32 * WORDS
    for offset in range(0, len(data) - length + 1, 4):
        run = data[offset : offset + length]
        yield [run[start : start + 32] for start in range(0, length, 32)]


def _value(kind: str, word: bytes) -> Any:
    if kind == "bytes32":
        return word
    if kind == "uint256":
        return int.from_bytes(word, "big")
    # Text that is not an address is refused by the terms: so are bits beyond an address.
    return to_checksum_address(word[12:]) if word[:12] == bytes(12) else "?"
