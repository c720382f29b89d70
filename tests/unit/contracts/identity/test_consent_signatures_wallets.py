"""ConsentRegistry: signatures of wallets that are contracts (ERC-1271)."""

import pytest

from careledger.chain.reverts import Reverted
from careledger.identity.consent.errors import (
    AlreadyEnded,
    AlreadyUsed,
    BadConsentSignature,
    NotSubject,
)
from tests.worlds.identity.consent_registry import DEADLINE
from tests.worlds.identity.consent_signatures import (
    ALL,
    GRANT,
    REVOKE,
    SigningWorld,
    each,
    refused,
    sent,
    with_signature,
)
from tests.worlds.identity.consents import malleated


@pytest.fixture
def world(compiled):
    return SigningWorld()


@pytest.fixture
def wallet(world):
    """Carol's contract wallet, which controls alice's identity."""
    wallet = world.evm.deploy("Wallet1271", world.carol.address)
    world.hand_over(wallet)
    return wallet


@each
class TestContractWallets:
    """The controller, or a delegate, is a contract: ERC-1271."""

    def test_what_the_wallet_takes_is_done(self, world, wallet, function):
        world.relay(function, world.signed(function, world.carol, signer=wallet))

    def test_what_it_does_not_take_is_refused(self, world, wallet, function):
        arguments = world.signed(function, world.mallory, signer=wallet)
        refused(world, BadConsentSignature, function, arguments, signer=wallet.address)

    def test_the_wallets_owner_is_not_the_wallet(self, world, wallet, function):
        refused(world, NotSubject, function, world.signed(function, world.carol))

    def test_a_wallet_as_delegate(self, world, function):
        wallet = world.evm.deploy("Wallet1271", world.carol.address)
        world.name(wallet)
        world.relay(function, world.signed(function, world.carol, signer=wallet))

    def test_the_other_form_of_s_is_good_for_no_second_time(self, world, wallet, function):
        """The wallet takes both, for it does not look; what counts is the id, or the epoch."""
        arguments = world.signed(function, world.carol, signer=wallet)
        world.relay(function, arguments)
        error = {GRANT: AlreadyUsed, REVOKE: AlreadyEnded, ALL: BadConsentSignature}[function]
        refused(world, error, function, with_signature(arguments, malleated(arguments[-1])))

    @pytest.mark.parametrize("mood", range(1, 6))
    def test_only_a_whole_word_with_the_magic_value_counts(self, world, function, mood):
        wallet = world.evm.deploy("LyingWallet")
        world.hand_over(wallet)
        wallet.transact("setMood", mood)
        arguments = with_signature(world.signed(function, signer=wallet), b"whatever")
        refused(world, BadConsentSignature, function, arguments)
        wallet.transact("setMood", 0)
        world.relay(function, arguments)

    def test_a_wallet_that_eats_all_gas_harms_only_itself(self, world, function):
        wallet = world.evm.deploy("LyingWallet")
        world.hand_over(wallet)
        wallet.transact("setMood", 6)
        refused(
            world,
            Reverted,
            function,
            with_signature(world.signed(function, signer=wallet), b"x"),
            gas=10**6,
        )

    @pytest.mark.parametrize("number", range(1, 11))
    def test_no_precompile_is_a_wallet(self, world, function, number):
        """The identity precompile answers whatever it is asked."""
        there = f"0x{number:040x}"
        world.do("changeOwner", world.alice.address, there, sender=world.alice)
        subject, *_ = world.signed(function)
        for signature in (b"", b"\x16\x26\xba\x7e" + bytes(28), bytes(65)):
            refused(
                world,
                BadConsentSignature,
                function,
                sent(function, subject, there, DEADLINE, signature),
            )
