"""A second kind, a chain with its contract, and workers that are started, killed and frozen."""

import os
import signal
import time
from collections import Counter
from contextlib import contextmanager
from multiprocessing import get_context

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from sqlalchemy import select

from careledger.chain import artifacts
from careledger.chain.node import development_accounts
from careledger.chain.reverts import Reverted
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.outbox.errors import KeyInUse
from careledger.outbox.kinds import EffectState
from careledger.outbox.model import UNDER_WAY, OutboxState
from careledger.outbox.queue import OutboxQueue
from careledger.outbox.tables import OutboxItemRow, OutboxTransactionRow
from careledger.outbox.worker import OutboxWorker
from careledger.store import Store

FORK = get_context("fork")
PAYER = 3
"""Which development account sends."""


class EffectKind:
    """The whole of a kind: effects that `EffectCounter` brings about once."""

    name = "test.effect"
    batch = 100

    def __init__(self, chain, target):
        self.chain = chain
        self.target = target

    def to_json(self, item):
        return {"id": item.hex()}

    def from_json(self, document):
        return bytes.fromhex(document["id"])

    def effect(self, item):
        return item

    def effect_state(self, item):
        return EffectState(done=self.times(item) > 0)

    def would_take(self, items):
        return all(item[0] != 0xFF for item in items)

    def refusal(self, item):
        try:
            self.chain.call(self.target, self.encode([item]))
        except Reverted as reason:
            return str(reason)
        return None

    def gas(self, item):
        return 60_000

    def encode(self, items):
        return _call("effect(bytes32[])", ["bytes32[]"], [list(items)])

    def times(self, item):
        """Return how often an effect was asked for on the chain."""
        asked = _call("times(bytes32)", ["bytes32"], [item])
        return int.from_bytes(self.chain.call(self.target, asked))


def _call(signature, types, values):
    return keccak(text=signature)[:4] + encode(types, values)


def effect(n):
    """Return the n-th effect's key."""
    return n.to_bytes(32, "big")


class OutboxWorld:
    """A chain with the contract, a database, and workers on both."""

    def __init__(self, chain, where, **options):
        self.where = where
        self.url = chain.url
        self.chain = chain
        self.account = development_accounts(10)[PAYER]
        deployer = Sender(chain, development_accounts(10)[0], timeout=30)
        code = artifacts.load("EffectCounter").bytecode
        self.target = deployer.transact(None, code).contract_address
        self.options = {"ttl": 1, "patience": 30} | options
        self.kind = EffectKind(chain, self.target)
        self.before = self.mined
        self.store = Store.open(where)

    def worker(self, **options):
        """Return a new worker with connections of its own, as after a start of the program."""
        chain = connect(self.url)
        sender = Sender(
            chain,
            self.account,
            timeout=options.pop("timeout", 30),
            stuck_after=options.pop("stuck_after", 5),
            observe=options.pop("observe", None),
        )
        queue = OutboxQueue(
            options.pop("store", None) or Store.open(self.where),
            chain.chain_id,
            [EffectKind(chain, self.target)],
        )
        return OutboxWorker(queue, sender, **self.options | options)

    @property
    def queue(self):
        return OutboxQueue(self.store, self.chain.chain_id, [self.kind])

    def add(self, *numbers):
        for n in numbers:
            self.queue.add(self.kind, effect(n))

    @property
    def mined(self):
        """How many transactions of the payer are in blocks."""
        asked = self.chain.request("eth_getTransactionCount", self.account.address, "latest")
        return int(asked, 16)

    def states(self):
        return Counter(outcome.state for outcome in self.queue.outcomes())

    def expect_each_once(self, count):
        """Look at chain and database: each effect was asked for once, no nonce has two calls."""
        assert self.states() == {OutboxState.FINAL: count}
        assert {self.kind.times(effect(n)) for n in range(count)} == {1}
        self.expect_one_call_a_nonce()

    def expect_one_call_a_nonce(self):
        with self.store.reading() as session:
            rows = session.scalars(select(OutboxTransactionRow)).all()
            calls = {}
            for row in rows:
                calls.setdefault(row.nonce, set()).add((row.fields.get("to"), row.fields["data"]))
            assert not [row for row in rows if row.state in UNDER_WAY]
            left = session.scalars(select(OutboxItemRow.state)).all()
        assert [nonce for nonce, seen in calls.items() if len(seen) > 1] == []
        assert not {state for state in left if state in UNDER_WAY}


def in_process(work, *arguments):
    """Start a process that does something and ends, without the end of the tests' own."""

    def run():
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)

    process = FORK.Process(target=run)
    process.start()
    return process


def kill_here(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def stop_here(*_, **__):
    os.kill(os.getpid(), signal.SIGSTOP)


@contextmanager
def at_point(point, happen):
    """Let something happen once where a point says, in this process."""
    owner, name, after, when = point
    original = getattr(owner, name)
    armed = [True]

    def with_point(*arguments, **named):
        here = armed[0] and when(*arguments, **named)
        if here:
            armed[0] = False
        if here and not after:
            happen()
        result = original(*arguments, **named)
        if here and after:
            happen()
        return result

    setattr(owner, name, with_point)
    try:
        yield
    finally:
        setattr(owner, name, original)


def stopped(process):
    """Wait until a process has stopped itself; False if it ended without."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    return os.WIFSTOPPED(status)


def serve(world, until_final, **options):
    """Work until so many items are final, as a worker process does that is never restarted."""
    worker = world.worker(patience=0, **options)
    while True:
        try:
            worker.run()
        except KeyInUse:
            time.sleep(0.05)
        found = Counter(outcome.state for outcome in worker.queue.outcomes())
        if found[OutboxState.FINAL] >= until_final:
            return
