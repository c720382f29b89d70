"""`revokeCompactBySig`: `revokeBySig` in fewer bytes.

It is for an account's own key and a consent that the contract knows.
"""

import pytest

from careledger.errors import InputError
from careledger.identity.consent.errors import (
    BadConsentSignature,
    ConsentSignatureExpired,
    NotGranted,
)
from careledger.identity.consent.messages import ConsentSignature
from careledger.values.times import from_seconds
from tests.support.evm import START
from tests.worlds.identity.consent_registry import DEADLINE, ConsentWorld, refused
from tests.worlds.identity.consents import malleated
from tests.worlds.identity.registry import DAY

GRANTED, REVOKED, RENOUNCED = 1, 2, 3
TOP = 1 << 255


@pytest.fixture
def world(evm):
    world = ConsentWorld(evm)
    world.grant()
    return world


def halves(act):
    return ConsentSignature(act.signer, from_seconds(act.deadline), act.signature).compact


def arguments(act):
    return (act.consent.id, act.deadline, *halves(act))


def number(word):
    return int.from_bytes(word, "big")


class TestRefusals:
    def test_nothing_to_end(self, world):
        never = world.consent(2)
        refused(
            NotGranted,
            world.send,
            "revokeCompactBySig",
            *arguments(world.revoking(never)),
            id=never.id,
            actual=0,
        )
        act = world.revoking()
        world.send("revokeCompactBySig", *arguments(act))
        refused(
            NotGranted,
            world.send,
            "revokeCompactBySig",
            *arguments(act),
            id=world.given.id,
            actual=REVOKED,
        )
        given_back = world.consent(3)
        world.grant(given_back)
        world.renounce(given_back)
        refused(
            NotGranted,
            world.send,
            "revokeCompactBySig",
            *arguments(world.revoking(given_back)),
            actual=RENOUNCED,
        )

    def test_too_late_and_in_the_last_second(self, world):
        act = world.revoking(deadline=START + DAY)
        world.evm.warp(START + DAY + 1)
        refused(
            ConsentSignatureExpired,
            world.send,
            "revokeCompactBySig",
            *arguments(act),
            deadline=START + DAY,
        )
        world.evm.warp(START + DAY)
        world.send("revokeCompactBySig", *arguments(act))
        assert world.record()[3] == REVOKED

    @pytest.mark.parametrize("who", ["mallory", "bob", "carol"])
    def test_anybody_elses_key_a_delegates_too(self, world, who):
        world.name(world.carol)
        act = world.revoking(by=getattr(world, who))
        values = {"subject": world.alice.address, "signer": world.alice.address}
        refused(BadConsentSignature, world.send, "revokeCompactBySig", *arguments(act), **values)
        assert world.record()[3] == GRANTED

    def test_a_key_that_controls_no_more_and_one_that_does_now(self, world):
        act = world.revoking()
        world.hand_over(world.carol)
        refused(BadConsentSignature, world.send, "revokeCompactBySig", *arguments(act))
        world.send("revokeCompactBySig", *arguments(world.revoking(by=world.carol)))
        assert not world.valid()

    def test_signatures_of_other_things(self, world):
        other = world.consent(2)
        world.grant(other)
        r, vs = halves(world.revoking(other))
        refused(
            BadConsentSignature, world.send, "revokeCompactBySig", world.given.id, DEADLINE, r, vs
        )
        r, vs = halves(world.revoking())
        refused(
            BadConsentSignature,
            world.send,
            "revokeCompactBySig",
            world.given.id,
            DEADLINE + 1,
            r,
            vs,
        )
        r, vs = halves(world.granting(other))
        refused(
            BadConsentSignature, world.send, "revokeCompactBySig", world.given.id, DEADLINE, r, vs
        )

    def test_broken_halves(self, world):
        r, vs = halves(world.revoking())
        flipped = (number(vs) ^ TOP).to_bytes(32, "big")
        for bad in (
            (r, flipped),
            (bytes(32), vs),
            (r, bytes(32)),
            (vs, r),
            (b"\xff" * 32, b"\xff" * 32),
        ):
            refused(
                BadConsentSignature,
                world.send,
                "revokeCompactBySig",
                world.given.id,
                DEADLINE,
                *bad,
            )
        assert world.record()[3] == GRANTED

    def test_a_high_s_has_no_compact_form(self, world):
        act = world.revoking()
        with pytest.raises(InputError, match="low s"):
            _ = ConsentSignature(
                act.signer, from_seconds(act.deadline), malleated(act.signature)
            ).compact


class TestRevocation:
    def test_event_and_record(self, world):
        before = world.record()
        done = world.send("revokeCompactBySig", *arguments(world.revoking()))
        (event,) = done.named("ConsentRevoked")
        assert (event.id, event.subject) == (world.given.id, world.alice.address)
        assert tuple(world.record()) == (*before[:3], REVOKED)
        assert not world.valid()

    def test_as_the_long_form_does(self, world):
        snapshot = world.evm.snapshot()
        act = world.revoking()
        world.send("revokeBySig", *act.alone("revoke"))
        long = world.record()
        world.evm.revert(snapshot)
        world.send("revokeCompactBySig", *arguments(act))
        assert world.record() == long

    def test_either_parity(self, world):
        seen = set()
        for count in range(10, 40):
            one = world.consent(count)
            world.grant(one)
            act = world.revoking(one)
            seen.add(act.signature[64])
            world.send("revokeCompactBySig", *arguments(act))
            assert world.record(one)[3] == REVOKED
        assert seen == {27, 28}

    def test_one_that_has_expired_or_is_of_an_epoch_that_is_over(self, world):
        world.revoke_all()
        world.send("revokeCompactBySig", *arguments(world.revoking()))
        assert world.record()[3] == REVOKED

    @pytest.mark.parametrize("raw", [b"", b"\1" * 64, b"\1" * 64 + b"\x00", b"\1" * 66])
    def test_what_is_no_accounts_signature_has_no_compact_form(self, world, raw):
        with pytest.raises(InputError, match="not an account's own"):
            _ = ConsentSignature(world.alice.address, from_seconds(DEADLINE), raw).compact
