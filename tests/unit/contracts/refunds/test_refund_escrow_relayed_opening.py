"""RefundEscrow: deals opened by signature, permit, authorisation and by the token itself."""

import pytest

from careledger.chain.reverts import Reverted, RevertedSilently
from careledger.crypto.typed_data import digest, domain_separator, sign_digest, struct_hash
from careledger.refunds import errors
from careledger.refunds.deal import DealState
from careledger.refunds.messages import EscrowMessages
from careledger.values.addresses import ZERO_ADDRESS
from tests.support.evm import ETHER
from tests.worlds.refunds import at, high_s, hostile, loyalty, packed, raw


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
            "Open(Terms terms,uint256 deadline)Terms(address payer,address refundTo,address seller,address token,"
            "uint256 amount,uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,"
            "uint256 feeBps,address feeTo,uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
        )
        separator = domain_separator("CareLedger RefundEscrow", "1", 31337, world.escrow.address)
        message = digest(separator, struct_hash(text, [terms.struct_hash(), deadline]))
        assert message == world.messages.open(terms, at(deadline)).digest


class TestOpenWithPermit:
    @pytest.fixture
    def permit(self, world):
        """Return what makes a permit for the deal's amount, and give the payer the tokens."""

        def make(terms, account=None, deadline=None, value=None):
            world.token.transact("mint", terms.payer, terms.amount)
            deadline = deadline or world.evm.now + 600
            text = (
                "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
            )
            nonce = world.token.call("nonces", terms.payer)
            values = [terms.payer, world.escrow.address, value or terms.amount, nonce, deadline]
            message = digest(world.token.call("DOMAIN_SEPARATOR"), struct_hash(text, values))
            signature = sign_digest(account or world.payer, message)
            return deadline, signature[64], signature[:32], signature[32:64]

        return make

    def test_a_stranger_needs_the_payers_word_on_the_terms(self, world, permit):
        terms = world.terms()
        with pytest.raises(errors.BadDealSignature):
            world.do(
                "openWithPermit", terms, permit(terms), world.evm.now, b"", sender=world.relayer
            )

    def test_a_bad_permit_without_allowance_opens_nothing(self, world, permit):
        terms = world.terms()
        with pytest.raises(errors.WrongDeposit):
            world.do(
                "openWithPermit", terms, permit(terms, world.stranger), 0, b"", sender=world.payer
            )

    def test_ether_takes_no_permit(self, world):
        terms = world.ether()
        with pytest.raises(errors.WrongValue) as refusal:
            world.do(
                "openWithPermit", terms, (0, 27, bytes(32), bytes(32)), 0, b"", sender=world.payer
            )
        assert (refusal.value.actual, refusal.value.deposit) == (0, terms.amount)

    def test_a_token_without_permits_goes_by_its_allowance(self, world):
        token = hostile(world, "SilentToken")
        terms = world.terms(token=token.address)
        world.fund(terms)
        world.do("openWithPermit", terms, (0, 27, bytes(32), bytes(32)), 0, b"", sender=world.payer)
        assert world.state(terms) == DealState.OPEN

    def test_the_payer_opens_with_one_transaction(self, world, permit):
        terms = world.terms()
        world.do("openWithPermit", terms, permit(terms), 0, b"", sender=world.payer)
        assert world.balance(world.escrow) == terms.amount

    def test_a_relayer_opens_for_a_payer_without_ether(self, world, permit):
        terms = world.terms()
        allowed = permit(terms)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.do("openWithPermit", terms, allowed, deadline, signature, sender=world.relayer)
        assert world.state(terms) == DealState.OPEN

    def test_a_permit_that_was_brought_in_by_another_does_no_harm(self, world, permit):
        terms = world.terms()
        allowed = permit(terms)
        arguments = (terms.payer, world.escrow.address, terms.amount, *allowed)
        world.token.transact("permit", *arguments, sender=world.stranger)
        world.do("openWithPermit", terms, allowed, 0, b"", sender=world.payer)
        assert world.state(terms) == DealState.OPEN


class TestOpenWithAuthorization:
    @pytest.fixture
    def authorize(self, world):
        """Return the token's typed data for a deal, signed."""

        def make(token, terms, account, nonce=None, value=None, after=0, before=None):
            before = before or world.evm.now + 600
            text = (
                "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,"
                "uint256 validBefore,bytes32 nonce)"
            )
            nonce = world.id(terms) if nonce is None else nonce
            values = [
                terms.payer,
                world.escrow.address,
                value or terms.amount,
                after,
                before,
                nonce,
            ]
            signature = sign_digest(
                account, digest(token.call("DOMAIN_SEPARATOR"), struct_hash(text, values))
            )
            return after, before, signature[64], signature[:32], signature[32:64]

        return make

    @pytest.fixture
    def terms(self, world, loyal):
        return world.terms(token=loyal.address, amount=10**18)

    @pytest.fixture
    def loyal(self, world):
        return loyalty(world)

    def test_a_nonce_that_is_not_the_deals_id_is_refused(self, world, loyal, terms, authorize):
        signed = authorize(loyal, terms, world.payer, nonce=bytes(32))
        with pytest.raises(Reverted):
            world.do("openWithAuthorization", terms, signed)

    def test_other_terms_are_refused(self, world, loyal, terms, authorize):
        signed = authorize(loyal, terms, world.payer)
        with pytest.raises(Reverted):
            world.do("openWithAuthorization", terms.renewed(), signed)

    def test_another_signer_is_refused(self, world, loyal, terms, authorize):
        with pytest.raises(Reverted):
            world.do("openWithAuthorization", terms, authorize(loyal, terms, world.stranger))

    def test_ether_takes_no_authorization(self, world):
        with pytest.raises(errors.WrongValue):
            world.do("openWithAuthorization", world.ether(), (0, 0, 27, bytes(32), bytes(32)))

    def test_a_token_that_delivers_less_is_refused(self, world):
        token = hostile(world, fee=100)
        terms = world.terms(token=token.address)
        token.transact("mint", terms.payer, terms.amount)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("openWithAuthorization", terms, (0, 0, 27, bytes(32), bytes(32)))
        assert (refusal.value.actual, refusal.value.expected) == (99_000_000, 100_000_000)

    def test_one_signature_covers_money_and_terms(self, world, loyal, terms, authorize):
        done = world.do(
            "openWithAuthorization",
            terms,
            authorize(loyal, terms, world.payer),
            sender=world.relayer,
        )
        assert done.named("Opened")[0].payer == world.payer.address
        assert world.balance(world.escrow, loyal.address) == terms.amount

    def test_it_opens_once(self, world, loyal, terms, authorize):
        signed = authorize(loyal, terms, world.payer)
        world.do("openWithAuthorization", terms, signed)
        with pytest.raises(errors.AlreadyOpened):
            world.do("openWithAuthorization", terms, signed)


class TestOnTransferReceived:
    @pytest.fixture
    def token(self, world):
        return hostile(world)

    @pytest.fixture
    def terms(self, world, token):
        token.transact("mint", world.payer.address, 10**12)
        return world.terms(token=token.address)

    def give(self, world, terms, token, sender=None, value=None):
        value = terms.amount if value is None else value
        return token.transact(
            "transferAndCall",
            world.escrow.address,
            value,
            packed(terms),
            sender=sender or world.payer,
        )

    def test_another_token_is_refused(self, world, terms):
        other = hostile(world)
        other.transact("mint", world.payer.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, other)
        assert refusal.value.actual == other.address
        assert refusal.value.expected == terms.token

    def test_an_account_is_no_token(self, world, terms):
        with pytest.raises(errors.NotPermitted):
            world.escrow.transact(
                "onTransferReceived",
                terms.payer,
                terms.payer,
                terms.amount,
                packed(terms),
                sender=world.stranger,
            )

    def test_somebody_elses_transfer_is_refused(self, world, terms, token):
        token.transact("mint", world.stranger.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, token, sender=world.stranger)
        assert refusal.value.actual == world.stranger.address

    def test_a_spender_cannot_make_up_terms_for_the_payer(self, world, terms, token):
        token.transact("approve", world.stranger.address, terms.amount, sender=world.payer)
        with pytest.raises(errors.NotPermitted):
            token.transact(
                "transferFromAndCall",
                terms.payer,
                world.escrow.address,
                terms.amount,
                packed(terms),
                sender=world.stranger,
            )

    def test_a_payer_cannot_spend_another_accounts_tokens_as_its_own(self, world, terms, token):
        token.transact("mint", world.other.address, terms.amount)
        token.transact("approve", world.payer.address, terms.amount, sender=world.other)
        with pytest.raises(errors.NotPermitted) as refusal:
            token.transact(
                "transferFromAndCall",
                world.other.address,
                world.escrow.address,
                terms.amount,
                packed(terms),
                sender=world.payer,
            )
        assert refusal.value.actual == world.other.address

    @pytest.mark.parametrize("more", [-1, 1])
    def test_the_amount_has_to_fit(self, world, terms, token, more):
        with pytest.raises(errors.WrongDeposit) as refusal:
            self.give(world, terms, token, value=terms.amount + more)
        assert (refusal.value.actual, refusal.value.expected) == (terms.amount + more, terms.amount)

    def test_data_that_is_no_terms_is_refused(self, world, terms, token):
        with pytest.raises(RevertedSilently):
            token.transact(
                "transferAndCall", world.escrow.address, 1, b"\0" * 479, sender=world.payer
            )

    def test_a_token_that_takes_a_fee_is_found_out(self, world, terms, token):
        token.transact("setFee", 100)
        with pytest.raises(errors.WrongDeposit) as refusal:
            self.give(world, terms, token)
        assert refusal.value.expected == terms.amount

    def test_a_token_that_tells_of_nothing_is_found_out(self, world, terms, token):
        with pytest.raises(errors.WrongDeposit):
            token.transact("lie", world.escrow.address, terms.payer, terms.amount, packed(terms))

    def test_ether_deals_are_not_opened_by_whoever_claims_to_be_ether(self, world):
        with pytest.raises(errors.WrongValue):
            world.escrow.transact(
                "onTransferReceived",
                world.payer.address,
                world.payer.address,
                2 * ETHER,
                packed(world.ether()),
                sender=world.payer,
            )

    def test_one_transfer_opens(self, world, terms, token):
        done = self.give(world, terms, token)
        (opened,) = done.named("Opened")
        assert (opened.id, opened.payer) == (world.id(terms), world.payer.address)
        assert world.balance(world.escrow, token.address) == terms.amount
        assert world.state(terms) == DealState.OPEN

    def test_points_are_taken_as_they_are(self, world):
        points = loyalty(world)
        terms = world.terms(token=points.address, amount=10**18)
        points.transact(
            "transferAndCall(address,uint256,bytes)",
            world.escrow.address,
            terms.amount,
            packed(terms),
            sender=world.payer,
        )
        assert world.state(terms) == DealState.OPEN

    def test_the_second_half_is_the_escrows_own(self, world, terms, token):
        with pytest.raises(errors.OnlySelf) as refusal:
            world.do(
                "openReceived",
                terms,
                token.address,
                terms.payer,
                terms.payer,
                terms.amount,
                sender=world.payer,
            )
        assert refusal.value.actual == world.payer.address
