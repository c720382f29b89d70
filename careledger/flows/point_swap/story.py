"""A story of two brands' points: a signed offer, taken in two parts; a pool; and the brands' reports.

Lena and Omar have no ether at all. What they do they sign, and somebody else sends and pays for.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from careledger.chain.send import Sender
from careledger.chain.transactions import TransactionReceipt
from careledger.console import Out
from careledger.crypto.documents import JsonNode
from careledger.flows.stage import Stage
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.loyalty.errors import TooLittleOut
from careledger.loyalty.messages import Redemption, random_nonce
from careledger.loyalty.offers import Offer
from careledger.loyalty.points import POINT, short_points
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding, SwapOrder
from careledger.loyalty.report import PointReport, report
from careledger.loyalty.signed_offers import Permit, SignedOffer, sign_offer
from careledger.loyalty.token import Issuance
from careledger.values.addresses import ZERO_ADDRESS
from careledger.values.times import from_seconds

MINUTES = timedelta(minutes=10)


@dataclass
class Story:
    """The stage, the two programmes, and what has happened."""

    stage: Stage
    appoint: Callable[[Sender, Sender], None]
    """Lets a brand name its till as issuer."""
    miles: LoyaltyToken = field(init=False)
    beans: LoyaltyToken = field(init=False)
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chain, suite = self.stage.chain, self.stage.addresses
        self.market = PointMarket(chain, suite["PointMarket"])
        self.pools = PointPools(chain, suite["PointPools"])

    def soon(self, span: timedelta = MINUTES) -> datetime:
        """Return a deadline on the chain's clock."""
        return from_seconds(self.stage.chain.timestamp()) + span

    def did(
        self,
        who: str,
        what: str,
        receipt: TransactionReceipt | None = None,
        sent_by: str | None = None,
    ) -> None:
        """Note a step; without a receipt nothing was sent."""
        step: dict[str, Any] = {
            "who": who,
            "what": what,
            "sentBy": None,
            "gasUsed": 0,
            "transaction": None,
        }
        if receipt is not None:
            step |= {
                "sentBy": sent_by or who,
                "gasUsed": receipt.gas_used,
                "transaction": receipt.transaction_hash,
            }
        self.steps.append(step)

    def programme(self, brand: Sender, name: str, symbol: str, fee_bps: int) -> LoyaltyToken:
        """Set up a brand's points: its till may issue, and offers and pools may swap them for a fee."""
        suite, who = self.stage.addresses, self.stage.name_of(brand.address)
        token = LoyaltyToken.deploy(
            brand, suite["IdentityRegistry"], brand.address,
            name=name, symbol=symbol, cap=10**9 * POINT, notice=timedelta(days=90),
        )  # fmt: skip
        till = self.stage.actor(f"{who}'s till")
        self.appoint(brand, till)
        token.set_issuer_limit(till.address, 50_000 * POINT, timedelta(days=1))
        policy = SwapPolicy(fee_to=brand.address, fee_bps=fee_bps, max_fee_bps=200)
        receipt = self.market.using(brand).set_policy(token.address, policy)
        self.did(
            who,
            f"opens {name}: its till issues at most 50,000 a day, swaps cost {fee_bps / 100:g} %",
            receipt,
        )
        return token

    def issue(self, token: LoyaltyToken, to: dict[str, int]) -> None:
        """Let a brand's till give points to customers."""
        brand = self.stage.name_of(token.brand())
        till = self.stage.actor(f"{brand}'s till")
        items = [
            Issuance(self.stage.actors[name].address, points * POINT, random_nonce())
            for name, points in to.items()
        ]
        receipt = token.using(till).issue_batch(items)
        said = ", ".join(f"{name} {points:,}" for name, points in to.items())
        self.did(f"{brand}'s till", f"issues {token.symbol()}: {said}", receipt)


def offer(story: Story) -> SignedOffer:
    """Lena signs an offer, and a permit for what it gives; nothing is sent."""
    lena = story.stage.actors["Lena"]
    made = Offer(
        maker=lena.address, give=story.miles.address, want=story.beans.address, give_amount=4_000 * POINT,
        want_amount=160 * POINT, min_fill=500 * POINT, expires_at=story.soon(timedelta(days=7)), nonce=0,
    )  # fmt: skip
    signed = sign_offer(
        lena.account, made, story.stage.chain.chain_id, story.market.address,
        token=story.miles.messages, permit_nonce=story.miles.nonces(lena.address),
    )  # fmt: skip
    story.did(
        "Lena", "signs an offer: 4,000 MILES for 160 BEANS, at least 500 at a time, for 7 days"
    )
    text = json.dumps(signed.to_json())  # as if it had come by mail
    return SignedOffer.from_json(JsonNode.read(text, "offer"))


def take(story: Story, signed: SignedOffer, amount: int) -> None:
    """Tomás takes a part of the offer, and permits the price with the same transaction."""
    taker = story.stage.actors["Tomás"]
    market, made = story.market.using(taker), signed.offer
    market.check(signed)
    price = market.price(made, amount)
    message = story.beans.messages.permit(
        taker.address, market.address, price.paid, story.beans.nonces(taker.address), made.expires_at
    )  # fmt: skip
    receipt = market.fill_with_permits(
        made, signed.signature, amount, price.paid, price.received,
        maker_permit=signed.permit, taker_permit=Permit(price.paid, made.expires_at, message.sign(taker.account)),
    )  # fmt: skip
    left = market.state_of(made).remaining
    story.did(
        "Tomás",
        f"takes {short_points(amount)} MILES of it: pays {short_points(price.paid)} BEANS, "
        f"gets {short_points(price.received)} MILES; "
        f"{short_points(left)} left",
        receipt,
    )


def fund(story: Story, miles: int, beans: int) -> None:
    """Nadia makes the pool."""
    nadia = story.stage.actors["Nadia"]
    for token, amount in ((story.miles, miles), (story.beans, beans)):
        token.using(nadia).approve(story.pools.address, amount)
    funding = Funding(
        story.miles.address, story.beans.address, miles, beans, nadia.address, story.soon()
    )
    receipt = story.pools.using(nadia).add_liquidity(funding)
    story.did(
        "Nadia",
        f"funds a pool with {short_points(miles)} MILES and {short_points(beans)} BEANS",
        receipt,
    )


def swap(story: Story, amount: int) -> None:
    """Tomás asks for a quote, is refused more than that, and swaps for it."""
    tomas = story.stage.actors["Tomás"]
    miles, beans, pools = story.miles.address, story.beans.address, story.pools.using(tomas)
    quoted = pools.quote(miles, beans, amount).received
    story.did(
        "Tomás",
        f"asks what {short_points(amount)} MILES would give now: {short_points(quoted)} BEANS",
    )
    story.miles.using(tomas).approve(pools.address, amount)
    try:
        pools.swap(miles, beans, amount, quoted + 1, story.soon())
    except TooLittleOut:
        story.did("Tomás", "wants a little more than that: refused, nothing moves")
    receipt = pools.swap(miles, beans, amount, quoted, story.soon())
    story.did(
        "Tomás",
        f"swaps them with that as the least: gets {short_points(pools.swapped(receipt).received_amount)} BEANS",
        receipt,
    )


def swap_signed(story: Story, amount: int) -> None:
    """Omar signs a swap with its least and its deadline; the café sends it."""
    omar, cafe = story.stage.actors["Omar"], story.stage.actors["Café Aurora"]
    miles, beans, pools = story.miles.address, story.beans.address, story.pools.using(cafe)
    least = pools.quote(miles, beans, amount).received * 99 // 100
    order = SwapOrder(omar.address, miles, beans, amount, least, omar.address, story.soon())
    signature = story.miles.messages.receive(pools.authorization(order)).sign(omar.account)
    receipt = pools.swap_with_authorization(order, signature)
    got = pools.swapped(receipt).received_amount
    story.did(
        "Omar",
        f"signs a swap of {short_points(amount)} MILES: gets {short_points(got)} BEANS",
        receipt,
        "Café Aurora",
    )


def redeem(story: Story, amount: int) -> None:
    """Lena pays for a coffee with what she got; the café sends it."""
    lena, cafe = story.stage.actors["Lena"], story.stage.actors["Café Aurora"]
    order = Redemption(lena.address, amount, random_nonce(), story.soon())
    signature = story.beans.messages.redeem(order).sign(lena.account)
    receipt = story.beans.using(cafe).redeem_with_authorization(order, signature)
    story.did("Lena", f"redeems {short_points(amount)} BEANS for breakfast", receipt, "Café Aurora")


def play(story: Story) -> list[PointReport]:
    """Play it all, and return both brands' reports."""
    stage = story.stage
    airline, cafe = stage.actor("Alba Air"), stage.actor("Café Aurora")
    for name, ether in (("Lena", 0), ("Omar", 0), ("Tomás", 1), ("Nadia", 1)):
        stage.actor(name, ether)
    story.miles = story.programme(airline, "Alba Miles", "MILES", 100)
    story.beans = story.programme(cafe, "Aurora Beans", "BEANS", 50)
    story.issue(story.miles, {"Lena": 5_000, "Omar": 2_000, "Nadia": 20_000})
    story.issue(story.beans, {"Tomás": 400, "Nadia": 800})
    signed = offer(story)
    take(story, signed, 1_500 * POINT)
    take(story, signed, 2_500 * POINT)
    fund(story, 20_000 * POINT, 800 * POINT)
    swap(story, 1_000 * POINT)
    swap_signed(story, 500 * POINT)
    redeem(story, 60 * POINT)
    receipt = story.miles.using(airline).transfer(stage.actors["Omar"].address, 25 * POINT)
    story.did("Alba Air", "gives Omar 25 MILES of its fees", receipt)
    receipt = story.pools.using(airline).collect_fees(story.miles.address)
    story.did("Alba Air", "collects its fees from the pools", receipt)
    return [report(token, story.market, story.pools) for token in (story.miles, story.beans)]


def tell(out: Out, story: Story, reports: list[PointReport]) -> None:
    """Show what happened, who has what, and the brands' reports."""
    rows = [
        [number, f"{step['who']} {step['what']}", step["sentBy"] or "nothing sent",
         f"{step['gasUsed']:,}" if step["gasUsed"] else "", (step["transaction"] or b"").hex()[:8]]
        for number, step in enumerate(story.steps, 1)
    ]  # fmt: skip
    out.table("What happened", ["#", "", "paid by", "gas #", "transaction"], rows)
    held = []
    for name in ("Lena", "Omar", "Tomás", "Nadia", "Alba Air", "Café Aurora"):
        sender = story.stage.actors[name]
        points = [short_points(found.balances.get(sender.address, 0), 2) for found in reports]
        held.append([name, *points, f"{story.stage.chain.balance(sender.address) / 10**18:.4f}"])
    held.append(["the pool", *(short_points(found.in_pools, 2) for found in reports), ""])
    out.table("Who has what now", ["", "MILES #", "BEANS #", "ether #"], held)
    for found in reports:
        _tell_report(out, story, found)


def _tell_report(out: Out, story: Story, found: PointReport) -> None:
    symbols = {
        client.address: symbol
        for client, symbol in ((story.miles, "MILES"), (story.beans, "BEANS"))
    }
    names = {address: name for name, address in story.stage.addresses.items()}
    names |= {sender.address: name for name, sender in story.stage.actors.items()}
    names |= {story.pools.address: "the pool", ZERO_ADDRESS: ""}
    rows = [
        [use.kind.value, short_points(use.amount, 2), names[use.holder], names[use.to],
         f"{short_points(use.other_amount, 2)} {symbols[use.other_token]}" if use.other_token else "",
         short_points(use.fee, 2) if use.fee else ""]
        for use in found.uses
    ]  # fmt: skip
    out.table(
        f"The report of {names[found.programme.brand]}: every use of {found.symbol}",
        ["use", "points #", "of", "to", "for #", "fee #"],
        rows,
        caption=(
            f"issued {short_points(found.issued)} less redeemed {short_points(found.redeemed)} = outstanding "
            f"{short_points(found.programme.outstanding)}, as the contract says; "
            f"the brand earned {short_points(found.fees)} by swaps"
        ),
    )


def document(story: Story, reports: list[PointReport]) -> dict[str, Any]:
    """Return what happened as plain JSON."""
    return {
        "chainId": story.stage.chain.chain_id,
        "actors": {name: sender.address for name, sender in story.stage.actors.items()},
        "steps": story.steps,
        "reports": [found.to_json() for found in reports],
    }
