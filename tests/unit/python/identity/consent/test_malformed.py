"""Thousands of requests, links, answers and entries that somebody has spoilt: a typed refusal, and
soon.
"""

import json
import random
import time

import pytest

from careledger.errors import CareLedgerError
from careledger.identity.credentials import jose
from careledger.identity.exchange.answer import Answer
from careledger.identity.exchange.consent_receipt import ConsentReceipt
from careledger.identity.exchange.link import deep_link, read_link
from careledger.identity.exchange.request import parse_request
from tests.unit.python.identity.consent.test_answer import ANSWER
from tests.unit.python.identity.consent.test_protocol import REQUEST, SIGNED
from tests.worlds.identity.registry import at

SEED, TIMES = 20300101, 2_500
JUNK = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "0x",
    "0x" + "00" * 32,
    "\u202e",
    "é" * 3,
    "a" * 70_000,
    [],
    [[]],
    {},
    {"a": 1},
)
ENTRY = ConsentReceipt.of(REQUEST, ANSWER, at(1_849_000_000), one_time=True).to_json()


def spoil_value(choose, value, depth=0):
    """Return a document with something in it exchanged, missing, or put beside."""
    if isinstance(value, dict) and value and (depth == 0 or choose.random() < 0.6):
        copy, name = dict(value), choose.choice(sorted(value))
        act = choose.random()
        if act < 0.1:
            del copy[name]
        elif act < 0.2:
            copy[choose.choice(["x", name + " ", name.upper(), "__proto__"])] = copy[name]
        else:
            copy[name] = spoil_value(choose, copy[name], depth + 1)
        return copy
    if isinstance(value, list) and value and choose.random() < 0.6:
        place = choose.randrange(len(value))
        return [*value[:place], spoil_value(choose, value[place], depth + 1), *value[place + 1 :]]
    if isinstance(value, str) and value and choose.random() < 0.5:
        return spoil_text(choose, value)
    return choose.choice(JUNK)


def spoil_text(choose, text):
    place = choose.randrange(len(text))
    return choose.choice(
        (
            lambda: text[:place],
            lambda: text[:place] + choose.choice("\x00 ~.=-_{}[]\"'\\é\u2028") + text[place + 1 :],
            lambda: text[:place] + text[place + 1 :],
            lambda: text + text[place:],
        )
    )()


def request_spoilt(choose):
    header, payload, signature = SIGNED.split(".")
    if choose.random() < 0.3:
        return spoil_text(choose, SIGNED)
    spoilt = json.dumps(spoil_value(choose, json.loads(jose.decode(payload)))).encode()
    return f"{header}.{jose.encode(spoilt)}.{signature}"


def answer_spoilt(choose):
    text = ANSWER.write().decode()
    return (
        spoil_text(choose, text)
        if choose.random() < 0.3
        else json.dumps(spoil_value(choose, ANSWER.to_json()))
    )


READERS = {
    "request": (request_spoilt, parse_request),
    "link": (lambda choose: spoil_text(choose, deep_link(SIGNED)), read_link),
    "answer": (answer_spoilt, Answer.read),
    "entry": (lambda choose: spoil_value(choose, ENTRY), ConsentReceipt.from_json),
}


@pytest.mark.parametrize("kind", READERS)
def test_only_typed_refusals_come_out(kind):
    spoilt, read = READERS[kind]
    choose, sentences, slowest = random.Random(SEED), [], 0.0
    for _ in range(TIMES):
        given = spoilt(choose)
        begin = time.thread_time()
        try:
            read(given)
        except CareLedgerError as refusal:
            sentences.append(f"{refusal.code}: {refusal}")
        slowest = max(slowest, time.thread_time() - begin)
    assert slowest < 1
    assert max(map(len, sentences)) < 600, f"seed {SEED}: {max(sentences, key=len)[:200]}"
    assert len(sentences) > TIMES / (100 if kind == "link" else 3), (
        f"seed {SEED}"
    )  # most spoilt links are links
    assert len({sentence[:80] for sentence in sentences}) > (1 if kind == "link" else 15)
