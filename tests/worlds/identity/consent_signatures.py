"""A world for what ConsentRegistry takes by signature: grants, revocations and the end of all."""

import pytest

from tests.worlds.identity.consent_registry import ConsentWorld

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


def sent(function, subject, signer, deadline, signature):
    """Return the arguments of any of the three functions.

    `subject` is a consent, or an address for the end of all.
    """
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
