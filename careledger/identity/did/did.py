"""did:ethr identifiers and DID URLs, as the did:ethr method and DID Core write them.

```
did:ethr:0xf3be…                       on Ethereum's main network
did:ethr:sepolia:0xf3be…               on a network by name
did:ethr:0x7a69:0x0279be…              by chain id in hexadecimal; the identity by its public key
did:ethr:0x7a69:0xf3be…?versionId=17   the document as it was after block 17
```
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs

from coincurve import PublicKey
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from careledger.crypto.hashing import keccak256
from careledger.identity.did.errors import MalformedDid
from careledger.values.addresses import address

NETWORKS: dict[str, int] = {
    "mainnet": 1,
    "sepolia": 11155111,
    "holesky": 17000,
    "gno": 100,
    "ewc": 246,
    "volta": 73799,
    "artis:tau1": 246785,
    "artis:sigma1": 246529,
    "polygon": 137,
    "polygon:test": 80001,
    "aurora": 1313161554,
    "linea:goerli": 59140,
    "rsk": 30,
    "rsk:testnet": 31,
}
"""Chain ids of the networks that the did:ethr method names."""

_CHARACTER = r"(?:[a-zA-Z0-9._-]|%[0-9a-fA-F]{2})"
_URL = re.compile(
    rf"(?P<did>did:ethr:(?:(?P<network>(?:{_CHARACTER}*:)*{_CHARACTER}+):)?"
    r"(?P<id>0x(?:[0-9a-fA-F]{66}|[0-9a-fA-F]{40})))"
    r"(?:;[^/?#]*)?(?:/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_KEY_CHARACTERS = 68
"""Of a compressed public key as 0x-text."""


@dataclass(frozen=True)
class Did:
    """A did:ethr."""

    text: str
    """As it was given: it is the document's id, to the letter."""
    network: str | None
    """As it was given; None is Ethereum's main network."""
    address: ChecksumAddress
    public_key: str | None
    """The compressed key as it was given, 0x-text; None where the DID is an address."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a did:ethr.

        Raises:
            MalformedDid: it is not a did:ethr, or has more than one has (a DID URL).
            InputError: its address is mistyped.

        """
        match = _match(text)
        if match["did"] != text:
            raise MalformedDid(f"{text!r} is a DID URL, but a DID alone is needed: {match['did']}")

        return cls._from_match(match)

    @classmethod
    def _from_match(cls, match: re.Match[str]) -> Self:
        key = match["id"] if len(match["id"]) == _KEY_CHARACTERS else None
        at = public_key_address(key) if key else address(match["id"], "the DID's address")
        return cls(match["did"], match["network"], at, key)

    def chain_id(self, names: dict[str, int] | None = None) -> int:
        """Return the id of the chain that the DID is anchored on.

        Args:
            names: further networks by name.

        Raises:
            MalformedDid: the network is unknown.

        """
        name = self.network or "mainnet"
        known = NETWORKS | (names or {})
        if name in known:
            return known[name]

        if re.fullmatch(r"0x[0-9a-fA-F]{1,64}", name):
            return int(name, 16)
        raise MalformedDid(
            f"{self.text}: network '{name}' is unknown; a chain id in hexadecimal works everywhere"
        )


@dataclass(frozen=True)
class DidUrl:
    """A DID with what may follow it."""

    did: Did
    version_id: int | None
    """Block number of `?versionId=`; None: the newest."""
    fragment: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a DID URL.

        Raises:
            MalformedDid: it is not a did:ethr, its key is not a point of the curve, or its
                versionId is not a block number.
            InputError: its address is mistyped.

        """
        match = _match(text)
        did = Did._from_match(match)

        return cls(did, _version(text, match["query"] or ""), match["fragment"])


def public_key_address(key: str) -> ChecksumAddress:
    """Return the address of a compressed public key, given as 0x-text of 33 bytes.

    Raises:
        MalformedDid: it is not a point of secp256k1.

    """
    try:
        point = PublicKey(bytes.fromhex(key[2:])).format(compressed=False)
    except Exception as error:
        raise MalformedDid(f"{key} is not a compressed public key of secp256k1") from error

    return to_checksum_address(keccak256(point[1:])[12:])


def format_did(subject: str, chain_id: int, name: str | None = None) -> str:
    """Return the DID of an address or a compressed public key on a chain.

    Args:
        subject: 0x-text of 20 or 33 bytes.
        name: of the network; its chain id in hexadecimal when None. The main network has neither.

    Raises:
        MalformedDid: the subject is neither.

    """
    network = name or ("" if chain_id == 1 else hex(chain_id))

    return Did.parse(f"did:ethr:{network}{':' if network else ''}{subject}").text


def _match(text: str) -> re.Match[str]:
    match = _URL.fullmatch(text)
    if match is None:
        raise MalformedDid(
            f"{text!r} is not a did:ethr: did:ethr:[network:] and an address of 40 or a public key "
            "of 66 hexadecimal digits are needed"
        )
    return match


def _version(text: str, query: str) -> int | None:
    values = parse_qs(query, keep_blank_values=True).get("versionId", ["latest"])
    if values == ["latest"]:
        return None
    if len(values) != 1 or not re.fullmatch(r"[0-9]{1,18}", values[0]):
        raise MalformedDid(f"{text!r}: versionId must be a block number or 'latest'")
    return int(values[0])
