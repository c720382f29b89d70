"""Two brands with points that may be swapped, and customers who have some, on the real chain."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from eth_abi import encode

from careledger.chain import artifacts
from careledger.chain.node import DevelopmentChain
from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.cli.loyalty import app
from careledger.cli.program import run as run_program
from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
from careledger.loyalty.offers import Offer
from careledger.loyalty.points import POINT
from careledger.loyalty.policy import SwapPolicy
from careledger.loyalty.pools import Funding
from careledger.loyalty.signed_offers import SignedOffer, sign_offer
from careledger.loyalty.token import Issuance
from careledger.values.times import from_seconds
from tests.support.commands import check_documents, without_notes

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


# ---- commands


@pytest.fixture
def play(world, deployments, monkeypatch, capsys):
    """Return a function that runs a command as somebody; it returns status, output and errors."""
    monkeypatch.setenv("CARELEDGER_RPC", world.chain.url)
    monkeypatch.setenv("CARELEDGER_DEPLOYMENTS", str(deployments))
    monkeypatch.delenv("CARELEDGER_KEYSTORE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, by=None):
        monkeypatch.delenv("CARELEDGER_PRIVATE_KEY", raising=False)
        if by is not None:
            monkeypatch.setenv("CARELEDGER_PRIVATE_KEY", "0x" + bytes(by.account.key).hex())
        status = 0
        try:
            run_program(app, [str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        check_documents(arguments, printed)
        return status, printed.out, printed.err

    return run


@pytest.fixture
def document(play):
    """Return a function that runs a command with --json and returns what it printed."""

    def run(*arguments, by=None):
        status, out, err = play(*arguments, "--json", by=by)
        assert status == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def refused(play, world):
    """Return a function that checks a refusal: its status, one sentence, and nothing is sent."""

    def run(status, *arguments, by=None, say=()):
        block = world.chain.block_number()
        found, out, err = play(*arguments, by=by)
        assert found == status, err
        assert out == ""
        assert without_notes(err).startswith("error: ")
        assert without_notes(err).count("\n") == 1
        for word in say:
            assert word in err
        assert world.chain.block_number() == block
        return err

    return run


@pytest.fixture
def offered(document, world, tmp_path):
    """Let Lena sign an offer; return its file."""
    file = tmp_path / "offer.json"
    document(
        "offer",
        "sign",
        world.miles.address,
        "400",
        world.beans.address,
        "16",
        "--out",
        file,
        "--min-fill",
        "10",
        "--nonce",
        "9",
        by=world.lena,
    )
    return file
