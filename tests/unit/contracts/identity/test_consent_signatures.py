"""ConsentRegistry: who signs, for what a signature is good, and what is signed."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from careledger.crypto.typed_data import HALF_ORDER
from careledger.identity.consent.errors import (
    AlreadyEnded,
    AlreadyUsed,
    BadConsentSignature,
    ConsentSignatureExpired,
    NotSubject,
)
from careledger.identity.consent.messages import ConsentMessages
from careledger.identity.consent.terms import Consent, ConsentTerms
from careledger.values.times import from_seconds
from tests.support.evm import Evm, actor
from tests.worlds.identity.consent_registry import DEADLINE
from tests.worlds.identity.consent_signatures import (
    ALL,
    BEYOND,
    GRANT,
    REVOKE,
    SigningWorld,
    each,
    refused,
    sent,
    with_signature,
)
from tests.worlds.identity.consents import Signing, malleated, sign
from tests.worlds.identity.registry import AGENT, NOBODY


@pytest.fixture
def world(compiled):
    return SigningWorld()


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
