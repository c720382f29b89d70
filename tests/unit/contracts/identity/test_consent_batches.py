"""ConsentRegistry: many signed grants or revocations at once, among them every kind of bad one."""

from dataclasses import replace

import pytest

from careledger.chain.reverts import Reverted
from careledger.crypto.hashing import keccak256
from careledger.identity.consent.errors import TooLittleGasForBatch
from careledger.identity.passkeys.ceremony import RelyingParty
from careledger.identity.passkeys.software_authenticator import SoftwareAuthenticator
from tests.support.evm import START, actor
from tests.worlds.identity.consent_registry import DEADLINE, EXPIRY, ConsentWorld
from tests.worlds.identity.consents import (
    CONSENT_ROLE,
    GRANTED,
    NONE,
    REVOKED,
    Act,
    Signing,
    malleated,
)
from tests.worlds.identity.registry import AGENT, DAY, NOBODY

YES, NO, REVERT, SHORT, DIRTY, EMPTY, BURN = range(7)
"""The moods of a LyingWallet."""
BEYOND = 2**256 - 1


class BatchWorld(ConsentWorld):
    """Alice's batch of one kind: `good` items, and `send_batch`."""

    kind = "grant"

    def item(self, number, by=None, **rest):
        make = self.granting if self.kind == "grant" else self.revoking
        return make(self.consent(number), by, **rest)

    def send_batch(self, acts, gas=None):
        return self.send(f"{self.kind}Batch", [act.abi for act in acts], gas=gas)

    def one_by_one(self, acts):
        """Return what comes of the items alone: events and how many, and undo it."""
        before, events = self.evm.snapshot(), []
        for act in acts:
            try:
                events += self.send(
                    f"{self.kind}BySig", *act.alone(self.kind), gas=1_500_000
                ).events
            except Reverted:
                continue
        self.evm.revert(before)
        return len(events), events

    def statuses(self, acts):
        return [self.record(act.consent)[3] for act in acts]

    @property
    def done(self):
        return GRANTED if self.kind == "grant" else REVOKED

    def lying(self, mood, subject):
        """Return a wallet of some mood that controls a subject."""
        wallet = self.evm.deploy("LyingWallet")
        wallet.transact("setMood", mood)
        self.hand_over(wallet, subject)
        return wallet


@pytest.fixture(params=["grant", "revoke"])
def world(compiled, request):
    made = BatchWorld()
    made.kind = request.param
    return made


@pytest.fixture
def granting(compiled):
    return BatchWorld()


def signed_by(act, signature):
    return replace(act, signature=signature)


def of_nobody(world):
    return Act(world.consent(9).but(subject=NOBODY), 0, NOBODY, DEADLINE, bytes(65))


def by_dismissed(world):
    world.name(world.carol)
    act = world.item(9, world.carol)
    world.dismiss(world.carol)
    return act


def by_expired(world):
    world.name(world.carol, seconds=60)
    world.evm.sleep(60)
    return world.item(9, world.carol)


def by_agent(world):
    world.name(world.carol, role=AGENT)
    return world.item(9, world.carol)


def too_late(world):
    world.evm.sleep(60)
    return world.item(9, deadline=world.evm.now - 1)


def of_former_controller(world):
    theirs = world.consent(9, subject=world.carol)
    world.hand_over(world.bob, world.carol)
    make = world.granting if world.kind == "grant" else world.revoking
    return make(theirs, world.carol)


def of_deactivated(world):
    theirs = world.consent(9, subject=world.carol)
    world.do("deactivate", world.carol.address, sender=world.carol)
    make = world.granting if world.kind == "grant" else world.revoking
    return make(theirs, world.carol)


def of_liar(mood):
    def make(world):
        wallet = world.lying(mood, world.carol)
        return Act(world.consent(9, subject=world.carol), 0, wallet.address, DEADLINE, b"whatever")

    return make


def by_hostile_verifier(mood):
    """A key of ERC-7913 whose verifier is not one."""

    def make(world):
        verifier = world.evm.deploy("LyingWallet")
        verifier.transact("setMood", mood)
        key = bytes.fromhex(verifier.address[2:]) + bytes(range(64))
        signer = "0x" + keccak256(key)[12:].hex()
        world.do("addDelegate", world.alice.address, CONSENT_ROLE, signer, DAY, sender=world.alice)
        return Act(world.consent(9), 0, signer, DEADLINE, key + b"assertion")

    return make


def by_long_winded_verifier(world):
    """Its answer is half a megabyte: who copies it runs dry."""
    answers = bytes.fromhex("6207a1206000f3")  # return(0, 500000)
    code = bytes.fromhex("66") + answers + bytes.fromhex("5f5260076019f3")
    verifier = world.evm._evm.deploy(world.evm.deployer.address, code)
    key = bytes.fromhex(verifier[2:]) + bytes(range(64))
    signer = "0x" + keccak256(key)[12:].hex()
    world.do("addDelegate", world.alice.address, CONSENT_ROLE, signer, DAY, sender=world.alice)
    return Act(world.consent(9), 0, signer, DEADLINE, key + b"assertion")


BAD = {
    "a stranger's": lambda w: w.item(9, w.mallory),
    "a stranger's in the subject's name": lambda w: w.item(9, w.mallory, signer=w.alice),
    "the grantee's": lambda w: w.item(9, w.bob),
    "nobody's": of_nobody,
    "a dismissed delegate's": by_dismissed,
    "an expired delegate's": by_expired,
    "another delegate's": by_agent,
    "a former controller's": of_former_controller,
    "of a deactivated subject": of_deactivated,
    "too late": too_late,
    "for another chain": lambda w: w.item(9, signing=Signing(1, w.consents.address)),
    "for another contract": lambda w: w.item(9, signing=Signing(31337, actor("elsewhere").address)),
    "of the other kind": lambda w: (w.revoking if w.kind == "grant" else w.granting)(w.consent(9)),
    "for another consent": lambda w: replace(w.item(10), consent=w.consent(9)),
    "with another deadline": lambda w: replace(w.item(9), deadline=DEADLINE + 1),
    "malleated": lambda w: signed_by(w.item(9), malleated(w.item(9).signature)),
    "without a signature": lambda w: signed_by(w.item(9), b""),
    "a byte short": lambda w: signed_by(w.item(9), w.item(9).signature[:-1]),
    "a byte long": lambda w: signed_by(w.item(9), w.item(9).signature + b"\0"),
    "a page of zeros": lambda w: signed_by(w.item(9), bytes(4096)),
    "a wallet that says no": of_liar(NO),
    "a wallet that reverts": of_liar(REVERT),
    "a wallet that says too little": of_liar(SHORT),
    "a wallet that says too much": of_liar(DIRTY),
    "a wallet that says nothing": of_liar(EMPTY),
    "a wallet that burns gas": of_liar(BURN),
    "a verifier that says something else": by_hostile_verifier(YES),
    "a verifier that reverts": by_hostile_verifier(REVERT),
    "a verifier that burns gas": by_hostile_verifier(BURN),
    "a verifier that answers at length": by_long_winded_verifier,
}
BAD_GRANTS = {
    "expired": lambda w: w.granting(w.consent(9, expiry=w.evm.now)),
    "of an epoch to come": lambda w: w.item(9, epoch=w.evm.now),
    "of another epoch than it says": lambda w: replace(w.item(9, epoch=1), epoch=2),
    "granted before": lambda w: w.granting(w.grant(w.consent(9)) and w.consent(9)),
    "burned": lambda w: w.granting(w.revoke(w.consent(9)) and w.consent(9)),
}


class TestOneBadItemSpoilsNothing:
    @pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_wherever_it_stands(self, world, bad, place):
        acts = [bad(world)]
        good = [world.item(number) for number in (1, 2)]
        acts = [*good[:place], *acts, *good[place:]]
        alone = world.one_by_one(acts)
        done = world.send_batch(acts, gas=3_000_000)
        assert (done.value, done.events) == alone
        assert [event.id for event in done.events] == [act.consent.id for act in good]
        assert world.statuses(good) == [world.done] * 2
        assert world.record(acts[place].consent)[3] == NONE

    @pytest.mark.parametrize("bad", BAD_GRANTS.values(), ids=BAD_GRANTS)
    def test_nor_one_that_only_a_grant_can_be(self, granting, bad):
        acts = [granting.item(1), bad(granting), granting.item(2)]
        before = granting.record(acts[1].consent)
        alone = granting.one_by_one(acts)
        done = granting.send_batch(acts)
        assert (done.value, done.events) == alone
        assert done.value == 2
        assert granting.record(acts[1].consent) == before

    def test_nor_the_same_twice(self, world):
        acts = [world.item(1), world.item(1), world.item(2), world.item(1, deadline=BEYOND)]
        done = world.send_batch(acts)
        assert (done.value, len(done.events)) == (2, 2)

    def test_nor_what_is_revoked_already(self, world):
        ended = world.consent(1)
        world.grant(ended)
        world.renounce(ended)
        done = world.send_batch([world.item(1), world.item(2)])
        assert (done.value, [event.id for event in done.events]) == (1, [world.consent(2).id])
        assert world.record(ended)[3] != world.done


class TestBatch:
    def test_of_nothing_does_nothing(self, world):
        done = world.send_batch([])
        assert (done.value, done.events) == (0, [])

    def test_of_bad_items_does_nothing_and_says_so(self, world):
        done = world.send_batch([world.item(number, world.mallory) for number in range(3)])
        assert (done.value, done.events) == (0, [])

    def test_does_for_every_subject_what_its_items_do_alone(self, world):
        people = [world.alice, world.carol, world.gina]
        make = world.granting if world.kind == "grant" else world.revoking
        acts = [make(world.consent(n, subject=who), who) for n in range(5) for who in people]
        alone = world.one_by_one(acts)
        done = world.send_batch(acts)
        assert (done.value, done.events) == alone
        assert done.value == 15
        assert world.statuses(acts) == [world.done] * 15

    def test_of_which_somebody_ran_ahead_with_one_item_does_the_rest(self, world):
        """Whoever sees it under way may send any item of it.

        Nothing is lost, nothing is done twice.
        """
        acts = [world.item(number) for number in range(4)]
        world.send(f"{world.kind}BySig", *acts[1].alone(world.kind), sender=world.mallory)
        done = world.send_batch(acts)
        assert done.value == 3
        assert world.statuses(acts) == [world.done] * 4

    def test_of_which_somebody_ran_ahead_with_all_does_nothing_more(self, world):
        acts = [world.item(number) for number in range(4)]
        world.send_batch(acts)
        again = world.send_batch(acts)
        assert (again.value, again.events) == (0, [])
        assert world.statuses(acts) == [world.done] * 4

    def test_takes_an_item_until_the_second_of_its_deadline(self, world):
        acts = [world.item(1, deadline=START + 59), world.item(2, deadline=START + 60)]
        world.evm.warp(START + 60)
        (event,) = world.send_batch(acts).events
        assert event.id == acts[1].consent.id

    def test_takes_wallets_and_delegates(self, world):
        wallet = world.evm.deploy("Wallet1271", world.carol.address)
        world.name(wallet)
        world.name(world.gina)
        acts = [world.item(1, world.carol, signer=wallet), world.item(2, world.gina), world.item(3)]
        assert world.send_batch(acts).value == 3

    def test_takes_passkeys(self, world):
        verifier = world.evm.deploy("PasskeyVerifier")
        phone = SoftwareAuthenticator(
            RelyingParty("care.example", ("https://care.example",)), secret=7
        )
        signer = phone.key.address(verifier.address)
        own, signing = world.consent(1).but(subject=signer), world.signing
        digest = (
            signing.grant(own, 0, DEADLINE)
            if world.kind == "grant"
            else signing.revoke(own, DEADLINE)
        )
        act = Act(own, 0, signer, DEADLINE, phone.sign(digest, verifier.address))
        acts = [world.item(2), act, world.item(3)]
        assert world.send_batch(acts).value == 3
        assert world.statuses(acts) == [world.done] * 3

    def test_a_wallet_that_burns_gas_costs_the_limit_and_no_more(self, world):
        limit = world.read("SIGNATURE_GAS")
        assert limit == 1_000_000
        bad, good = of_liar(BURN)(world), [world.item(number) for number in (1, 2)]
        dear = world.send_batch([good[0], bad, good[1]], gas=2 * limit).gas
        assert limit < dear < limit + 200_000
        assert world.statuses(good) == [world.done] * 2


class TestGas:
    """How much there is decides whether a batch goes through, and never what comes of it."""

    def test_too_little_to_check_a_wallet_refuses_the_batch(self, world):
        wallet = world.evm.deploy("Wallet1271", world.carol.address)
        world.name(wallet)
        acts = [world.item(1), world.item(2, world.carol, signer=wallet), world.item(3)]
        with pytest.raises(TooLittleGasForBatch) as refusal:
            world.send_batch(acts, gas=1_000_000)
        limit = world.read("SIGNATURE_GAS")
        assert refusal.value.actual < refusal.value.needed
        assert limit * 64 // 63 <= refusal.value.needed <= limit * 64 // 63 + 10_000
        assert world.statuses(acts) == [NONE] * 3

    def test_whatever_there_is_a_batch_does_all_or_is_refused(self, world):
        wallet = world.evm.deploy("Wallet1271", world.carol.address)
        world.name(wallet)
        acts, outcomes = (
            [world.item(1), world.item(2, world.carol, signer=wallet), world.item(3)],
            set(),
        )
        for gas in range(40_000, 1_600_000, 40_000):
            before = world.evm.snapshot()
            try:
                outcomes.add(world.send_batch(acts, gas=gas).value)
            except Reverted:
                outcomes.add("refused")
            world.evm.revert(before)
        assert outcomes == {"refused", 3}

    @pytest.mark.parametrize("bend", [malleated, lambda _: bytes(65), lambda s: s[:64] + b"\0"])
    def test_an_accounts_bad_signature_takes_no_more_than_a_good_one(self, world, bend):
        """There is no code to ask, so no gas is set aside for it.

        Otherwise one bad item would spoil a batch after all.
        """
        bad = replace(world.item(2), signature=bend(world.item(2).signature))
        assert world.send_batch([world.item(1), bad, world.item(3)], gas=300_000).value == 2


class TestGrantBatch:
    def test_signatures_of_an_epoch_that_is_over_make_nothing_valid(self, granting):
        under_way = [granting.item(number) for number in range(3)]
        granting.revoke_all()
        fresh = granting.item(7)
        done = granting.send_batch([*under_way, fresh])
        assert [event.epoch for event in done.events] == [0, 0, 0, START]
        assert [granting.valid(act.consent) for act in (*under_way, fresh)] == [False] * 3 + [True]

    def test_revocations_that_overtook_are_respected(self, granting):
        acts = [granting.item(number) for number in range(3)]
        granting.send("revokeBatch", [granting.revoking(acts[1].consent).abi])
        assert granting.send_batch(acts).value == 2
        assert granting.statuses(acts) == [GRANTED, REVOKED, GRANTED]

    def test_what_expires_in_its_block_is_left_out(self, granting):
        acts = [
            granting.granting(granting.consent(n, expiry=START + n), deadline=BEYOND)
            for n in range(1, 4)
        ]
        granting.evm.warp(START + 2)
        assert granting.send_batch(acts).value == 1
        assert granting.statuses(acts) == [NONE, NONE, GRANTED]


class TestRevokeBatch:
    def test_it_ends_what_stands_and_burns_what_is_under_way(self, compiled):
        world = BatchWorld()
        world.kind = "revoke"
        world.grant(world.consent(1))
        assert world.send_batch([world.item(1), world.item(2)]).value == 2
        assert world.record(world.consent(1)) == (world.alice.address, EXPIRY, 0, REVOKED)
        assert world.record(world.consent(2)) == (world.alice.address, EXPIRY, 0, REVOKED)
