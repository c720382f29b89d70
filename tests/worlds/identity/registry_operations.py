"""The five operations of ERC-1056: arguments, what is signed, and how to relay them."""

import pytest

from careledger.chain.reverts import RevertedWithText
from tests.worlds.identity.registry import (
    AGENT,
    DAY,
    ENDPOINT,
    SERVICE,
    raw,
    word,
)

BEYOND = 2**256 - 1

WRITES = {
    "changeOwner": lambda w: (w.bob.address,),
    "addDelegate": lambda w: (AGENT, w.carol.address, DAY),
    "revokeDelegate": lambda w: (AGENT, w.carol.address),
    "setAttribute": lambda w: (SERVICE, ENDPOINT, DAY),
    "revokeAttribute": lambda w: (SERVICE, ENDPOINT),
}
PACKED = {
    "changeOwner": lambda w: (raw(w.bob),),
    "addDelegate": lambda w: (AGENT, raw(w.carol), word(DAY)),
    "revokeDelegate": lambda w: (AGENT, raw(w.carol)),
    "setAttribute": lambda w: (SERVICE, ENDPOINT, word(DAY)),
    "revokeAttribute": lambda w: (SERVICE, ENDPOINT),
}
each = pytest.mark.parametrize("operation", WRITES)


def refused(reason, call, *arguments, **rest):
    with pytest.raises(RevertedWithText) as refusal:
        call(*arguments, **rest)
    assert refusal.value.reason == reason


def relay(world, operation, signature, identity=None, arguments=None):
    identity = identity or world.alice
    return world.do(
        f"{operation}Signed", identity.address, *signature, *(arguments or WRITES[operation](world))
    )
