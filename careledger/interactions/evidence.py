"""Offline evidence: proves an anchored batch to somebody who trusts one block hash and no node."""

from careledger.chain.rpc import Chain
from careledger.crypto import state_proof
from careledger.crypto.proofs import MalformedProof
from careledger.errors import ProofError
from careledger.interactions import formats
from careledger.interactions.formats import AnchoredBatch, LogAddress
from careledger.interactions.proofs import OfflineEvidence


def collect(chain: Chain, log: LogAddress, batch_id: int, block_hash: bytes) -> OfflineEvidence:
    """Ask a node for the evidence of a batch at a block, and check it.

    Raises:
        NodeError: the node does not have the block, or no longer its state.
        ProofError: what it answers does not prove the batch.

    """
    block = chain.block(block_hash)
    header = state_proof.encode_header(block)
    slots = [
        formats.slot_root(log.brand, batch_id),
        formats.slot_pair(log.brand, batch_id),
        formats.slot_tip(log.brand),
    ]
    answer = chain.request(
        "eth_getProof", log.contract, [f"{slot:#066x}" for slot in slots], block["number"]
    )

    try:
        account = _nodes(answer["accountProof"])
        root, pair, tip = (_nodes(item["proof"]) for item in answer["storageProof"])
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
    contract = formats.address_bytes(log.contract)
    account = state_proof.open_account(header.state_root, contract, evidence.account)
    if account is None or account.code_hash == state_proof.NO_CODE:
        raise ProofError(f"there is no contract at {log.contract} in block {header.number}")

    storage_root = account.storage_root
    root = _slot(storage_root, formats.slot_root(log.brand, batch_id), evidence.root)
    if root == 0:
        raise ProofError(f"there is no batch {batch_id} of {log.brand} in block {header.number}")

    first, count, anchored_at = _numbers(storage_root, log.brand, batch_id, evidence.numbers)
    return AnchoredBatch(root.to_bytes(32, "big"), first, count, anchored_at)


def _numbers(
    storage_root: bytes, brand: str, batch_id: int, nodes: tuple[bytes, ...]
) -> tuple[int, int, int]:
    """Return first interaction, count and time of a batch: from its pair's slot or the tip."""
    try:
        pair = _slot(storage_root, formats.slot_pair(brand, batch_id), nodes)
    except ProofError:
        pair = 0
    if pair:
        return formats.read_pair(pair, odd=batch_id % 2 == 1)

    tip = _slot(storage_root, formats.slot_tip(brand), nodes)
    batches, interactions, count, anchored_at = formats.read_tip(tip)
    if batches != batch_id + 1:
        raise ProofError(
            f"the evidence shows the numbers of batch {batches - 1}, not of batch {batch_id}"
        )
    return interactions - count, count, anchored_at


def _slot(storage_root: bytes, number: int, nodes: tuple[bytes, ...]) -> int:
    return state_proof.open_slot(storage_root, number.to_bytes(32, "big"), nodes)


def _nodes(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text[2:]) for text in texts)
