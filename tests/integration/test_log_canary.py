"""What must never reach a log line: keys, passwords, words of a wallet, claims of a customer."""

import io
import json
import logging

import pytest
from eth_account import Account

from careledger.chain.keys import load_account
from careledger.chain.send import Sender
from careledger.flows.kyc.actors import CLAIMS, values_found
from careledger.flows.kyc.story import KycStory
from careledger.flows.steps import Steps
from careledger.identity.wallet import Wallet
from careledger.identity.wallet.seed import new_words
from careledger.logs import PACKAGE, configure_logs
from careledger.settings import Settings

PASSWORD = "canary-password-4711"


@pytest.fixture
def lines():
    """Return everything that the package logs, as the command line would write it at `debug`."""
    logger = logging.getLogger(PACKAGE)
    before = (logger.handlers[:], logger.level, logger.propagate)
    stream = io.StringIO()
    configure_logs("debug", json=True, stream=stream)
    yield stream
    logger.handlers[:], logger.level, logger.propagate = before[0], before[1], before[2]


def test_no_claim_reaches_a_line_while_credentials_are_exchanged(stage, tmp_path, lines):
    KycStory(stage, tmp_path, Steps()).play()

    written = lines.getvalue()
    assert len(written.splitlines()) > 100
    assert {"asked eth_call", "transaction mined"} <= events(written)
    assert values_found(CLAIMS, written.encode()) == []


def test_no_key_no_password_and_no_word_of_a_wallet_reaches_a_line(
    chain, accounts, tmp_path, lines
):
    signer = Account.create()
    keystore = tmp_path / "key.json"
    keystore.write_text(json.dumps(Account.encrypt(signer.key, PASSWORD, iterations=2)))
    (tmp_path / "password").write_text(PASSWORD + "\n")

    account = load_account(Settings(keystore=keystore, password_file=tmp_path / "password"))
    Sender(chain, accounts[0]).transact(account.address, value=10**18)
    Sender(chain, account).transact(accounts[0].address, value=1)
    words = new_words()
    with Wallet.create(tmp_path / "wallet", PASSWORD, words) as wallet:
        holder_key = wallet.new_holder_key()
    Wallet.open(tmp_path / "wallet", PASSWORD, writing=False)

    written = lines.getvalue()
    secrets = [
        PASSWORD,
        words,
        signer.key.hex(),
        accounts[0].key.hex(),
        holder_key.private_jwk["d"],
    ]
    assert {"asked eth_sendRawTransaction", "transaction signed"} <= events(written)
    assert [secret for secret in secrets if secret.lower() in written.lower()] == []


def test_the_canary_sings(lines):
    logging.getLogger(f"{PACKAGE}.leak").debug("claims %s", {"family_name": "Ruiz Calatrava"})
    assert values_found(CLAIMS, lines.getvalue().encode()) == ["Ruiz Calatrava"]


def events(written):
    return {json.loads(line)["event"] for line in written.splitlines()}
