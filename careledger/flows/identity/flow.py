"""A brand's identifier, a delegate with an expiry, a rotated key, and the documents that result."""

from careledger.console import Out
from careledger.flows.identity.story import IdentityStory
from careledger.flows.stage import Stage, open_stage
from careledger.flows.steps import Steps
from careledger.identity.did.resolver import Resolution


def flow(out: Out, rpc: str | None = None) -> None:
    """Create an identifier, name a delegate, rotate the key, and resolve before and after.

    Example: careledger demo identity --json
    """
    with open_stage(rpc) as stage:
        story = IdentityStory(stage, Steps())
        story.play()

        story.steps.table(out, f"What Lumbre did ({story.did})")
        story.steps.refusal_table(out)
        out.table(
            "careledger identity resolve …",
            ["when", "version", "controller", "keys of delegates", "services"],
            [[when, *_row(stage, found)] for when, found in story.documents.items()],
        )
        out.document(story.to_json())


def _row(stage: Stage, found: Resolution) -> list[object]:
    controller, *keys = found.document["verificationMethod"]
    account = controller["blockchainAccountId"].rpartition(":")[2]
    services = [service["serviceEndpoint"] for service in found.document.get("service", [])]

    version = found.metadata.get("versionId", "-")
    return [version, stage.name_of(account), len(keys), ", ".join(services) or "-"]
