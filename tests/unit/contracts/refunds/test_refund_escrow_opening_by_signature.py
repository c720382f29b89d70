"""RefundEscrow: deals opened with the payer's signature."""

import pytest

from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.refunds.messages import EscrowMessages
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER
from tests.worlds.refunds import at, high_s, raw


class TestOpenSigned:
    def test_another_signer_is_refused(self, world):
        terms = world.terms()
        world.fund(terms)
        deadline, _ = world.signed(world.payer, "open", terms)
        _, signature = world.signed(world.stranger, "open", terms)
        with pytest.raises(errors.BadDealSignature) as refusal:
            world.do("openBySig", terms, deadline, signature)
        assert refusal.value.digest == world.messages.open(terms, at(deadline)).digest
        assert refusal.value.signer == world.payer.address

    def test_other_terms_are_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms.renewed())
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, deadline, signature)

    def test_the_deadline_is_signed(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, deadline + 1, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, deadline, high_s(signature))

    def test_an_expired_signature_is_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        world.evm.warp(deadline + 1)
        with pytest.raises(errors.DealSignatureExpired) as refusal:
            world.do("openBySig", terms, deadline, signature)
        assert (refusal.value.actual, refusal.value.expected) == (deadline + 1, deadline)

    def test_a_signature_for_another_chain_or_contract_is_refused(self, world):
        terms = world.terms()
        for messages in (
            EscrowMessages(1, world.escrow.address),
            EscrowMessages(31337, world.desk.address),
        ):
            deadline = world.evm.now + 60
            with pytest.raises(errors.BadDealSignature):
                world.do(
                    "openBySig",
                    terms,
                    deadline,
                    messages.open(terms, at(deadline)).sign(world.payer),
                )

    def test_it_opens_once(self, world):
        terms = world.terms(amount=100)
        world.token.transact("mint", world.payer.address, 200)
        world.token.transact("approve", world.escrow.address, 200, sender=world.payer)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.do("openBySig", terms, deadline, signature, sender=world.relayer)
        with pytest.raises(errors.AlreadyOpened):
            world.do("openBySig", terms, deadline, signature, sender=world.relayer)

    @pytest.mark.parametrize("length", [0, 64, 66, 130])
    def test_signatures_of_other_lengths_are_refused(self, world, length):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, deadline, (signature * 2)[:length])

    def test_nobody_has_signed_for_the_zero_address(self, world):
        words = raw(world.terms(), payer=ZERO_ADDRESS)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", words, world.evm.now, b"\x01" * 65)

    def test_on_its_last_second_a_relayer_opens_for_the_payer(self, world):
        terms = world.terms()
        world.fund(terms)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.evm.warp(deadline)
        done = world.do("openBySig", terms, deadline, signature, sender=world.relayer)
        assert done.named("Opened")[0].payer == world.payer.address
        assert world.balance(world.escrow) == terms.amount

    def test_a_relayer_brings_the_ether(self, world):
        terms = world.ether()
        deadline, signature = world.signed(world.payer, "open", terms)
        before = world.evm.balance(world.payer)
        world.do("openBySig", terms, deadline, signature, sender=world.relayer, value=terms.amount)
        world.do("release", terms, sender=world.payer)
        assert world.evm.balance(world.payer) == before

    @pytest.mark.parametrize("value", [0, 2 * ETHER + 1])
    def test_the_relayers_ether_has_to_be_exact(self, world, value):
        terms = world.ether()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.WrongValue):
            world.do("openBySig", terms, deadline, signature, sender=world.relayer, value=value)

    def test_a_contract_wallet_signs(self, world):
        wallet = world.evm.deploy("Wallet1271", world.payer.address)
        terms = world.terms(payer=wallet.address)
        world.token.transact("mint", wallet.address, terms.amount)
        approve = world.token.encode("approve", world.escrow.address, terms.amount)
        wallet.transact("execute", world.token.address, 0, approve, sender=world.payer)
        deadline, signature = world.signed(world.payer, "open", terms)
        _, wrong = world.signed(world.stranger, "open", terms)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, deadline, wrong)
        world.do("openBySig", terms, deadline, signature)
        assert world.state(terms) == DealState.OPEN

    @pytest.mark.parametrize("mood", range(1, 7))
    def test_a_wallet_that_does_not_say_yes_properly_has_not_signed(self, world, mood):
        wallet = world.evm.deploy("LyingWallet")
        wallet.transact("setMood", mood)
        terms = world.terms(payer=wallet.address)
        with pytest.raises(errors.BadDealSignature):
            world.do("openBySig", terms, world.evm.now, b"", gas=3_000_000)

    def test_the_typed_data_is_nested_as_the_standard_says(self, world):
        terms, deadline = world.terms(), world.evm.now
        text = (
            "Open(Terms terms,uint256 deadline)"
            "Terms(address payer,address refundTo,address seller,address token,uint256 amount,"
            "uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,"
            "address arbiter,uint256 feeBps,address feeTo,"
            "uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
        )
        separator = domain_separator("CareLedger RefundEscrow", "1", 31337, world.escrow.address)
        message = digest(separator, struct_hash(text, [terms.struct_hash(), deadline]))
        assert message == world.messages.open(terms, at(deadline)).digest
