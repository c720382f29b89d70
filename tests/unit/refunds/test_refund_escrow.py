"""RefundEscrow: how deals are opened, and how they end without a dispute."""

from datetime import timedelta

import pytest

from careledger.chain.reverts import Reverted, RevertedSilently
from careledger.crypto.typed_data import digest, domain_separator, struct_hash
from careledger.refunds import errors
from careledger.refunds.messages import EscrowMessages, sign
from careledger.refunds.terms import ZERO, State
from tests.support.evm import ETHER, Evm
from tests.unit.refunds.world import DAY, World, at, high_s, packed, raw

MAX = 3650 * DAY


def hostile(world, name="CallingToken", fee=0):
    token = world.evm.deploy(name, "Odd Dollar", "ODD", 6)
    if fee is not None and name in ("CallingToken", "FeeToken"):
        token.transact("setFee", fee)
    return token


class TestOpen:
    @pytest.mark.parametrize("who", ["stranger", "seller", "arbiter", "carrier"])
    def test_only_the_payer_opens(self, world, who):
        terms = world.terms()
        world.fund(terms)
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("open", terms, sender=getattr(world, who))
        assert refusal.value.id == world.id(terms)
        assert refusal.value.actual.lower() == getattr(world, who).address.lower()
        assert refusal.value.expected.lower() == world.payer.address.lower()

    @pytest.mark.parametrize(
        ("field", "value", "limit"),
        [
            ("amount", 0, 2**128 - 1),
            ("amount", 2**128, 2**128 - 1),
            ("amount", 2**256 - 1, 2**128 - 1),
            ("releaseAt", 0, "now+max"),
            ("releaseAt", "now", "now+max"),
            ("releaseAt", "now+max+1", "now+max"),
            ("releaseAt", 2**256 - 1, "now+max"),
            ("slaAt", "now", "releaseAt"),
            ("slaAt", 1, "releaseAt"),
            ("slaAt", "releaseAt", "releaseAt"),
            ("slaAt", 2**256 - 1, "releaseAt"),
            ("disputeWindow", 0, 3600),
            ("disputeWindow", 3599, 3600),
            ("disputeWindow", 365 * DAY + 1, 365 * DAY),
            ("disputeWindow", 2**256 - 1, 365 * DAY),
            ("feeBps", 10_001, 10_000),
            ("feeBps", 2**256 - 1, 10_000),
            ("defaultBps", 10_001, 10_000),
            ("seller", ZERO, "self"),
            ("seller", "self", "self"),
            ("refundTo", "self", "self"),
            ("feeTo", ZERO, "self"),
            ("feeTo", "self", "self"),
            ("criteria", "self", 0),
        ],
    )
    def test_bad_terms_are_refused_by_name(self, world, field, value, limit):
        terms = world.terms()
        now = world.evm.now
        known = {
            "now": now,
            "now+max": now + MAX,
            "now+max+1": now + MAX + 1,
            "releaseAt": now + 30 * DAY,
            "self": world.escrow.address,
        }
        value = known.get(value, value)
        bad = raw(terms, **{field: value})
        with pytest.raises(errors.BadTerms) as refusal:
            world.do("open", bad, sender=world.payer)
        assert refusal.value.name == field
        assert refusal.value.actual == (int(value, 16) if isinstance(value, str) else value)
        limit = known.get(limit, limit)
        assert refusal.value.limit == (int(limit, 16) if isinstance(limit, str) else limit)
        assert refusal.value.id == world.escrow.call("idOf", bad)

    @pytest.mark.parametrize(
        "fields",
        [
            {"releaseAt": "now+1", "slaAt": 0},
            {"releaseAt": "now+max"},
            {"slaAt": "now+1"},
            {"slaAt": 0},
            {"disputeWindow": 3600},
            {"disputeWindow": 365 * DAY},
            {"disputeWindow": 0, "arbiter": ZERO},
            {"disputeWindow": 2**256 - 1, "arbiter": ZERO},
            {"feeBps": 0, "feeTo": ZERO},
            {"feeBps": 10_000},
            {"defaultBps": 10_000},
            {"defaultBps": 0},
            {"criteria": ZERO, "arbiter": ZERO, "slaAt": 0},
            {"amount": 1},
            {"amount": 2**128 - 1},
            {"refundTo": "payer"},
        ],
    )
    def test_terms_at_their_bounds_are_taken(self, world, fields):
        known = {"now+1": world.evm.now + 1, "now+max": world.evm.now + MAX, "payer": world.payer.address}
        words = raw(world.terms(), **{k: known.get(v, v) for k, v in fields.items()})
        world.token.transact("mint", world.payer.address, words[4])
        world.token.transact("approve", world.escrow.address, words[4], sender=world.payer)
        world.do("open", words, sender=world.payer)
        assert world.escrow.call("deal", world.escrow.call("idOf", words))[5] == State.OPEN

    @pytest.mark.parametrize("index", [0, 1, 2, 3, 8, 9, 11])
    def test_bits_beyond_an_address_are_refused(self, world, index):
        terms = world.terms()
        world.fund(terms)
        data = bytearray(world.escrow.encode("open", terms.words()))
        data[4 + 32 * index] = 1
        with pytest.raises(RevertedSilently):
            world.evm.raw_transact(world.escrow.address, bytes(data), world.payer)

    def test_bits_beyond_an_address_are_refused_even_where_it_goes_unread(self, world):
        terms = world.terms(fee_bps=0, fee_to=ZERO)
        world.fund(terms)
        data = bytearray(world.escrow.encode("open", terms.words()))
        data[4 + 32 * 11] = 1
        with pytest.raises(RevertedSilently):
            world.evm.raw_transact(world.escrow.address, bytes(data), world.payer)

    def test_the_same_terms_open_once(self, world):
        terms = world.open()
        world.fund(terms)
        with pytest.raises(errors.AlreadyOpened) as refusal:
            world.do("open", terms, sender=world.payer)
        assert (refusal.value.id, refusal.value.actual) == (world.id(terms), State.OPEN)
        world.do("release", terms, sender=world.payer)
        with pytest.raises(errors.AlreadyOpened) as refusal:
            world.do("open", terms, sender=world.payer)
        assert refusal.value.actual == State.RELEASED

    def test_another_salt_is_another_deal(self, world):
        terms = world.open()
        other = world.open(terms.renewed())
        assert world.id(terms) != world.id(other)
        assert world.state(other) == State.OPEN

    @pytest.mark.parametrize(("allowance", "balance"), [(0, 100), (99, 100), (100, 99)])
    def test_a_payer_who_cannot_pay_opens_nothing(self, world, allowance, balance):
        terms = world.terms(amount=100)
        world.token.transact("mint", world.payer.address, balance)
        world.token.transact("approve", world.escrow.address, allowance, sender=world.payer)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("open", terms, sender=world.payer)
        assert (refusal.value.actual, refusal.value.expected) == (0, 100)
        assert world.state(terms) == State.NONE

    def test_a_token_that_takes_a_fee_is_refused(self, world):
        token = hostile(world, "FeeToken", fee=100)
        terms = world.terms(token=token.address)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.open(terms)
        assert (refusal.value.actual, refusal.value.expected) == (99_000_000, 100_000_000)

    def test_a_token_that_is_no_contract_is_refused(self, world):
        with pytest.raises(errors.WrongDeposit):
            world.do("open", world.terms(token=world.other.address), sender=world.payer)

    def test_a_token_that_answers_false_opens_nothing(self, world):
        token = hostile(world, "FalseToken")
        terms = world.terms(token=token.address)
        token.transact("setRefusing", True)
        with pytest.raises(errors.WrongDeposit):
            world.open(terms)

    def test_a_token_that_answers_nothing_is_taken(self, world):
        token = hostile(world, "SilentToken")
        terms = world.open(token=token.address)
        assert world.balance(world.escrow, token.address) == terms.amount

    @pytest.mark.parametrize("early", [True, False])
    def test_a_token_that_opens_a_second_deal_on_the_way_does_not_get_two_for_one(self, world, early):
        token = world.evm.deploy("ReentrantToken", "R", "R", 6)
        first = world.terms(token=token.address)
        inner = world.terms(token=token.address, payer=token.address)
        token.transact("mint", token.address, inner.amount)
        token.transact(
            "act", token.address, token.encode("approve", world.escrow.address, inner.amount), sender=world.other
        )
        world.fund(first)
        token.transact("arm", world.escrow.address, world.escrow.encode("open", inner.words()), early)
        with pytest.raises(errors.WrongDeposit) as refusal:
            world.do("open", first, sender=world.payer)
        assert refusal.value.actual == 2 * first.amount
        assert world.state(first) == world.state(inner) == State.NONE

    @pytest.mark.parametrize("value", [0, 1, 2 * ETHER - 1, 2 * ETHER + 1])
    def test_ether_has_to_be_exact(self, world, value):
        terms = world.ether()
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("open", terms, sender=world.payer, value=value)
        assert (refusal.value.actual, refusal.value.deposit, refusal.value.charge) == (value, 2 * ETHER, 0)

    def test_ether_does_not_go_with_tokens(self, world):
        terms = world.terms()
        world.fund(terms)
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("open", terms, sender=world.payer, value=1)
        assert (refusal.value.actual, refusal.value.deposit) == (1, 0)

    def test_tells_and_keeps_the_amount(self, world):
        terms = world.terms()
        world.fund(terms)
        done = world.do("open", terms, sender=world.payer)
        assert done.value == world.id(terms)
        (opened,) = done.named("Opened")
        assert opened.arguments == {
            "id": world.id(terms),
            "payer": terms.payer,
            "seller": terms.seller,
            "token": terms.token,
            "amount": terms.amount,
            "order_ref": terms.order_ref,
        }
        assert world.deal(terms) == {
            "held": terms.amount,
            "deadline": 0,
            "window": 0,
            "ruling_bps": 0,
            "appeal_bps": 0,
            "state": State.OPEN,
            "appellant": 0,
        }
        assert world.balance(world.escrow) == terms.amount
        assert world.balance(world.payer) == 0

    def test_ether_is_kept(self, world):
        terms = world.open(world.ether())
        assert world.evm.balance(world.escrow) == terms.amount
        assert world.state(terms) == State.OPEN

    def test_the_id_is_the_hash_of_domain_and_terms(self, world):
        terms = world.terms()
        assert world.escrow.call("idOf", terms.words()) == world.id(terms) == world.messages.deal_id(terms)
        fields, name, version, chain_id, contract, salt, extensions = world.escrow.call("eip712Domain")
        assert (fields, name, version, chain_id) == (b"\x0f", "CareLedger RefundEscrow", "1", 31337)
        assert (contract, salt, list(extensions)) == (world.escrow.address, bytes(32), [])

    def test_the_id_names_chain_and_contract(self, world):
        elsewhere, again = World(Evm(chain_id=1)), world.evm.deploy("RefundEscrow", world.registry.address)
        words = world.terms().words()
        assert len({w.call("idOf", words) for w in (world.escrow, elsewhere.escrow, again)}) == 3


class TestOpenSigned:
    def test_another_signer_is_refused(self, world):
        terms = world.terms()
        world.fund(terms)
        deadline, _ = world.signed(world.payer, "open", terms)
        _, signature = world.signed(world.stranger, "open", terms)
        with pytest.raises(errors.BadSignature) as refusal:
            world.do("openSigned", terms, deadline, signature)
        assert refusal.value.digest == world.messages.open(terms, at(deadline))
        assert refusal.value.signer.lower() == world.payer.address.lower()

    def test_other_terms_are_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms.renewed())
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, deadline, signature)

    def test_the_deadline_is_signed(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, deadline + 1, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, deadline, high_s(signature))

    def test_an_expired_signature_is_refused(self, world):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        world.evm.warp(deadline + 1)
        with pytest.raises(errors.SignatureExpired) as refusal:
            world.do("openSigned", terms, deadline, signature)
        assert (refusal.value.actual, refusal.value.expected) == (deadline + 1, deadline)

    def test_a_signature_for_another_chain_or_contract_is_refused(self, world):
        terms = world.terms()
        for messages in (EscrowMessages(1, world.escrow.address), EscrowMessages(31337, world.desk.address)):
            deadline = world.evm.now + 60
            with pytest.raises(errors.BadSignature):
                world.do("openSigned", terms, deadline, sign(world.payer, messages.open(terms, at(deadline))))

    def test_it_opens_once(self, world):
        terms = world.terms(amount=100)
        world.token.transact("mint", world.payer.address, 200)
        world.token.transact("approve", world.escrow.address, 200, sender=world.payer)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.do("openSigned", terms, deadline, signature, sender=world.relayer)
        with pytest.raises(errors.AlreadyOpened):
            world.do("openSigned", terms, deadline, signature, sender=world.relayer)

    @pytest.mark.parametrize("length", [0, 64, 66, 130])
    def test_signatures_of_other_lengths_are_refused(self, world, length):
        terms = world.terms()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, deadline, (signature * 2)[:length])

    def test_nobody_has_signed_for_the_zero_address(self, world):
        words = raw(world.terms(), payer=ZERO)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", words, world.evm.now, b"\x01" * 65)

    def test_on_its_last_second_a_relayer_opens_for_the_payer(self, world):
        terms = world.terms()
        world.fund(terms)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.evm.warp(deadline)
        done = world.do("openSigned", terms, deadline, signature, sender=world.relayer)
        assert done.named("Opened")[0].payer == world.payer.address
        assert world.balance(world.escrow) == terms.amount

    def test_a_relayer_brings_the_ether(self, world):
        terms = world.ether()
        deadline, signature = world.signed(world.payer, "open", terms)
        before = world.evm.balance(world.payer)
        world.do("openSigned", terms, deadline, signature, sender=world.relayer, value=terms.amount)
        world.do("release", terms, sender=world.payer)
        assert world.evm.balance(world.payer) == before

    @pytest.mark.parametrize("value", [0, 2 * ETHER + 1])
    def test_the_relayers_ether_has_to_be_exact(self, world, value):
        terms = world.ether()
        deadline, signature = world.signed(world.payer, "open", terms)
        with pytest.raises(errors.WrongValue):
            world.do("openSigned", terms, deadline, signature, sender=world.relayer, value=value)

    def test_a_contract_wallet_signs(self, world):
        wallet = world.evm.deploy("Wallet1271", world.payer.address)
        terms = world.terms(payer=wallet.address)
        world.token.transact("mint", wallet.address, terms.amount)
        approve = world.token.encode("approve", world.escrow.address, terms.amount)
        wallet.transact("execute", world.token.address, 0, approve, sender=world.payer)
        deadline, signature = world.signed(world.payer, "open", terms)
        _, wrong = world.signed(world.stranger, "open", terms)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, deadline, wrong)
        world.do("openSigned", terms, deadline, signature)
        assert world.state(terms) == State.OPEN

    @pytest.mark.parametrize("mood", range(1, 7))
    def test_a_wallet_that_does_not_say_yes_properly_has_not_signed(self, world, mood):
        wallet = world.evm.deploy("LyingWallet")
        wallet.transact("setMood", mood)
        terms = world.terms(payer=wallet.address)
        with pytest.raises(errors.BadSignature):
            world.do("openSigned", terms, world.evm.now, b"", gas=3_000_000)

    def test_the_typed_data_is_nested_as_the_standard_says(self, world):
        terms, deadline = world.terms(), world.evm.now
        text = (
            "Open(Terms terms,uint256 deadline)Terms(address payer,address refundTo,address seller,address token,"
            "uint256 amount,uint256 releaseAt,uint256 slaAt,uint256 disputeWindow,address criteria,address arbiter,"
            "uint256 feeBps,address feeTo,uint256 defaultBps,bytes32 orderRef,bytes32 salt)"
        )
        separator = domain_separator("CareLedger RefundEscrow", "1", 31337, world.escrow.address)
        message = digest(separator, struct_hash(text, [terms.struct_hash(), deadline]))
        assert message == world.messages.open(terms, at(deadline))


class TestOpenWithPermit:
    @pytest.fixture
    def permit(self, world):
        """Return what makes a permit for the deal's amount, and give the payer the tokens."""

        def make(terms, account=None, deadline=None, value=None):
            world.token.transact("mint", terms.payer, terms.amount)
            deadline = deadline or world.evm.now + 600
            text = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
            nonce = world.token.call("nonces", terms.payer)
            values = [terms.payer, world.escrow.address, value or terms.amount, nonce, deadline]
            message = digest(world.token.call("DOMAIN_SEPARATOR"), struct_hash(text, values))
            signature = sign(account or world.payer, message)
            return deadline, signature[64], signature[:32], signature[32:64]

        return make

    def test_a_stranger_needs_the_payers_word_on_the_terms(self, world, permit):
        terms = world.terms()
        with pytest.raises(errors.BadSignature):
            world.do("openWithPermit", terms, permit(terms), world.evm.now, b"", sender=world.relayer)

    def test_a_bad_permit_without_allowance_opens_nothing(self, world, permit):
        terms = world.terms()
        with pytest.raises(errors.WrongDeposit):
            world.do("openWithPermit", terms, permit(terms, world.stranger), 0, b"", sender=world.payer)

    def test_ether_takes_no_permit(self, world):
        terms = world.ether()
        with pytest.raises(errors.WrongValue) as refusal:
            world.do("openWithPermit", terms, (0, 27, bytes(32), bytes(32)), 0, b"", sender=world.payer)
        assert (refusal.value.actual, refusal.value.deposit) == (0, terms.amount)

    def test_a_token_without_permits_goes_by_its_allowance(self, world):
        token = hostile(world, "SilentToken")
        terms = world.terms(token=token.address)
        world.fund(terms)
        world.do("openWithPermit", terms, (0, 27, bytes(32), bytes(32)), 0, b"", sender=world.payer)
        assert world.state(terms) == State.OPEN

    def test_the_payer_opens_with_one_transaction(self, world, permit):
        terms = world.terms()
        world.do("openWithPermit", terms, permit(terms), 0, b"", sender=world.payer)
        assert world.balance(world.escrow) == terms.amount

    def test_a_relayer_opens_for_a_payer_without_ether(self, world, permit):
        terms = world.terms()
        allowed = permit(terms)
        deadline, signature = world.signed(world.payer, "open", terms)
        world.do("openWithPermit", terms, allowed, deadline, signature, sender=world.relayer)
        assert world.state(terms) == State.OPEN

    def test_a_permit_that_was_brought_in_by_another_does_no_harm(self, world, permit):
        terms = world.terms()
        allowed = permit(terms)
        arguments = (terms.payer, world.escrow.address, terms.amount, *allowed)
        world.token.transact("permit", *arguments, sender=world.stranger)
        world.do("openWithPermit", terms, allowed, 0, b"", sender=world.payer)
        assert world.state(terms) == State.OPEN


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
            values = [terms.payer, world.escrow.address, value or terms.amount, after, before, nonce]
            signature = sign(account, digest(token.call("DOMAIN_SEPARATOR"), struct_hash(text, values)))
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
        done = world.do("openWithAuthorization", terms, authorize(loyal, terms, world.payer), sender=world.relayer)
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
            "transferAndCall", world.escrow.address, value, packed(terms), sender=sender or world.payer
        )

    def test_another_token_is_refused(self, world, terms):
        other = hostile(world)
        other.transact("mint", world.payer.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, other)
        assert refusal.value.actual.lower() == other.address.lower()
        assert refusal.value.expected.lower() == terms.token.lower()

    def test_an_account_is_no_token(self, world, terms):
        with pytest.raises(errors.NotPermitted):
            world.escrow.transact(
                "onTransferReceived", terms.payer, terms.payer, terms.amount, packed(terms), sender=world.stranger
            )

    def test_somebody_elses_transfer_is_refused(self, world, terms, token):
        token.transact("mint", world.stranger.address, terms.amount)
        with pytest.raises(errors.NotPermitted) as refusal:
            self.give(world, terms, token, sender=world.stranger)
        assert refusal.value.actual.lower() == world.stranger.address.lower()

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
        assert refusal.value.actual.lower() == world.other.address.lower()

    @pytest.mark.parametrize("more", [-1, 1])
    def test_the_amount_has_to_fit(self, world, terms, token, more):
        with pytest.raises(errors.WrongDeposit) as refusal:
            self.give(world, terms, token, value=terms.amount + more)
        assert (refusal.value.actual, refusal.value.expected) == (terms.amount + more, terms.amount)

    def test_data_that_is_no_terms_is_refused(self, world, terms, token):
        with pytest.raises(RevertedSilently):
            token.transact("transferAndCall", world.escrow.address, 1, b"\0" * 479, sender=world.payer)

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
        assert world.state(terms) == State.OPEN

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
        assert world.state(terms) == State.OPEN

    def test_the_second_half_is_the_escrows_own(self, world, terms, token):
        with pytest.raises(errors.OnlySelf) as refusal:
            world.do("openReceived", terms, token.address, terms.payer, terms.payer, terms.amount, sender=world.payer)
        assert refusal.value.actual.lower() == world.payer.address.lower()


class TestRelease:
    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.terms()
        with pytest.raises(errors.WrongState) as refusal:
            world.do("release", terms, sender=world.payer)
        assert (refusal.value.id, refusal.value.actual, refusal.value.expected) == (world.id(terms), 0, State.OPEN)

    @pytest.mark.parametrize("who", ["stranger", "seller", "arbiter", "carrier"])
    def test_nobody_else_releases_early(self, world, who):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()) - 1)
        with pytest.raises(errors.TooEarly) as refusal:
            world.do("release", terms, sender=getattr(world, who))
        assert refusal.value.expected == refusal.value.actual + 1 == int(terms.release_at.timestamp())

    def test_nobody_else_releases_what_is_due_back(self, world):
        terms = world.open()  # nobody scans a delivery
        world.evm.warp(int(terms.release_at.timestamp()))
        with pytest.raises(errors.CriteriaDue) as refusal:
            world.do("release", terms)
        assert refusal.value.actual == 10_000

    def test_the_payer_releases_at_once_and_the_fee_is_the_sellers(self, world):
        terms = world.open(amount=1_000_003)
        done = world.do("release", terms, sender=world.payer)
        fee = 1_000_003 * 250 // 10_000
        assert done.value == world.id(terms)
        assert done.named("Released")[0].arguments == {"id": world.id(terms), "paid": 1_000_003 - fee, "fee": fee}
        assert world.balance(world.seller) == 1_000_003 - fee
        assert world.balance(world.fee_to) == fee
        assert world.balance(world.escrow) == world.balance(world.payer) == 0
        assert world.deal(terms) | {"state": 0} == dict.fromkeys(world.deal(terms), 0)
        assert world.state(terms) == State.RELEASED

    def test_the_payer_releases_even_what_is_due_back(self, world):
        terms = world.open()
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms, sender=world.payer)
        assert world.state(terms) == State.RELEASED

    def test_a_stranger_releases_after_the_time(self, world):
        terms = world.open(sla_at=None)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.balance(world.seller) == 97_500_000

    def test_without_criteria_there_is_nothing_to_ask(self, world):
        terms = world.open(criteria=ZERO)
        world.evm.warp(int(terms.release_at.timestamp()))
        world.do("release", terms)
        assert world.state(terms) == State.RELEASED

    def test_without_a_fee_all_is_the_sellers(self, world):
        terms = world.open(fee_bps=0, fee_to=ZERO)
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller) == terms.amount

    def test_a_fee_of_everything_leaves_the_seller_nothing(self, world):
        terms = world.open(fee_bps=10_000)
        world.do("release", terms, sender=world.payer)
        assert (world.balance(world.seller), world.balance(world.fee_to)) == (0, terms.amount)

    def test_ether_is_paid(self, world):
        terms = world.open(world.ether(fee_to=world.evm.deploy("HostileReceiver").address))
        before = world.evm.balance(world.seller)
        world.do("release", terms, sender=world.payer)
        assert world.evm.balance(world.seller) == before + terms.amount * 9750 // 10_000
        assert world.evm.balance(terms.fee_to) == terms.amount * 250 // 10_000
        assert world.evm.balance(world.escrow) == 0

    def test_a_deal_ends_once(self, world):
        terms = world.open()
        world.do("release", terms, sender=world.payer)
        for function in ("release", "refund", "dispute"):
            arguments = [b"\1" * 32] if function == "dispute" else []
            with pytest.raises(errors.WrongState):
                world.do(function, terms, *arguments, sender=world.payer)


class TestReleaseSigned:
    def test_the_payers_signature_is_needed(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.seller, "release", world.id(terms))
        with pytest.raises(errors.BadSignature):
            world.do("releaseSigned", terms, deadline, signature)

    def test_a_signature_for_another_deal_is_refused(self, world):
        terms, other = world.open(), world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(other))
        with pytest.raises(errors.BadSignature):
            world.do("releaseSigned", terms, deadline, signature)

    def test_an_expired_one_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms), deadline=world.evm.now - 1)
        with pytest.raises(errors.SignatureExpired):
            world.do("releaseSigned", terms, deadline, signature)

    def test_a_high_s_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        with pytest.raises(errors.BadSignature):
            world.do("releaseSigned", terms, deadline, high_s(signature))

    def test_a_deal_that_is_over_is_refused(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseSigned", terms, deadline, signature)
        with pytest.raises(errors.WrongState):
            world.do("releaseSigned", terms, deadline, signature)

    def test_anyone_brings_it(self, world):
        terms = world.open()
        deadline, signature = world.signed(world.payer, "release", world.id(terms))
        world.do("releaseSigned", terms, deadline, signature, sender=world.relayer)
        assert world.balance(world.seller) == 97_500_000


class TestRefund:
    def test_a_deal_that_is_not_open_is_refused(self, world):
        with pytest.raises(errors.WrongState):
            world.do("refund", world.terms())

    def test_nothing_is_refunded_that_is_not_due(self, world):
        terms = world.open()
        with pytest.raises(errors.CriteriaNotDue) as refusal:
            world.do("refund", terms)
        assert refusal.value.id == world.id(terms)

    def test_without_criteria_nothing_is_due(self, world):
        terms = world.open(criteria=ZERO)
        with pytest.raises(errors.CriteriaNotDue):
            world.do("refund", terms)

    def test_a_stranger_refunds_what_was_not_delivered_in_time(self, world):
        terms = world.open()
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        done = world.do("refund", terms)
        assert done.value == world.id(terms)
        assert done.named("Refunded")[0].arguments == {"id": world.id(terms), "refunded": terms.amount}
        assert world.balance(world.payer) == terms.amount
        assert world.balance(world.fee_to) == 0
        assert world.deal(terms) == dict.fromkeys(world.deal(terms), 0) | {"state": State.REFUNDED}

    def test_a_share_is_rounded_up_and_the_fee_down(self, world):
        terms = world.open(amount=10_001)
        world.desk.transact("scanReturn", terms.order_ref, 3_333, sender=world.scanner)
        done = world.do("refund", terms)
        back = -(-10_001 * 3_333 // 10_000)
        fee = (10_001 - back) * 250 // 10_000
        assert done.named("Split")[0].arguments == {
            "id": world.id(terms),
            "refunded": back,
            "paid": 10_001 - back - fee,
            "fee": fee,
        }
        assert world.balance(world.payer) == back
        assert world.balance(world.seller) == 10_001 - back - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == State.SPLIT

    def test_a_share_that_rounds_up_to_all_is_a_refund(self, world):
        terms = world.open(amount=1)
        world.desk.transact("scanReturn", terms.order_ref, 1, sender=world.scanner)
        world.do("refund", terms)
        assert world.state(terms) == State.REFUNDED
        assert world.balance(world.payer) == 1

    def test_a_refund_goes_where_the_terms_say(self, world):
        terms = world.open(refund_to=world.other.address)
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        world.do("refund", terms)
        assert (world.balance(world.other), world.balance(world.payer)) == (terms.amount, 0)

    def test_ether_goes_back(self, world):
        terms = world.open(world.ether())
        before = world.evm.balance(world.payer)
        world.evm.warp(int(terms.sla_at.timestamp()) + 1)
        world.do("refund", terms)
        assert world.evm.balance(world.payer) == before + terms.amount


class TestRefundDue:
    @pytest.fixture
    def criteria(self, world):
        return world.evm.deploy("HostileCriteria")

    def test_only_the_criteria_themselves(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        for sender in (world.payer, world.seller, world.arbiter, world.stranger):
            with pytest.raises(errors.NotPermitted) as refusal:
                world.do("refundDue", terms, 10_000, sender=sender)
            assert refusal.value.expected.lower() == criteria.address.lower()

    @pytest.mark.parametrize("bps", [0, 10_001, 40_000, 2**256 - 1])
    def test_a_share_has_its_bounds(self, world, criteria, bps):
        terms = world.open(criteria=criteria.address)
        with pytest.raises(errors.BadShare) as refusal:
            criteria.transact("push", world.escrow.address, terms.words(), bps)
        assert (refusal.value.actual, refusal.value.limit) == (bps, 10_000)

    def test_a_deal_that_is_over_is_refused(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        criteria.transact("push", world.escrow.address, terms.words(), 10_000)
        with pytest.raises(errors.WrongState):
            criteria.transact("push", world.escrow.address, terms.words(), 10_000)

    def test_a_disputed_deal_is_the_arbiters(self, world, criteria):
        terms = world.open(criteria=criteria.address)
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            criteria.transact("push", world.escrow.address, terms.words(), 10_000)

    @pytest.mark.parametrize(
        ("bps", "back", "state"), [(1, 10_000, State.SPLIT), (9_999, 99_990_000, State.SPLIT), (10_000, 10**8, 6)]
    )
    def test_they_settle_by_themselves(self, world, criteria, bps, back, state):
        terms = world.open(criteria=criteria.address)
        criteria.transact("push", world.escrow.address, terms.words(), bps)
        assert world.balance(world.payer) == back
        assert world.state(terms) == state


class TestRefundPart:
    @pytest.mark.parametrize("who", ["payer", "stranger", "scanner", "arbiter", "fee_to"])
    def test_only_those_who_act_for_the_seller(self, world, who):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("refundPart", terms, 1, sender=getattr(world, who))
        assert refusal.value.expected.lower() == world.seller.address.lower()

    def test_a_dismissed_delegate_is_refused_at_once(self, world):
        terms = world.open()
        role = b"careledger.refunder".ljust(32, b"\0")
        world.registry.transact(
            "revokeDelegate", world.seller.address, role, world.refunder.address, sender=world.seller
        )
        with pytest.raises(errors.NotPermitted):
            world.do("refundPart", terms, 1, sender=world.refunder)

    def test_a_rotated_key_acts_and_the_old_one_does_not(self, world):
        terms = world.open()
        world.registry.transact("changeOwner", world.seller.address, world.other.address, sender=world.seller)
        with pytest.raises(errors.NotPermitted):
            world.do("refundPart", terms, 1, sender=world.seller)
        world.do("refundPart", terms, 1, sender=world.other)
        assert world.balance(world.payer) == 1

    @pytest.mark.parametrize("amount", [0, 100_000_001, 2**256 - 1])
    def test_a_part_has_its_bounds(self, world, amount):
        terms = world.open()
        with pytest.raises(errors.BadShare) as refusal:
            world.do("refundPart", terms, amount, sender=world.seller)
        assert (refusal.value.actual, refusal.value.limit) == (amount, terms.amount)

    def test_a_deal_that_is_not_open_is_refused(self, world):
        with pytest.raises(errors.WrongState):
            world.do("refundPart", world.terms(), 1, sender=world.seller)

    def test_a_part_leaves_the_deal_open_with_less(self, world):
        terms = world.open()
        done = world.do("refundPart", terms, 30_000_000, sender=world.refunder)
        assert done.named("PartRefunded")[0].arguments == {
            "id": world.id(terms),
            "amount": 30_000_000,
            "held": 70_000_000,
        }
        assert world.deal(terms)["held"] == 70_000_000
        assert world.state(terms) == State.OPEN
        assert world.balance(world.payer) == 30_000_000
        world.do("release", terms, sender=world.payer)
        assert world.balance(world.seller) + world.balance(world.fee_to) == 70_000_000

    def test_the_whole_ends_it(self, world):
        terms = world.open()
        world.do("refundPart", terms, 1, sender=world.seller)
        done = world.do("refundPart", terms, terms.amount - 1, sender=world.seller)
        assert done.named("Refunded")[0].refunded == terms.amount - 1
        assert world.state(terms) == State.REFUNDED
        assert world.balance(world.payer) == terms.amount


class TestSplit:
    def agreed(self, world, terms, to_payer, to_seller, deadline=None, payer=None, seller=None, signer=None):
        """Return an agreement; both sign unless somebody else is named."""
        seller = seller or world.seller
        deadline, by_payer = world.signed(
            payer or world.payer, "split", world.id(terms), to_payer, to_seller, deadline=deadline
        )
        _, by_seller = world.signed(seller, "split", world.id(terms), to_payer, to_seller, deadline=deadline)
        return to_payer, to_seller, deadline, (signer or seller).address, by_payer, by_seller

    @pytest.mark.parametrize(
        ("to_payer", "to_seller"), [(0, 0), (1, 10**8), (10**8 + 1, 0), (10**8, 1), (0, 10**8 - 1)]
    )
    def test_the_parts_have_to_sum_up(self, world, to_payer, to_seller):
        terms = world.open()
        with pytest.raises(errors.BadSplit) as refusal:
            world.do("split", terms, self.agreed(world, terms, to_payer, to_seller))
        assert (refusal.value.to_payer, refusal.value.to_seller, refusal.value.held) == (to_payer, to_seller, 10**8)

    def test_an_overflowing_sum_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, self.agreed(world, terms, 2**256 - 1, 10**8 + 1))

    def test_an_agreement_from_before_a_part_refund_is_void(self, world):
        terms = world.open()
        agreement = self.agreed(world, terms, 10**7, 9 * 10**7)
        world.do("refundPart", terms, 1, sender=world.seller)
        with pytest.raises(errors.BadSplit):
            world.do("split", terms, agreement)

    def test_the_payer_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadSignature) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, payer=world.stranger))
        assert refusal.value.signer.lower() == world.payer.address.lower()

    def test_the_seller_has_to_sign(self, world):
        terms = world.open()
        with pytest.raises(errors.BadSignature) as refusal:
            world.do(
                "split", terms, self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger, signer=world.seller)
            )
        assert refusal.value.signer.lower() == world.seller.address.lower()

    def test_a_signer_without_the_sellers_role_does_not_count(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted) as refusal:
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, seller=world.stranger))
        assert refusal.value.actual.lower() == world.stranger.address.lower()

    def test_the_payer_is_not_the_seller(self, world):
        terms = world.open()
        with pytest.raises(errors.NotPermitted):
            world.do("split", terms, self.agreed(world, terms, 10**8, 0, seller=world.payer), sender=world.payer)

    def test_an_expired_agreement_is_refused(self, world):
        terms = world.open()
        with pytest.raises(errors.SignatureExpired):
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1, deadline=world.evm.now - 1))

    def test_a_deal_that_is_not_open_is_refused(self, world):
        terms = world.open()
        world.dispute(terms)
        with pytest.raises(errors.WrongState):
            world.do("split", terms, self.agreed(world, terms, 1, 10**8 - 1))

    @pytest.mark.parametrize(
        ("to_payer", "state"), [(0, State.RELEASED), (40_000_000, State.SPLIT), (10**8, State.REFUNDED)]
    )
    def test_anyone_brings_what_both_signed(self, world, to_payer, state):
        terms = world.open()
        world.do("split", terms, self.agreed(world, terms, to_payer, 10**8 - to_payer, seller=world.refunder))
        fee = (10**8 - to_payer) * 250 // 10_000
        assert world.balance(world.payer) == to_payer
        assert world.balance(world.seller) == 10**8 - to_payer - fee
        assert world.balance(world.fee_to) == fee
        assert world.state(terms) == state

    @pytest.mark.parametrize("who", ["payer", "seller", "refunder"])
    def test_who_brings_it_need_not_sign(self, world, who):
        terms = world.open()
        sender = getattr(world, who)
        seller = world.seller if who == "payer" else sender
        agreement = list(self.agreed(world, terms, 1, 10**8 - 1, seller=seller))
        agreement[4 if who == "payer" else 5] = b""
        world.do("split", terms, tuple(agreement), sender=sender)
        assert world.state(terms) == State.SPLIT


def loyalty(world):
    """Return points that the payer has plenty of."""
    points = world.evm.deploy(
        "LoyaltyToken", world.registry.address, world.seller.address, "Points", "PTS", 10**30, 90 * DAY
    )
    points.transact("setIssuerLimit", world.seller.address, 10**21, DAY, sender=world.seller)
    points.transact("issue", world.payer.address, 10**20, bytes(31) + b"\1", sender=world.seller)
    return points


def test_windows_and_bounds_are_told(world):
    limits = world.escrow.call("limits")
    assert limits == (
        100_000,
        300_000,
        MAX,
        3600,
        365 * DAY,
        1_000,
        10_001,
        b"careledger.refunder".ljust(32, b"\0"),
        b"careledger.arbiter".ljust(32, b"\0"),
    )
    assert timedelta(seconds=limits[4]) == timedelta(days=365)
