"""Load the key to sign with, by one rule everywhere.

An encrypted key file goes first, then the private key of the environment. On a development chain
(Anvil or Ganache) without either, the first well-known account signs, and that is said.
"""

import json
from collections.abc import Callable
from getpass import getpass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from careledger.chain.node import DevelopmentChain, development_accounts
from careledger.chain.rpc import Chain
from careledger.errors import InputError, SettingsError
from careledger.settings import Settings


def signing_account(
    settings: Settings, chain: Chain, notice: Callable[[str], None] = lambda _: None
) -> LocalAccount:
    """Return the account that signs on a chain.

    Args:
        settings: name the key file or the private key.
        chain: decides whether a well-known account may sign where the settings name no key.
        notice: called with a sentence when a well-known account signs.

    Raises:
        SettingsError: no key is named on a chain that is not a development chain, or the key that
            is named cannot be used.
        NodeError: the node cannot be asked.

    """
    named = settings.keystore is not None or settings.private_key is not None
    if named or DevelopmentChain.of(chain) is None:
        return load_account(settings)

    account = development_accounts(1)[0]
    notice(f"no key is set; {account.address}, the first well-known development account, signs")
    return account


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
        "no key to sign with: set CARELEDGER_KEYSTORE to an encrypted key file or, for "
        "development, CARELEDGER_PRIVATE_KEY"
    )


def from_private_key(text: str) -> LocalAccount:
    """Return the account of a private key in hexadecimal. The key appears in no message.

    Raises:
        SettingsError: it is not a private key.

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

    password = password_in(password_file) if password_file else getpass(f"password of {file}: ")

    try:
        account: LocalAccount = Account.from_key(Account.decrypt(document, password))
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"the key file {file} does not open: wrong password, or not a version-3 key file"
        ) from error

    return account
