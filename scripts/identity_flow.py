"""A brand's identifier, a delegate with an expiry, a rotated key, and the documents that result."""

from datetime import UTC, datetime, timedelta
from typing import Any

from careledger.chain.send import Receipt
from careledger.console import Json, Out, Rpc, run_command
from careledger.flows.stage import Stage, brownie_rpc, open_stage
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import format_did
from careledger.identity.did.errors import BadActor
from careledger.identity.did.model import AGENT, Operation
from careledger.identity.did.resolver import Resolution, resolve
from careledger.values.times import time_text

SERVICE, ENDPOINT = "did/svc/CustomerCare", b"https://care.lumbre.example"


def flow(rpc: Rpc = None, json: Json = False) -> None:
    """Create an identifier, name a delegate until an expiry, rotate the key, and resolve before and after."""
    out = Out(json)
    with open_stage(rpc) as stage:
        brand, successor = stage.actor("Lumbre"), stage.actor("Lumbre's next key")
        agent = stage.actor("Ines, an agent", ether=0).address
        relayer = IdentityRegistry(stage.chain, stage.addresses["IdentityRegistry"], stage.patron)
        registry, identity = relayer.using(brand), brand.address
        did = format_did(identity, stage.chain.chain_id)
        documents = {"created": resolve(registry, did)}

        now = datetime.fromtimestamp(
            max(stage.chain.timestamp(), int(datetime.now(UTC).timestamp())), UTC
        )
        expiry, deadline = now + timedelta(days=30), now + timedelta(hours=1)
        steps = [
            Operation.add_delegate(AGENT, agent, expiry),
            Operation.add_delegate("veriKey", agent, expiry),
            Operation.set_attribute(SERVICE, ENDPOINT, expiry),
        ]
        typed = registry.messages.batch(
            identity, steps, nonce=registry.nonce(identity), deadline=deadline
        )
        named = relayer.execute_by_sig(
            identity, steps, deadline=deadline, signature=typed.sign(brand.account)
        )
        allowed = registry.may_act(identity, AGENT, agent)
        documents["delegate named"] = resolve(registry, did)

        rotated = registry.change_owner(identity, successor.address)
        documents["key rotated"] = resolve(registry, did)
        documents["as of before the rotation"] = resolve(
            registry, did, block=rotated.block_number - 1
        )
        documents["a day after the expiry"] = resolve(registry, did, now=expiry + timedelta(days=1))
        try:
            registry.revoke_delegate(identity, AGENT, agent)
            refused = "nothing"
        except BadActor as refusal:
            refused = str(refusal)
        dismissed = relayer.using(successor).revoke_delegate(identity, AGENT, agent)

        out.table(
            f"What Lumbre did ({did})",
            ["step", "gas #", "paid by", "transaction"],
            [
                ["created the identifier", "0", "nobody: an address is enough", ""],
                [
                    "named Ines until an expiry, and a service",
                    f"{named.gas_used:,}",
                    "a relayer",
                    _hash(named),
                ],
                ["rotated its key", f"{rotated.gas_used:,}", "the old key", _hash(rotated)],
                ["dismissed Ines", f"{dismissed.gas_used:,}", "the new key", _hash(dismissed)],
            ],
            caption=f"the old key, once more: {refused}",
        )
        out.table(
            "careledger identity resolve …",
            ["when", "version", "controller", "keys of delegates", "services"],
            [[when, *_row(stage, found)] for when, found in documents.items()],
        )
        out.document(
            {
                "did": did,
                "agent": {"address": agent, "role": AGENT, "validTo": time_text(expiry)},
                "agentMayAct": {
                    "named": allowed,
                    "dismissed": registry.may_act(identity, AGENT, agent),
                },
                "gas": {
                    "named": named.gas_used,
                    "rotated": rotated.gas_used,
                    "dismissed": dismissed.gas_used,
                },
                "controller": registry.identity_owner(identity),
                "oldKey": refused,
                "documents": {when: found.result for when, found in documents.items()},
            }
        )


def _hash(receipt: Receipt) -> str:
    return "0x" + receipt.transaction_hash.hex()


def _row(stage: Stage, found: Resolution) -> list[Any]:
    controller, *keys = found.document["verificationMethod"]
    services = [service["serviceEndpoint"] for service in found.document.get("service", [])]
    account = controller["blockchainAccountId"].rpartition(":")[2]
    return [
        found.metadata.get("versionId", "-"),
        stage.name_of(account),
        len(keys),
        ", ".join(services) or "-",
    ]


def main() -> None:
    """Run by `brownie run scripts/identity_flow.py`, on Brownie's network."""
    run_command(flow, [] if brownie_rpc() else None)


if __name__ == "__main__":
    main()
