"""The relay on a node: each act once, whatever happens, and a sentence for each that is refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from careledger.chain import artifacts
from careledger.chain.send import Sender
from careledger.errors import NotFound, SettingsError
from careledger.identity.consent.client import ConsentRegistry
from careledger.identity.consent.events import ConsentRevoked
from careledger.identity.consent.kinds import ActKind
from careledger.identity.consent.messages import ConsentMessages, ExternalSigner, KeySigner
from careledger.identity.consent.relay import ActState, Relay
from careledger.identity.consent.terms import ConsentStatus
from careledger.identity.passkeys.software_authenticator import RelyingParty, SoftwareAuthenticator
from careledger.outbox.errors import KeyInUse
from careledger.store import Store
from tests.worlds.identity.relays import DAY, states


class TestWork:
    def test_grants_of_many_customers_go_in_batches(self, bench):
        relay, before = bench.relay(batch=4), bench.sent
        for n in range(10):
            assert relay.grant(bench.grant(n)).state is ActState.QUEUED
        outcomes = relay.run()
        assert states(outcomes) == [ActState.DONE] * 10
        assert bench.statuses(10) == [ConsentStatus.GRANTED] * 10
        assert bench.sent - before == 3
        assert len({outcome.transaction for outcome in outcomes}) == 3
        assert relay.oldest() is None

    def test_revocations_and_ends_too(self, bench):
        relay = bench.relay()
        for n in range(3):
            relay.grant(bench.grant(n))
        relay.run()
        relay.revoke(bench.revocation(0))
        relay.end(end := bench.end(1))
        assert states(relay.run()) == [ActState.DONE] * 5
        assert [bench.consents.is_valid(bench.consent(n).id) for n in range(3)] == [
            False,
            False,
            True,
        ]
        assert relay.outcome(ActKind.END, end).state is ActState.DONE
        (event,) = bench.consents.history(ConsentRevoked)
        assert event.id == bench.consent(0).id

    def test_every_kind_of_signer_in_one_batch(self, bench, senders):
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(RelyingParty("a.example", ("https://a.example",))),
        )
        passkey = ExternalSigner(
            phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier)
        )
        owner = senders[3]
        code = artifacts.load("Wallet1271").bytecode + bytes(12) + bytes.fromhex(owner.address[2:])
        wallet = ExternalSigner(
            owner.transact(None, code).contract_address, KeySigner(owner.account).sign
        )
        relay, before = bench.relay(), bench.sent
        for n, signer in enumerate((bench.signer(0), passkey, wallet, bench.signer(3))):
            relay.grant(bench.grant(n, signer))
        assert states(relay.run()) == [ActState.DONE] * 4
        assert bench.sent - before == 1

    def test_dear_signatures_are_spread_over_transactions(self, bench):
        verifier, phone = (
            bench.suite["PasskeyVerifier"],
            SoftwareAuthenticator(RelyingParty("a.example", ("https://a.example",))),
        )
        passkey = ExternalSigner(
            phone.key.address(verifier), lambda message: phone.sign(message.digest, verifier)
        )
        relay, before = bench.relay(gas=3_000_000), bench.sent
        for n in range(5):
            relay.grant(bench.grant(n, passkey))
        assert states(relay.run()) == [ActState.DONE] * 5
        assert bench.sent - before == 3

    def test_without_anything_to_do_nothing_is_sent(self, bench):
        before = bench.sent
        assert bench.relay().run() == []
        assert bench.sent == before

    def test_nobody_pays_no_relay(self, bench, tmp_path):
        reading = ConsentRegistry(bench.chain, bench.consents.address)
        with pytest.raises(SettingsError, match="needs a key to sign with"):
            Relay(Store.open(tmp_path / "r.db"), reading)

    def test_two_do_not_submit_at_once(self, bench):
        at_work = bench.relay().worker
        with (
            at_work.lease.held(),
            pytest.raises(KeyInUse, match="one program at a time") as refused,
        ):
            bench.relay().run()
        assert refused.value.holder == at_work.lease.holder


class TestOnce:
    def test_the_same_act_is_kept_and_sent_once(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.grant(act)
        assert states(relay.run()) == [ActState.DONE]
        before = bench.sent
        assert relay.grant(act).state is ActState.DONE
        assert states(relay.run()) == [ActState.DONE]
        assert bench.sent == before

    def test_what_somebody_else_submitted_counts_as_done(self, bench, senders):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.revoke(bench.revocation(1))
        bench.consents.using(senders[6]).grant_by_sig(act)
        bench.consents.using(senders[6]).revoke_by_sig(bench.revocation(1))
        before = bench.sent
        outcomes = relay.run()
        assert states(outcomes) == [ActState.DONE] * 2
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
        assert states(relay.run()) == [ActState.DONE] * 3
        assert set(bench.granted().values()) == {1}

    def test_junk_that_came_earlier_keeps_nothing_out(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        junk = replace(act, signed=replace(act.signed, signature=bytes(65)))
        relay.grant(junk)
        relay.grant(act)
        (outcome,) = relay.run()
        assert outcome.state is ActState.DONE
        assert relay.grant(replace(junk, epoch=7)).state is ActState.DONE
        assert relay.queue.queued(relay.queue.kinds[2], 9) == []

    def test_what_was_forgotten_is_found_on_the_chain(self, bench):
        relay, act = bench.relay(), bench.grant(0)
        relay.grant(act)
        relay.run()
        assert relay.forget(datetime(2000, 1, 1, tzinfo=UTC)) == 0
        assert relay.forget(datetime.now(UTC) + DAY) == 1
        with pytest.raises(NotFound, match=r"does not have a consent\.grant"):
            relay.outcome(ActKind.GRANT, act)
        before = bench.sent
        relay.grant(act)
        assert states(relay.run()) == [ActState.DONE]
        assert bench.sent == before

    def test_many_programs_may_add_the_same(self, bench):
        relays, acts = [bench.relay() for _ in range(4)], [bench.grant(n) for n in range(5)]
        with ThreadPoolExecutor() as pool:
            added = list(
                pool.map(
                    lambda pair: pair[0].grant(pair[1]), [(r, a) for r in relays for a in acts]
                )
            )
        assert set(states(added)) == {ActState.QUEUED}
        assert len(relays[0].queue.queued(relays[0].queue.kinds[2], 99)) == 5

    def test_another_registry_has_acts_of_its_own(self, bench, senders):
        bench.relay().grant(bench.grant(0))
        elsewhere = ConsentRegistry(bench.chain, "0x" + "11" * 20, senders[5])
        assert Relay(Store.open(bench.where), elsewhere).outcomes() == []


class TestRefused:
    def reasons(self, bench, *acts, kind="grant"):
        relay = bench.relay()
        relay.grant(bench.grant(90))
        for act in acts:
            getattr(relay, kind)(act)
        before = bench.sent
        good, *bad = sorted(relay.run(), key=lambda outcome: outcome.state is ActState.REFUSED)
        assert good.state is ActState.DONE
        assert set(states(bad)) == {ActState.REFUSED}
        assert bench.sent - before == 1
        return [outcome.reason for outcome in bad]

    def test_one_bad_act_spoils_nothing_and_is_never_paid_for(self, bench, senders):
        late = bench.grant(0, deadline=bench.consents.time() - DAY)
        stranger = bench.grant(1, subject=bench.signer(2).address)
        posing = replace(stranger, signed=replace(stranger.signed, signer=bench.signer(2).address))
        over = bench.consents.messages.signed_grant(
            replace(bench.consent(3), expires_at=bench.consents.time() - DAY),
            bench.signer(3),
            0,
            bench.soon,
        )
        ahead = bench.grant(4, epoch=int(bench.soon.timestamp()))
        elsewhere = ConsentMessages(1, bench.consents.address).signed_grant(
            bench.consent(5), bench.signer(5), 0, bench.soon
        )
        reasons = self.reasons(bench, late, posing, over, ahead, elsewhere)
        sentences = (
            "The signature's deadline has passed",
            "The signature is not the signer's over these values",
            "The consent's expiry has already passed",
            "It was signed for another epoch of the subject",
            "The signature is not the signer's over these values",
        )
        assert len(reasons) == 5
        assert all(
            reason.startswith(sentence) for reason, sentence in zip(reasons, sentences, strict=True)
        )

    def test_a_strangers_signature_is_named(self, bench):
        (reason,) = self.reasons(bench, bench.grant(1, subject=bench.signer(2).address))
        assert reason.startswith(
            "Only the subject's controller, or its delegate for consents, may do this"
        )

    def test_what_was_revoked_before(self, bench):
        bench.consents.revoke_by_sig(bench.revocation(0))
        (reason,) = self.reasons(bench, bench.grant(0))
        assert "was revoked by the customer" in reason

    def test_what_was_signed_before_all_was_ended(self, bench):
        act = bench.grant(0)
        bench.consents.revoke_all_by_sig(bench.end(0))
        (reason,) = self.reasons(bench, act)
        assert reason.startswith(
            "It was signed for another epoch of the subject, who has ended all consents"
        )

    def test_a_late_revocation_and_a_late_end(self, bench):
        (reason,) = self.reasons(
            bench, bench.revocation(0, bench.consents.time() - DAY), kind="revoke"
        )
        assert reason.startswith("The signature's deadline has passed")
        who = bench.signer(1)
        end = bench.consents.messages.signed_revoke_all(
            who.address, who, 0, bench.consents.time() - DAY
        )
        relay = bench.relay()
        relay.end(end)
        relay.run()
        assert relay.outcome(ActKind.END, end).reason.startswith(
            "The signature's deadline has passed"
        )

    def test_a_wallet_that_burns_gas(self, bench, senders):
        wallet = senders[3].transact(None, artifacts.load("LyingWallet").bytecode).contract_address
        senders[3].transact(wallet, _set_mood(6))
        (reason,) = self.reasons(
            bench, bench.grant(0, ExternalSigner(wallet, lambda _: b"whatever"))
        )
        assert reason.startswith(
            ("The signature is not the signer's", "Checking its signature takes more gas")
        )

    def test_a_wallet_that_is_right_and_too_dear(self, bench, monkeypatch):
        monkeypatch.setattr(ConsentRegistry, "would_grant", lambda *_: 0)
        relay = bench.relay()
        relay.grant(bench.grant(0))
        (outcome,) = relay.run()
        assert (
            outcome.reason
            == "Checking its signature takes more gas than a batch allows: send it by itself"
        )

    def test_what_was_refused_can_come_again_signed_anew(self, bench):
        relay = bench.relay()
        relay.grant(bench.grant(0, deadline=bench.consents.time() - DAY))
        assert states(relay.run()) == [ActState.REFUSED]
        assert relay.grant(bench.grant(0)).state is ActState.QUEUED
        assert states(relay.run()) == [ActState.DONE]

    def test_what_was_refused_too_early_can_come_again_as_it_is(self, bench, senders):
        relay, by = bench.relay(), bench.signer(7)
        act = bench.grant(1, by, subject=senders[2].address)
        relay.grant(act)
        assert states(relay.run()) == [ActState.REFUSED]
        _delegate(bench, senders[2], by.address)
        relay.grant(act)
        assert states(relay.run()) == [ActState.DONE]

    def test_an_end_never_waits_behind_a_grant(self, bench):
        relay = bench.relay()
        relay.grant(bench.grant(0))
        relay.revoke(bench.revocation(0))
        grant, revocation = relay.run()
        assert (grant.state, revocation.state) == (ActState.REFUSED, ActState.DONE)
        assert bench.statuses(1) == [ConsentStatus.REVOKED]
        assert bench.granted() == {}

    def test_a_new_grant_right_after_the_end_of_all(self, bench):
        relay = bench.relay()
        relay.end(bench.end(0))
        relay.run()
        relay.grant(act := bench.grant(0, epoch=bench.consents.epoch(bench.signer(0).address)))
        relay.run()
        assert relay.outcome(ActKind.GRANT, act).state is ActState.DONE
        assert bench.consents.is_valid(act.consent.id)


def _set_mood(mood):
    from eth_utils.crypto import keccak

    return keccak(text="setMood(uint8)")[:4] + mood.to_bytes(32, "big")


def _delegate(bench, sender, to):
    from careledger.identity.consent.terms import ROLE
    from careledger.identity.did.client import IdentityRegistry

    IdentityRegistry(bench.chain, bench.suite["IdentityRegistry"], sender).add_delegate(
        sender.address, ROLE, to, DAY
    )


# -- crashes
