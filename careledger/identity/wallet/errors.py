"""What can go wrong with a wallet file."""

from careledger.errors import Conflict, InputError, SettingsError


class MalformedWallet(InputError):
    """The file is no wallet, or one that this program does not open."""


class WalletDamaged(MalformedWallet):
    """The file was a wallet, and has been changed or cut since it was written."""


class WrongPassword(SettingsError):
    """The password is not the one that the wallet was written with."""


class WalletBusy(Conflict):
    """Another program is writing to the wallet."""
