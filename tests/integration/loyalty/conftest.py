"""Two brands with points that may be swapped, and customers who have some, on the real chain."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from eth_abi import encode

from careledger.chain import artifacts
from careledger.chain.node import DevelopmentChain
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.loyalty.offers import Offer
from careledger.loyalty.points import POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding
from careledger.loyalty.signed_offers import SignedOffer, sign_offer
from careledger.loyalty.token import Issuance
from careledger.values.times import from_seconds

DAY = timedelta(days=1)
CAP = 10**9 * POINT
REF = b"\x11" * 32


@dataclass
class World:
    """The clients, unbound, and who is who."""

    chain: Chain
    suite: dict[str, str]
    development: DevelopmentChain
    airline: Sender
    cafe: Sender
    lena: Sender
    tomas: Sender
    nadia: Sender
    stranger: Sender
    miles: LoyaltyToken
    beans: LoyaltyToken
    market: PointMarket
    pools: PointPools

    def soon(self, span: timedelta = DAY) -> datetime:
        return from_seconds(self.chain.timestamp()) + span

    def warp(self, span: timedelta) -> None:
        self.development.warp(self.chain.timestamp() + int(span.total_seconds()))

    def deploy(self, name: str, *arguments: object) -> str:
        artifact = artifacts.load(name)
        constructor = artifact.entries("constructor")
        kinds = artifacts.types(constructor[0]) if constructor else []
        return self.stranger.transact(
            None, artifact.bytecode + encode(kinds, arguments)
        ).contract_address

    def offer(self, **other) -> Offer:
        members = {
            "maker": self.lena.address,
            "give": self.miles.address,
            "want": self.beans.address,
            "give_amount": 400 * POINT,
            "want_amount": 16 * POINT,
            "expires_at": self.soon(),
            "nonce": 7,
        }
        return Offer(**(members | other))

    def signed(self, **other) -> SignedOffer:
        offer = self.offer(**other)
        return sign_offer(
            self.lena.account, offer, self.chain.chain_id, self.market.address,
            token=self.miles.messages, permit_nonce=self.miles.nonces(self.lena.address),
        )  # fmt: skip

    def fund(self, miles: int = 10_000 * POINT, beans: int = 400 * POINT):
        for token, amount in ((self.miles, miles), (self.beans, beans)):
            token.using(self.nadia).approve(self.pools.address, amount)
        funding = Funding(
            self.miles.address, self.beans.address, miles, beans, self.nadia.address, self.soon()
        )
        return self.pools.using(self.nadia).add_liquidity(funding)


@pytest.fixture
def world(chain, suite, development, senders) -> World:
    airline, cafe, lena, tomas, nadia, stranger = senders[1:7]
    clients = []
    for brand, name, symbol in ((airline, "Alba Miles", "MILES"), (cafe, "Aurora Beans", "BEANS")):
        clients.append(
            LoyaltyToken.deploy(
                brand, suite["IdentityRegistry"], brand.address, name=name, symbol=symbol, cap=CAP,
                notice=timedelta(days=90),
            )
        )  # fmt: skip
    miles, beans = clients
    market = PointMarket(chain, suite["PointMarket"])
    for token, brand, fee in ((miles, airline, 100), (beans, cafe, 50)):
        token.set_issuer_limit(brand.address, 10**6 * POINT, DAY)
        market.using(brand).set_policy(token.address, SwapPolicy(brand.address, fee, 200))
    miles.issue_batch(
        [Issuance(lena.address, 1_000 * POINT, REF), Issuance(nadia.address, 50_000 * POINT, REF)]
    )
    beans.issue_batch(
        [Issuance(tomas.address, 300 * POINT, REF), Issuance(nadia.address, 5_000 * POINT, REF)]
    )
    pools = PointPools(chain, suite["PointPools"])
    return World(
        chain, suite, development, airline, cafe, lena, tomas, nadia, stranger,
        LoyaltyToken(chain, miles.address), LoyaltyToken(chain, beans.address), market, pools,
    )  # fmt: skip
