"""From a file of interactions to an anchored batch, and from there to the customers' receipts."""

from collections.abc import Sequence
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from careledger.chain.rpc import Chain
from careledger.crypto.rfc6962 import LogTree
from careledger.errors import Conflict, NodeError, NotFound, ProofError
from careledger.interactions import evidence, formats
from careledger.interactions.batch import Batch, BatchEntry
from careledger.interactions.client import Anchor, BatchAnchored, InteractionLog
from careledger.interactions.errors import UnknownInteraction
from careledger.interactions.formats import AnchoredBatch, LeafFields, LogAddress
from careledger.interactions.keyring import Keyring
from careledger.interactions.receipt import (
    Acknowledgement,
    AnchoringPromise,
    AnchorProof,
    AnchorTransaction,
    BatchProof,
    LogProof,
    Receipt,
    ReceiptState,
    Salts,
)
from careledger.interactions.record import InteractionRecord


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
    """Number records, build their batch and write its file; or take up the batch of a run that was killed.

    Raises:
        Conflict: the file holds another batch. SettingsError, MalformedDocument, ProofError: the file
        cannot be read or written, or was altered.

    """
    log = log_address(client, brand)
    if file.exists():
        batch = Batch.load(file)
        same = [entry.record and entry.record.raw for entry in batch.entries] == [
            record.raw for record in records
        ]
        if batch.log != log or not same:
            raise Conflict(f"{file} holds another batch: name a new file, or move it away")
        return batch
    batch = Batch.build(log, records, keyring, client.head(brand).interactions)
    keyring.save()
    batch.save(file)
    return batch


def anchor(client: InteractionLog, batch: Batch, file: Path | None = None) -> Batch:
    """Anchor a batch, once however often this is called, and note where in its file.

    Raises:
        NotAuthorised: the sender may not anchor for the brand. AlreadyAnchored, WrongFirst: the
        brand's log has gone on without it; it has to be numbered anew.

    """
    try:
        batch = batch.anchored(where(client, batch))
    except Conflict:  # not yet, or not any more
        batch = batch.anchored(client.anchor(batch.log.brand, batch.root, batch.count, batch.first))
    if file is not None:
        batch.save(file)
    return batch


def log_tree(client: InteractionLog, brand: str) -> LogTree:
    """Rebuild a brand's log of batches and check it against the contract's head.

    From the node's events in one request; batch by batch from the contract where the node does not
    keep them.

    Raises:
        ProofError: the node contradicts itself.

    """
    log, head = log_address(client, brand), client.head(brand)
    try:
        found = [
            event
            for event in client.history(BatchAnchored, brand=brand)
            if isinstance(event, BatchAnchored)
        ]
    except NodeError:
        found = []
    tree = LogTree()
    for event in found[: head.batches]:
        batch = AnchoredBatch(event.root, event.first, event.count, event.anchored_at)
        tree.append(formats.batch_record(log, event.id, batch))
    if len(tree) == head.batches and tree.root() == head.root:
        return tree
    tree = LogTree(client.record_of(brand, batch_id) for batch_id in range(head.batches))
    if tree.root() != head.root:
        raise ProofError(
            f"the node at {client.chain.url} contradicts itself: its batches do not lead to its head"
        )
    return tree


def finality(chain: Chain, block_number: int) -> ReceiptState:
    """Return FINAL for a block that the chain has made final, MINED for one that it has not (or does not say)."""
    try:
        final = int(chain.block("finalized")["number"], 16)
    except NodeError:
        return ReceiptState.MINED
    return ReceiptState.FINAL if block_number <= final else ReceiptState.MINED


def where(client: InteractionLog, batch: Batch) -> Anchor:
    """Return where a batch is anchored now: a reorganisation may have moved it into another block.

    Raises:
        Conflict: it is not anchored, or not any more.

    """
    known, brand = batch.place(), batch.log.brand
    try:
        batch_id = client.batch_of(brand, batch.first)
        there = client.batch(brand, batch_id)
    except UnknownInteraction:
        there = None
    if there is None or (there.root, there.first, there.count) != (
        batch.root,
        batch.first,
        batch.count,
    ):
        raise Conflict("the batch is not on the chain (any more): anchor it again")
    try:
        in_place = client.chain.block(known.block_number)["hash"] == "0x" + known.block_hash.hex()
    except NodeError:
        in_place = False
    return known if in_place and known.id == batch_id else client.anchor_of(brand, batch_id)


def receipt(
    client: InteractionLog,
    batch: Batch,
    place: int,
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
        place: of the interaction in the batch, from 0.
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
    chain, log, entry = client.chain, batch.log, batch.entries[place]
    anchor = where(client, batch)
    there = client.batch(log.brand, anchor.id)
    tree = tree or log_tree(client, log.brand)
    proof = None
    if with_evidence:
        try:
            proof = evidence.collect(chain, log, anchor.id, anchor.block_hash)
        except (NodeError, ProofError):
            # a node that keeps no old state, or a chain whose headers are hashed in another way
            proof = None
    return Receipt(
        state=finality(chain, anchor.block_number),
        log=log,
        fields=entry.fields,
        salts=_salts(entry, keyring),
        record=entry.record.raw if with_record and entry.record else None,
        anchored=AnchorProof(
            BatchProof(anchor.id, there, tuple(batch.tree.proof(place))),
            LogProof(len(tree), tree.root(), tuple(tree.inclusion_proof(anchor.id))),
            AnchorTransaction(anchor.transaction_hash, anchor.block_number, anchor.block_hash),
        ),
        promise=promise,
        acknowledgement=acknowledgement,
        evidence=proof,
    )


def _salts(entry: BatchEntry, keyring: Keyring | None) -> Salts | None:
    if entry.record is None or keyring is None:
        return None
    try:
        key = keyring.known(entry.record.customer)
    except NotFound:
        return None
    return Salts(*formats.salts(key, entry.record.id))


def promise(
    log: LogAddress,
    record: InteractionRecord,
    keyring: Keyring,
    anchor_by: int,
    signer: LocalAccount,
) -> Receipt:
    """Write the receipt that a customer gets at once: the brand's signature that it will anchor the interaction.

    Args:
        log: where it will be anchored.
        record: of the interaction.
        keyring: where the customer's key is, or will be.
        anchor_by: until when, seconds since 1970 UTC.
        signer: the brand's controller, or its delegate for careledger.agent.

    """
    salts = Salts(*keyring.salts(record.customer, record.id))
    keyring.save()
    fields = record.fields((salts.content, salts.parties), 0)
    signature = _sign(signer, formats.promise_digest(log, fields, anchor_by))
    given = AnchoringPromise(anchor_by, signer.address, signature)
    return Receipt(ReceiptState.PROMISED, log, fields, salts, record.raw, promise=given)


def acknowledgement(
    log: LogAddress, customer: str, fields: LeafFields, deadline: int, signer: LocalAccount
) -> Acknowledgement:
    """Countersign an interaction for a customer; anyone can relay the result to the contract.

    Args:
        log: where it is anchored.
        customer: the customer's identity.
        fields: of the interaction.
        deadline: until when the contract takes the signature, seconds since 1970 UTC.
        signer: the customer's controller.

    """
    signature = _sign(signer, formats.acknowledgement_digest(log, customer, fields, deadline))
    return Acknowledgement(customer, deadline, signature)


def _sign(signer: LocalAccount, digest: bytes) -> bytes:
    return bytes(signer.unsafe_sign_hash(Hash32(digest)).signature)
