"""ERC-1271: a contract wallet says whether it accepts a signature."""

from eth_abi.abi import encode

from careledger.chain.reverts import Reverted
from careledger.chain.rpc import Chain

_MAGIC = bytes.fromhex("1626ba7e")
"""Selector of `isValidSignature(bytes32,bytes)`, and the answer of a wallet that accepts."""


def wallet_accepts(chain: Chain, wallet: str, digest: bytes, signature: bytes) -> bool:
    """Ask a contract wallet whether a signature is valid for it.

    False where there is no contract at the address, or where the contract refuses or reverts.

    Args:
        chain: the node; its answer is believed.
        wallet: the address that is said to have signed.
        digest: the 32 bytes that were signed.
        signature: in the wallet's own form.

    Raises:
        NodeError: the node cannot be asked.

    """
    if not chain.code(wallet):
        return False

    call = _MAGIC + encode(["bytes32", "bytes"], [digest, signature])
    try:
        return chain.call(wallet, call)[:4] == _MAGIC
    except Reverted:
        return False
