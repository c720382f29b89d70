"""The report has every use of points once, and does not believe a node that leaves some out."""

from dataclasses import replace

import pytest

import careledger.loyalty.report as module
from careledger.chain.reverts import RevertedSilently
from careledger.errors import ProofError
from careledger.loyalty.events import LiquidityAdded, Synced
from careledger.loyalty.points import MAX_UINT, POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Removal
from careledger.loyalty.report import read_report
from careledger.loyalty.signed_offers import sign_offer
from careledger.loyalty.token import Issuance
from careledger.loyalty.uses import TransactionUses, UseKind

REF = b"\x33" * 32
ZERO = "0x" + "00" * 20


def of(world, token=None):
    return read_report(token or world.miles, world.market, world.pools)


def since(world, found, before):
    """Return the uses after a block, without where they are in the chain."""
    return [use for use in found.uses if use.block_number > before]


@pytest.fixture
def begun(world):
    return world.chain.block_number()


class TestUses:
    def test_issuing_names_holder_issuer_and_reference(self, world, begun):
        airline = world.miles.using(world.airline)
        airline.issue(world.tomas.address, POINT, REF)
        airline.issue_batch(
            [
                Issuance(world.tomas.address, 2 * POINT, b"\1" * 32),
                Issuance(world.lena.address, 3, b"\2" * 32),
            ]
        )
        airline.issue_batch([])
        uses = since(world, of(world), begun)
        assert [(use.kind, use.holder, use.to, use.amount, use.ref) for use in uses] == [
            (UseKind.ISSUED, ZERO, world.tomas.address, POINT, REF),
            (UseKind.ISSUED, ZERO, world.tomas.address, 2 * POINT, b"\1" * 32),
            (UseKind.ISSUED, ZERO, world.lena.address, 3, b"\2" * 32),
        ]
        assert {use.by for use in uses} == {world.airline.address}

    def test_transfers_and_redemptions(self, world, begun):
        lena = world.miles.using(world.lena)
        lena.transfer(world.tomas.address, 5)
        lena.redeem(7, REF)
        found = of(world)
        uses = since(world, found, begun)
        assert [(use.kind, use.holder, use.to, use.amount, use.ref) for use in uses] == [
            (UseKind.TRANSFERRED, world.lena.address, world.tomas.address, 5, b""),
            (UseKind.REDEEMED, world.lena.address, ZERO, 7, REF),
        ]
        assert (found.issued, found.redeemed) == (51_000 * POINT, 7)
        assert found.balances[world.lena.address] == 1_000 * POINT - 12

    def test_a_fill_is_one_use_for_each_brand(self, world, begun):
        signed = world.signed()
        world.miles.using(world.lena).approve(world.market.address, MAX_UINT)
        world.beans.using(world.tomas).approve(world.market.address, MAX_UINT)
        market = world.market.using(world.tomas)
        market.fill(signed.offer, signed.signature, 100 * POINT, MAX_UINT, 0)
        (given,) = since(world, of(world), begun)
        assert (given.kind, given.holder, given.to) == (
            UseKind.OFFER_GIVEN,
            world.lena.address,
            world.tomas.address,
        )
        assert (given.amount, given.fee, given.ref) == (100 * POINT, POINT, signed.id)
        assert (given.other_token, given.other_amount) == (
            world.beans.address,
            4 * POINT + POINT // 50,
        )
        (paid,) = since(world, of(world, world.beans), begun)
        assert (paid.kind, paid.holder, paid.to) == (
            UseKind.OFFER_PAID,
            world.tomas.address,
            world.lena.address,
        )
        assert (paid.amount, paid.fee) == (4 * POINT + POINT // 50, POINT // 50)
        assert (paid.other_token, paid.other_amount) == (world.miles.address, 99 * POINT)

    def test_a_fill_without_fees(self, world, begun):
        world.market.using(world.airline).set_policy(world.miles.address, SwapPolicy())
        signed = world.signed()
        world.miles.using(world.lena).approve(world.market.address, MAX_UINT)
        world.beans.using(world.tomas).approve(world.market.address, MAX_UINT)
        world.market.using(world.tomas).fill(
            signed.offer, signed.signature, 400 * POINT, MAX_UINT, 0
        )
        (given,) = since(world, of(world), begun)
        assert (given.amount, given.fee) == (400 * POINT, 0)

    def test_the_brand_itself_as_maker_whose_fee_comes_back_to_it(self, world, begun):
        world.miles.using(world.lena).transfer(world.airline.address, 10 * POINT)
        world.miles.using(world.airline).approve(world.market.address, MAX_UINT)
        world.beans.using(world.tomas).approve(world.market.address, MAX_UINT)
        offer = world.offer(maker=world.airline.address, give_amount=10 * POINT)
        signed = sign_offer(
            world.airline.account, offer, world.chain.chain_id, world.market.address
        )
        world.market.using(world.tomas).fill(offer, signed.signature, 10 * POINT, MAX_UINT, 0)
        _, given = since(world, of(world), begun)
        assert (given.kind, given.amount, given.fee) == (
            UseKind.OFFER_GIVEN,
            10 * POINT,
            POINT // 10,
        )

    def test_pools_funded_swapped_both_ways_collected_and_left(self, world, begun):
        world.fund()
        pair = (world.miles.address, world.beans.address)
        for swapper, token, way in (
            (world.lena, world.miles, pair),
            (world.tomas, world.beans, pair[::-1]),
        ):
            token.using(swapper).approve(world.pools.address, 10 * POINT)
            world.pools.using(swapper).swap(*way, 10 * POINT, 1, world.soon())
        received = world.miles.balance_of(world.tomas.address)
        waiting = of(world).fees_waiting
        assert waiting == world.pools.fees_of(world.miles.address) > 0
        world.pools.using(world.stranger).collect_fees(world.miles.address)
        world.pools.using(world.nadia).remove_liquidity(
            Removal(*pair, POINT, world.stranger.address, world.soon())
        )  # fmt: skip
        found = of(world)
        uses = since(world, found, begun)
        assert [(use.kind, use.holder, use.to) for use in uses] == [
            (UseKind.POOL_FUNDED, world.nadia.address, world.pools.address),
            (UseKind.POOL_PAID, world.lena.address, world.pools.address),
            (UseKind.POOL_GIVEN, world.pools.address, world.tomas.address),
            (UseKind.FEES_COLLECTED, world.pools.address, world.airline.address),
            (UseKind.POOL_LEFT, world.pools.address, world.stranger.address),
        ]
        assert found.fees == sum(use.fee for use in uses) == waiting
        assert (found.fees_waiting, found.in_pools) == (
            0,
            world.miles.balance_of(world.pools.address),
        )
        assert uses[1].other_token == uses[2].other_token == world.beans.address
        assert uses[2].amount == received + uses[2].fee

    def test_points_that_are_merely_sent_to_the_pools(self, world, begun):
        world.miles.using(world.lena).transfer(world.pools.address, 5)
        (use,) = since(world, of(world), begun)
        assert use.kind is UseKind.TRANSFERRED
        assert of(world).in_pools == 5

    def test_what_could_not_be_paid_out_is_told_when_it_is_claimed(self, world):
        world.fund()
        begun = world.chain.block_number()
        pools, pair = world.pools.using(world.nadia), (world.miles.address, world.beans.address)
        pools.remove_liquidity(
            Removal(*pair, POINT, world.miles.address, world.soon())
        )  # miles refuse their own token
        assert since(world, of(world), begun) == []
        pools.claim(world.miles.address, world.tomas.address)
        (use,) = since(world, of(world), begun)
        assert (use.kind, use.to, use.amount) == (UseKind.POOL_LEFT, world.tomas.address, 5 * POINT)

    def test_funding_another_pair_is_no_use(self, world):
        receipt = world.fund()
        (added,) = (
            event for event in world.pools.events(receipt) if isinstance(event, LiquidityAdded)
        )
        reading = TransactionUses(world.stranger.address, world.pools.address)
        assert reading.read([added]) == []
        with pytest.raises(TypeError):
            reading.read(
                [event for event in world.pools.events(receipt) if isinstance(event, Synced)]
            )

    def test_movements_that_other_contracts_put_in_between_are_told_apart(self, world):
        burned, redeemed = world.miles.events(world.miles.using(world.lena).redeem(7, REF))
        between = replace(burned, from_=world.tomas.address, to=world.nadia.address, amount=7)
        reading = TransactionUses(world.miles.address, world.pools.address)
        kinds = {use.kind: use.holder for use in reading.read([burned, between, redeemed])}
        assert kinds == {
            UseKind.REDEEMED: world.lena.address,
            UseKind.TRANSFERRED: world.tomas.address,
        }

    def test_the_document_says_all_of_it(self, world):
        world.miles.using(world.airline).announce_wind_down()
        document = of(world).to_json()
        assert len(document["uses"]) == 2
        assert document["uses"][0]["issuer"] == world.airline.address
        assert document["closesAt"].endswith("Z")
        assert sum(int(total["amount"]) for total in document["totals"]) == 51_000 * POINT


class TestLyingNode:
    """A node that leaves out logs, or shows another state, is found out."""

    def without(self, world, monkeypatch, contract, name):
        """Make the node forget every log of an event."""
        topic = next(
            topic for topic, entry in contract.artifact.events.items() if entry["name"] == name
        )
        honest = world.chain.logs
        monkeypatch.setattr(
            world.chain,
            "logs",
            lambda *asked, **how: [log for log in honest(*asked, **how) if log.topics[0] != topic],
        )

    @pytest.mark.parametrize(
        ("name", "word"),
        [
            ("IssuedBatch", "issued less redeemed"),
            ("Redeemed", "issued less redeemed"),
            ("Transfer", "contradict"),
        ],
    )
    def test_a_missing_event_of_the_token(self, world, monkeypatch, name, word):
        world.miles.using(world.lena).redeem(7, REF)
        self.without(world, monkeypatch, world.miles, name)
        with pytest.raises(ProofError, match=word):
            of(world)

    @pytest.mark.parametrize("name", ["Swapped", "FeeCharged", "FeesCollected"])
    def test_a_missing_event_of_the_pools(self, world, monkeypatch, name):
        world.fund()
        world.miles.using(world.lena).approve(world.pools.address, 10 * POINT)
        world.pools.using(world.lena).swap(
            world.miles.address, world.beans.address, 10 * POINT, 1, world.soon()
        )
        if name == "FeesCollected":
            world.pools.using(world.lena).collect_fees(world.miles.address)
        self.without(world, monkeypatch, world.pools, name)
        with pytest.raises(ProofError, match="fees should wait"):
            of(world)

    def test_a_batch_whose_transfers_are_missing(self, world, monkeypatch):
        self.without(world, monkeypatch, world.miles, "Transfer")
        with pytest.raises(ProofError, match="do not add up"):
            of(world)

    def test_a_transfer_that_others_depend_on(self, world, monkeypatch):
        world.miles.using(world.lena).transfer(world.tomas.address, 5)
        world.miles.using(world.tomas).transfer(world.stranger.address, 5)
        honest = world.chain.logs
        amount = (5).to_bytes(32, "big")

        def lossy(*asked, **how):
            logs = honest(*asked, **how)
            gone = next((log for log in logs if log.data == amount), None)
            return [log for log in logs if log is not gone]

        monkeypatch.setattr(world.chain, "logs", lossy)
        with pytest.raises(ProofError, match="spent more than it ever got"):
            of(world)

    def test_balances_that_are_not_what_is_owed(self, world, monkeypatch):
        honest = module._balances
        monkeypatch.setattr(
            module, "_balances", lambda transfers: honest(transfers) | {world.stranger.address: 1}
        )
        with pytest.raises(ProofError, match="all balances"):
            of(world)

    def test_a_block_before_the_token_was_there(self, world):
        with pytest.raises(RevertedSilently):
            read_report(world.miles, world.market, world.pools, block=0)
