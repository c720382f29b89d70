"""What IdentityRegistry takes by signature of typed data, and the same thing done directly."""

from datetime import timedelta

import pytest

from careledger.identity.did.errors import (
    BadRegistrySignature,
)
from careledger.identity.did.model import Operation
from tests.support.evm import START
from tests.worlds.identity.registry import AGENT, DAY, ENDPOINT, SERVICE, at

ROOT, WEEK = b"\7" * 32, timedelta(days=7)
UNTIL = at(START + 30 * DAY)


def steps(w):
    return [
        Operation.add_delegate(AGENT, w.carol.address, UNTIL),
        Operation.set_attribute(SERVICE, ENDPOINT, UNTIL),
        Operation.change_owner(w.bob.address),
    ]


# What is signed, what is sent (after the identity, before the deadline), and the same thing done
# directly.
CASES = {
    "changeOwnerBySig": (
        lambda w, d, **k: d.change_owner(w.alice.address, w.bob.address, **k),
        lambda w: (w.bob.address,),
        ("changeOwner", lambda w: (w.bob.address,)),
    ),
    "addDelegateBySig": (
        lambda w, d, **k: d.add_delegate(w.alice.address, AGENT, w.carol.address, UNTIL, **k),
        lambda w: (AGENT, w.carol.address, START + 30 * DAY),
        ("addDelegate", lambda w: (AGENT, w.carol.address, START + 30 * DAY - w.evm.now)),
    ),
    "revokeDelegateBySig": (
        lambda w, d, **k: d.revoke_delegate(w.alice.address, AGENT, w.carol.address, **k),
        lambda w: (AGENT, w.carol.address),
        ("revokeDelegate", lambda w: (AGENT, w.carol.address)),
    ),
    "setAttributeBySig": (
        lambda w, d, **k: d.set_attribute(w.alice.address, SERVICE, ENDPOINT, UNTIL, **k),
        lambda w: (SERVICE, ENDPOINT, START + 30 * DAY),
        ("setAttribute", lambda w: (SERVICE, ENDPOINT, START + 30 * DAY - w.evm.now)),
    ),
    "revokeAttributeBySig": (
        lambda w, d, **k: d.revoke_attribute(w.alice.address, SERVICE, ENDPOINT, **k),
        lambda w: (SERVICE, ENDPOINT),
        ("revokeAttribute", lambda w: (SERVICE, ENDPOINT)),
    ),
    "executeBySig": (
        lambda w, d, **k: d.batch(w.alice.address, steps(w), **k),
        lambda w: ([step.abi() for step in steps(w)],),
        ("execute", lambda w: ([step.abi() for step in steps(w)],)),
    ),
    "setGuardiansBySig": (
        lambda w, d, **k: d.set_guardians(w.alice.address, ROOT, 2, WEEK, **k),
        lambda w: (ROOT, 2, 7 * DAY),
        ("setGuardians", lambda w: (ROOT, 2, 7 * DAY)),
    ),
    "stopRecoveryBySig": (
        lambda w, d, **k: d.stop_recovery(w.alice.address, **k),
        lambda w: (),
        ("stopRecovery", lambda w: ()),
    ),
}


each = pytest.mark.parametrize("function", CASES)


def typed(w, function, domain=None, nonce=None, deadline=None):
    make = CASES[function][0]
    counted = w.nonce(w.alice) if nonce is None else nonce
    return make(w, domain or w.domain, nonce=counted, deadline=deadline or w.deadline)


def send(w, function, signature, arguments=None, deadline=None):
    sent = CASES[function][1](w) if arguments is None else arguments
    until = int((deadline or w.deadline).timestamp())
    return w.do(function, w.alice.address, *sent, until, signature)


def refused(w, *arguments, **rest):
    before = w.nonce(w.alice)
    with pytest.raises(BadRegistrySignature) as refusal:
        send(w, *arguments, **rest)
    assert refusal.value.identity == w.alice.address
    assert w.nonce(w.alice) == before
    return refusal.value
