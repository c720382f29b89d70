"""The holder's wallet: seed, keys, credentials and consents in one encrypted file."""

from careledger.identity.wallet.wallet import Wallet

__all__ = ["Wallet"]
