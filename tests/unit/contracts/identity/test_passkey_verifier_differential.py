"""PasskeyVerifier: the same answers as those of `cryptography` and of OpenZeppelin."""

import random

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from careledger.chain.reverts import Reverted
from careledger.crypto.hashing import sha256
from careledger.identity.passkeys.passkey import ORDER, PasskeyKey
from tests.support.evm import Evm
from tests.support.mutants import foreign
from tests.worlds.identity.passkey_verifier import (
    NO,
    OPENZEPPELIN,
    SEED,
    YES,
    word,
)
from tests.worlds.identity.passkeys import Draft


class TestDifferential:
    def test_against_cryptography_on_random_keys_and_signatures(self, verifier):
        """Good and slightly bad ones, each way about even; the answers are the library's."""
        draw, counts = random.Random(SEED), {YES: 0, NO: 0}
        for number in range(400):
            private = ec.derive_private_key(draw.randrange(1, ORDER), ec.SECP256R1())
            draft = Draft(draw.randbytes(32), name=str(number), flags=0x1D)
            message = draft.authenticator_data + sha256(draft.client_data)
            how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
            r, s = decode_dss_signature(private.sign(message, how))
            wrong = draw.choice(("", "", "", "r", "s", "message", "swapped", "negative"))
            r, s = {
                "r": (r ^ 1, s),
                "s": (r, s ^ 1),
                "swapped": (s, r),
                "negative": (r, ORDER - s),
            }.get(wrong, (r, s))
            judged = sha256(message) if wrong != "message" else sha256(message + b"!")
            expected = NO if wrong == "message" else answer(private.public_key(), judged, r, s)
            if wrong == "message":
                draft = draft.but(flags=0x0D)
            signature = draft.but(numbers={"r": r, "s": s}).encoded
            key = PasskeyKey.of(private.public_key()).raw
            assert verifier.call("verify", key, draft.digest, signature) == expected, (
                number,
                wrong,
            )
            counts[expected] += 1
        assert min(counts.values()) > 100

    def test_against_openzeppelin_on_everything_malformed(self, compiled):
        """The answer is the same for each, except for the higher s.

        OpenZeppelin refuses the higher s, and phones make it.
        """
        evm = Evm(spec="CANCUN")
        ours = evm.deploy("PasskeyVerifier")
        theirs = evm.deploy("Reference", artifact=foreign(OPENZEPPELIN, "ERC7913WebAuthnVerifier"))
        draw, counts = random.Random(SEED), {(YES, YES): 0, (NO, NO): 0, (YES, NO): 0}
        for number in range(900):
            draft, key, digest, signature = drawn(draw, number)
            pair = []
            for contract in (ours, theirs):
                try:
                    pair.append(contract.call("verify", key, digest, signature))
                except Reverted:  # theirs runs into its own reading of calldata now and then
                    assert contract is theirs
                    pair.append(NO)
            assert tuple(pair) in counts, (number, draft)
            assert tuple(pair) != (YES, NO) or draft.high, (number, draft)
            counts[tuple(pair)] += 1
        assert all(count > 50 for count in counts.values()), counts


def answer(public, digest, r, s):
    try:
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return NO
    return YES


def drawn(draw, number):
    """Return a draft and what is asked about it: good, wrong in one place, or cut and bent."""
    digest = draw.randbytes(32)
    draft = Draft(
        digest, name=str(number % 7), flags=draw.choice((0x05, 0x1D, 0x0D, draw.randrange(256)))
    )
    draft = draft.but(high=draw.random() < 0.3)
    kind = draw.choice(
        ("good", "good", "good", "data", "said", "index", "offset", "length", "cut", "byte", "key")
    )
    if kind == "data":
        draft = draft.but(data=draft.authenticator_data[: draw.randrange(38)])
    if kind == "said":
        draft = draft.but(
            said=draw.choice(
                (b"", b"{}", draft.client_data[1:], draft.client_data.replace(b"get", b"Get"))
            )
        )
    if kind == "index":
        draft = draft.but(
            numbers={draw.choice(("type", "challenge")): draw.choice((0, 1, 23, 60, 2**256 - 1))}
        )
    signature, key = bytearray(draft.encoded), draft.key.raw
    if kind == "offset":
        slot = draw.choice((128, 160))
        signature[slot : slot + 32] = word(
            draw.choice((0, 64, 192, 2**64, 2**256 - 1, draw.randrange(1_000)))
        )
    if kind == "length":
        slot = draw.choice((128, 160))
        at = int.from_bytes(signature[slot : slot + 32], "big")
        signature[at : at + 32] = word(draw.choice((0, 36, 37, 38, 500, 2**256 - 1)))
    if kind == "cut":
        del signature[draw.randrange(len(signature)) :]
    if kind == "byte":
        signature[draw.randrange(len(signature))] ^= draw.randrange(1, 256)
    if kind == "key":
        key = draw.choice((key[:-1], key[::-1], bytes(64), b"", key + b"\0"))
    return draft, key, digest, bytes(signature)
