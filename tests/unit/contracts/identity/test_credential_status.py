"""CredentialStatus: bits that are set and never unset, by the issuer's people alone."""

import pytest

from careledger.chain.reverts import Panicked, Reverted
from careledger.identity.status.errors import NotIssuer
from tests.support.evm import START
from tests.worlds.identity.consents import CONSENT_ROLE, STATUS_ROLE
from tests.worlds.identity.registry import DAY, NOBODY, World

LIST, OTHER = b"\1" * 32, b"\2" * 32
LAST = 2**256 - 1
"""The highest index."""


class StatusWorld(World):
    def __init__(self):
        super().__init__()
        self.status = self.evm.deploy("CredentialStatus", self.registry.address)

    def revoke(self, index, sender=None, of=LIST, issuer=None):
        who = (issuer or self.alice).address
        return self.status.transact("revoke", who, of, index, sender=sender or self.alice)

    def revoke_word(self, word, bits, sender=None, of=LIST, issuer=None):
        who = (issuer or self.alice).address
        return self.status.transact("revokeWord", who, of, word, bits, sender=sender or self.alice)

    def read(self, function, *arguments, of=LIST, issuer=None):
        return self.status.call(function, (issuer or self.alice).address, of, *arguments)

    def name(self, who, role=STATUS_ROLE):
        self.do("addDelegate", self.alice.address, role, who.address, DAY, sender=self.alice)


@pytest.fixture
def world(compiled):
    return StatusWorld()


WRITES = {
    "revoke": lambda w, sender: w.revoke(7, sender),
    "revokeWord": lambda w, sender: w.revoke_word(0, 128, sender),
}
each = pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)


@each
class TestWhoMay:
    def test_a_stranger_is_refused(self, world, act):
        refused(world, act, world.mallory)

    def test_a_delegate_of_another_role_is_refused(self, world, act):
        world.name(world.carol, CONSENT_ROLE)
        refused(world, act, world.carol)

    def test_a_delegate_is_good_until_the_second_of_the_expiry(self, world, act):
        world.name(world.carol)
        world.evm.warp(START + DAY)
        refused(world, act, world.carol)
        world.evm.warp(START + DAY - 1)
        act(world, world.carol)
        assert world.read("isRevoked", 7)

    def test_a_dismissed_delegate_is_refused_and_what_was_set_stays(self, world, act):
        world.name(world.carol)
        world.revoke(8, world.carol)
        world.do(
            "revokeDelegate",
            world.alice.address,
            STATUS_ROLE,
            world.carol.address,
            sender=world.alice,
        )
        refused(world, act, world.carol)
        assert world.read("isRevoked", 8)

    def test_the_controller_follows_the_identity(self, world, act):
        world.do("changeOwner", world.alice.address, world.bob.address, sender=world.alice)
        refused(world, act, world.alice)
        act(world, world.bob)
        assert world.read("isRevoked", 7)

    def test_nobody_acts_for_what_is_deactivated(self, world, act):
        world.do("deactivate", world.alice.address, sender=world.alice)
        refused(world, act, world.alice)


def refused(world, act, who):
    with pytest.raises(NotIssuer) as refusal:
        act(world, who)
    told = refusal.value.issuer, refusal.value.actor, refusal.value.controller
    assert told == (world.alice.address, who.address, world.owner())
    assert not world.read("isRevoked", 7)


class TestRevoke:
    @pytest.mark.parametrize(
        ("index", "word", "bit"), [(0, 0, 0), (255, 0, 255), (256, 1, 0), (100_000, 390, 160)]
    )
    def test_sets_the_bit_of_its_index_least_significant_first(self, world, index, word, bit):
        (event,) = world.revoke(index).events
        told = {"issuer": world.alice.address, "list": LIST, "word": word, "bits": 1 << bit}
        assert (event.name, event.arguments) == ("CredentialsRevoked", told)
        assert world.read("word", word) == 1 << bit
        assert world.read("isRevoked", index)

    def test_reaches_the_highest_index(self, world):
        (event,) = world.revoke(LAST).events
        assert (event.word, event.bits) == (2**248 - 1, 1 << 255)
        assert world.read("isRevoked", LAST)

    def test_again_is_harmless_and_says_nothing(self, world):
        world.revoke(7)
        assert world.revoke(7).events == []
        assert world.read("word", 0) == 128

    def test_leaves_the_other_bits_words_lists_and_issuers_alone(self, world):
        world.revoke(300)
        world.revoke(301)
        assert world.read("word", 1) == 0b11 << 44
        assert not world.read("isRevoked", 299)
        assert not world.read("isRevoked", 300, of=OTHER)
        assert not world.read("isRevoked", 300, issuer=world.bob)
        assert [world.read("word", word) for word in (0, 2)] == [0, 0]

    def test_an_issuer_cannot_reach_anothers_list_of_the_same_name(self, world):
        world.revoke(7, sender=world.mallory, issuer=world.mallory)
        assert not world.read("isRevoked", 7)
        assert world.read("isRevoked", 7, issuer=world.mallory)


class TestRevokeWord:
    def test_sets_all_its_bits_and_tells_the_new_ones(self, world):
        world.revoke(1)
        (event,) = world.revoke_word(0, 0b1011).events
        assert (event.word, event.bits) == (0, 0b1001)
        assert world.read("word", 0) == 0b1011

    def test_unsets_nothing(self, world):
        world.revoke_word(3, LAST)
        for bits in (0, 1, LAST):
            assert world.revoke_word(3, bits).events == []
            assert world.read("word", 3) == LAST

    def test_no_bits_are_no_event(self, world):
        assert world.revoke_word(3, 0).events == []

    def test_a_retry_of_a_batch_that_half_arrived_tells_the_rest(self, world):
        world.revoke_word(0, 0xFF)
        (event,) = world.revoke_word(0, 0xFFF).events
        assert event.bits == 0xF00


class TestViews:
    def test_a_list_that_nobody_wrote_has_nobody_revoked(self, world):
        assert not world.read("isRevoked", LAST)
        assert world.read("word", 0) == 0
        assert world.read("words", 0, 3) == [0, 0, 0]

    def test_words_are_the_words_one_after_the_other(self, world):
        for index in (0, 300, 600):
            world.revoke(index)
        assert world.read("words", 0, 4) == [1, 1 << 44, 1 << 88, 0]
        assert world.read("words", 1, 2) == [1 << 44, 1 << 88]
        assert world.read("words", 1, 0) == []

    def test_words_beyond_the_last_are_refused(self, world):
        with pytest.raises(Panicked):
            world.read("words", LAST, 2)

    def test_more_words_than_fit_into_memory_are_refused(self, world):
        with pytest.raises(Reverted):
            world.read("words", 0, LAST)

    def test_constants(self, world):
        assert world.status.call("REGISTRY") == world.registry.address
        assert world.status.call("STATUS_ROLE") == STATUS_ROLE

    def test_nobody_revokes_for_the_issuer_zero(self, world):
        with pytest.raises(NotIssuer):
            world.status.transact("revoke", NOBODY, LIST, 0, sender=world.mallory)
