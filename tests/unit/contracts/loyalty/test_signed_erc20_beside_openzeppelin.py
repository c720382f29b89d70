"""LoyaltyToken as an ERC-20, compared with OpenZeppelin's."""

import random

import pytest

from careledger.chain.reverts import Reverted
from tests.support.evm import actor
from tests.worlds.loyalty.contracts import (
    FOREVER,
    NOBODY,
    Points,
    refuses,
)


class SideBySide:
    """Our points and OpenZeppelin's plain ERC-20, called alike."""

    def __init__(self, evm, registry):
        self.ours = Points(evm, registry, "Aurora", cap=2**128 - 1).open(2**96 - 1, 1)
        self.theirs = evm.deploy("ReferenceERC20", "Aurora Points", "AURORA")
        self.outcomes = {True: 0, False: 0}

    def _outcome(self, contract, who, function, arguments):
        try:
            done = contract.transact(function, *arguments, sender=who)
        except Reverted:
            return None
        return done.value, [(event.name, tuple(event.arguments.values())) for event in done.events]

    def both(self, who, function, *arguments):
        ours = self._outcome(self.ours.token, who, function, arguments)
        assert ours == self._outcome(self.theirs, who, function, arguments), (function, arguments)
        self.outcomes[ours is not None] += 1

    def mint(self, to, amount):
        if amount and to != NOBODY:
            self.ours.give(to, amount)
            self.theirs.transact("mint", to, amount)

    def burn(self, who, amount):
        if amount := min(amount, self.ours.balance(who)):
            self.ours.token.transact("redeem", amount, bytes(32), sender=who)
            self.theirs.transact("burn", who.address, amount)

    def compare(self, owner, spender):
        views = (
            ("totalSupply",),
            ("decimals",),
            ("name",),
            ("symbol",),
            ("balanceOf", owner),
            ("allowance", owner, spender),
        )
        for view, *arguments in views:
            assert self.ours.token.call(view, *arguments) == self.theirs.call(view, *arguments)


class TestBesideOpenZeppelin:
    """The same random calls on our points and on OpenZeppelin's plain ERC-20 have the same outcome.

    Known differences: ours refuses the token itself as a receiver and lets the zero address be a
    spender; a refusal's words are each library's own.
    """

    @pytest.mark.parametrize("seed", range(4))
    def test_every_call_comes_to_the_same(self, evm, registry, seed):
        rng, pair = random.Random(seed), SideBySide(evm, registry)
        people = [actor(f"person {n}") for n in range(4)]
        addresses = [who.address for who in people]
        for _ in range(600):
            who, to, owner = (
                rng.choice(people),
                rng.choice([*addresses, NOBODY]),
                rng.choice(addresses),
            )
            amount = rng.choice([0, 1, rng.randrange(50), rng.randrange(10**6), FOREVER])
            match rng.randrange(5):
                case 0:
                    pair.mint(to, min(amount, 1000))
                case 1:
                    pair.both(who, "transfer", to, amount)
                case 2:
                    pair.both(who, "approve", owner, amount)
                case 3:
                    pair.both(who, "transferFrom", owner, to, amount)
                case 4:
                    pair.burn(who, amount)
            pair.compare(owner, who.address)
        assert min(pair.outcomes.values()) > 80, pair.outcomes

    def test_the_known_differences(self, points, evm, ana):
        theirs = evm.deploy("ReferenceERC20", "n", "s")
        theirs.transact("mint", ana.address, 1)
        theirs.transact("transfer", theirs.address, 1, sender=ana)
        points.token.transact("approve", NOBODY, 1, sender=ana)
        with refuses("ERC20InvalidSpender(address)", NOBODY):
            theirs.transact("approve", NOBODY, 1, sender=ana)
