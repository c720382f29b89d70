"""Say what a command found or did: a table for people, one JSON document for machines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from careledger.console import Out, spaced

if TYPE_CHECKING:
    from careledger.chain.transactions import TransactionReceipt


def report(
    out: Out,
    title: str,
    facts: Mapping[str, Any],
    receipt: "TransactionReceipt | None" = None,
    *,
    shown: Mapping[str, Any] | None = None,
    caption: str = "",
) -> None:
    """Report facts, each a row of a table and a member of the document.

    Args:
        out: where to.
        title: of the table.
        facts: by their names in JSON, such as `expiresAt`; an `Amount` tells amount and ticker, a
            time is a `datetime`, a hash `bytes`.
        receipt: of the transaction that did it.
        shown: what people read in place of some facts.
        caption: under the table.

    """
    found = dict(facts)
    if receipt is not None:
        found |= transaction(receipt)

    seen = found | dict(shown or {})
    rows = [[spaced(name), seen[name]] for name in found]
    out.table(title, ["", ""], rows, caption=caption)
    out.document(found)


def transaction(receipt: "TransactionReceipt") -> dict[str, Any]:
    """Return what every command says of the transaction that it sent."""
    return {
        "transactionHash": receipt.transaction_hash,
        "blockNumber": receipt.block_number,
        "gasUsed": receipt.gas_used,
    }
