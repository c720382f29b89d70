"""PasskeyVerifier: the gas that good and bad assertions use."""

import pytest

from careledger.chain.reverts import Reverted
from tests.worlds.identity.passkey_verifier import CHALLENGE, DIGEST, GOOD, MOST_GAS, NO, TYPE, YES
from tests.worlds.identity.passkeys import Draft


class TestGas:
    def test_solidity_takes_what_the_interface_says(self, verifier):
        used = [
            verifier.transact("verify", draft.key.raw, DIGEST, draft.encoded).gas
            - intrinsic(verifier, draft.encoded)
            for draft in (
                Draft(DIGEST, name=str(number), high=number % 2 == 1) for number in range(20)
            )
        ]
        assert 205_000 < sum(used) / len(used) < 220_000
        assert max(used) < MOST_GAS

    def test_garbage_is_cheap(self, verifier):
        for signature in (
            b"",
            bytes(192),
            b"\xff" * 500,
            GOOD.but(flags=0).encoded,
            GOOD.but(said=b"{}").encoded,
        ):
            done = verifier.transact("verify", GOOD.key.raw, DIGEST, signature)
            assert done.value == NO
            assert done.gas - intrinsic(verifier, signature) < 15_000

    @pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
    def test_large_client_data_cost_less_than_their_calldata(self, verifier, size):
        filler = "x" * size
        draft = GOOD.but(said=f'{{{TYPE},{CHALLENGE},"x":"{filler}"}}'.encode())
        done = verifier.transact("verify", draft.key.raw, DIGEST, draft.encoded)
        assert done.value == YES
        assert done.gas - intrinsic(verifier, draft.encoded) < MOST_GAS + 16 * size

    def test_with_too_little_gas_it_stops_and_does_not_say_yes(self, verifier):
        enough = verifier.transact("verify", GOOD.key.raw, DIGEST, GOOD.encoded).gas
        for share in (0.2, 0.5, 0.9, 0.98):
            with pytest.raises(Reverted):
                verifier.transact(
                    "verify", GOOD.key.raw, DIGEST, GOOD.encoded, gas=int(enough * share)
                )


def intrinsic(verifier, signature):
    data = verifier.encode("verify", GOOD.key.raw, DIGEST, signature)
    return 21_000 + sum(16 if byte else 4 for byte in data)
