"""The words from which a holder's subject keys follow: BIP-39, then BIP-32 by hardened steps only.

Hardened, because then no key of the tree tells anything about another: a company that learns the
key of one consent cannot compute, nor recognise, those of the others.
"""

from dataclasses import dataclass, field

from eth_account import Account
from eth_account.hdaccount import generate_mnemonic, key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount
from eth_account.types import Language
from eth_typing import ChecksumAddress

from careledger.errors import InputError

SUBJECT_PATH = "m/44'/60'/1056'/0'/{index}'"
"""Of a consent's subject. Ethereum's tree of BIP-44; account 1056 (the ERC of identities) is no
wallet's own."""

LAST = 2**31 - 1
"""The last index that BIP-32 has."""


def new_words() -> str:
    """Return twelve English words from 128 random bits."""
    return generate_mnemonic(12, Language.ENGLISH)


def seed_of(words: str) -> bytes:
    """Return the 64 bytes of seed that words stand for (BIP-39, no passphrase). No message quotes a word.

    Raises:
        InputError: they are not such words, or one of them is mistyped: the last one checks the
            others.

    """
    try:
        return seed_from_mnemonic(" ".join(words.split()), "")
    except Exception:  # noqa: BLE001  whatever the library says of wrong words quotes them
        raise InputError(
            "these are not the words of a wallet: 12, 15, 18, 21 or 24 of the BIP-39 list are needed, in their order, "
            "and at least one is missing or mistyped"
        ) from None


@dataclass(frozen=True)
class SubjectKey:
    """A key of its own for one consent, so that companies cannot join up what they know of a customer."""

    index: int
    account: LocalAccount = field(repr=False)

    @property
    def address(self) -> ChecksumAddress:
        """The identity that consents."""
        return ChecksumAddress(self.account.address)


def subject_key(seed: bytes, index: int) -> SubjectKey:
    """Return the subject of an index.

    Raises:
        InputError: there is no such index.

    """
    if not 0 <= index <= LAST:
        raise InputError(f"subjects are numbered from 0 to {LAST}, and {index} is none")
    return SubjectKey(
        index, Account.from_key(key_from_seed(seed, SUBJECT_PATH.format(index=index)))
    )
