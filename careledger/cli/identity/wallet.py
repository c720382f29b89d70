"""`careledger identity wallet`: the customer's encrypted file of keys, credentials and consents."""

import json
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from careledger.cli.commands import command, group
from careledger.cli.identity.arguments import WalletFile
from careledger.cli.identity.files import read_token
from careledger.errors import InputError, SettingsError
from careledger.files import write_private
from careledger.settings import Settings

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.wallet.wallet import Wallet

app = group("A customer's wallet: an encrypted file with keys, credentials and the consents given.")


def open_wallet(file: Path | None, *, writing: bool = True) -> "Wallet":
    """Open the wallet of the option or the settings.

    The password comes from a file, or is asked for.

    Raises:
        SettingsError: no wallet is named, or the password file cannot be read.
        InputError: there is none, it is damaged, or the password is wrong.

    """
    from careledger.chain.keys import password_in
    from careledger.identity.wallet.wallet import Wallet

    path = _named(file)
    where = Settings.from_environment().wallet_password_file
    password = getpass(f"password of {path}: ") if where is None else password_in(where)
    return Wallet.open(path, password, writing=writing)


def _named(file: Path | None) -> Path:
    path = file or Settings.from_environment().wallet
    if path is None:
        raise SettingsError("no wallet is named: give --wallet FILE or set CARELEDGER_WALLET")
    return path


@command(app)
def create(
    out: "Out",
    *,
    file: WalletFile = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="From the words of a lost wallet, asked for.")
    ] = False,
) -> None:
    """Make a new wallet. `wallet words` shows its words, which end what it gave if it is lost.

    A restored wallet has the keys of its consents and no notes of them (`consent revoke --all` ends
    them), and no credentials (ask the issuers for new ones).

    The password comes from the first line of CARELEDGER_WALLET_PASSWORD_FILE, or is asked for.

    Example: careledger identity wallet create --wallet ana.wallet
    """
    from careledger.chain.keys import new_password
    from careledger.identity.wallet.wallet import Wallet

    path = _named(file)
    if path.exists():
        raise InputError(f"{path} is there already and is left as it is")

    words = getpass("the wallet's words: ") if restore else None
    password = new_password(Settings.from_environment().wallet_password_file)
    Wallet.create(path, password, words).close()
    out.say(
        f"{path} is a new wallet. Write down its words: "
        f"careledger identity wallet words --wallet {path}"
    )
    out.document({"wallet": str(path)})


@command(app)
def words(out: "Out", *, file: WalletFile = None) -> None:
    """Show the words of a wallet, to be written down. Whoever has them can act for the customer.

    Example: careledger identity wallet words --wallet ana.wallet
    """
    with open_wallet(file, writing=False) as opened:
        out.say(opened.words)
        out.document({"words": opened.words})


@command(app)
def key(
    out: "Out",
    *,
    to: Annotated[Path, typer.Option("--out", help="File for the public JWK.")],
    alg: Annotated[str, typer.Option(help="One of ES256, ES256K, ES256K-R, EdDSA.")] = "ES256",
    file: WalletFile = None,
) -> None:
    """Make a key for one credential to be bound to, and write its public half for the issuer.

    Example: careledger identity wallet key --wallet ana.wallet --out ana.jwk
    """
    from careledger.identity.credentials.keys import KEY_TYPES

    if alg not in KEY_TYPES:
        raise InputError(f"--alg {alg!r} is not an algorithm: use one of {', '.join(KEY_TYPES)}")

    with open_wallet(file) as opened:
        made = opened.new_holder_key(alg).public
    write_private(to, (json.dumps(made.jwk, indent=2) + "\n").encode())
    out.say(f"{to} is for the issuer; the secret stays in the wallet")
    out.document({"jwk": made.jwk, "thumbprint": made.thumbprint, "file": str(to)})


@command(app)
def add(
    out: "Out",
    credential: Annotated[
        Path, typer.Argument(metavar="CREDENTIAL", help="File with an SD-JWT VC.")
    ],
    *,
    file: WalletFile = None,
) -> None:
    """Keep a credential. Check it first: `careledger identity check`.

    Example: careledger identity wallet add ana.credential --wallet ana.wallet
    """
    from careledger.identity.credentials.errors import HolderKeyMissing
    from careledger.identity.credentials.held_credential import HeldCredential

    text = read_token(credential, "credential")
    holding = HeldCredential.parse(text)
    try:
        bound: str | None = holding.holder_key.thumbprint
    except HolderKeyMissing:
        bound = None
        out.warn("the credential is bound to no key, so whoever has a copy can present it")

    with open_wallet(file) as opened:
        held = opened.add_credential(text, bound)
    out.say(f"{held.id} is in the wallet: {holding.vct} of {holding.issuer}")
    out.document({"credential": held.id, "type": holding.vct, "issuer": holding.issuer})


@command(app, "list")
def list_credentials(out: "Out", *, file: WalletFile = None) -> None:
    """List the credentials of a wallet, and what can be shown of each.

    Example: careledger identity wallet list --wallet ana.wallet
    """
    from careledger.identity.credentials.claim_paths import path_text
    from careledger.identity.credentials.held_credential import HeldCredential

    with open_wallet(file, writing=False) as opened:
        held = [(one, HeldCredential.parse(one.text)) for one in opened.credentials]

    found = [
        {
            "credential": one.id,
            "type": holding.vct,
            "issuer": holding.issuer,
            "claims": [path_text(path) for path in holding.disclosable],
            "addedAt": one.added_at,
        }
        for one, holding in held
    ]
    rows = [[one["credential"], one["type"], one["issuer"], one["claims"]] for one in found]
    out.table("Credentials", ["credential", "type", "issuer", "can be shown or kept"], rows)
    out.document({"credentials": found})
