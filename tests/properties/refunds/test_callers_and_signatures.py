"""REF-14 and REF-15: a caller's gas changes no outcome; a signature is good for one thing."""

from datetime import timedelta
from posixpath import normpath

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from careledger.refunds.messages import EscrowMessages
from careledger.refunds.terms import DealTerms
from careledger.values.addresses import ZERO_ADDRESS
from tests.properties.refunds.backends import MOODS, Deep, at
from tests.properties.refunds.machine import SEED, Violated
from tests.support.mutants import mutate

DAY = 86_400
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EVIDENCE = b"\xe5" * 32
HEAVY, PICKY, PICKY_RECEIVER = MOODS.index("HEAVY"), 10, 5
OPEN_SIGNED = ("release", "dispute", "split")
QUICKLY = settings(
    max_examples=400,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def terms_of(stage, salt=1, seller="shop", arbiter="judge"):
    named = stage.address
    return DealTerms(
        payer=named["alice"],
        seller=named[seller],
        token=ZERO_ADDRESS,
        amount=10_001,
        release_at=at(stage.now + 9 * DAY),
        order_ref=bytes(32),
        refund_to=named["home"],
        criteria=named["oracle"],
        arbiter=named[arbiter],
        dispute_window=timedelta(days=1),
        fee_bps=250,
        fee_to=named["platform"],
        default_bps=5_000,
        salt=salt.to_bytes(32, "big"),
    )


def gas_changes_nothing(stage, act, mood, share, gas):
    """Play with a given amount of gas: it is refused, or has the same outcome as with plenty."""
    stage.reset()
    terms = terms_of(stage, seller="pub", arbiter="oracle")
    ids = [stage.messages.deal_id(terms)]
    assert stage.act("alice", "escrow", "open", terms, value=terms.amount).refusal is None
    stage.must("stranger", "oracle", "set", mood, share)
    for payee in ("pub", "home"):
        stage.must("stranger", payee, "set_mood", PICKY_RECEIVER)
    if act != "dispute":
        stage.wait(stage.now + 9 * DAY)
    who = "alice" if act == "dispute" else "stranger"
    call, stage.gas = (who, "escrow", act, terms, *([EVIDENCE] if act == "dispute" else [])), None
    stage.observe(ids)
    plenty, right = stage.fork(*call)
    stage.gas = gas
    try:
        outcome = stage.act(*call)
    finally:
        stage.gas = None
    if outcome.refusal is not None:
        return False
    if plenty.refusal is not None or outcome.events != plenty.events or stage.observe(ids) != right:
        raise Violated("REF-14", f"{act} with {gas} gas came to {outcome}, with plenty to {plenty}")
    return True


def try_all_gas(stage):
    done = set()

    @seed(SEED)
    @QUICKLY
    @given(
        st.sampled_from(["release", "refund", "dispute"]),
        st.sampled_from([HEAVY, PICKY]),
        st.sampled_from([0, 5_000, 10_000]),
        st.integers(60_000, 900_000) | st.integers(90_000, 360_000),
    )
    def run(act, mood, share, gas):
        share = 0 if act == "dispute" else share  # there it is what an arbitrator charges
        done.add((act, share, gas_changes_nothing(stage, act, mood, share, gas)))

    run()
    return done


def test_gas_decides_whether_and_never_what(compiled):
    done = try_all_gas(Deep())
    for act, share in (("release", 0), ("refund", 5_000), ("refund", 10_000), ("dispute", 0)):
        assert {(act, share, True), (act, share, False)} <= done, f"{act} {share}"


def message(messages, kind, terms, deadline):
    id = messages.deal_id(terms)
    return {
        "open": lambda: messages.open(terms, at(deadline)),
        "release": lambda: messages.release(id, at(deadline)),
        "dispute": lambda: messages.dispute(id, EVIDENCE, at(deadline)),
        "split": lambda: messages.split(id, 1, terms.amount - 1, at(deadline)),
        "appeal": lambda: messages.appeal(id, EVIDENCE, at(deadline)),
        "claim": lambda: messages.claim(terms.payer, ZERO_ADDRESS, terms.seller, 0, at(deadline)),
    }[kind]()


def offer(stage, kind, terms, deadline, signature):
    """Bring a payer's signature in as a stranger; says what it is refused with."""
    named, deadline = stage.address, at(deadline)
    if kind == "split":
        agreement = EscrowAgreement(deadline, named["shop"], signature, terms, stage)
        return stage.act("shop", "escrow", "split", terms, agreement).refusal
    value = terms.amount if kind == "open" else 0
    evidence = [EVIDENCE] if kind == "dispute" else []
    return stage.act(
        "stranger", "escrow", f"{kind}_by_sig", terms, *evidence, deadline, signature, value=value
    ).refusal


class EscrowAgreement:
    """One unit for the payer; the seller brings it and need not sign."""

    def __init__(self, deadline, signer, signature, terms, stage):
        self._words = (1, terms.amount - 1, int(deadline.timestamp()), signer, signature, b"")

    def abi(self):
        return self._words


def other_ways(stage, kind, terms, deadline):
    """Signatures that are each good for something else."""
    here, alice, bob = stage.messages, stage.accounts["alice"], stage.accounts["bob"]
    right = message(here, kind, terms, deadline).sign(alice)
    r, s, v = right[:32], int.from_bytes(right[32:64], "big"), right[64]
    other = terms_of(stage, salt=2)
    elsewhere = (
        EscrowMessages(1, stage.address["escrow"]),
        EscrowMessages(31337, stage.address["desk"]),
    )
    kinds = [k for k in ("open", *OPEN_SIGNED, "appeal", "claim") if k != kind]
    return {
        "the other s": r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
        "another signer": message(here, kind, terms, deadline).sign(bob),
        "another deal": message(here, kind, other, deadline).sign(alice),
        "another deadline": message(here, kind, terms, deadline + 1).sign(alice),
        "another chain": message(elsewhere[0], kind, terms, deadline).sign(alice),
        "another contract": message(elsewhere[1], kind, terms, deadline).sign(alice),
        "a byte too many": right + b"\0",
        "a byte too few": right[:-1],
        "nothing": b"",
        **{
            f"the message {other}": message(here, other, terms, deadline).sign(alice)
            for other in kinds
        },
    }


def try_all_signatures(stage):
    tried = set()

    @seed(SEED)
    @QUICKLY
    @given(
        st.sampled_from(["open", *OPEN_SIGNED]),
        st.integers(0, 13),
        st.integers(0, 6 * DAY),
        st.booleans(),
    )
    def run(kind, way, later, twice):
        stage.reset()
        terms = terms_of(stage)
        if kind != "open":
            assert stage.act("alice", "escrow", "open", terms, value=terms.amount).refusal is None
        deadline = stage.now + 3 * DAY
        ways = other_ways(stage, kind, terms, deadline)
        name = sorted(ways)[way % len(ways)]
        if offer(stage, kind, terms, deadline, ways[name]) != "BadDealSignature":
            raise Violated("REF-15", f"{name} was good for {kind}")
        stage.wait(stage.now + later)
        right = message(stage.messages, kind, terms, deadline).sign(stage.accounts["alice"])
        expected = "DealSignatureExpired" if later > 3 * DAY else None
        if offer(stage, kind, terms, deadline, right) != expected:
            raise Violated("REF-15", f"{kind} after {later} seconds was not {expected}")
        if twice and expected is None:
            again = offer(stage, kind, terms, deadline, right)
            if again not in ("WrongState", "AlreadyOpened"):
                raise Violated("REF-15", f"{kind} went through twice")
        tried.add((kind, name))

    run()
    return tried


def test_a_signature_is_good_for_one_thing(compiled):
    assert len(try_all_signatures(Deep())) >= 40


ESCROW = "contracts/refunds/RefundEscrow.sol"


@pytest.mark.parametrize(
    ("name", "inside", "old", "new", "play"),
    [
        (
            "REF-14",
            "Deals",
            "_CRITERIA_GAS_NEEDED = 113_000",
            "_CRITERIA_GAS_NEEDED = 1",
            try_all_gas,
        ),
        ("REF-14", "Payouts", "_PUSH_GAS_NEEDED = 320_000", "_PUSH_GAS_NEEDED = 1", try_all_gas),
        (
            "REF-15",
            "../shared/Signatures",
            "return uint256(s) <= _GREATEST_LOW_S;",
            "return s != 0;",
            try_all_signatures,
        ),
    ],
    ids=["criteria without gas", "payments without gas", "high s"],
)
def test_each_kills_its_mutants(compiled, name, inside, old, new, play):
    broken = Deep(mutate(ESCROW, old, new, inside=normpath(f"contracts/refunds/{inside}.sol")))
    with pytest.raises(Violated) as caught:
        play(broken)
    assert caught.value.name == name
