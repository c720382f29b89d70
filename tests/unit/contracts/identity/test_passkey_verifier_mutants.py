"""PasskeyVerifier: the tests find a broken verifier."""

import pytest

from careledger.chain.reverts import Reverted
from careledger.crypto import base64url
from tests.support.evm import Evm
from tests.support.mutants import mutate
from tests.worlds.identity.passkey_verifier import (
    CHALLENGE,
    CURVE,
    DIGEST,
    GOOD,
    NO,
    SOURCE,
    TYPE,
    YES,
    asked,
    word,
)

MUTANTS = {
    "nobody needs to be verified": (
        "_PRESENT_AND_VERIFIED = 0x05",
        "_PRESENT_AND_VERIFIED = 0x01",
        {"flags": 0x01},
    ),
    "nobody needs to be there": (
        "_PRESENT_AND_VERIFIED = 0x05",
        "_PRESENT_AND_VERIFIED = 0x04",
        {"flags": 0x04},
    ),
    "flags may contradict each other": (
        " && flags & _BACKUP != _BACKED_UP_BUT_NOT_ELIGIBLE",
        "",
        {"flags": 0x15},
    ),
    "any ceremony will do": (
        "return bytes21(clientData[index:]) == _TYPE;",
        "return bytes21(clientData[index:]) == _TYPE || true;",
        {"said": f'{{"type":"webauthn.create",{CHALLENGE}}}'.encode()},
    ),
    "the challenge may go on": (
        'true, true), "\\"");',
        "true, true));",
        {"said": f'{{{TYPE},"challenge":"{base64url.encode(DIGEST)}AAAA"}}'.encode()},
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_verifier_is_found_out(compiled, name):
    """Each of them takes what the tests above want refused."""
    old, new, wrong = MUTANTS[name]
    broken = Evm().deploy("PasskeyVerifier", artifact=mutate(SOURCE, old, new, optimise=True))
    assert asked(broken, GOOD.but(**wrong)) == YES
    assert asked(broken, GOOD) == YES


def test_a_verifier_that_refuses_high_s_is_found_out(compiled):
    broken = Evm().deploy(
        "PasskeyVerifier",
        artifact=mutate(SOURCE, "|| s >= N)", "|| s > N / 2)", inside=CURVE, optimise=True),
    )
    assert asked(broken, GOOD.but(high=True)) == NO
    assert asked(broken, GOOD.but(high=False)) == YES


def test_a_verifier_that_trusts_lengths_reverts_and_is_found_out(compiled):
    broken = Evm().deploy(
        "PasskeyVerifier",
        artifact=mutate(SOURCE, "length > rest.length ?", "length == 2 ** 255 ?", optimise=True),
    )
    signature = bytearray(GOOD.encoded)
    at = int.from_bytes(signature[128:160], "big")
    signature[at : at + 32] = word(2**64)
    with pytest.raises(Reverted):
        asked(broken, GOOD, signature=bytes(signature))
