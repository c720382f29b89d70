"""RefundEscrow: deals opened with a permit or an authorisation of the token."""

import pytest

from careledger.chain.reverts import Reverted
from careledger.crypto.typed_data import digest, sign_digest, struct_hash
from careledger.refunds import errors
from careledger.refunds.deal import DealState
from tests.worlds.refunds import hostile, loyalty


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
