"""Builders for InteractionLog: fields, leaves, batches and receipts that are on no chain."""

from dataclasses import replace
from hashlib import sha256

from eth_account import Account
from eth_utils.address import to_checksum_address

from careledger.crypto.hashing import keccak256
from careledger.crypto.merkle import MerkleTree
from careledger.crypto.rfc6962 import LogTree
from careledger.interactions import formats
from careledger.interactions.batch import Batch
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.proofs import AnchorProof, AnchorTransaction, BatchProof, LogProof
from careledger.interactions.receipt import Receipt, ReceiptState, Salts
from careledger.interactions.record import InteractionRecord
from tests.support.evm import CHAIN_ID, Evm, actor

ROLE = b"careledger.agent".ljust(32, b"\0")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def some_fields(index, seed="", kind=1, started_at=1_790_000_000):
    """Fields that differ for every index and seed; the contract does not care what they are of."""
    content, parties = (
        sha256(f"{what} {index} {seed}".encode()).digest() for what in ("content", "parties")
    )
    return LeafFields(content, parties, kind, started_at + index, index)


def tree_of(log, members):
    return MerkleTree(formats.leaf_value(log, fields) for fields in members)


def leaf(log, fields):
    """The leaf, written out a second time, independently of the product."""
    words = [
        keccak256(
            b"careledger.interactions.v1".ljust(32, b"\0")
            + log.chain_id.to_bytes(32, "big")
            + bytes(12)
            + bytes.fromhex(log.contract[2:])
        ),
        fields.content,
        fields.parties,
        bytes(14)
        + fields.kind.to_bytes(2, "big")
        + fields.started_at.to_bytes(8, "big")
        + fields.index.to_bytes(8, "big"),
    ]
    return keccak256(keccak256(b"".join(words)))


def sign(account, digest):
    return bytes(account.unsafe_sign_hash(digest).signature)


def high_s(signature):
    """The other form of a signature, which is as valid to ecrecover."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


class World:
    """The contract in an in-process EVM, with a brand, its agent, a customer and a stranger."""

    def __init__(self, evm=None, artifact=None):
        self.evm = evm or Evm()
        self.registry = self.evm.deploy("IdentityRegistry")
        self.log = self.evm.deploy("InteractionLog", self.registry.address, artifact=artifact)
        self.brand, self.agent, self.customer, self.stranger = map(
            actor, ("brand", "agent", "customer", "stranger")
        )
        for who in (self.brand, self.agent, self.customer, self.stranger):
            self.evm.fund(who)
        self.registry.transact(
            "addDelegate", self.brand.address, ROLE, self.agent.address, 10**9, sender=self.brand
        )

    def where(self, brand=None):
        return LogAddress(CHAIN_ID, self.log.address, (brand or self.brand).address)

    def anchor(self, root, count, first, brand=None, sender=None):
        brand = brand or self.brand
        return self.log.transact(
            "anchorBatch", brand.address, root, count, first, sender=sender or self.agent
        )

    def anchor_members(self, members, brand=None, sender=None):
        """Anchor interactions and return their tree."""
        tree = tree_of(self.where(brand), members)
        self.anchor(tree.root, len(members), members[0].index, brand, sender or (brand or None))
        return tree

    def verify(self, batch_id, fields, proof, brand=None):
        return self.log.call(
            "verify", (brand or self.brand).address, batch_id, fields.abi(), list(proof)
        )


def account(seed):
    return Account.from_key(keccak256(seed.encode()))


BRAND = "0x" + "b7" * 20
CONTRACT = "0x" + "c0" * 20


def interaction(number, **changes):
    """An interaction as an input file holds it."""
    return {
        "id": f"call-{number}",
        "agent": "did:web:brand.example:agents:ana",
        "customer": f"did:web:people.example:{number % 3}",
        "kind": "call",
        "startedAt": f"2026-03-02T08:14:{number % 60:02d}Z",
        "content": {"language": "es", "said": [f"número {number}"]},
    } | changes


def paper_log():
    """The address of a log that is on no chain."""
    return LogAddress(CHAIN_ID, to_checksum_address(CONTRACT), to_checksum_address(BRAND))


def paper_batch(count=5, first=100, log=None):
    """A batch that is on no chain, and the keyring of its customers."""
    log = log or paper_log()
    keyring = Keyring()
    brand = formats.did(log.chain_id, log.brand)
    records = [
        InteractionRecord.create(interaction(first + place), brand) for place in range(count)
    ]
    return Batch.build(log, records, keyring, first), keyring


def paper_receipt(place=2, count=5, batch_id=3, size=6, **changes):
    """A whole receipt of a batch that is on no chain, and that
    batch as a contract would keep it.
    """
    batch, keyring = paper_batch(count)
    entry = batch.entries[place]
    there = AnchoredBatch(batch.root, batch.first, batch.count, 1_790_000_000)
    entries = [bytes([number]) for number in range(size)]
    entries[batch_id] = formats.batch_record(batch.log, batch_id, there)
    tree = LogTree(entries)
    anchored = AnchorProof(
        BatchProof(batch_id, there, tuple(batch.tree.proof(place))),
        LogProof(size, tree.root(), tuple(tree.inclusion_proof(batch_id))),
        AnchorTransaction(sha256(b"transaction").digest(), 1234, sha256(b"block").digest()),
    )
    salts = Salts(*keyring.salts(entry.record.customer, entry.record.id))
    made = Receipt(ReceiptState.MINED, batch.log, entry.fields, salts, entry.record.raw, anchored)
    return replace(made, **changes), there
