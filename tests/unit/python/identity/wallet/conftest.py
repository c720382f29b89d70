import pytest

from careledger.identity.wallet import Wallet
from careledger.identity.wallet.encryption import MIN_WORK
from tests.worlds.identity.wallets import PASSWORD, WORDS


@pytest.fixture
def file(tmp_path):
    return tmp_path / "folder" / "ana.wallet"


@pytest.fixture
def wallet(file):
    with Wallet.create(file, PASSWORD, WORDS, work=MIN_WORK) as opened:
        yield opened
