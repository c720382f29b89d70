"""IdentityRegistry: attributes, which are events alone."""

import pytest

from careledger.chain.reverts import Panicked
from tests.support.evm import START
from tests.worlds.identity.registry import (
    DAY,
    ENDPOINT,
    SERVICE,
    word,
)
from tests.worlds.identity.registry_operations import BEYOND, relay


class TestAttributes:
    def test_set_is_an_event_with_an_expiry(self, world):
        done = world.do(
            "setAttribute", world.alice.address, SERVICE, ENDPOINT, DAY, sender=world.alice
        )
        (event,) = done.named("DIDAttributeChanged")
        assert event.arguments == {
            "identity": world.alice.address,
            "name": SERVICE,
            "value": ENDPOINT,
            "valid_to": START + DAY,
            "previous_change": 0,
        }

    def test_revoke_is_an_event_without_one(self, world):
        done = world.do(
            "revokeAttribute", world.alice.address, SERVICE, ENDPOINT, sender=world.alice
        )
        (event,) = done.named("DIDAttributeChanged")
        assert (event.name, event.value, event.valid_to) == ("DIDAttributeChanged", ENDPOINT, 0)
        assert event.arguments["name"] == SERVICE

    @pytest.mark.parametrize("value", [b"", b"\0" * 31, b"x" * 32, b"y" * 33, b"z" * 5000])
    def test_values_of_any_length(self, world, value):
        done = world.do(
            "setAttribute", world.alice.address, SERVICE, value, DAY, sender=world.alice
        )
        assert done.events[0].value == value

    def test_an_expiry_beyond_all_numbers_is_refused(self, world):
        with pytest.raises(Panicked):
            world.do(
                "setAttribute", world.alice.address, SERVICE, ENDPOINT, BEYOND, sender=world.alice
            )

    def test_signed_beyond_all_numbers_is_refused(self, world):
        signature = world.signed(
            world.alice, world.alice, "setAttribute", SERVICE, ENDPOINT, word(BEYOND)
        )
        with pytest.raises(Panicked):
            relay(world, "setAttribute", signature, None, (SERVICE, ENDPOINT, BEYOND))
