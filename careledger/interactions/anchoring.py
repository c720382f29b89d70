"""From a file of interactions to an anchored batch, and from there to the customers' receipts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from careledger.chain.rpc import Chain
from careledger.crypto.rfc6962 import LogTree
from careledger.errors import Conflict, NodeError, NotFound, ProofError
from careledger.interactions import evidence, formats
from careledger.interactions.batch import Batch, BatchEntry
from careledger.interactions.client import Anchor, InteractionLog
from careledger.interactions.errors import UnknownInteraction
from careledger.interactions.events import BatchAnchored
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.messages import (
    Acknowledgement,
    AnchoringPromise,
    acknowledgement_message,
    promise_message,
)
from careledger.interactions.proofs import (
    AnchorProof,
    AnchorTransaction,
    BatchProof,
    LogProof,
    OfflineEvidence,
)
from careledger.interactions.receipt import Receipt, ReceiptState, Salts
from careledger.interactions.record import InteractionRecord

if TYPE_CHECKING:  # signing needs it, reading does not
    from eth_account.signers.local import LocalAccount


def log_address(client: InteractionLog, brand: str) -> LogAddress:
    """Return the full address of a brand's log behind a client."""
    return LogAddress(client.chain.chain_id, client.address, brand)


def prepare(
    client: InteractionLog,
    brand: str,
    records: Sequence[InteractionRecord],
    keyring: Keyring,
    file: Path,
) -> Batch:
    """Number records, build their batch and write its file, or take up the batch of a killed run.

    Args:
        client: the contract, as a node serves it.
        brand: whose log it is.
        records: in the order of their numbers.
        keyring: where the customers' keys are; new ones are written before the batch is.
        file: where the batch goes.

    Raises:
        Conflict: the file holds another batch.
        InputError, MalformedDocument, ProofError: the file cannot be read or written, or was
            altered.

    """
    log = log_address(client, brand)
    if file.exists():
        return _prepared(file, log, records)

    batch = Batch.build(log, records, keyring, client.head(brand).interactions)
    keyring.write()
    batch.write(file)
    return batch


def _prepared(file: Path, log: LogAddress, records: Sequence[InteractionRecord]) -> Batch:
    """Return the batch that an earlier run wrote, if it is of the same records."""
    batch = Batch.read(file)
    held = [entry.record and entry.record.raw for entry in batch.entries]
    if batch.log != log or held != [record.raw for record in records]:
        raise Conflict(f"{file} holds another batch: name a new file, or move it away")
    return batch


def anchor(client: InteractionLog, batch: Batch, file: Path | None = None) -> Batch:
    """Anchor a batch, once however often this is called, and note where in its file.

    Raises:
        NotAuthorised: the sender may not anchor for the brand.
        AlreadyAnchored, WrongFirst: the brand's log has gone on without it; it has to be numbered
            anew.

    """
    try:
        place = find_anchor(client, batch)
    except Conflict:  # not yet, or not any more
        place = client.anchor(batch.log.brand, batch.root, batch.count, batch.first)

    anchored = batch.with_anchor(place)
    if file is not None:
        anchored.write(file)
    return anchored


def find_anchor(client: InteractionLog, batch: Batch) -> Anchor:
    """Return where a batch is anchored now: a reorganisation may have moved it to another block.

    Raises:
        Conflict: it is not anchored, or not any more.

    """
    known = batch.known_anchor()
    brand = batch.log.brand
    try:
        batch_id = client.batch_of(brand, batch.first)
        there = client.batch(brand, batch_id)
    except UnknownInteraction:
        there = None
    if there is None or not batch.is_anchored_as(there):
        raise Conflict("the batch is not on the chain (any more): anchor it again")

    if known.id == batch_id and _is_in_place(client.chain, known):
        return known
    return client.anchor_of(brand, batch_id)


def _is_in_place(chain: Chain, anchor: Anchor) -> bool:
    try:
        there = chain.block(anchor.block_number)
    except NodeError:
        return False
    return bool(there["hash"] == "0x" + anchor.block_hash.hex())


def log_tree(client: InteractionLog, brand: str) -> LogTree:
    """Rebuild a brand's log of batches and check it against the contract's head.

    From the node's events in one request; batch by batch from the contract where the node does not
    keep them.

    Raises:
        ProofError: the node contradicts itself.

    """
    head = client.head(brand)
    tree = _tree_of_events(client, brand, head.batches)
    if len(tree) == head.batches and tree.root() == head.root:
        return tree

    tree = LogTree(client.record_of(brand, batch_id) for batch_id in range(head.batches))
    if tree.root() != head.root:
        raise ProofError(
            f"the node at {client.chain.shown_url} contradicts itself: "
            f"its batches do not lead to its head"
        )
    return tree


def _tree_of_events(client: InteractionLog, brand: str, batches: int) -> LogTree:
    """Return the log as far as the node keeps its events, and not beyond the head."""
    log = log_address(client, brand)
    try:
        events = list(client.history(BatchAnchored, brand=brand))
    except NodeError:
        events = []

    tree = LogTree()
    for event in events[:batches]:
        batch = AnchoredBatch(event.root, event.first, event.count, event.anchored_at)
        tree.append(formats.batch_record(log, event.id, batch))
    return tree


def finality(chain: Chain, block_number: int) -> ReceiptState:
    """Return FINAL for a block that the chain has made final, and MINED for any other.

    MINED too where the chain does not say what is final.
    """
    try:
        final = int(chain.block("finalized")["number"], 16)
    except NodeError:
        return ReceiptState.MINED
    return ReceiptState.FINAL if block_number <= final else ReceiptState.MINED


def receipt(
    client: InteractionLog,
    batch: Batch,
    position: int,
    keyring: Keyring | None,
    tree: LogTree | None = None,
    *,
    with_record: bool = True,
    with_evidence: bool = True,
    promise: AnchoringPromise | None = None,
    acknowledgement: Acknowledgement | None = None,
) -> Receipt:
    """Write the receipt of one interaction of an anchored batch.

    Args:
        client: the contract, as a node serves it.
        batch: the anchored batch.
        position: of the interaction in the batch, from 0.
        keyring: where the customer's key is; without it, or after it was destroyed, the receipt
            opens nothing.
        tree: from `log_tree`, when several receipts are written.
        with_record: whether the record itself goes into the file.
        with_evidence: whether offline evidence does, where the node can still give it.
        promise: the brand's signature, if it gave one.
        acknowledgement: the customer's, if it gave one.

    Raises:
        Conflict: the batch is not anchored, or a reorganisation has undone it.

    """
    entry = batch.entries[position]
    found = find_anchor(client, batch)
    there = client.batch(batch.log.brand, found.id)
    tree = tree or log_tree(client, batch.log.brand)

    anchored = AnchorProof(
        BatchProof(found.id, there, tuple(batch.tree.proof(position))),
        LogProof(len(tree), tree.root(), tuple(tree.inclusion_proof(found.id))),
        AnchorTransaction(found.transaction_hash, found.block_number, found.block_hash),
    )
    return Receipt(
        state=finality(client.chain, found.block_number),
        log=batch.log,
        fields=entry.fields,
        salts=_salts(entry, keyring),
        record=entry.record.raw if with_record and entry.record else None,
        anchored=anchored,
        promise=promise,
        acknowledgement=acknowledgement,
        evidence=_evidence(client.chain, batch.log, found) if with_evidence else None,
    )


def _salts(entry: BatchEntry, keyring: Keyring | None) -> Salts | None:
    if entry.record is None or keyring is None:
        return None
    try:
        key = keyring.known_key(entry.record.customer)
    except NotFound:
        return None
    return Salts(*formats.salts(key, entry.record.id))


def _evidence(chain: Chain, log: LogAddress, anchor: Anchor) -> OfflineEvidence | None:
    """Return the evidence; None where the node keeps no old state, or hashes headers otherwise."""
    try:
        return evidence.collect(chain, log, anchor.id, anchor.block_hash)
    except (NodeError, ProofError):
        return None


def promise(
    log: LogAddress,
    record: InteractionRecord,
    keyring: Keyring,
    anchor_by: int,
    signer: "LocalAccount",
) -> Receipt:
    """Write the receipt that a customer gets at once: the brand promises to anchor the interaction.

    Args:
        log: where it will be anchored.
        record: of the interaction.
        keyring: where the customer's key is, or will be.
        anchor_by: until when, seconds since 1970 UTC.
        signer: the brand's controller, or its delegate for careledger.agent.

    """
    salts = Salts(*keyring.salts(record.customer, record.id))
    keyring.write()

    fields = record.fields((salts.content, salts.parties), 0)
    signature = promise_message(log, fields, anchor_by).sign(signer)
    given = AnchoringPromise(anchor_by, signer.address, signature)
    return Receipt(ReceiptState.PROMISED, log, fields, salts, record.raw, promise=given)


def acknowledgement(
    log: LogAddress, customer: str, fields: LeafFields, deadline: int, signer: "LocalAccount"
) -> Acknowledgement:
    """Countersign an interaction for a customer; anyone can relay the result to the contract.

    Args:
        log: where it is anchored.
        customer: the customer's identity.
        fields: of the interaction.
        deadline: until when the contract takes the signature, seconds since 1970 UTC.
        signer: the customer's controller.

    """
    message = acknowledgement_message(log, customer, fields, deadline)

    return Acknowledgement(customer, deadline, message.sign(signer))
