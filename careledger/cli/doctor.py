"""`careledger doctor`: what commands need, what of it is wrong, and what to do about it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from careledger.cli.checks import CHECKS, CheckResult, CheckState
from careledger.cli.commands import command, group

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.suite import Suite

app = group("What commands need.")


@command(app)
def doctor(suite: "Suite", out: "Out") -> None:
    """Name each missing or wrong thing with its remedy. Exit status 1 if something is wrong.

    It looks at Python, Node, compiler, Anvil, the node, the chain, the deployment record, the code
    on the chain, the key, its funds, the database and the clock. It changes nothing, and does not
    ask for a password.

    Example: careledger doctor --rpc http://127.0.0.1:8545
    """
    findings = list(examine(suite))
    wrong = [one for one in findings if one.state is CheckState.WRONG]

    out.table(
        "What commands need",
        ["", "", "found", "what to do"],
        [[one.check, one.state.value, one.found, one.remedy] for one in findings],
        caption=f"{len(wrong)} of {len(findings)} are wrong" if wrong else "nothing is wrong",
    )
    out.document(
        {
            "healthy": not wrong,
            "findings": [
                {
                    "check": one.check,
                    "state": one.state,
                    "found": one.found,
                    "remedy": one.remedy or None,
                }
                for one in findings
            ],
        }
    )
    if wrong:
        raise SystemExit(1)


def examine(suite: "Suite") -> Iterable[CheckResult]:
    """Run every check whose grounds are there: without a node there is no code to look at."""
    states: dict[str, CheckState] = {}
    for name, check in CHECKS.items():
        if any(states.get(ground) is CheckState.WRONG for ground in check.grounds):
            finding = CheckResult(name, CheckState.UNKNOWN, f"depends on: {check.grounds[-1]}")
        else:
            finding = check.run(name, suite)
        states[name] = finding.state
        if finding.state is CheckState.UNKNOWN:
            states[name] = CheckState.WRONG  # what depends on it is not known either
        yield finding
