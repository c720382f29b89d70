"""The world of consents: alice consents, bob's company reads, carol may act where somebody has
named her.
"""

import pytest

from careledger.identity.consent.errors import NotSubject
from tests.support.evm import START
from tests.worlds.identity.consents import CONSENT_ROLE, Act, Consent, Signing, Terms, sign
from tests.worlds.identity.registry import DAY, World

EXPIRY = START + 30 * DAY
DEADLINE = START + DAY


class ConsentWorld(World):
    """Both registries; the relayer sends whatever nobody else is said to."""

    def __init__(self, evm=None, artifact=None):
        super().__init__(evm)
        self.consents = self.evm.deploy("ConsentRegistry", self.registry.address, artifact=artifact)
        self.signing = Signing(self.evm.chain_id, self.consents.address)
        self.given = self.consent()

    def consent(self, number=1, subject=None, grantee=None, expiry=EXPIRY, **terms):
        """Return a consent of alice's to bob; another number, another salt."""
        agreed = Terms((grantee or self.bob).address, salt=number.to_bytes(32, "big"), **terms)
        return Consent((subject or self.alice).address, expiry, agreed)

    # ---- short ways

    def send(self, function, *arguments, sender=None, gas=None):
        return self.consents.transact(function, *arguments, sender=sender or self.relayer, gas=gas)

    def read(self, function, *arguments):
        return self.consents.call(function, *arguments)

    def grant(self, consent=None, sender=None, *, epoch=None):
        one = consent or self.given
        counted = self.read("epoch", one.subject) if epoch is None else epoch
        return self.send("grant", one.abi, counted, sender=sender or self.alice)

    def revoke(self, consent=None, sender=None):
        return self.send("revoke", (consent or self.given).abi, sender=sender or self.alice)

    def renounce(self, consent=None, sender=None):
        one = consent or self.given
        return self.send("renounce", one.abi, one.terms.abi, sender=sender or self.bob)

    def revoke_all(self, subject=None, sender=None):
        """Begin an epoch, in which something can be granted from the next second on."""
        who = subject or self.alice
        done = self.send("revokeAll", who.address, sender=sender or who)
        self.evm.sleep(1)
        return done

    def valid(self, consent=None):
        return self.read("isValid", (consent or self.given).id)

    def record(self, consent=None):
        return self.read("consent", (consent or self.given).id)

    def epoch(self, subject=None):
        return self.read("epoch", (subject or self.alice).address)

    # ---- signing

    def granting(
        self, consent=None, by=None, *, signer=None, epoch=None, deadline=DEADLINE, signing=None
    ):
        """Return a grant that `by` signed; `signer` where another is named."""
        one, key = consent or self.given, by or self.alice
        counted = self.read("epoch", one.subject) if epoch is None else epoch
        message = (signing or self.signing).grant(one, counted, deadline)
        return Act(one, counted, (signer or key).address, deadline, sign(key, message))

    def revoking(self, consent=None, by=None, *, signer=None, deadline=DEADLINE, signing=None):
        """Return a revocation that `by` signed."""
        one, key = consent or self.given, by or self.alice
        message = (signing or self.signing).revoke(one, deadline)
        return Act(one, 0, (signer or key).address, deadline, sign(key, message))

    def ending_all(
        self, by=None, *, subject=None, signer=None, epoch=None, deadline=DEADLINE, signing=None
    ):
        """Return the arguments of a signed end of everything."""
        who, key = (subject or self.alice).address, by or self.alice
        counted = self.read("epoch", who) if epoch is None else epoch
        message = (signing or self.signing).revoke_all(who, counted, deadline)
        return who, (signer or key).address, deadline, sign(key, message)

    # ---- people

    def name(self, who, identity=None, role=CONSENT_ROLE, seconds=DAY):
        """Make somebody a delegate."""
        of = identity or self.alice
        return self.do("addDelegate", of.address, role, who.address, seconds, sender=of)

    def dismiss(self, who, identity=None, role=CONSENT_ROLE):
        of = identity or self.alice
        return self.do("revokeDelegate", of.address, role, who.address, sender=of)

    def hand_over(self, heir, identity=None):
        of = identity or self.alice
        return self.do("changeOwner", of.address, heir.address, sender=of)


def refused(error, call, *arguments, **values):
    """Have it refused with these values."""
    with pytest.raises(error) as refusal:
        call(*arguments)
    assert {name: getattr(refusal.value, name) for name in values} == values
    return refusal.value


def not_subject(world, call, *arguments, actor, controller=None):
    who = (controller or world.alice).address
    refused(
        NotSubject,
        call,
        *arguments,
        subject=world.alice.address,
        actor=actor.address,
        controller=who,
    )
