"""ConsentRegistry: what is signed, by whom, and for what it is good; relayed one by one."""

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.chain.reverts import Reverted
from careledger.crypto.typed_data import HALF_ORDER
from careledger.identity.consent.errors import (
    AlreadyEnded,
    AlreadyUsed,
    BadConsentSignature,
    ConsentSignatureExpired,
    EpochAhead,
    ExpiryPassed,
    NotSubject,
)
from careledger.identity.consent.messages import ConsentMessages
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.values.times import from_seconds
from tests.support.evm import START, Evm, actor
from tests.worlds.identity.consent_registry import DEADLINE, EXPIRY, ConsentWorld
from tests.worlds.identity.consents import GRANTED, REVOKED, Signing, malleated, sign
from tests.worlds.identity.registry import AGENT, NOBODY

GRANT, REVOKE, ALL = "grantBySig", "revokeBySig", "revokeAllBySig"
each = pytest.mark.parametrize("function", [GRANT, REVOKE, ALL])
BEYOND = 2**256 - 1


class SigningWorld(ConsentWorld):
    """Whichever of the three: `signed` makes its arguments, `relay` sends them."""

    def signed(self, function, by=None, **rest):
        if function == ALL:
            return self.ending_all(by, **rest)
        make = self.granting if function == GRANT else self.revoking
        return make(None, by, **rest).alone("grant" if function == GRANT else "revoke")

    def relay(self, function, arguments, sender=None, gas=None):
        return self.send(function, *arguments, sender=sender, gas=gas)

    def state(self):
        return self.record(), self.epoch()


@pytest.fixture
def world(compiled):
    return SigningWorld()


@pytest.fixture
def wallet(world):
    """Carol's contract wallet, which controls alice's identity."""
    wallet = world.evm.deploy("Wallet1271", world.carol.address)
    world.hand_over(wallet)
    return wallet


def sent(function, subject, signer, deadline, signature):
    """Return the arguments of any of the three; `subject` is a consent, or an address for the end of all."""
    return (subject, *([0] if function == GRANT else []), signer, deadline, signature)


def with_signature(arguments, signature):
    return *arguments[:-1], signature


def refused(world, error, function, arguments, gas=None, **values):
    """Have it refused with these values, and nothing changed."""
    before = world.state()
    with pytest.raises(error) as refusal:
        world.relay(function, arguments, gas=gas)
    assert {name: getattr(refusal.value, name) for name in values} == values
    assert world.state() == before
    return refusal.value


@each
class TestWhoSigns:
    def test_a_stranger_who_says_so_is_refused(self, world, function):
        who, subject = world.mallory.address, world.alice.address
        arguments = world.signed(function, world.mallory)
        refused(
            world, NotSubject, function, arguments, subject=subject, actor=who, controller=subject
        )

    def test_a_stranger_who_says_to_be_the_subject_is_refused(self, world, function):
        subject = world.alice.address
        arguments = world.signed(function, world.mallory, signer=world.alice)
        refused(world, BadConsentSignature, function, arguments, subject=subject, signer=subject)

    def test_the_grantee_is_refused(self, world, function):
        refused(world, NotSubject, function, world.signed(function, world.bob))

    def test_nobody_is_refused(self, world, function):
        """ecrecover answers zero to nonsense."""
        arguments = sent(function, world.signed(function)[0], NOBODY, DEADLINE, bytes(65))
        refused(world, NotSubject, function, arguments)

    def test_for_the_subject_zero_nobody_signs(self, world, function):
        subject = NOBODY if function == ALL else world.given.but(subject=NOBODY).abi
        for signature in (b"", bytes(65), b"\1" * 65):
            with pytest.raises(BadConsentSignature):
                world.relay(function, sent(function, subject, NOBODY, DEADLINE, signature))

    def test_a_delegate_may_and_names_itself(self, world, function):
        world.name(world.carol)
        refused(
            world,
            BadConsentSignature,
            function,
            world.signed(function, world.carol, signer=world.alice),
        )
        world.relay(function, world.signed(function, world.carol))

    def test_a_delegate_of_another_role_may_not(self, world, function):
        world.name(world.carol, role=AGENT)
        refused(world, NotSubject, function, world.signed(function, world.carol))

    def test_a_delegate_who_expired_since_may_not(self, world, function):
        world.name(world.carol, seconds=60)
        arguments = world.signed(function, world.carol)
        world.evm.sleep(60)
        refused(world, NotSubject, function, arguments, actor=world.carol.address)

    def test_a_delegate_who_was_dismissed_since_may_not(self, world, function):
        world.name(world.carol)
        arguments = world.signed(function, world.carol)
        world.dismiss(world.carol)
        refused(world, NotSubject, function, arguments)

    def test_a_key_that_gave_the_identity_away_since_may_not(self, world, function):
        arguments = world.signed(function)
        world.hand_over(world.carol)
        refused(world, NotSubject, function, arguments, controller=world.carol.address)
        world.relay(function, world.signed(function, world.carol))

    def test_a_key_that_deactivated_the_identity_since_may_not(self, world, function):
        arguments = world.signed(function)
        world.do("deactivate", world.alice.address, sender=world.alice)
        refused(world, NotSubject, function, arguments)

    def test_a_lost_key_may_not_after_the_recovery(self, world, function):
        arguments = world.signed(function, deadline=BEYOND)
        world.started()
        world.evm.sleep(7 * 86_400)
        world.do("finishRecovery", world.alice.address)
        refused(world, NotSubject, function, arguments, controller=world.bob.address)


@each
class TestForWhatItIsGood:
    def test_anyone_relays_it_and_it_does_what_the_subject_does_in_person(self, world, function):
        before = world.evm.snapshot()
        direct = {GRANT: world.grant, REVOKE: world.revoke, ALL: world.revoke_all}[function]()
        state = world.state()
        world.evm.revert(before)
        done = world.relay(function, world.signed(function), sender=world.mallory)
        assert (done.events, world.state()) == (direct.events, state)

    def test_until_its_deadline_and_no_longer(self, world, function):
        arguments = world.signed(function)
        world.evm.warp(DEADLINE + 1)
        values = {
            "subject": world.alice.address,
            "time": DEADLINE + 1,
            "deadline": DEADLINE,
        }
        refused(world, ConsentSignatureExpired, function, arguments, **values)
        world.evm.warp(DEADLINE)
        world.relay(function, arguments)

    def test_a_deadline_may_be_as_late_as_numbers_go(self, world, function):
        world.relay(function, world.signed(function, deadline=BEYOND))

    def test_once(self, world, function):
        arguments = world.signed(function)
        world.relay(function, arguments)
        error = {GRANT: AlreadyUsed, REVOKE: AlreadyEnded, ALL: BadConsentSignature}[function]
        refused(world, error, function, arguments)

    def test_not_with_another_deadline(self, world, function):
        *rest, _, signature = world.signed(function)
        refused(world, BadConsentSignature, function, (*rest, DEADLINE + 1, signature))

    @pytest.mark.parametrize("other", [{"chain_id": 1}, {"contract": actor("elsewhere").address}])
    def test_not_for_another_chain_or_contract(self, world, function, other):
        domain = Signing(**({"chain_id": 31337, "contract": world.consents.address} | other))
        refused(world, BadConsentSignature, function, world.signed(function, signing=domain))

    def test_not_as_another_act(self, world, function):
        """None of the three is good for another of them."""
        for other in {GRANT, REVOKE, ALL} - {function}:
            *_, signature = world.signed(other)
            refused(
                world,
                BadConsentSignature,
                function,
                with_signature(world.signed(function), signature),
            )

    def test_not_for_another_subject_of_the_same_controller(self, world, function):
        world.hand_over(world.alice, world.carol)
        subject = (
            world.carol.address
            if function == ALL
            else world.given.but(subject=world.carol.address).abi
        )
        with pytest.raises(BadConsentSignature):
            world.relay(function, (subject, *world.signed(function)[1:]))

    def test_not_in_its_malleable_form(self, world, function):
        arguments = world.signed(function)
        twin = malleated(arguments[-1])
        assert int.from_bytes(twin[32:64], "big") > HALF_ORDER
        refused(world, BadConsentSignature, function, with_signature(arguments, twin))

    @pytest.mark.parametrize(
        "bend",
        [
            lambda s: b"",
            lambda s: s[:64],
            lambda s: s + b"\0",
            lambda s: s[:64] + bytes([s[64] - 27]),
            lambda s: (
                s[:32] + (int.from_bytes(s[32:64], "big") | (s[64] - 27) << 255).to_bytes(32, "big")
            ),
            lambda s: bytes(65),
            lambda s: b"\xff" * 65,
            lambda s: s * 3,
        ],
    )
    def test_not_malformed(self, world, function, bend):
        arguments = world.signed(function)
        refused(
            world, BadConsentSignature, function, with_signature(arguments, bend(arguments[-1]))
        )

    def test_on_a_chain_of_another_id_the_domain_is_another(self, compiled, function):
        elsewhere = SigningWorld(Evm(chain_id=5))
        assert elsewhere.signing.chain_id == 5
        elsewhere.relay(function, elsewhere.signed(function))


class TestGrantBySig:
    @pytest.mark.parametrize("name", ["salt", "scope", "purpose", "grantee", "expiry"])
    def test_it_is_for_one_consent(self, world, name):
        other = {"grantee": world.carol.address, "expiry": EXPIRY + 1}.get(name, b"\7" * 32)
        act = world.granting()
        refused(
            world,
            BadConsentSignature,
            GRANT,
            replace(act, consent=world.given.but(**{name: other})).abi,
        )

    def test_an_expiry_that_is_not_ahead_is_refused(self, world):
        act = world.granting(deadline=BEYOND)
        world.evm.warp(EXPIRY)
        refused(world, ExpiryPassed, GRANT, act.abi, id=world.given.id, time=EXPIRY, expiry=EXPIRY)

    def test_the_epoch_is_signed(self, world):
        act = world.granting(epoch=7)
        for other in (0, 6, 8):
            refused(world, BadConsentSignature, GRANT, replace(act, epoch=other).abi)

    def test_an_epoch_that_has_not_begun_is_refused(self, world):
        act = world.granting(epoch=START + 1)
        for now in (START, START + 1):
            world.evm.warp(now)
            refused(world, EpochAhead, GRANT, act.abi, time=now, epoch=START + 1)

    def test_under_way_while_all_is_ended_it_is_never_valid(self, world):
        """It can still be handed in, says so, and is dead; nor does a new epoch bring it back."""
        act = world.granting()
        world.revoke_all()
        (event,) = world.relay(GRANT, act.abi).events
        assert event.epoch == 0 != world.epoch()
        assert not world.valid()
        world.revoke_all()
        assert not world.valid()
        refused(world, AlreadyUsed, GRANT, world.granting().abi, actual=GRANTED)

    def test_a_revocation_overtakes_it(self, world):
        """The subject thinks better of it while the grant is under way."""
        act = world.granting()
        world.relay(REVOKE, world.revoking().alone("revoke"))
        refused(world, AlreadyUsed, GRANT, act.abi, id=world.given.id, actual=REVOKED)

    def test_it_does_not_come_back_after_it_was_ended(self, world):
        act = world.granting()
        world.relay(GRANT, act.abi)
        world.revoke()
        refused(world, AlreadyUsed, GRANT, act.abi, actual=REVOKED)
        fresh = world.granting(deadline=DEADLINE + 1)
        refused(world, AlreadyUsed, GRANT, fresh.abi, actual=REVOKED)

    def test_who_runs_ahead_of_the_relayer_does_what_the_subject_wants(self, world):
        act = world.granting()
        world.relay(GRANT, act.abi, sender=world.mallory)
        refused(world, AlreadyUsed, GRANT, act.abi, actual=GRANTED)
        assert world.record() == (world.alice.address, EXPIRY, 0, GRANTED)
        assert world.valid()


class TestRevokeBySig:
    def test_it_names_no_epoch_so_it_can_be_kept(self, world):
        kept = world.revoking(deadline=BEYOND)
        world.revoke_all()
        world.grant()
        world.relay(REVOKE, kept.alone("revoke"))
        assert world.record() == (world.alice.address, EXPIRY, START, REVOKED)

    def test_what_has_expired_can_be_revoked(self, world):
        world.grant()
        kept = world.revoking(deadline=BEYOND)
        world.evm.warp(EXPIRY)
        world.relay(REVOKE, kept.alone("revoke"))
        assert world.record()[3] == REVOKED

    def test_it_burns_what_was_never_granted(self, world):
        world.relay(REVOKE, world.revoking().alone("revoke"))
        assert world.record() == (world.alice.address, EXPIRY, 0, REVOKED)

    def test_it_is_for_one_consent(self, world):
        other = world.consent(2)
        world.grant(other)
        act = replace(world.revoking(), consent=other)
        refused(world, BadConsentSignature, REVOKE, act.alone("revoke"))
        assert world.valid(other)


class TestRevokeAllBySig:
    def test_it_is_for_the_present_epoch(self, world):
        world.grant()
        refused(world, BadConsentSignature, ALL, world.ending_all(epoch=1))
        both = world.ending_all(deadline=DEADLINE), world.ending_all(deadline=DEADLINE + 1)
        world.evm.sleep(5)
        world.relay(ALL, both[0])
        refused(world, BadConsentSignature, ALL, both[1])
        assert (world.epoch(), world.valid()) == (START + 5, False)

    def test_twice_in_a_second_it_ends_nothing_that_it_had_not_ended(self, world):
        world.evm.sleep(5)
        world.relay(ALL, world.ending_all())
        world.relay(ALL, world.ending_all())
        assert world.epoch() == START + 5


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


class TestWhatIsSigned:
    @each
    def test_the_digest_is_that_of_our_messages_and_of_eth_account(self, world, function):
        given = world.given
        python = Consent(given.subject, from_seconds(given.expiry), ConsentTerms(*given.terms.abi))
        domain, until = ConsentMessages(31337, world.consents.address), from_seconds(DEADLINE)
        message, digest = {
            GRANT: (domain.grant(python, 7, until), world.signing.grant(given, 7, DEADLINE)),
            REVOKE: (domain.revoke(python, until), world.signing.revoke(given, DEADLINE)),
            ALL: (
                domain.revoke_all(given.subject, 7, until),
                world.signing.revoke_all(given.subject, 7, DEADLINE),
            ),
        }[function]
        assert message.digest == digest
        signable = encode_typed_data(full_message=message.to_json())
        signature = sign(world.alice, digest)
        assert Account.recover_message(signable, signature=signature) == world.alice.address

    def test_the_contract_says_for_itself_whether_somebody_signed(self, world):
        digest = world.signing.grant(world.given, 0, DEADLINE)
        signature = sign(world.alice, digest)
        asked = [(world.alice, digest), (world.bob, digest), (world.alice, bytes(32))]
        answers = [world.read("isSignedBy", who.address, what, signature) for who, what in asked]
        assert answers == [True, False, False]

    def test_a_refusal_names_the_digest(self, world):
        digest = world.signing.grant(world.given, 0, DEADLINE)
        arguments = with_signature(world.signed(GRANT), bytes(65))
        refused(world, BadConsentSignature, GRANT, arguments, digest=digest)
