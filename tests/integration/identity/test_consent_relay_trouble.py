"""The relay through crashes and nodes that misbehave: nothing is lost, and nothing done twice."""

import multiprocessing
import os
import random
import time
from collections import Counter

import pytest

from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import Conflict, NodeError, NoFunds, Unreachable
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.kinds import ActKind
from careledger.identity.consent.messages import ExternalSigner
from careledger.identity.consent.relay import ActState
from careledger.identity.consent.terms import ConsentStatus
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator
from careledger.outbox.worker import WorkerTurn
from tests.support.evm import actor
from tests.support.proxy import Fault, Proxy, on
from tests.worlds.identity.relays import states


class Killed(BaseException):
    """The process is gone; nothing in it hears of this."""


def killed_before(monkeypatch, owner, name):
    def die(*_, **__):
        raise Killed(name)

    monkeypatch.setattr(owner, name, die)


def killed_after(monkeypatch, owner, name):
    original = getattr(owner, name)

    def then_die(*arguments, **named):
        original(*arguments, **named)
        raise Killed(name)

    monkeypatch.setattr(owner, name, then_die)


CRASHES = {
    "nothing is signed yet": (killed_before, Sender, "prepare"),
    "signed and not on disk": (killed_after, Sender, "prepare"),
    "on disk and not handed over": (killed_before, Sender, "hand_over"),
    "handed over and not waited for": (killed_after, Sender, "hand_over"),
    "mined and not noted": (killed_after, Sender, "wait"),
    "noted and not settled": (killed_before, WorkerTurn, "_settle"),
    "settled": (killed_after, WorkerTurn, "_settle"),
}


class TestCrash:
    @pytest.mark.parametrize("point", CRASHES)
    def test_at_any_point_nothing_is_lost_or_done_twice(self, bench, monkeypatch, point):
        how, owner, name = CRASHES[point]
        relay, before = bench.relay(batch=2), bench.sent
        for n in range(4):
            relay.grant(bench.grant(n))
        for _ in range(2):
            with monkeypatch.context() as patch:
                how(patch, owner, name)
                with pytest.raises(Killed):
                    bench.relay(batch=2).run()
        assert states(bench.relay(batch=2).run()) == [ActState.DONE] * 4
        assert bench.granted() == {bench.consent(n).id: 1 for n in range(4)}
        assert bench.sent - before == 2
        assert bench.statuses(4) == [ConsentStatus.GRANTED] * 4

    def test_on_automatic_mining_off_the_same_transaction_is_handed_over_again(
        self, bench, monkeypatch
    ):
        relay = bench.relay()
        relay.grant(bench.grant(0))
        before = bench.sent
        bench.chain.request("evm_setAutomine", False)
        try:
            with monkeypatch.context() as patch:
                killed_after(patch, Sender, "hand_over")
                for _ in range(3):
                    with pytest.raises(Killed):
                        bench.relay().run()
            bench.chain.request("evm_mine")
            assert states(bench.relay().run()) == [ActState.DONE]
        finally:
            bench.chain.request("evm_setAutomine", True)
        assert bench.sent - before == 1

    def test_by_signal_at_any_time(self, bench, node):
        """A real process is killed again and again, at random moments."""
        count, seed = 60, 7
        relay = bench.relay()
        for n in range(count):
            relay.grant(bench.grant(n))
        choose, kills, progress = random.Random(seed), 0, []
        pace = a_batch_takes(bench, node.url)
        for _ in range(60):
            child = multiprocessing.get_context("fork").Process(target=work, args=(bench, node.url))
            child.start()
            child.join(choose.uniform(0.2, 2) * pace if kills < 25 else 60)
            if child.is_alive():
                child.kill()
                child.join()
                kills += 1
            elif child.exitcode == 0:
                break
            progress.append(Counter(states(bench.relay().outcomes()))[ActState.DONE])
        assert child.exitcode == 0
        assert kills >= 5, f"seed {seed}"
        assert len(set(progress)) > 1, f"seed {seed}: {progress}"
        assert set(states(bench.relay().outcomes())) == {ActState.DONE}
        assert bench.granted() == {bench.consent(n).id: 1 for n in range(count)}


def a_batch_takes(bench, url):
    """Return how many seconds a process needs for its start and one batch, on this machine, now."""
    once = multiprocessing.get_context("fork").Process(target=work, args=(bench, url, 1))
    begin = time.monotonic()
    once.start()
    once.join(60)
    assert once.exitcode == 0
    return time.monotonic() - begin


def work(bench, url, batches=None):
    worker = bench.relay(chain=connect(url), batch=2, patience=30).worker
    if batches is None:
        worker.run()
    else:
        with worker.lease.held() as token:
            turn = WorkerTurn(worker, token)
            for _ in range(batches):
                turn.step()
    os._exit(0)


class TestTrouble:
    def test_a_lost_reply_is_a_question_and_not_an_answer(self, bench, node):
        for fault in (Fault.LOST, Fault.REFUSE, Fault.LIMIT, Fault.DUPLICATE):
            with Proxy(node.url, on("eth_sendRawTransaction", fault, 1)) as proxy:
                relay = bench.relay(chain=connect(proxy.url))
                n = list(Fault).index(fault)
                relay.grant(bench.grant(n))
                assert set(states(relay.run())) == {ActState.DONE}
        assert set(bench.granted().values()) == {1}

    def test_without_a_node_nothing_is_lost(self, bench, node):
        with Proxy(node.url, on("eth_call", Fault.REFUSE)) as proxy:
            relay = bench.relay(chain=connect(proxy.url))
            relay.grant(bench.grant(0))
            with pytest.raises(Unreachable):
                relay.run()
        assert states(bench.relay().outcomes()) == [ActState.QUEUED]
        assert bench.relay().oldest() is not None
        assert states(bench.relay().run()) == [ActState.DONE]

    def test_without_ether_nothing_is_lost(self, bench, senders):
        poor = Sender(bench.chain, actor("poor relay"))
        relay = bench.relay(poor)
        relay.grant(bench.grant(0))
        with pytest.raises((NoFunds, NodeError)):
            relay.run()
        senders[4].transact(poor.address, value=10**18)
        assert states(bench.relay(poor).run()) == [ActState.DONE]

    def test_another_transaction_that_took_its_nonce(self, bench, monkeypatch):
        """The dearer twin of a run that was killed, or somebody else with the key: the chain is
        asked by the ids.
        """
        relay = bench.relay()
        relay.grant(bench.grant(0))
        with monkeypatch.context() as patch:
            killed_before(patch, Sender, "hand_over")
            with pytest.raises(Killed):
                relay.run()
        Sender(bench.chain, bench.sender.account).transact(bench.sender.address)
        assert states(bench.relay().run()) == [ActState.DONE]
        assert set(bench.granted().values()) == {1}

    def test_what_another_key_signed_is_not_left_behind(self, bench, senders, monkeypatch):
        relay = bench.relay()
        relay.grant(bench.grant(0))
        with monkeypatch.context() as patch:
            killed_before(patch, Sender, "hand_over")
            with pytest.raises(Killed):
                relay.run()
        with pytest.raises(Conflict, match="signed what is under way"):
            bench.relay(senders[6]).run()

    def test_a_batch_that_fails_is_made_smaller_until_the_culprit_is_found(
        self, bench, monkeypatch
    ):
        """The passkey's act is given too little gas, so every batch with it fails."""
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(RelyingParty("a.example", ("https://a.example",))),
        )
        passkey = ExternalSigner(
            phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier)
        )
        monkeypatch.setattr(ConsentRegistry, "item_gas", lambda *_: 60_000)
        relay = bench.relay(batch=16)
        for n in range(9):
            relay.grant(bench.grant(n))
        relay.grant(bad := bench.grant(9, passkey))
        outcomes = relay.run()
        assert states(outcomes) == [ActState.DONE] * 9 + [ActState.REFUSED]
        assert relay.outcome(ActKind.GRANT, bad).reason.startswith(
            "4 transactions with it did not bring it about"
        )
        assert set(bench.granted().values()) == {1}

    def test_a_reorganisation_before_it_counts_has_it_submitted_again(self, bench, development):
        relay = bench.relay(confirmations=3)
        relay.grant(bench.grant(0))
        snapshot = development.snapshot()
        assert states(relay.run()) == [ActState.SENT]
        assert bench.statuses(1) == [ConsentStatus.GRANTED]
        development.revert(snapshot)
        development.mine(5)
        assert states(bench.relay(confirmations=3).run()) == [ActState.SENT]
        development.mine(2)
        assert states(bench.relay(confirmations=3).run()) == [ActState.SENT]
        development.mine(1)
        (outcome,) = bench.relay(confirmations=3).run()
        assert outcome.state is ActState.DONE
        assert bench.statuses(1) == [ConsentStatus.GRANTED]


def test_a_hundred_customers_in_seconds(bench):
    relay = bench.relay()
    for n in range(100):
        relay.grant(bench.grant(n))
    started = time.monotonic()
    assert states(relay.run()) == [ActState.DONE] * 100
    assert time.monotonic() - started < 30
