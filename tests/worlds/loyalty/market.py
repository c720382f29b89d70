"""Short ways to fill an offer and to look at it."""

from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
)

NO_PERMIT = (0, 0, 0, bytes(32), bytes(32))


def fill(market, offer, by, amount, maker=None, most=FOREVER, least=0, signature=None):
    signed = market.sign(maker or actor("Ana"), offer) if signature is None else signature
    return market.contract.transact("fill", offer.members, signed, amount, most, least, sender=by)


def state(market, offer):
    names = ("id", "filled", "remaining", "cancelled")
    return dict(zip(names, market.contract.call("stateOf", offer.members), strict=True))


def token_of(evm, registry, brand, kind="TestToken"):
    """Deploy a token that is not ours and belongs to a brand, under a policy of its own."""
    token = evm.deploy(kind, kind, "T", 18)
    token.transact("belongTo", registry.address, brand.address)
    return token
