"""The scripted flows: a package each, on one small engine.

A flow is a module `careledger/flows/<name>/flow.py` with one function `flow`. It takes where the
output goes, the node to play on, and options of its own, each with a default and a `FlowOption`:

```python
def flow(
    out: Out,
    rpc: str | None = None,
    *,
    guests: Annotated[int, FlowOption("How many guests come.")] = 2,
) -> None:
    '''Let guests greet each other.'''
    steps = Steps(out.note)

    with open_stage(rpc) as stage:
        host = stage.actor("the host")
        guest = stage.actor("a guest", ether=0)

        receipt = host.transact(guest.address, value=1)
        steps.add("the host", "greets a guest with a wei", receipt)
        steps.add("the guest", "signs the guest book")

        steps.table(out, "What happened")
        out.document({"steps": steps.to_json()})
```

`flows/stage.py` has the chain, the suite, the actors and the time that passes; `flows/steps.py` has
the steps, their table and their JSON; `flows/examples.py` has the example data. A flow that is
listed in `FLOWS` is played by `careledger demo <name>`, and by `scripts/<name>_flow.py`, which has
two lines and runs by `python` and by `brownie run`. This module imports no flow: a flow is loaded
when it is played.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class FlowOption:
    """An option of a flow on the command line, put beside a parameter's type by `Annotated`."""

    help: str
    name: str = ""
    """Its name there, such as `--all`; the parameter's own name when empty."""


@dataclass(frozen=True)
class Flow:
    """A flow that can be played: its name on the command line, and what happens in it."""

    name: str
    summary: str

    def load(self) -> Callable[..., None]:
        """Return the function that plays it: `flow(out, rpc, **options)`."""
        package = self.name.replace("-", "_")
        module = importlib.import_module(f"{__name__}.{package}.flow")

        function: Callable[..., None] = module.flow
        return function


FLOWS = {
    flow.name: flow
    for flow in (
        Flow("refund", "orders into escrow; scans, deadlines, rulings and customers settle them"),
        Flow("point-swap", "two brands' points, signed offers, a pool, and the brand's report"),
        Flow("anchor", "a batch of interactions, a customer's receipt, and one changed byte found"),
        Flow("identity", "an identifier, a delegate, a rotated key, and the resulting document"),
        Flow("kyc", "a bank verifies, an insurer reads with consent; revoked, phone recovered"),
    )
}
"""All flows by name, in the order in which `careledger demo all` plays them."""
