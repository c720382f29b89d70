"""The two signatures in a receipt: the brand's promise and the customer's acknowledgement."""

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from careledger.chain.erc1271 import wallet_accepts
from careledger.chain.rpc import Chain
from careledger.crypto.hashing import keccak256
from careledger.crypto.typed_data import recover
from careledger.errors import SignatureError
from careledger.interactions import formats
from careledger.interactions.client import InteractionLog
from careledger.interactions.findings import read_record
from careledger.interactions.messages import (
    Acknowledgement,
    AnchoringPromise,
    acknowledgement_message,
    promise_message,
)
from careledger.interactions.receipt import Receipt
from careledger.interactions.verdict import Finding

_MAY_ACT = keccak256(b"mayAct(address,bytes32,address)")[:4]
_IDENTITY_OWNER = keccak256(b"identityOwner(address)")[:4]


def check_signatures(receipt: Receipt, client: InteractionLog | None) -> list[Finding]:
    """Check the signatures that a receipt carries.

    Args:
        receipt: what the customer holds.
        client: to ask who may sign now; without it only whether the signatures are their signers'.

    """
    registry = _Registry(client.chain, client.registry()) if client else None

    findings = []
    if receipt.promise:
        findings += _check_promise(receipt, receipt.promise, registry)
    if receipt.acknowledgement:
        findings += _check_acknowledgement(receipt, receipt.acknowledgement, registry)
    return findings


class _Registry:
    """The part of the identity registry that a verification asks."""

    def __init__(self, chain: Chain, at: str) -> None:
        self.chain = chain
        self._at = at

    def may_act(self, brand: str, actor: str) -> bool:
        arguments = encode(["address", "bytes32", "address"], [brand, formats.AGENT_ROLE, actor])
        return any(self.chain.call(self._at, _MAY_ACT + arguments))

    def controller(self, identity: str) -> str:
        answer = self.chain.call(self._at, _IDENTITY_OWNER + encode(["address"], [identity]))
        return to_checksum_address(answer[12:32])


def _check_promise(
    receipt: Receipt, promise: AnchoringPromise, registry: _Registry | None
) -> list[Finding]:
    message = promise_message(receipt.log, receipt.fields, promise.anchor_by)
    if not _is_signed(promise.signer, message.digest, promise.signature, registry):
        return [Finding("promise", f"it is not signed by {promise.signer}")]

    if registry and not registry.may_act(receipt.log.brand, promise.signer):
        reason = f"{promise.signer} may not, or no longer, sign for the brand"
        return [Finding("promise", reason)]
    return []


def _check_acknowledgement(
    receipt: Receipt, given: Acknowledgement, registry: _Registry | None
) -> list[Finding]:
    message = acknowledgement_message(receipt.log, given.customer, receipt.fields, given.deadline)
    signer = registry.controller(given.customer) if registry else given.customer
    if not _is_signed(signer, message.digest, given.signature, registry):
        return [Finding("acknowledgement", f"it is not signed by {signer}")]

    record, _ = read_record(receipt)
    if record is not None and not record.customer.lower().endswith(given.customer.lower()):
        reason = f"{given.customer} is not the customer in the record"
        return [Finding("acknowledgement", reason)]
    return []


def _is_signed(signer: str, digest: bytes, signature: bytes, registry: _Registry | None) -> bool:
    """Say whether an account signed, or with a node: whether a contract wallet accepts it."""
    if _recovered(digest, signature) == signer.lower():
        return True
    return registry is not None and wallet_accepts(registry.chain, signer, digest, signature)


def _recovered(digest: bytes, signature: bytes) -> str:
    try:
        return "0x" + recover(digest, signature).hex()
    except SignatureError:
        return ""
