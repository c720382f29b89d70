"""What the commands of refunds share: how a deal, a share and a piece of evidence are given."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from careledger.errors import InputError
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.amounts import WAD, Amount
from careledger.values.hashes import parse_bytes32

if TYPE_CHECKING:
    from careledger.refunds.terms import DealTerms
    from careledger.suite import Suite

Deal = Annotated[
    str, typer.Argument(metavar="DEAL", help="A deal's id, or the file with its terms.")
]
Evidence = Annotated[
    Path | None,
    typer.Option(
        "--evidence",
        help="File with what you say; only a commitment goes on the chain.",
        show_default=False,
    ),
]
Commitment = Annotated[
    str | None,
    typer.Option(
        "--commitment", help="A 32-byte commitment made elsewhere, instead.", show_default=False
    ),
]
Share = Annotated[str, typer.Option("--share", help="The payer's part in percent, such as 62.5.")]
TokenAt = Annotated[str, typer.Option("--token", help="The token's address; ether when not given.")]

_CENTS = 2


def find_deal(suite: "Suite", deal: str) -> "tuple[Suite, DealTerms]":
    """Return the terms of a deal, and the version of the suite in which it was opened.

    Args:
        suite: in any version.
        deal: its id, or the file with its terms.

    Raises:
        InputError: it is neither an id nor a file of terms.
        NotFound: no deal of this id was ever opened.

    """
    from careledger.refunds.terms import DealTerms

    if not deal.startswith("0x"):
        terms = DealTerms.read(Path(deal))
        return suite.having_deal(terms), terms

    id_ = parse_bytes32(deal, "the deal's id")
    holding = suite.having_deal(id_)
    return holding, holding.refunds.escrow.terms_of(id_)


def decimals_of(suite: "Suite", token: str) -> int:
    """Return how many decimals the smallest unit of a token, or of ether, has."""
    return WAD if token == ZERO_ADDRESS else suite.refunds.token(token).decimals()


def amount_of(suite: "Suite", value: int, token: str) -> Amount:
    """Return an amount of a token, or of ether, with its ticker."""
    if token == ZERO_ADDRESS:
        return Amount(value, WAD, "ETH", least=_CENTS)

    erc20 = suite.refunds.token(token)
    return Amount(value, erc20.decimals(), erc20.symbol(), least=_CENTS)


def commitment_to(evidence: Path | None, commitment: str | None) -> tuple[bytes, dict[str, Any]]:
    """Return the commitment to some evidence, and what has to be kept to open it later.

    A plain hash of a short text is guessed in no time: the commitment is an HMAC under a random
    key.

    Raises:
        InputError: neither or both are given, or they cannot be used.

    """
    from careledger.crypto.hashing import hmac_sha256
    from careledger.files import read_file

    if commitment is not None and evidence is None:
        return parse_bytes32(commitment, "--commitment"), {}
    if evidence is None or commitment is not None:
        raise InputError("give either --evidence FILE or --commitment 0x…")

    content = read_file(evidence, "evidence")
    key = secrets.token_bytes(32)
    return hmac_sha256(key, content), {"evidenceKey": key}
