"""The library `Signatures`: accounts, keys of ERC-7913, contract wallets; and nothing else."""

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from careledger.crypto.typed_data import HALF_ORDER
from tests.support.evm import Evm, actor
from tests.support.mutants import mutate
from tests.worlds.identity.passkeys import Draft, phone

DIGEST = keccak(b"what is signed")
SOURCE = "contracts/shared/Signatures.sol"
PROBE = "contracts/mocks/Signers.sol"
NOBODY = "0x" + "00" * 20


def account_signature(account, digest=DIGEST):
    return bytes(Account.unsafe_sign_hash(digest, account.key).signature)


def address_of(verifier, key):
    return to_checksum_address(keccak(bytes.fromhex(verifier[2:]) + key)[12:])


class World:
    def __init__(self, artifact=None):
        self.evm = Evm()
        self.probe = self.evm.deploy("SignatureProbe", artifact=artifact)
        self.verifier = self.evm.deploy("PasskeyVerifier")
        self.liar = self.evm.deploy("LyingVerifier")
        self.wallet = self.evm.deploy("Wallet1271", actor("owner").address)
        self.alice = phone("alice")

    def is_by(self, signer, signature, digest=DIGEST):
        return self.probe.call("isBy", signer, digest, signature)

    def lie(self, mood, key=b"\1" * 64, signer=None):
        """Ask whether a key of the lying verifier signed."""
        signature = bytes.fromhex(self.liar.address[2:]) + key + mood
        return self.is_by(signer or address_of(self.liar.address, key), signature)


@pytest.fixture(scope="module")
def world(compiled):
    return World()


class TestAccounts:
    def test_an_account_signs_with_65_bytes(self, world):
        assert world.is_by(actor("bob").address, account_signature(actor("bob")))

    def test_another_account_or_another_digest_does_not_count(self, world):
        assert not world.is_by(actor("carol").address, account_signature(actor("bob")))
        assert not world.is_by(
            actor("bob").address, account_signature(actor("bob")), keccak(b"else")
        )

    def test_the_other_value_of_s_does_not_count(self, world):
        made = account_signature(actor("bob"))
        s = 2 * HALF_ORDER + 1 - int.from_bytes(made[32:64], "big")
        assert not world.is_by(
            actor("bob").address, made[:32] + s.to_bytes(32, "big") + bytes([55 - made[64]])
        )

    def test_nobody_never_signed(self, world):
        assert not world.is_by(NOBODY, bytes(65))
        assert not world.is_by(NOBODY, b"")

    def test_three_numbers_say_the_same(self, world):
        made = account_signature(actor("bob"))
        numbers = (made[64], made[:32], made[32:64])
        assert world.probe.call("isByNumbers", actor("bob").address, DIGEST, *numbers)
        assert not world.probe.call("isByNumbers", actor("carol").address, DIGEST, *numbers)
        assert not world.probe.call("isByNumbers", NOBODY, DIGEST, 0, *numbers[1:])


class TestContractWallets:
    def test_a_wallet_signs_by_its_own_rule(self, world):
        assert world.is_by(world.wallet.address, account_signature(actor("owner")))

    def test_a_wallet_of_another_owner_does_not(self, world):
        assert not world.is_by(world.wallet.address, account_signature(actor("bob")))

    def test_a_passkeys_bytes_mean_nothing_to_a_wallet_that_takes_accounts(self, world):
        assert not world.is_by(
            world.wallet.address, world.alice.sign(DIGEST, world.verifier.address)
        )

    def test_a_wallet_may_take_bytes_that_look_like_a_passkeys(self, world):
        wallet = world.evm.deploy("LyingWallet")  # says yes to whatever it is asked
        assert world.is_by(wallet.address, world.alice.sign(DIGEST, world.verifier.address))


class TestPasskeys:
    def test_a_passkey_signs_for_its_address(self, world):
        at = world.alice.key.address(world.verifier.address)
        assert world.is_by(at, world.alice.sign(DIGEST, world.verifier.address))

    def test_another_digest_does_not_count(self, world):
        at = world.alice.key.address(world.verifier.address)
        assert not world.is_by(
            at, world.alice.sign(DIGEST, world.verifier.address), keccak(b"else")
        )

    def test_another_passkey_does_not_count(self, world):
        at, mallory = world.alice.key.address(world.verifier.address), phone("mallory")
        assert not world.is_by(at, mallory.sign(DIGEST, world.verifier.address))
        stolen = world.alice.key.signer(world.verifier.address) + mallory.assertion(DIGEST).encoded
        assert not world.is_by(at, stolen)

    def test_both_values_of_s_count(self, world):
        at = world.alice.key.address(world.verifier.address)
        for high in (False, True):
            assert world.is_by(at, Draft(DIGEST, high=high).signature(world.verifier.address))

    def test_the_address_is_bound_to_its_verifier(self, world):
        at = world.alice.key.address(world.verifier.address)
        assert world.lie(b"y", world.alice.key.raw)  # another address, which it can speak for
        assert not world.lie(b"y", world.alice.key.raw, signer=at)

    def test_the_signer_alone_is_no_signature(self, world):
        signer = world.alice.key.signer(world.verifier.address)
        assert not world.is_by(world.alice.key.address(world.verifier.address), signer)

    def test_a_byte_changed_in_the_signer_is_another_signer(self, world):
        at = world.alice.key.address(world.verifier.address)
        made = bytearray(world.alice.sign(DIGEST, world.verifier.address))
        for place in (0, 19, 20, 51, 52, 83):
            made[place] ^= 1
            assert not world.is_by(at, bytes(made))
            made[place] ^= 1
        assert world.is_by(at, bytes(made))


class TestVerifiersThatMisbehave:
    def test_a_verifier_that_says_yes_is_believed_about_its_own_keys(self, world):
        assert world.lie(b"y")

    @pytest.mark.parametrize("mood", ["no", "revert", "short", "dirty", "long", "bomb", "empty"])
    def test_any_other_answer_is_no_and_never_a_refusal(self, world, mood):
        assert world.lie(mood.encode()) is False

    @pytest.mark.parametrize("mood", [b"g", b"w"], ids=["burns gas", "writes"])
    def test_one_that_takes_all_the_gas_leaves_the_caller_its_64th(self, world, mood):
        key = b"\1" * 64
        signature = bytes.fromhex(world.liar.address[2:]) + key + mood
        at = address_of(world.liar.address, key)
        assert world.probe.transact("isBy", at, DIGEST, signature, gas=2_000_000).value is False

    @pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x100, 0xBEEF])
    def test_addresses_without_a_contract_verify_nothing(self, world, number):
        """Not the identity precompile either, which answers any question with the question."""
        verifier = to_checksum_address(number.to_bytes(20, "big"))
        for key in (bytes(64), b"\1" * 64):
            signature = bytes.fromhex(verifier[2:]) + key + bytes(192)
            assert world.is_by(address_of(verifier, key), signature) is False

    @pytest.mark.parametrize("length", [0, 1, 64, 65, 66, 83, 84, 85, 276, 500, 5000])
    def test_garbage_of_any_length_is_no(self, world, length):
        garbage = (keccak(length.to_bytes(2, "big")) * 200)[:length]
        for signer in (
            actor("bob").address,
            world.alice.key.address(world.verifier.address),
            world.verifier.address,
        ):
            assert world.is_by(signer, garbage) is False


MUTANTS = {
    "whoever is named counts": (
        "_addressOf(signature) == signer",
        "signer != address(0)",
    ),
    "the answer is not read": (
        (
            "success && answer.length == 32"
            " && bytes32(answer) == IERC7913SignatureVerifier.verify.selector"
        ),
        "success && answer.length == 32",
    ),
    "a longer answer counts": ("answer.length == 32", "answer.length >= 32"),
    "rubbish behind the selector counts": (
        "bytes32(answer) == IERC7913SignatureVerifier.verify.selector",
        "bytes4(answer) == IERC7913SignatureVerifier.verify.selector",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_library_is_found_out(compiled, name):
    """Each of them takes something that the tests above want refused."""
    old, new = MUTANTS[name]
    world = World(mutate(PROBE, old, new, inside=SOURCE, contract="SignatureProbe"))
    at = world.alice.key.address(world.verifier.address)
    four = to_checksum_address((4).to_bytes(20, "big"))
    taken = {
        "whoever is named counts": lambda: world.lie(b"y", world.alice.key.raw, signer=at),
        "the answer is not read": lambda: world.lie(b"n"),
        "a longer answer counts": lambda: world.is_by(
            address_of(four, bytes(64)), bytes.fromhex(four[2:]) + bytes(64) + bytes(192)
        ),
        "rubbish behind the selector counts": lambda: world.lie(b"d"),
    }
    assert taken[name]()
