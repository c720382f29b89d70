"""The other back end: Anvil, through the typed clients, in the shape of the in-process EVM.

What the machines say in the words of the contracts is said to the clients in theirs, so that a
client that mixed up two arguments would be found out by the model. Time stands still between
`sleep`s, as in the in-process EVM.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from eth_abi import encode

from careledger.chain import artifacts
from careledger.chain.abi import snake
from careledger.chain.contract import ContractClient
from careledger.chain.node import DevelopmentChain
from careledger.chain.reverts import Reverted, RevertedSilently, RevertedUnknown
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.loyalty.messages import Authorization, Redemption
from careledger.loyalty.offers import Offer
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding, Removal, SwapOrder
from careledger.loyalty.token import Issuance
from careledger.values.times import from_seconds
from tests.support.evm import actor

CLIENTS: dict[str, type[ContractClient]] = {
    kind.name: kind for kind in (LoyaltyToken, PointMarket, PointPools)
}


def _offer(words: tuple[Any, ...]) -> Offer:
    maker, taker, give, want, give_amount, want_amount, min_fill, expiry, nonce, ref = words
    return Offer(
        maker=maker,
        taker=taker,
        give=give,
        want=want,
        give_amount=give_amount,
        want_amount=want_amount,
        min_fill=min_fill,
        expires_at=from_seconds(expiry),
        nonce=nonce,
        ref=ref,
    )


def _funding(words: tuple[Any, ...]) -> Funding:
    one, two, a, b, min_a, min_b, to, deadline = words
    return Funding(one, two, a, b, to, from_seconds(deadline), min_a, min_b)


def _removal(words: tuple[Any, ...]) -> Removal:
    one, two, shares, min_a, min_b, to, deadline = words
    return Removal(one, two, shares, to, from_seconds(deadline), min_a, min_b)


def _order(words: tuple[Any, ...]) -> SwapOrder:
    *first, deadline, salt = words
    return SwapOrder(*first, from_seconds(deadline), salt)


def _authorization(
    holder: str, to: str, value: int, after: int, before: int, nonce: bytes
) -> Authorization:
    return Authorization(
        holder, to, value, from_seconds(before), from_seconds(after) if after else None, nonce
    )


def _redemption(
    holder: str, amount: int, ref: bytes, after: int, before: int, nonce: bytes
) -> Redemption:
    return Redemption(
        holder, amount, ref, from_seconds(before), from_seconds(after) if after else None, nonce
    )


ADAPTED: dict[str, Callable[..., Any]] = {
    "issueBatch": lambda client, items: client.issue_batch([Issuance(*item) for item in items]),
    "setIssuerLimit": lambda c, who, capacity, period: c.set_issuer_limit(
        who, capacity, timedelta(seconds=period)
    ),
    "redeemWithAuthorization": lambda c, *a: c.redeem_with_authorization(
        _redemption(*a[:-1]), a[-1]
    ),
    "transferWithAuthorization": lambda c, *a: c.transfer_with_authorization(
        _authorization(*a[:-1]), a[-1]
    ),
    "permit": lambda c, owner, to, value, until, signed: c.permit(
        owner, to, value, from_seconds(until), signed
    ),
    "fill": lambda c, offer, *rest: c.fill(_offer(offer), *rest),
    "cancelWordBySig": lambda c, maker, word, mask, until, signed: c.cancel_word_by_sig(
        maker, word, mask, deadline=from_seconds(until), signature=signed
    ),
    "setPolicy": lambda c, token, terms: c.set_policy(token, SwapPolicy(*terms)),
    "swap": lambda c, one, two, amount, least, until: c.swap(
        one, two, amount, least, from_seconds(until)
    ),
    "swapWithAuthorization": lambda c, order, signed: c.swap_with_authorization(
        _order(order), signed
    ),
    "addLiquidity": lambda c, words: c.add_liquidity(_funding(words)),
    "removeLiquidity": lambda c, words: c.remove_liquidity(_removal(words)),
}


class AnvilContract:
    """A contract on Anvil, in the shape of `tests.support.evm.Deployed`."""

    def __init__(self, evm: "AnvilEvm", address: str, name: str) -> None:
        self.evm, self.address = evm, address
        kind = CLIENTS.get(name) or type(name, (ContractClient,), {"name": name})
        self.client = kind(evm.chain, address)

    def call(self, function: str, *arguments: Any, sender: Any = None) -> Any:
        return self.client._read(function, *arguments, sender=getattr(sender, "address", sender))

    def transact(self, function: str, *arguments: Any, sender: Any) -> None:
        client = self.client.using(self.evm.sender(sender))
        name = function.partition("(")[0]
        self.evm.stand_still()
        try:
            if name in ADAPTED:
                ADAPTED[name](client, *arguments)
            elif hasattr(client, snake(name)):
                getattr(client, snake(name))(*arguments)
            else:
                client._write(function, *arguments)
        except Reverted as refused:
            if type(refused) in {RevertedUnknown, RevertedSilently}:
                raise AssertionError(
                    f"{name} refuses with what the clients have no class for: {refused!r}"
                ) from None
            raise


class AnvilEvm:
    """Anvil in the shape of `tests.support.evm.Evm`, as far as the machines need it."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self.chain_id = chain, chain.chain_id
        self.development = DevelopmentChain(chain)
        self.now = chain.timestamp() + 10
        self.development.warp(self.now)
        self.deployer = actor("deployer")
        self._senders: dict[str, Sender] = {}

    def sender(self, account: Any) -> Sender:
        if account.address not in self._senders:
            self.chain.request("anvil_setBalance", account.address, hex(10**24))
            self._senders[account.address] = Sender(self.chain, account, stuck_after=60)
        return self._senders[account.address]

    def stand_still(self) -> None:
        self.chain.request("evm_setNextBlockTimestamp", hex(self.now))

    def sleep(self, seconds: int) -> None:
        self.now += seconds
        self.development.warp(self.now)

    def deploy(self, name: str, *arguments: Any, artifact: Any = None) -> AnvilContract:
        assert artifact is None, "mutants live in the in-process EVM"
        compiled = artifacts.load(name)
        constructor = compiled.entries("constructor")
        kinds = artifacts.types(constructor[0]) if constructor else []
        self.stand_still()
        receipt = self.sender(self.deployer).transact(
            None, compiled.bytecode + encode(kinds, arguments)
        )
        assert receipt.contract_address is not None
        return AnvilContract(self, receipt.contract_address, name)

    def snapshot(self) -> Any:
        return self.development.snapshot(), self.now

    def revert(self, snapshot: Any) -> None:
        name, self.now = snapshot
        self.development.revert(name)
        self._senders = {}  # nonces go back too
