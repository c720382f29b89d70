"""Load the key to sign with, from an encrypted file or, for development, from the environment."""

import json
from getpass import getpass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.errors import InputError, SettingsError
from careledger.settings import Settings


def load_account(settings: Settings) -> LocalAccount:
    """Return the account that the settings name; the key file goes before the variable.

    Raises:
        SettingsError: none is named, the file cannot be read, or the password is wrong.

    """
    if settings.keystore is not None:
        return _from_keystore(settings.keystore, settings.password_file)
    if settings.private_key is not None:
        return from_private_key(settings.private_key)
    raise SettingsError(
        "no key to sign with: set CARELEDGER_KEYSTORE to an encrypted key file or, for development, "
        "CARELEDGER_PRIVATE_KEY"
    )


def from_private_key(text: str) -> LocalAccount:
    """Return the account of a private key in hexadecimal. The key appears in no message.

    Raises:
        SettingsError: it is no private key.

    """
    try:
        account: LocalAccount = Account.from_key(text)
    except Exception:  # noqa: BLE001  whatever the library says of a bad key may quote it
        raise SettingsError(
            "CARELEDGER_PRIVATE_KEY is not a private key: 64 hexadecimal digits are needed"
        ) from None
    return account


def password_in(file: Path) -> str:
    """Return the first line of a password file.

    Raises:
        SettingsError: it cannot be read, or is empty.

    """
    try:
        return file.read_text().splitlines()[0]
    except (OSError, ValueError, IndexError) as error:
        raise SettingsError(f"the password file {file} cannot be read or is empty") from error


def new_password(file: Path | None) -> str:
    """Return a password for a new file: the first line of a password file, or asked for twice.

    Raises:
        SettingsError: the password file cannot be read, or is empty.
        InputError: the two that were typed differ, or the password is empty.

    """
    if file is not None:
        password = password_in(file)
    else:
        password = getpass("new password: ")
        if getpass("once more: ") != password:
            raise InputError("the two passwords differ; nothing was written")
    if not password:
        raise InputError("an empty password protects nothing; nothing was written")
    return password


def _from_keystore(file: Path, password_file: Path | None) -> LocalAccount:
    try:
        document = json.loads(file.read_text())
    except OSError as error:
        raise SettingsError(f"the key file {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(
            f"the key file {file} is not JSON (Web3 Secret Storage, version 3, is needed)"
        ) from error
    password = (
        getpass(f"password of {file}: ") if password_file is None else password_in(password_file)
    )
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(document, password))
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"the key file {file} does not open: wrong password, or not a version-3 key file"
        ) from error
    return account
