"""The library `P256` on chains where something answers at the precompile's address."""

import pytest
from pyrevm import AccountInfo

from careledger.chain.p256 import PRECOMPILE
from careledger.identity.passkeys.passkey import ORDER
from tests.support.evm import Evm
from tests.support.p256 import (
    KEY,
    G,
    asked,
    expected,
    library,
    made,
    spent,
)

ANSWERS = {
    "one": "600160005260206000f3",
    "two": "600260005260206000f3",
    "nothing": "00",
    "one and a word more": "600160005260406000f3",
    "a byte": "600160005360016000f3",
    "refusal with one": "600160005260206000fd",
    "no instruction": "fe",
    "only the canary": f"6020357f{G[0]:064x}1460005260206000f3",  # 1 if r is G's x, else 0
}
"""Programs that stand at 0x100."""


@pytest.fixture
def with_precompile(compiled):
    def build(name):
        evm = Evm()
        evm._evm.insert_account_info(PRECOMPILE, AccountInfo(code=bytes.fromhex(ANSWERS[name])))
        return evm.deploy("P256Probe")

    return build


class TestPrecompile:
    def test_its_yes_is_believed_and_costs_no_second_question(self, with_precompile):
        probe = with_precompile("one")
        answer, gas = spent(probe, *made(5, 7, KEY))
        assert answer
        assert gas < 5_000

    def test_it_is_not_asked_about_numbers_out_of_their_range(self, with_precompile):
        """Where others forgot that r and s must not be 0, anything was a signature of anybody."""
        digest, r, s, key = made(5, 7, KEY)
        probe = with_precompile("one")
        for numbers in ((0, s), (r, 0), (0, 0), (ORDER, s), (r, ORDER), (2**256 - 1, 2**256 - 1)):
            assert not asked(probe, digest, *numbers, key)

    def test_its_no_is_believed_where_it_takes_the_canary(self, with_precompile):
        """Shown by a good signature: Solidity, which would take it, is not asked."""
        answer, gas = spent(with_precompile("only the canary"), *made(5, 7, KEY))
        assert not answer
        assert gas < 7_000

    @pytest.mark.parametrize(
        "name", ["two", "nothing", "one and a word more", "a byte", "refusal with one"]
    )
    def test_whatever_else_answers_solidity_decides(self, with_precompile, name):
        probe, case = with_precompile(name), made(5, 7, KEY)
        assert asked(probe, *case)
        assert not asked(probe, case[0] ^ 1, *case[1:])

    def test_one_that_takes_all_the_gas_leaves_enough_of_much(self, with_precompile):
        assert asked(with_precompile("no instruction"), *made(5, 7, KEY))

    def test_the_canary_is_good(self):
        assert library(1, G[0], G[0] + 1, G)
        assert expected(1, G[0], G[0] + 1, G)
