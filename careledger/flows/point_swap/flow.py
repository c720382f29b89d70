"""Two brands' points change hands by a signed offer and in a pool, and both brands report."""

from careledger.console import Out
from careledger.flows.point_swap.story import PointSwapStory
from careledger.flows.point_swap.tables import balance_table, report_table
from careledger.flows.stage import open_stage
from careledger.flows.steps import Steps


def flow(out: Out, rpc: str | None = None) -> None:
    """Let two brands issue points, and customers swap them by a signed offer and in a pool.

    Example: careledger demo point-swap --json
    """
    with open_stage(rpc) as stage:
        story = PointSwapStory(stage, Steps())
        reports = story.play()

        story.steps.table(out, "What happened")
        story.steps.refusal_table(out)
        balance_table(out, story, reports)
        for report in reports:
            report_table(out, story, report)

        out.document(story.to_json(reports))
