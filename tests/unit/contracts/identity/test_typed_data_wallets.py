"""IdentityRegistry: typed data signed by wallets that are contracts (ERC-1271)."""

import pytest

from careledger.chain.reverts import Reverted
from careledger.identity.did.errors import (
    BadRegistrySignature,
)
from tests.support.evm import START
from tests.worlds.identity.registry import DAY
from tests.worlds.identity.registry_typed_data import refused, send, typed


class TestContractWallets:
    """The controller is a contract: ERC-1271."""

    def owned_by(self, world, name, *arguments):
        wallet = world.evm.deploy(name, *arguments)
        world.do("changeOwner", world.alice.address, wallet.address, sender=world.alice)
        return wallet

    def signature(self, world, wallet, signer):
        typed = world.domain.change_owner(
            world.alice.address,
            world.bob.address,
            nonce=world.nonce(wallet),
            deadline=world.deadline,
        )
        return typed.sign(signer)

    def test_what_the_wallet_approves_is_done(self, world):
        wallet = self.owned_by(world, "Wallet1271", world.carol.address)
        send(world, "changeOwnerBySig", self.signature(world, wallet, world.carol))
        assert world.owner() == world.bob.address
        assert world.nonce(wallet) == 1

    def test_what_it_does_not_approve_is_refused(self, world):
        wallet = self.owned_by(world, "Wallet1271", world.carol.address)
        assert refused(
            world, "changeOwnerBySig", self.signature(world, wallet, world.mallory)
        ).signer == (wallet.address)

    @pytest.mark.parametrize(
        ("mood", "taken"), [(0, True), (1, False), (2, False), (3, False), (4, False), (5, False)]
    )
    def test_only_a_whole_word_with_the_magic_value_counts(self, world, mood, taken):
        wallet = self.owned_by(world, "LyingWallet")
        wallet.transact("setMood", mood)
        if taken:
            send(world, "changeOwnerBySig", b"whatever")
            assert world.owner() == world.bob.address
        else:
            refused(world, "changeOwnerBySig", b"whatever")

    def test_a_wallet_that_eats_all_gas_harms_only_itself(self, world):
        wallet = self.owned_by(world, "LyingWallet")
        wallet.transact("setMood", 6)
        until = int(world.deadline.timestamp())
        with pytest.raises(Reverted):
            world.registry.transact(
                "changeOwnerBySig",
                world.alice.address,
                world.bob.address,
                until,
                b"x",
                sender=world.relayer,
                gas=10**6,
            )
        assert world.owner() == wallet.address

    def test_an_account_without_code_is_not_asked(self, world):
        world.do("changeOwner", world.alice.address, "0x" + "22" * 20, sender=world.alice)
        refused(world, "changeOwnerBySig", b"\1" * 65)

    def test_a_key_whose_account_carries_code_still_signs_for_itself(self, world):
        """As EIP-7702 has it: the account's own signature counts beside its code's."""
        world.evm._evm.insert_account_info(
            world.alice.address, _with_code(world.evm, world.alice.address)
        )
        send(world, "changeOwnerBySig", typed(world, "changeOwnerBySig").sign(world.alice))
        assert world.owner() == world.bob.address

    def test_nobody_signs_for_the_identity_zero(self, world):
        nobody = "0x" + "00" * 20
        with pytest.raises(BadRegistrySignature):
            world.do("changeOwnerBySig", nobody, world.mallory.address, START + DAY, bytes(65))


def _with_code(evm, address):
    from pyrevm import AccountInfo

    return AccountInfo(balance=evm.balance(address), nonce=0, code=bytes.fromhex("60006000fd"))
