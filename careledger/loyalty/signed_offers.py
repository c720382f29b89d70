"""Signed offers: an offer with its maker's signature, and the file in which it travels.

The file is one JSON object; docs/protocol/loyalty.md describes it:

    {"format": "careledger.offer.v1", "chainId": 31337, "market": "0x…",
     "offer": {"maker": "0x…", "taker": "0x…", "give": "0x…", "want": "0x…",
               "giveAmount": "1000000000000000000", "wantAmount": "…", "minFill": "…",
               "expiry": 1800086400, "nonce": "…", "ref": "0x…"},
     "signature": "0x…",
     "permit": {"value": "…", "deadline": 1800086400, "signature": "0x…"}}

The permit (EIP-2612) lets the market take what the offer gives; it is null where the maker has
approved the market.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from eth_account.signers.local import LocalAccount

from careledger.chain.erc1271 import wallet_accepts
from careledger.chain.rpc import Chain
from careledger.crypto.documents import JsonNode, hexed
from careledger.crypto.typed_data import recover, split_signature
from careledger.errors import InputError, SignatureError
from careledger.files import read_file
from careledger.loyalty.errors import OfferError
from careledger.loyalty.messages import TokenMessages
from careledger.loyalty.offers import Offer
from careledger.values.times import to_seconds

FORMAT = "careledger.offer.v1"
NO_PERMIT = (0, 0, 0, bytes(32), bytes(32))
"""The contract's struct for no permit."""


@dataclass(frozen=True)
class Permit:
    """An allowance that its owner signed for the market (EIP-2612)."""

    value: int
    deadline: datetime
    signature: bytes
    """65 bytes."""

    def abi(self) -> tuple[int, int, int, bytes, bytes]:
        """Return it as the contract's struct."""
        return self.value, to_seconds(self.deadline), *split_signature(self.signature)

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in the file of an offer."""
        return {
            "value": str(self.value),
            "deadline": to_seconds(self.deadline),
            "signature": hexed(self.signature),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read what `to_json` made.

        Raises:
            MalformedDocument: a member is missing, unknown, or has another form.

        """
        members = node.object(["value", "deadline", "signature"])

        return cls(
            value=members["value"].amount(),
            deadline=members["deadline"].seconds(),
            signature=members["signature"].hex(65),
        )


@dataclass(frozen=True)
class SignedOffer:
    """An offer with its maker's signature, as it is handed to takers."""

    offer: Offer
    chain_id: int
    market: str
    signature: bytes
    permit: Permit | None = None

    @property
    def id(self) -> bytes:
        """The offer's id."""
        return self.offer.id(self.chain_id, self.market)

    def verify(self, chain: Chain | None = None) -> None:
        """Make sure that the maker signed.

        Args:
            chain: to ask a maker that is a contract wallet (ERC-1271); accounts need none.

        Raises:
            WrongChain: the node serves another chain than the offer's.
            SignatureError: the maker did not sign.

        """
        if chain is not None:
            chain.expect(self.chain_id)

        try:
            signer = recover(self.id, self.signature)
            if signer.hex() == self.offer.maker[2:].lower():
                return
            reason = "another key signed it, or it was changed afterwards"
        except SignatureError as error:
            reason = str(error)

        if chain is None or not wallet_accepts(chain, self.offer.maker, self.id, self.signature):
            raise SignatureError(
                f"the offer is not signed by its maker {self.offer.maker}: {reason}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the content of the file."""
        return {
            "format": FORMAT,
            "chainId": self.chain_id,
            "market": self.market,
            "offer": self.offer.to_json(),
            "signature": hexed(self.signature),
            "permit": None if self.permit is None else self.permit.to_json(),
        }

    @classmethod
    def from_json(cls, node: JsonNode) -> Self:
        """Read what `to_json` made. The signature is not checked: `verify` checks it.

        Raises:
            MalformedDocument: a member is missing, unknown, or has another form.
            OfferError: a member of the offer has a value that it cannot have.

        """
        members = node.object(["format", "chainId", "market", "offer", "signature", "permit"])
        members["format"].one_of(FORMAT)

        permit = members["permit"]
        return cls(
            offer=Offer.from_json(members["offer"]),
            chain_id=members["chainId"].integer(),
            market=members["market"].address(),
            signature=members["signature"].hex(),
            permit=None if permit.value is None else Permit.from_json(permit),
        )

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file that `write` wrote.

        Raises:
            InputError: it cannot be read, or is not a signed offer; see `from_json`.

        """
        return cls.from_json(JsonNode.read(read_file(file, "offer"), "offer"))

    def write(self, file: Path) -> None:
        """Write the file that is handed to takers.

        Raises:
            InputError: it cannot be written.

        """
        text = json.dumps(self.to_json(), indent=2) + "\n"

        try:
            file.write_text(text)
        except OSError as error:
            raise InputError(f"the offer {file} cannot be written: {error.strerror}") from error


def sign_offer(
    account: LocalAccount,
    offer: Offer,
    chain_id: int,
    market: str,
    *,
    token: TokenMessages | None = None,
    permit_nonce: int = 0,
) -> SignedOffer:
    """Sign an offer; nothing is sent.

    Args:
        account: the maker's.
        offer: what it gives and wants.
        chain_id: of the chain that the market is on.
        market: its address.
        token: the messages of the token that is given, to sign a permit for the market too.
        permit_nonce: the maker's next permit nonce at that token.

    Raises:
        OfferError: the account is not the maker's.

    """
    if account.address != offer.maker:
        raise OfferError("maker", f"is {offer.maker}, but the key is that of {account.address}")

    permit = None
    if token is not None:
        message = token.permit(
            offer.maker, market, offer.give_amount, permit_nonce, offer.expires_at
        )
        permit = Permit(offer.give_amount, offer.expires_at, message.sign(account))

    signature = offer.message(chain_id, market).sign(account)
    return SignedOffer(offer, chain_id, market, signature, permit)
