"""A brand with an agent on the Anvil, and the examples anchored by it."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from eth_abi.abi import encode

from careledger.chain.rpc import Chain
from careledger.chain.send import Sender
from careledger.chain.toolchain import ROOT
from careledger.chain.transport import HttpTransport
from careledger.crypto.hashing import keccak256
from careledger.interactions import anchoring, formats
from careledger.interactions.batch import Batch
from careledger.interactions.client import InteractionLog
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import Receipt
from careledger.interactions.record import InteractionRecord, read_interactions

OTHER = sha256(b"other").digest()
EXAMPLES = ROOT / "examples" / "interactions.json"


def add_delegate(chain, registry, brand: Sender, delegate: str, validity: int = 10**8) -> None:
    arguments = [brand.address, formats.AGENT_ROLE, delegate, validity]
    selector = keccak256(b"addDelegate(address,bytes32,address,uint256)")[:4]
    brand.transact(
        registry, selector + encode(["address", "bytes32", "address", "uint256"], arguments)
    )


def change_owner(registry, identity: Sender, owner: str) -> None:
    selector = keccak256(b"changeOwner(address,address)")[:4]
    identity.transact(
        registry, selector + encode(["address", "address"], [identity.address, owner])
    )


@dataclass
class Desk:
    """Everything that the tests of this noun begin with."""

    chain: Chain
    registry: str
    log: InteractionLog
    brand: Sender
    agent: Sender
    customer: Sender
    keyring: Keyring
    folder: Path

    @property
    def name(self) -> str:
        return formats.did(self.chain.chain_id, self.brand.address)

    def records(self, count: int = 36) -> list[InteractionRecord]:
        return read_interactions(EXAMPLES.read_bytes(), self.name)[:count]

    def anchor(self, count: int = 36, file: str | None = None) -> Batch:
        """Anchor the first examples as the brand's next batch."""
        path = self.folder / (file or f"batch-{self.log.head(self.brand.address).batches}.json")
        prepared = anchoring.prepare(
            self.log, self.brand.address, self.records(count), self.keyring, path
        )
        return anchoring.anchor(self.log, prepared, path)

    def receipt(self, batch: Batch, place: int = 0, **options) -> Receipt:
        return anchoring.receipt(self.log, batch, place, self.keyring, **options)


@pytest.fixture
def desk(chain, suite, senders, tmp_path):
    brand, agent, customer = senders[1:4]
    add_delegate(chain, suite["IdentityRegistry"], brand, agent.address)
    log = InteractionLog(chain, suite["InteractionLog"], agent)
    return Desk(
        chain,
        suite["IdentityRegistry"],
        log,
        brand,
        agent,
        customer,
        Keyring(tmp_path / "keys.json"),
        tmp_path,
    )


@pytest.fixture
def held(desk):
    """A receipt out of the middle of the second of three batches."""
    desk.anchor(1)
    batch = desk.anchor(36)
    desk.anchor(5)
    return desk.receipt(batch, 17)


def altered(receipt, path, value):
    """The receipt with one member of its file replaced."""
    document = json.loads(receipt.canonical())
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return Receipt.parse(json.dumps(document))


class LyingChain(Chain):
    """A node that answers some questions as the test wants."""

    def __init__(self, url, lies):
        self.lies = lies
        super().__init__(HttpTransport(url, timeout=30))

    def request(self, method, *params):
        if method in self.lies:
            answer = self.lies[method]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return super().request(method, *params)
