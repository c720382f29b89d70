"""The brand Lumbre makes an identifier, names a delegate, changes its key, dismisses it."""

from datetime import timedelta
from typing import Any

from careledger.flows.stage import Stage
from careledger.flows.steps import Steps
from careledger.identity.did.model import AGENT, Operation
from careledger.identity.did.resolver import Resolution, resolve
from careledger.values.times import time_text

SERVICE = "did/svc/CustomerCare"
ENDPOINT = b"https://care.lumbre.example"
VALIDITY = timedelta(days=30)


class IdentityStory:
    """The brand, its next key, its agent Ines, and what happens to the brand's identifier."""

    def __init__(self, stage: Stage, steps: Steps) -> None:
        self.steps = steps
        self.brand = stage.actor("Lumbre")
        self.successor = stage.actor("Lumbre's next key")
        self.agent = stage.actor("Ines, an agent", ether=0).address

        self.identity = self.brand.address
        self.did = stage.suite.identity.did(self.identity)
        self.relayer = stage.suite.identity.registry
        self.registry = self.relayer.using(self.brand)

        self.expiry = stage.soon(VALIDITY)
        self.deadline = stage.soon()
        self.documents: dict[str, Resolution] = {}
        """What the identifier resolved to, by when."""
        self.may_act: dict[str, bool] = {}
        """Whether Ines could act for the brand, by when."""

    def play(self) -> None:
        """Play everything."""
        self.create()
        self.name_delegate()
        self.rotate_key()
        self.dismiss_delegate()

    def create(self) -> None:
        """Resolve an identifier that nothing was ever sent for."""
        self.documents["created"] = resolve(self.registry, self.did)
        self.steps.add(
            "Lumbre",
            "created the identifier",
            paid_by="nobody: an address is enough",
        )

    def name_delegate(self) -> None:
        """Let Lumbre sign for a delegate and a service; a relayer sends it."""
        operations = [
            Operation.add_delegate(AGENT, self.agent, self.expiry),
            Operation.add_delegate("veriKey", self.agent, self.expiry),
            Operation.set_attribute(SERVICE, ENDPOINT, self.expiry),
        ]
        nonce = self.registry.nonce(self.identity)
        message = self.registry.messages.batch(
            self.identity, operations, nonce=nonce, deadline=self.deadline
        )
        signature = message.sign(self.brand.account)

        receipt = self.relayer.execute_by_sig(
            self.identity, operations, deadline=self.deadline, signature=signature
        )
        self.steps.add(
            "Lumbre", "named Ines until an expiry, and a service", receipt, paid_by="a relayer"
        )

        self.may_act["named"] = self._agent_may_act()
        self.documents["delegate named"] = resolve(self.registry, self.did)

    def rotate_key(self) -> None:
        """Give the identifier to the next key, and resolve it at several times."""
        receipt = self.registry.change_owner(self.identity, self.successor.address)
        self.steps.add("Lumbre", "rotated its key", receipt, paid_by="the old key")

        before = receipt.block_number - 1
        later = self.expiry + timedelta(days=1)
        self.documents |= {
            "key rotated": resolve(self.registry, self.did),
            "as of before the rotation": resolve(self.registry, self.did, block=before),
            "a day after the expiry": resolve(self.registry, self.did, now=later),
        }

    def dismiss_delegate(self) -> None:
        """End the delegation with the new key; the old key is refused."""
        self.steps.refused(
            "the old key tries to dismiss Ines",
            lambda: self.registry.revoke_delegate(self.identity, AGENT, self.agent),
        )

        registry = self.relayer.using(self.successor)
        receipt = registry.revoke_delegate(self.identity, AGENT, self.agent)
        self.steps.add("Lumbre", "dismissed Ines", receipt, paid_by="the new key")
        self.may_act["dismissed"] = self._agent_may_act()

    def to_json(self) -> dict[str, Any]:
        """Return what happened as it is written under `--json`."""
        return {
            "did": self.did,
            "agent": {"address": self.agent, "role": AGENT, "expiresAt": time_text(self.expiry)},
            "agentMayAct": self.may_act,
            "steps": self.steps.to_json(),
            "refusals": self.steps.refusals,
            "controller": self.registry.identity_owner(self.identity),
            "documents": {when: found.result for when, found in self.documents.items()},
        }

    def _agent_may_act(self) -> bool:
        return self.registry.may_act(self.identity, AGENT, self.agent)
