"""The words from which a holder's subject keys follow: BIP-39, then BIP-32 by hardened steps only.

With hardened steps no key of the tree says anything about another key. So a company that learns the
key of one consent can neither compute nor recognise the keys of the others.
"""

from dataclasses import dataclass, field

from eth_account import Account
from eth_account.hdaccount import generate_mnemonic, key_from_seed, seed_from_mnemonic
from eth_account.signers.local import LocalAccount
from eth_account.types import Language
from eth_typing import ChecksumAddress

from careledger.errors import InputError

SUBJECT_PATH = "m/44'/60'/1056'/0'/{index}'"
"""Of a consent's subject. Ethereum's tree of BIP-44; account 1056 (the ERC of identities) is
not used by wallet programs."""

MAX_INDEX = 2**31 - 1
"""The last index that BIP-32 has."""


@dataclass(frozen=True)
class SubjectKey:
    """The key of one consent's subject, so that companies cannot connect a customer's consents."""

    index: int
    account: LocalAccount = field(repr=False)

    @property
    def address(self) -> ChecksumAddress:
        """The identity that consents."""
        return ChecksumAddress(self.account.address)


def new_words() -> str:
    """Return twelve English words from 128 random bits."""
    return generate_mnemonic(12, Language.ENGLISH)


def seed_of(words: str) -> bytes:
    """Return the 64 bytes of seed of some words (BIP-39, no passphrase). No message quotes a word.

    Raises:
        InputError: they are not such words, or one of them is mistyped: the last word checks the
            others.

    """
    try:
        return seed_from_mnemonic(" ".join(words.split()), "")
    except Exception:  # noqa: BLE001  the library's messages quote the words
        raise InputError(
            "these are not the words of a wallet: 12, 15, 18, 21 or 24 words of the BIP-39 list "
            "are needed, in their order, and at least one is missing or mistyped"
        ) from None


def subject_key(seed: bytes, index: int) -> SubjectKey:
    """Return the subject's key of an index.

    Raises:
        InputError: there is no such index.

    """
    if not 0 <= index <= MAX_INDEX:
        raise InputError(f"subjects are numbered from 0 to {MAX_INDEX}, not {index}")

    key = key_from_seed(seed, SUBJECT_PATH.format(index=index))
    return SubjectKey(index, Account.from_key(key))
