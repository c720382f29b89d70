"""Is this what was anchored? A receipt is judged by a node, or by a block hash that is trusted."""

from careledger.chain.rpc import Chain
from careledger.errors import InputError, ProofError
from careledger.interactions import evidence
from careledger.interactions.client import InteractionLog
from careledger.interactions.facts import Facts, opened_verdict, receipt_facts, time_fact
from careledger.interactions.findings import (
    FIELD_MEMBERS,
    differing_fields,
    examine,
    examine_log,
    read_record,
)
from careledger.interactions.node_verification import NodeVerification
from careledger.interactions.receipt import Receipt
from careledger.interactions.signatures import check_signatures
from careledger.interactions.verdict import Finding, Verdict, VerificationResult


def verify(receipt: Receipt, chain: Chain, contract: str | None = None) -> VerificationResult:
    """Judge a receipt by a node.

    Args:
        receipt: what the customer holds.
        chain: the node; its answers are believed.
        contract: the InteractionLog that the verifier trusts; when None, the one that the receipt
            names is believed to be it if its code is ours.

    Raises:
        WrongChain: the node serves another chain than the receipt's.
        NodeError: the node cannot be asked.

    """
    chain.expect(receipt.log.chain_id)
    facts = receipt_facts(receipt)
    client = InteractionLog(chain, receipt.log.contract)

    elsewhere = _check_contract(receipt, contract)
    if elsewhere:
        return VerificationResult(Verdict.ALTERED, [elsewhere], facts)
    if not client.artifact.matches(chain.code(receipt.log.contract)):
        finding = Finding("contract", "there is no InteractionLog at this address")
        return VerificationResult(Verdict.UNKNOWN, [finding], facts)

    if receipt.anchored is None:
        return _judge_promise(receipt, client, facts)
    return NodeVerification(receipt, receipt.anchored, client, facts).judge()


def verify_offline(
    receipt: Receipt, block_hash: bytes, contract: str | None = None
) -> VerificationResult:
    """Judge a receipt by its own evidence and a block hash; no node is asked.

    Args:
        receipt: what the customer holds, with evidence.
        block_hash: of a block of the receipt's chain, from a source that the verifier trusts.
        contract: the InteractionLog that the verifier trusts; when None, the receipt's.

    Raises:
        InputError: the receipt carries no evidence.

    """
    facts = receipt_facts(receipt)
    elsewhere = _check_contract(receipt, contract)
    if elsewhere:
        return VerificationResult(Verdict.ALTERED, [elsewhere], facts)
    if receipt.evidence is None or receipt.anchored is None:
        raise InputError(
            "the receipt carries no offline evidence: give --rpc to verify it against a node"
        )

    shown = receipt.anchored.batch
    try:
        batch = evidence.check(receipt.evidence, receipt.log, shown.id, block_hash)
    except ProofError as error:
        finding = Finding("evidence", str(error))
        return VerificationResult(Verdict.ALTERED, [finding], facts)
    facts["anchoredAt"] = time_fact(batch.anchored_at)

    findings = examine(receipt, shown, batch)
    findings += examine_log(receipt, receipt.anchored, batch)
    findings += check_signatures(receipt, None)
    if findings:
        return VerificationResult(Verdict.ALTERED, findings, facts)
    return opened_verdict(receipt, batch, facts)


def _check_contract(receipt: Receipt, trusted: str | None) -> Finding | None:
    named = receipt.log.contract
    if trusted is None or trusted.lower() == named.lower():
        return None
    return Finding("contract", f"the receipt names {named}, the trusted contract is {trusted}")


def _judge_promise(receipt: Receipt, client: InteractionLog, facts: Facts) -> VerificationResult:
    """Judge a receipt of an interaction that is promised and not anchored yet."""
    record, fault = read_record(receipt)
    findings = check_signatures(receipt, client)
    if fault:
        findings.append(Finding("record", fault))
    for name in differing_fields(receipt, record):
        part = "record" if name == "content" else f"interaction.{FIELD_MEMBERS[name]}"
        findings.append(Finding(part, "it is not what was promised"))

    if findings or receipt.promise is None:
        return VerificationResult(Verdict.ALTERED, findings, facts)

    over = client.chain.timestamp() > receipt.promise.anchor_by
    verdict = Verdict.PROMISE_BROKEN if over else Verdict.PENDING
    return VerificationResult(verdict, (), facts)
