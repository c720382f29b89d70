"""The relay on a node: each act once, whatever happens, and a sentence for each that is refused."""

import multiprocessing
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from careledger.chain import artifacts
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import Conflict, NodeError, NoFunds, NotFound, SettingsError, Unreachable
from careledger.identity.consent.client import ConsentGranted, ConsentRegistry, ConsentRevoked
from careledger.identity.consent.messages import Domain, KeySigner, OtherSigner
from careledger.identity.consent.outbox import Kind, Outbox, State
from careledger.identity.consent.relay import Relay
from careledger.identity.consent.terms import Consent, Status, Terms
from careledger.identity.passkeys.software import Site, SoftwareAuthenticator
from careledger.store import Store
from tests.support.evm import actor
from tests.support.proxy import Fault, Proxy, on

DAY = timedelta(days=1)
TERMS = Terms("0x" + "22" * 20, b"\1" * 32, b"\2" * 32, b"\3" * 32)


class Killed(BaseException):
    """The process is gone; nothing in it hears of this."""


class Bench:
    """A registry, many customers with a key each, and relays that are started anew from what is on disk."""

    def __init__(self, chain, suite, sender, folder):
        self.chain, self.suite, self.sender, self.folder = chain, suite, sender, folder
        self.consents = ConsentRegistry(chain, suite["ConsentRegistry"], sender)
        self.soon = self.consents.time() + DAY

    def relay(self, sender=None, chain=None, **options):
        """Return a new relay, as after a restart of the program."""
        chain = chain or self.chain
        paying = Sender(chain, (sender or self.sender).account, timeout=20, stuck_after=5)
        registry = ConsentRegistry(chain, self.consents.address, paying)
        return Relay(Store.open(self.folder / "relay.db"), registry, lock=self.folder / "relay.lock", **options)

    def signer(self, n):
        return KeySigner(actor(f"customer {n}"))

    def consent(self, n, subject=None):
        salt = n.to_bytes(32, "big")
        return Consent(subject or self.signer(n).address, self.soon + 30 * DAY, replace(TERMS, salt=salt))

    def grant(self, n, signer=None, epoch=0, deadline=None, subject=None):
        by = signer or self.signer(n)
        consent = self.consent(n, subject or by.address)
        return self.consents.domain.signed_grant(consent, by, epoch, deadline or self.soon)

    def revocation(self, n, deadline=None):
        return self.consents.domain.signed_revocation(self.consent(n), self.signer(n), deadline or self.soon)

    def end(self, n):
        who = self.signer(n)
        return self.consents.domain.signed_end(who.address, who, self.consents.epoch(who.address), self.soon)

    @property
    def sent(self):
        """How many transactions the payer has in blocks."""
        return int(self.chain.request("eth_getTransactionCount", self.sender.address, "latest"), 16)

    def granted(self):
        """Return how often each id was granted."""
        return Counter(event.id for event in self.consents.history(ConsentGranted))

    def statuses(self, count):
        return [self.consents.consent(self.consent(n).id).status for n in range(count)]


@pytest.fixture
def bench(chain, suite, senders, tmp_path):
    return Bench(chain, suite, senders[5], tmp_path)


def states(outcomes):
    return [outcome.state for outcome in outcomes]


class TestWork:
    def test_grants_of_many_customers_go_in_batches(self, bench):
        relay, before = bench.relay(batch=4), bench.sent
        for n in range(10):
            assert relay.grant(bench.grant(n)).state is State.QUEUED
        outcomes = relay.run()
        assert states(outcomes) == [State.DONE] * 10
        assert bench.statuses(10) == [Status.GRANTED] * 10
        assert bench.sent - before == 3
        assert len({outcome.transaction for outcome in outcomes}) == 3
        assert relay.outbox.oldest() is None

    def test_revocations_and_ends_too(self, bench):
        relay = bench.relay()
        for n in range(3):
            relay.grant(bench.grant(n))
        relay.run()
        relay.revoke(bench.revocation(0))
        relay.end(end := bench.end(1))
        assert states(relay.run()) == [State.DONE] * 5
        assert [bench.consents.is_valid(bench.consent(n).id) for n in range(3)] == [False, False, True]
        assert relay.outcome(Kind.END, end).state is State.DONE
        (event,) = bench.consents.history(ConsentRevoked)
        assert event.id == bench.consent(0).id

    def test_every_kind_of_signer_in_one_batch(self, bench, senders):
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(Site("a.example", ("https://a.example",))),
        )
        passkey = OtherSigner(phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier))
        owner = senders[3]
        code = artifacts.load("Wallet1271").bytecode + bytes(12) + bytes.fromhex(owner.address[2:])
        wallet = OtherSigner(owner.transact(None, code).contract_address, KeySigner(owner.account).sign)
        relay, before = bench.relay(), bench.sent
        for n, signer in enumerate((bench.signer(0), passkey, wallet, bench.signer(3))):
            relay.grant(bench.grant(n, signer))
        assert states(relay.run()) == [State.DONE] * 4
        assert bench.sent - before == 1

    def test_dear_signatures_are_spread_over_transactions(self, bench):
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(Site("a.example", ("https://a.example",))),
        )
        passkey = OtherSigner(phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier))
        relay, before = bench.relay(gas=3_000_000), bench.sent
        for n in range(5):
            relay.grant(bench.grant(n, passkey))
        assert states(relay.run()) == [State.DONE] * 5
        assert bench.sent - before == 3

    def test_without_anything_to_do_nothing_is_sent(self, bench):
        before = bench.sent
        assert bench.relay().run() == []
        assert bench.sent == before

    def test_nobody_pays_no_relay(self, bench, tmp_path):
        reading = ConsentRegistry(bench.chain, bench.consents.address)
        with pytest.raises(SettingsError, match="needs a key to sign with"):
            Relay(Store.open(tmp_path / "r.db"), reading, lock=tmp_path / "lock")

    def test_two_do_not_submit_at_once(self, bench):
        with bench.relay()._alone(), pytest.raises(Conflict, match="another relay is at work"):
            bench.relay().run()


class TestOnce:
    def test_the_same_act_is_kept_and_sent_once(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.grant(act)
        assert states(relay.run()) == [State.DONE]
        before = bench.sent
        assert relay.grant(act).state is State.DONE
        assert states(relay.run()) == [State.DONE]
        assert bench.sent == before

    def test_what_somebody_else_submitted_counts_as_done(self, bench, senders):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.revoke(bench.revocation(1))
        bench.consents.using(senders[6]).grant_by_sig(act)
        bench.consents.using(senders[6]).revoke_by_sig(bench.revocation(1))
        before = bench.sent
        outcomes = relay.run()
        assert states(outcomes) == [State.DONE] * 2
        assert [outcome.transaction for outcome in outcomes] == [None, None]
        assert bench.sent == before

    def test_also_where_it_overtakes_a_batch_that_is_under_way(self, bench, senders, monkeypatch):
        relay, acts = bench.relay(), [bench.grant(n) for n in range(3)]
        for act in acts:
            relay.grant(act)
        hand_over = Sender.hand_over

        def overtaken(sender, pending):
            monkeypatch.setattr(Sender, "hand_over", hand_over)
            bench.consents.using(senders[6]).grant_by_sig(acts[1])
            hand_over(sender, pending)

        monkeypatch.setattr(Sender, "hand_over", overtaken)
        assert states(relay.run()) == [State.DONE] * 3
        assert set(bench.granted().values()) == {1}

    def test_junk_that_came_earlier_keeps_nothing_out(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        junk = replace(act, signed=replace(act.signed, signature=bytes(65)))
        relay.grant(junk)
        relay.grant(act)
        (outcome,) = relay.run()
        assert outcome.state is State.DONE
        assert relay.grant(replace(junk, epoch=7)).state is State.DONE
        assert relay.outbox.queued(Kind.GRANT, 9) == []

    def test_what_was_forgotten_is_found_on_the_chain(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.run()
        assert relay.forget(datetime(2000, 1, 1, tzinfo=UTC)) == 0
        assert relay.forget(datetime.now(UTC) + DAY) == 1
        with pytest.raises(NotFound, match="knows of no grant"):
            relay.outcome(Kind.GRANT, act)
        before = bench.sent
        relay.grant(act)
        assert states(relay.run()) == [State.DONE]
        assert bench.sent == before

    def test_many_programs_may_add_the_same(self, bench):
        relays, acts = [bench.relay() for _ in range(4)], [bench.grant(n) for n in range(5)]
        with ThreadPoolExecutor() as pool:
            added = list(pool.map(lambda pair: pair[0].grant(pair[1]), [(r, a) for r in relays for a in acts]))
        assert set(states(added)) == {State.QUEUED}
        assert len(relays[0].outbox.queued(Kind.GRANT, 99)) == 5

    def test_on_other_databases_the_second_of_two_hears_of_the_first(self, bench, monkeypatch):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)

        def collide(*_):
            raise IntegrityError("insert", {}, Exception("unique"))

        monkeypatch.setattr(Outbox, "_add", collide)
        assert relay.grant(act).state is State.QUEUED

    def test_another_registry_has_acts_of_its_own(self, bench):
        relay = bench.relay()
        relay.grant(bench.grant(0))
        elsewhere = bench.relay()
        elsewhere.outbox._contract = "eip155:1:0x0"
        assert elsewhere.outbox.outcomes() == []


class TestRefused:
    def reasons(self, bench, *acts, kind="grant"):
        relay = bench.relay()
        relay.grant(bench.grant(90))
        for act in acts:
            getattr(relay, kind)(act)
        before = bench.sent
        good, *bad = sorted(relay.run(), key=lambda outcome: outcome.state is State.REFUSED)
        assert good.state is State.DONE
        assert set(states(bad)) == {State.REFUSED}
        assert bench.sent - before == 1
        return [outcome.reason for outcome in bad]

    def test_one_bad_act_spoils_nothing_and_is_never_paid_for(self, bench, senders):
        late = bench.grant(0, deadline=bench.consents.time() - DAY)
        stranger = bench.grant(1, subject=bench.signer(2).address)
        posing = replace(stranger, signed=replace(stranger.signed, signer=bench.signer(2).address))
        over = bench.consents.domain.signed_grant(
            replace(bench.consent(3), expires_at=bench.consents.time() - DAY), bench.signer(3), 0, bench.soon
        )
        ahead = bench.grant(4, epoch=int(bench.soon.timestamp()))
        elsewhere = Domain(1, bench.consents.address).signed_grant(bench.consent(5), bench.signer(5), 0, bench.soon)
        reasons = self.reasons(bench, late, posing, over, ahead, elsewhere)
        sentences = (
            "The signature came too late: have it signed anew",
            "The signature is not the signer's over these values",
            "The consent would be over before it began",
            "It was signed for another epoch of the subject",
            "The signature is not the signer's over these values",
        )
        assert len(reasons) == 5
        assert all(reason.startswith(sentence) for reason, sentence in zip(reasons, sentences, strict=True))

    def test_a_strangers_signature_is_named(self, bench):
        (reason,) = self.reasons(bench, bench.grant(1, subject=bench.signer(2).address))
        assert reason.startswith("Only the subject's controller, or its delegate for consents, may do this")

    def test_what_was_revoked_before(self, bench):
        bench.consents.revoke_by_sig(bench.revocation(0))
        (reason,) = self.reasons(bench, bench.grant(0))
        assert "was revoked by the customer" in reason

    def test_what_was_signed_before_all_was_ended(self, bench):
        act = bench.grant(0)
        bench.consents.revoke_all_by_sig(bench.end(0))
        (reason,) = self.reasons(bench, act)
        assert reason.startswith("It was signed for another epoch of the subject, who has ended all consents")

    def test_a_late_revocation_and_a_late_end(self, bench):
        (reason,) = self.reasons(bench, bench.revocation(0, bench.consents.time() - DAY), kind="revoke")
        assert reason.startswith("The signature came too late")
        who = bench.signer(1)
        end = bench.consents.domain.signed_end(who.address, who, 0, bench.consents.time() - DAY)
        relay = bench.relay()
        relay.end(end)
        relay.run()
        assert relay.outcome(Kind.END, end).reason.startswith("The signature came too late")

    def test_a_wallet_that_burns_gas(self, bench, senders):
        wallet = senders[3].transact(None, artifacts.load("LyingWallet").bytecode).contract_address
        senders[3].transact(wallet, _set_mood(6))
        (reason,) = self.reasons(bench, bench.grant(0, OtherSigner(wallet, lambda _: b"whatever")))
        assert reason.startswith(("The signature is not the signer's", "Checking its signature takes more gas"))

    def test_a_wallet_that_is_right_and_too_dear(self, bench, monkeypatch):
        monkeypatch.setattr(ConsentRegistry, "would_grant", lambda *_: 0)
        relay = bench.relay()
        relay.grant(bench.grant(0))
        (outcome,) = relay.run()
        assert outcome.reason == "Checking its signature takes more gas than a batch allows: send it by itself"

    def test_what_was_refused_can_come_again_signed_anew(self, bench):
        relay = bench.relay()
        relay.grant(bench.grant(0, deadline=bench.consents.time() - DAY))
        assert states(relay.run()) == [State.REFUSED]
        assert relay.grant(bench.grant(0)).state is State.QUEUED
        assert states(relay.run()) == [State.DONE]

    def test_what_was_refused_too_early_can_come_again_as_it_is(self, bench, senders):
        relay, by = bench.relay(), bench.signer(7)
        act = bench.grant(1, by, subject=senders[2].address)
        relay.grant(act)
        assert states(relay.run()) == [State.REFUSED]
        _delegate(bench, senders[2], by.address)
        relay.grant(act)
        assert states(relay.run()) == [State.DONE]

    def test_an_end_never_waits_behind_a_grant(self, bench):
        relay = bench.relay()
        relay.grant(bench.grant(0))
        relay.revoke(bench.revocation(0))
        grant, revocation = relay.run()
        assert (grant.state, revocation.state) == (State.REFUSED, State.DONE)
        assert bench.statuses(1) == [Status.REVOKED]
        assert bench.granted() == {}

    def test_a_new_grant_right_after_the_end_of_all(self, bench):
        relay = bench.relay()
        relay.end(bench.end(0))
        relay.run()
        relay.grant(act := bench.grant(0, epoch=bench.consents.epoch(bench.signer(0).address)))
        relay.run()
        assert relay.outcome(Kind.GRANT, act).state is State.DONE
        assert bench.consents.is_valid(act.consent.id)


def _set_mood(mood):
    from eth_utils.crypto import keccak

    return keccak(text="setMood(uint8)")[:4] + mood.to_bytes(32, "big")


def _delegate(bench, sender, to):
    from careledger.identity.client import IdentityRegistry
    from careledger.identity.consent.terms import ROLE

    IdentityRegistry(bench.chain, bench.suite["IdentityRegistry"], sender).add_delegate(sender.address, ROLE, to, DAY)


# -- crashes


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
    "noted and not settled": (killed_before, Relay, "_settle"),
    "settled": (killed_after, Relay, "_settle"),
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
        assert states(bench.relay(batch=2).run()) == [State.DONE] * 4
        assert bench.granted() == {bench.consent(n).id: 1 for n in range(4)}
        assert bench.sent - before == 2
        assert bench.statuses(4) == [Status.GRANTED] * 4

    def test_on_automatic_mining_off_the_same_transaction_is_handed_over_again(self, bench, monkeypatch):
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
            assert states(bench.relay().run()) == [State.DONE]
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
            progress.append(Counter(states(bench.relay().outbox.outcomes()))[State.DONE])
        assert child.exitcode == 0
        assert kills >= 5, f"seed {seed}"
        assert len(set(progress)) > 2, f"seed {seed}: {progress}"
        assert set(states(bench.relay().outbox.outcomes())) == {State.DONE}
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
    if batches:
        relay = bench.relay(chain=connect(url), batch=2)
        for _ in range(batches):
            relay._step()
        os._exit(0)
    bench.relay(chain=connect(url), batch=2).run()
    os._exit(0)


class TestTrouble:
    def test_a_lost_reply_is_a_question_and_not_an_answer(self, bench, node):
        for fault in (Fault.LOST, Fault.REFUSE, Fault.LIMIT, Fault.DUPLICATE):
            with Proxy(node.url, on("eth_sendRawTransaction", fault, 1)) as proxy:
                relay = bench.relay(chain=connect(proxy.url))
                n = list(Fault).index(fault)
                relay.grant(bench.grant(n))
                assert set(states(relay.run())) == {State.DONE}
        assert set(bench.granted().values()) == {1}

    def test_without_a_node_nothing_is_lost(self, bench, node):
        with Proxy(node.url, on("eth_call", Fault.REFUSE)) as proxy:
            relay = bench.relay(chain=connect(proxy.url))
            relay.grant(bench.grant(0))
            with pytest.raises(Unreachable):
                relay.run()
        assert states(bench.relay().outbox.outcomes()) == [State.QUEUED]
        assert bench.relay().outbox.oldest() is not None
        assert states(bench.relay().run()) == [State.DONE]

    def test_without_ether_nothing_is_lost(self, bench, senders):
        poor = Sender(bench.chain, actor("poor relay"))
        relay = bench.relay(poor)
        relay.grant(bench.grant(0))
        with pytest.raises((NoFunds, NodeError)):
            relay.run()
        senders[4].transact(poor.address, value=10**18)
        assert states(bench.relay(poor).run()) == [State.DONE]

    def test_another_transaction_that_took_its_nonce(self, bench, monkeypatch):
        """The dearer twin of a run that was killed, or somebody else with the key: the chain is asked by the ids."""
        relay = bench.relay()
        relay.grant(bench.grant(0))
        with monkeypatch.context() as patch:
            killed_before(patch, Sender, "hand_over")
            with pytest.raises(Killed):
                relay.run()
        Sender(bench.chain, bench.sender.account).transact(bench.sender.address)
        assert states(bench.relay().run()) == [State.DONE]
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

    def test_a_batch_that_fails_is_made_smaller_until_the_culprit_is_found(self, bench, monkeypatch):
        """The passkey's act is given too little gas, so every batch with it fails."""
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(Site("a.example", ("https://a.example",))),
        )
        passkey = OtherSigner(phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier))
        monkeypatch.setattr(ConsentRegistry, "item_gas", lambda *_: 60_000)
        relay = bench.relay(batch=16)
        for n in range(9):
            relay.grant(bench.grant(n))
        relay.grant(bad := bench.grant(9, passkey))
        outcomes = relay.run()
        assert states(outcomes) == [State.DONE] * 9 + [State.REFUSED]
        assert relay.outcome(Kind.GRANT, bad).reason.startswith("4 transactions with it did not bring it about")
        assert set(bench.granted().values()) == {1}

    def test_a_reorganisation_before_it_counts_has_it_submitted_again(self, bench, development):
        relay = bench.relay(confirmations=3)
        relay.grant(bench.grant(0))
        snapshot = development.snapshot()
        assert states(relay.run()) == [State.SENT]
        assert bench.statuses(1) == [Status.GRANTED]
        development.revert(snapshot)
        development.mine(5)
        assert states(bench.relay(confirmations=3).run()) == [State.SENT]
        development.mine(2)
        assert states(bench.relay(confirmations=3).run()) == [State.SENT]
        development.mine(1)
        (outcome,) = bench.relay(confirmations=3).run()
        assert outcome.state is State.DONE
        assert bench.statuses(1) == [Status.GRANTED]


def test_a_hundred_customers_in_seconds(bench):
    relay = bench.relay()
    for n in range(100):
        relay.grant(bench.grant(n))
    started = time.monotonic()
    assert states(relay.run()) == [State.DONE] * 100
    assert time.monotonic() - started < 30
