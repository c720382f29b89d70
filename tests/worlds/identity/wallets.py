"""A wallet to test with, its words and password, and a disk that is full."""

from careledger.identity.wallet import Wallet

PASSWORD = "correct horse battery staple"
WORDS = "abandon " * 11 + "about"


def reread(wallet):
    """Return the wallet as a program that starts now would find it."""
    return Wallet.open(wallet.file, PASSWORD, writing=False)


def full_disk(_):
    raise OSError(28, "No space left on device")
