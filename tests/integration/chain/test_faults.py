"""Sending while everything goes wrong, again and again: every request has its effect once, none
twice.

The two endurance tests print nothing and choose by a seed of their own; another one:
CARELEDGER_SEED=5. More of it: CARELEDGER_FAULTS=10000.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from eth_account import Account

from careledger.chain.node import LocalNode, development_accounts
from careledger.chain.rpc import connect
from careledger.chain.send import Sender
from careledger.errors import NodeError
from tests.support.proxy import Fault, Proxy

SEED = int(os.environ.get("CARELEDGER_SEED", "20261122"))
FAULTS = int(os.environ.get("CARELEDGER_FAULTS", "500"))
PATIENCE = 0.08
"""Seconds that the client waits for an answer."""
WEIGHTS = {
    Fault.REFUSE: 4,
    Fault.LOST: 4,
    Fault.LIMIT: 4,
    Fault.DUPLICATE: 4,
    Fault.TRUNCATE: 4,
    Fault.DROP: 1,
    Fault.DELAY: 2,
}


class Lossy:
    """Spoils two requests in five, while it is not told to be calm."""

    def __init__(self):
        self.choose, self.calm = random.Random(SEED), True

    def __call__(self, _method, _parameters):
        if self.calm or self.choose.random() > 0.4:
            return None
        return self.choose.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]


def sent(sender, to):
    """Send one wei until the sender takes the request; return what is under way."""
    while True:
        try:
            return sender.send(to, value=1, gas=21_000)
        except NodeError:  # promised: nothing was signed, or it was refused for good
            continue


def paid(sender, proxy):
    """Pay new people one wei each, eight at a time, until enough
    went wrong; return who they are.
    """
    asked = []
    while proxy.faults.total() < FAULTS:
        people = [Account.create().address for _ in range(8)]
        for pending in [sent(sender, to) for to in people]:
            assert sender.wait(pending).succeeded
        asked += people
    return asked


def test_a_lossy_network_loses_and_doubles_nothing():
    lossy = Lossy()
    with (
        LocalNode("anvil") as own,
        Proxy(own.url, lossy, PATIENCE) as proxy,
        ThreadPoolExecutor(4) as pool,
    ):
        senders = [
            Sender(connect(proxy.url, timeout=PATIENCE), account, stuck_after=0.2, timeout=60)
            for account in development_accounts(2)
        ]
        lossy.calm = False
        asked = list(
            pool.map(lambda sender: paid(sender, proxy), senders * 2)
        )  # two threads share each sender
        proxy.settle()
        everybody = [to for people in asked for to in people]
        assert {to: own.balance(to) for to in everybody} == dict.fromkeys(everybody, 1), (
            f"seed {SEED}"
        )
        for number, sender in enumerate(senders):
            nonces = int(own.request("eth_getTransactionCount", sender.address, "latest"), 16)
            assert nonces == len(asked[number]) + len(asked[number + 2])
        assert all(proxy.faults[fault] >= FAULTS // 100 for fault in Fault), proxy.faults
        assert len(everybody) >= FAULTS // 20


def test_a_forgetful_and_undone_chain_loses_and_doubles_nothing():
    choose = random.Random(SEED)
    happened = Counter()
    with LocalNode("anvil", extra=["--no-mining"]) as own:
        sender = Sender(own, development_accounts(1)[0], stuck_after=0.02, timeout=60)
        own.request("anvil_mine", 70)
        start, asked, open_ = own.block_number(), [], []
        while happened.total() < FAULTS:
            what = choose.choice(("send", "send", "drop", "empty", "mine", "reorganise", "restart"))
            happened[what] += 1
            if what == "send":
                for _ in range(choose.randint(1, 4)):
                    asked.append(Account.create().address)
                    open_.append(sender.send(asked[-1], value=1, gas=21_000))
            elif what == "drop" and open_:
                own.request("anvil_dropTransaction", "0x" + choose.choice(open_).hashes[-1].hex())
            elif what == "empty":
                own.request("anvil_dropAllTransactions")
            elif what == "mine":
                own.request("evm_mine")
            elif what == "reorganise":
                own.request(
                    "anvil_reorg", choose.randint(1, min(64, own.block_number() - start + 1)), []
                )
        own.request("anvil_setAutomine", True)
        own.request("evm_mine")
        for pending in reversed(open_):
            assert sender.wait(pending).succeeded
        assert [own.balance(to) for to in asked] == [1] * len(asked), f"seed {SEED}"
        assert int(own.request("eth_getTransactionCount", sender.address, "latest"), 16) == len(
            asked
        )
        assert min(happened.values()) >= FAULTS // 20
