"""Two brands' points: a signed offer, taken in two parts; a pool; and both brands' reports.

Lena and Omar have no ether at all: they sign, and somebody else sends and pays.
"""

import json
from datetime import timedelta
from typing import Any

from careledger.chain.send import Sender
from careledger.crypto.documents import JsonNode
from careledger.flows.stage import Stage
from careledger.flows.steps import Steps
from careledger.identity.did.client import IdentityRegistry
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.loyalty.messages import Redemption, random_nonce
from careledger.loyalty.offers import Offer
from careledger.loyalty.points import POINT, short_points
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding, SwapOrder
from careledger.loyalty.report import PointReport, read_report
from careledger.loyalty.signed_offers import Permit, SignedOffer, sign_offer
from careledger.loyalty.token import ISSUER_ROLE, Issuance

CAP = 10**9 * POINT
DAILY_LIMIT = 50_000 * POINT
MAX_FEE_BPS = 200
DAY = timedelta(days=1)
SIGNED_FOR = timedelta(minutes=10)


class PointSwapStory:
    """An airline, a café, their points, four customers, and what they do."""

    def __init__(self, stage: Stage, steps: Steps) -> None:
        self.stage = stage
        self.steps = steps
        self.registry = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"])
        self.market = PointMarket(stage.chain, stage.addresses["PointMarket"])
        self.pools = PointPools(stage.chain, stage.addresses["PointPools"])

        self.airline = stage.actor("Alba Air")
        self.cafe = stage.actor("Café Aurora")
        self.lena = stage.actor("Lena", ether=0)
        self.omar = stage.actor("Omar", ether=0)
        self.tomas = stage.actor("Tomás")
        self.nadia = stage.actor("Nadia")

        self.miles = self.open_programme(self.airline, "Alba Miles", "MILES", fee_bps=100)
        self.beans = self.open_programme(self.cafe, "Aurora Beans", "BEANS", fee_bps=50)

    def play(self) -> list[PointReport]:
        """Play everything; returns both brands' reports."""
        self.issue(self.miles, self.airline, {"Lena": 5_000, "Omar": 2_000, "Nadia": 20_000})
        self.issue(self.beans, self.cafe, {"Tomás": 400, "Nadia": 800})

        signed = self.offer()
        self.take(signed, 1_500 * POINT)
        self.take(signed, 2_500 * POINT)

        self.fund_pool(20_000 * POINT, 800 * POINT)
        self.swap(1_000 * POINT)
        self.swap_by_signature(500 * POINT)

        self.redeem(60 * POINT)
        self.spend_fees()
        return [read_report(token, self.market, self.pools) for token in (self.miles, self.beans)]

    # ---- brands

    def open_programme(
        self, brand: Sender, name: str, symbol: str, *, fee_bps: int
    ) -> LoyaltyToken:
        """Open a brand's points: its till may issue, offers and pools may swap them for a fee."""
        who = self.stage.name_of(brand.address)
        till = self._till(brand)

        token = LoyaltyToken.deploy(
            brand,
            self.registry.address,
            brand.address,
            name=name,
            symbol=symbol,
            cap=CAP,
            notice=timedelta(days=90),
        )
        self.registry.using(brand).add_delegate(
            brand.address, ISSUER_ROLE, till.address, timedelta(days=30)
        )
        token.set_issuer_limit(till.address, DAILY_LIMIT, DAY)

        policy = SwapPolicy(fee_to=brand.address, fee_bps=fee_bps, max_fee_bps=MAX_FEE_BPS)
        receipt = self.market.using(brand).set_policy(token.address, policy)
        self.steps.add(
            who,
            f"opens {name}: its till issues at most 50,000 a day, swaps cost {fee_bps / 100:g} %",
            receipt,
        )
        return token

    def issue(self, token: LoyaltyToken, brand: Sender, points: dict[str, int]) -> None:
        """Let a brand's till give points to customers."""
        till = self._till(brand)
        issuances = [
            Issuance(self.stage.actors[name].address, count * POINT, random_nonce())
            for name, count in points.items()
        ]

        receipt = token.using(till).issue_batch(issuances)
        given = ", ".join(f"{name} {count:,}" for name, count in points.items())
        self.steps.add(
            self.stage.name_of(till.address), f"issues {token.symbol()}: {given}", receipt
        )

    def spend_fees(self) -> None:
        """Let the airline give away fees that it has, and collect those that wait in the pools."""
        miles = self.miles.using(self.airline)
        receipt = miles.transfer(self.omar.address, 25 * POINT)
        self.steps.add("Alba Air", "gives Omar 25 MILES of its fees", receipt)

        receipt = self.pools.using(self.airline).collect_fees(self.miles.address)
        self.steps.add("Alba Air", "collects its fees from the pools", receipt)

    # ---- offers

    def offer(self) -> SignedOffer:
        """Let Lena sign an offer, and a permit for what it gives; nothing is sent."""
        offer = Offer(
            maker=self.lena.address,
            give=self.miles.address,
            want=self.beans.address,
            give_amount=4_000 * POINT,
            want_amount=160 * POINT,
            min_fill=500 * POINT,
            expires_at=self.stage.soon(timedelta(days=7)),
            nonce=0,
        )
        signed = sign_offer(
            self.lena.account,
            offer,
            self.stage.chain.chain_id,
            self.market.address,
            token=self.miles.messages,
            permit_nonce=self.miles.nonces(self.lena.address),
        )
        self.steps.add(
            "Lena", "signs an offer: 4,000 MILES for 160 BEANS, at least 500 at a time, for 7 days"
        )

        text = json.dumps(signed.to_json())  # it reaches its taker as a file
        return SignedOffer.from_json(JsonNode.read(text, "offer"))

    def take(self, signed: SignedOffer, amount: int) -> None:
        """Let Tomás take a part of the offer, and permit the price with the same transaction."""
        offer = signed.offer
        market = self.market.using(self.tomas)
        market.check(signed)
        price = market.price(offer, amount)

        message = self.beans.messages.permit(
            self.tomas.address,
            market.address,
            price.paid,
            self.beans.nonces(self.tomas.address),
            offer.expires_at,
        )
        permit = Permit(price.paid, offer.expires_at, message.sign(self.tomas.account))
        receipt = market.fill_with_permits(
            offer,
            signed.signature,
            amount,
            price.paid,
            price.received,
            maker_permit=signed.permit,
            taker_permit=permit,
        )

        left = market.state_of(offer).remaining
        self.steps.add(
            "Tomás",
            f"takes {short_points(amount)} MILES of it: pays {short_points(price.paid)} BEANS, "
            f"gets {short_points(price.received)} MILES; {short_points(left)} left",
            receipt,
        )

    # ---- pools

    def fund_pool(self, miles: int, beans: int) -> None:
        """Let Nadia make the pool."""
        for token, amount in ((self.miles, miles), (self.beans, beans)):
            token.using(self.nadia).approve(self.pools.address, amount)

        funding = Funding(
            self.miles.address,
            self.beans.address,
            miles,
            beans,
            self.nadia.address,
            self.stage.soon(SIGNED_FOR),
        )
        receipt = self.pools.using(self.nadia).add_liquidity(funding)
        self.steps.add(
            "Nadia",
            f"funds a pool with {short_points(miles)} MILES and {short_points(beans)} BEANS",
            receipt,
        )

    def swap(self, amount: int) -> None:
        """Let Tomás ask for a quote, be refused more than that, and swap for it."""
        miles = self.miles.address
        beans = self.beans.address
        pools = self.pools.using(self.tomas)

        quoted = pools.quote(miles, beans, amount).received
        self.steps.add(
            "Tomás",
            f"asks what {short_points(amount)} MILES would give now: {short_points(quoted)} BEANS",
        )

        deadline = self.stage.soon(SIGNED_FOR)
        self.miles.using(self.tomas).approve(pools.address, amount)
        self.steps.refused(
            "Tomás swaps them for a little more than that",
            lambda: pools.swap(miles, beans, amount, quoted + 1, deadline),
        )

        receipt = pools.swap(miles, beans, amount, quoted, deadline)
        received = pools.swapped(receipt).received_amount
        self.steps.add(
            "Tomás",
            f"swaps them with that as the least: gets {short_points(received)} BEANS",
            receipt,
        )

    def swap_by_signature(self, amount: int) -> None:
        """Let Omar sign a swap with its least and its deadline; the café sends it."""
        miles = self.miles.address
        beans = self.beans.address
        pools = self.pools.using(self.cafe)

        least = pools.quote(miles, beans, amount).received * 99 // 100
        omar = self.omar.address
        order = SwapOrder(omar, miles, beans, amount, least, omar, self.stage.soon(SIGNED_FOR))
        message = self.miles.messages.receive(pools.authorization(order))

        receipt = pools.swap_with_authorization(order, message.sign(self.omar.account))
        received = pools.swapped(receipt).received_amount
        self.steps.add(
            "Omar",
            f"signs a swap of {short_points(amount)} MILES: gets {short_points(received)} BEANS",
            receipt,
            paid_by="Café Aurora",
        )

    def redeem(self, amount: int) -> None:
        """Let Lena pay for breakfast with what she got; the café sends it."""
        order = Redemption(self.lena.address, amount, random_nonce(), self.stage.soon(SIGNED_FOR))
        signature = self.beans.messages.redeem(order).sign(self.lena.account)

        receipt = self.beans.using(self.cafe).redeem_with_authorization(order, signature)
        self.steps.add(
            "Lena",
            f"redeems {short_points(amount)} BEANS for breakfast",
            receipt,
            paid_by="Café Aurora",
        )

    def to_json(self, reports: list[PointReport]) -> dict[str, Any]:
        """Return what happened as it is written under `--json`."""
        return {
            "chainId": self.stage.chain.chain_id,
            "actors": {name: sender.address for name, sender in self.stage.actors.items()},
            "steps": self.steps.to_json(),
            "refusals": self.steps.refusals,
            "reports": [report.to_json() for report in reports],
        }

    def _till(self, brand: Sender) -> Sender:
        return self.stage.actor(f"{self.stage.name_of(brand.address)}'s till")
