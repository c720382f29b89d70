"""Offline evidence: what proves an anchored batch to somebody who trusts one block hash and no node."""

from careledger.chain.rpc import Chain
from careledger.crypto import state_proof
from careledger.crypto.proofs import MalformedProof
from careledger.errors import ProofError
from careledger.interactions import formats
from careledger.interactions.formats import AnchoredBatch, LogAddress
from careledger.interactions.receipt import OfflineEvidence


def _slot(number: int) -> str:
    return f"{number:#066x}"


def _bytes(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text[2:]) for text in texts)


def collect(chain: Chain, log: LogAddress, batch_id: int, block_hash: bytes) -> OfflineEvidence:
    """Ask a node for the evidence of a batch at a block, and check it.

    Raises:
        NodeError: the node does not have the block, or no longer its state.
        ProofError: what it answers does not prove the batch.

    """
    block = chain.block(block_hash)
    header = state_proof.encode_header(block)
    slots = [formats.slot_root(log.brand, batch_id), formats.slot_pair(log.brand, batch_id)]
    slots.append(formats.slot_tip(log.brand))
    answer = chain.request(
        "eth_getProof", log.contract, [_slot(slot) for slot in slots], block["number"]
    )
    try:
        account = _bytes(answer["accountProof"])
        root, pair, tip = (_bytes(item["proof"]) for item in answer["storageProof"])
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedProof("the node's answer to eth_getProof cannot be read") from error
    # The numbers of the last batch with an even id are still in the tip.
    for numbers in (pair, tip):
        evidence = OfflineEvidence(header, account, root, numbers)
        try:
            check(evidence, log, batch_id, block_hash)
        except ProofError as error:
            fault = error
        else:
            return evidence
    raise fault


def check(
    evidence: OfflineEvidence, log: LogAddress, batch_id: int, block_hash: bytes
) -> AnchoredBatch:
    """Return the batch that evidence proves under a trusted block hash.

    Raises:
        ProofError: it does not prove it.

    """
    header = state_proof.open_header(evidence.header, block_hash)
    account = state_proof.open_account(
        header.state_root, formats.address_bytes(log.contract), evidence.account
    )
    if account is None or account.code_hash == state_proof.NO_CODE:
        raise ProofError(f"there is no contract at {log.contract} in block {header.number}")

    def slot(number: int, proof: tuple[bytes, ...]) -> int:
        return state_proof.open_slot(account.storage_root, number.to_bytes(32, "big"), proof)

    root = slot(formats.slot_root(log.brand, batch_id), evidence.root)
    if root == 0:
        raise ProofError(f"there is no batch {batch_id} of {log.brand} in block {header.number}")
    try:
        pair = slot(formats.slot_pair(log.brand, batch_id), evidence.numbers)
    except ProofError:
        pair = 0
    if pair:
        first, count, anchored_at = formats.read_pair(pair, odd=batch_id % 2 == 1)
    else:
        batches, interactions, count, anchored_at = formats.read_tip(
            slot(formats.slot_tip(log.brand), evidence.numbers)
        )
        if batches != batch_id + 1:
            raise ProofError(
                f"the evidence shows the numbers of batch {batches - 1}, not of batch {batch_id}"
            )
        first = interactions - count
    return AnchoredBatch(root.to_bytes(32, "big"), first, count, anchored_at)
