"""A brand anchors interactions, a customer gets a receipt, and a changed byte is found."""

from pathlib import Path
from typing import Annotated

from careledger.console import Out
from careledger.files import read_file
from careledger.flows import FlowOption
from careledger.flows.anchor.story import AnchorStory
from careledger.flows.examples import example, output_folder
from careledger.flows.stage import open_stage
from careledger.flows.steps import Steps
from careledger.interactions.record import read_interactions

INTERACTIONS = example("interactions.json")
FOLDER = output_folder("anchor")


def flow(
    out: Out,
    rpc: str | None = None,
    *,
    interactions: Annotated[
        Path, FlowOption("Interactions, as `interactions anchor` reads them.")
    ] = INTERACTIONS,
    folder: Annotated[Path, FlowOption("Where the files go.", "--out")] = FOLDER,
) -> None:
    """Anchor a file of interactions, hand out a receipt, verify it, and find one changed byte.

    Example: careledger demo anchor --out receipts
    """
    text = read_file(interactions, "interactions")

    with open_stage(rpc) as stage:
        story = AnchorStory(stage, folder, Steps())
        story.play(read_interactions(text, story.name, str(interactions)))

        _show(out, story)
        out.document(story.to_json())


def _show(out: Out, story: AnchorStory) -> None:
    story.steps.table(out, f"Anchored for Lumbre ({story.brand.address}) by its delegate")
    out.table(
        "careledger interactions verify …",
        ["file", "verdict", "altered"],
        [
            [file, result.verdict.value, ", ".join(result.parts)]
            for file, result in story.results.items()
        ],
    )
    for result in story.results.values():
        out.say(result.sentence())

    assert story.batch is not None  # noqa: S101  the story was played
    block = "0x" + story.batch.known_anchor().block_hash.hex()
    receipt = story.folder / "receipt.json"
    out.say(f"Try it: careledger interactions verify {receipt} --block-hash {block}")
