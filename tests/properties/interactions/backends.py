"""What the machine plays on: the in-process EVM for depth, an Anvil by the client for truth."""

from eth_abi.abi import encode

from careledger.chain import artifacts
from careledger.chain.node import DevelopmentChain
from careledger.chain.send import Sender
from careledger.crypto.hashing import keccak256
from careledger.interactions.client import InteractionLog, LogHead
from careledger.interactions.formats import AnchoredBatch
from tests.support.evm import CHAIN_ID
from tests.worlds.interactions import World

NAMES = ("brand", "agent", "other brand", "stranger", "ana", "bob")


def call(signature, *arguments):
    kinds = signature[signature.index("(") + 1 : -1].split(",")
    return keccak256(signature.encode())[:4] + encode(kinds, arguments)


class InProcess:
    """The in-process EVM."""

    chain_id = CHAIN_ID

    def __init__(self, artifact=None):
        from tests.support.evm import actor

        self.world = World(artifact=artifact)
        self.accounts = {name: actor(f"anchoring {name}") for name in NAMES}
        for account in self.accounts.values():
            self.world.evm.fund(account)
        self.contract = self.world.log.address

    def begin(self):
        self._snapshot = self.world.evm.snapshot()

    def end(self):
        self.world.evm.revert(self._snapshot)

    def now(self):
        return self.world.evm.now

    def sleep(self, seconds):
        self.world.evm.sleep(seconds)

    def registry(self, by, signature, *arguments):
        self.world.evm.raw_transact(
            self.world.registry.address, call(signature, *arguments), self.accounts[by]
        )

    def anchor(self, by, brand, root, count, first):
        """Return the time of the block."""
        self.world.log.transact("anchorBatch", brand, root, count, first, sender=self.accounts[by])
        return self.now()

    def acknowledge(self, by, customer, brand, batch_id, fields, proof):
        arguments = (customer, brand, batch_id, fields.abi(), proof)
        self.world.log.transact("acknowledge", *arguments, sender=self.accounts[by])
        return self.now()

    def relay(self, customer, brand, batch_id, fields, proof, deadline, signature):
        arguments = (customer, brand, batch_id, fields.abi(), proof, deadline, signature)
        self.world.log.transact("acknowledgeBySig", *arguments, sender=self.accounts["stranger"])
        return self.now()

    def head(self, brand):
        return LogHead(*self.world.log.call("head", brand))

    def batch(self, brand, batch_id):
        return AnchoredBatch(*self.world.log.call("batch", brand, batch_id))

    def batch_of(self, brand, index):
        return self.world.log.call("batchOf", brand, index)

    def verify(self, brand, batch_id, fields, proof):
        return self.world.log.call("verify", brand, batch_id, fields.abi(), proof)

    def acknowledged_at(self, customer, brand, leaf):
        return self.world.log.call("acknowledgedAt", customer, brand, leaf)


class OnAnvil:
    """A real node, through the client that users have."""

    def __init__(self, chain, addresses, accounts):
        self.chain, self.chain_id, self._registry = (
            chain,
            chain.chain_id,
            addresses["IdentityRegistry"],
        )
        self.accounts = dict(zip(NAMES, accounts, strict=False))
        self.contract = addresses["InteractionLog"]
        self.development = DevelopmentChain(chain)
        assert artifacts.load("InteractionLog").matches(chain.code(self.contract))

    def begin(self):
        self._snapshot = self.development.snapshot()
        self.senders = {
            name: Sender(self.chain, account) for name, account in self.accounts.items()
        }
        self.log = InteractionLog(self.chain, self.contract)

    def end(self):
        self.development.revert(self._snapshot)

    def now(self):
        return self.chain.timestamp()

    def sleep(self, seconds):
        self.development.warp(self.now() + seconds)

    def registry(self, by, signature, *arguments):
        self.senders[by].transact(self._registry, call(signature, *arguments))

    def anchor(self, by, brand, root, count, first):
        receipt = self.log.using(self.senders[by]).anchor_batch(brand, root, count, first)
        return self.chain.timestamp(receipt.block_number)

    def acknowledge(self, by, customer, brand, batch_id, fields, proof):
        receipt = self.log.using(self.senders[by]).acknowledge(
            customer, brand, batch_id, fields, proof
        )
        return self.chain.timestamp(receipt.block_number)

    def relay(self, customer, brand, batch_id, fields, proof, deadline, signature):
        receipt = self.log.using(self.senders["stranger"]).acknowledge_by_sig(
            customer, brand, batch_id, fields, proof, deadline=deadline, signature=signature
        )
        return self.chain.timestamp(receipt.block_number)

    def head(self, brand):
        return self.log.head(brand)

    def batch(self, brand, batch_id):
        return self.log.batch(brand, batch_id)

    def batch_of(self, brand, index):
        return self.log.batch_of(brand, index)

    def verify(self, brand, batch_id, fields, proof):
        return self.log.verify(brand, batch_id, fields, proof)

    def acknowledged_at(self, customer, brand, leaf):
        return self.log.acknowledged_at(customer, brand, leaf)
