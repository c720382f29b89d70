"""`careledger demo`: plays the scripted flows of `careledger.flows`."""

import inspect
import os
import tempfile
import time
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer

from careledger.cli.commands import edge, keyword_option
from careledger.cli.light import LightCommand, LightGroup
from careledger.cli.options import Json, Rpc
from careledger.cli.program import run_command
from careledger.console import Out, warn
from careledger.flows import FLOWS, Flow, FlowOption


def flow_command(flow: Flow) -> Callable[..., None]:
    """Return a function for typer that plays a flow, with its own options, --rpc and --json."""
    play = flow.load()
    own = [
        _option(parameter)
        for parameter in inspect.signature(play, eval_str=True).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    shared = [keyword_option("rpc", Rpc, None), keyword_option("json", Json, default=False)]

    def command(rpc: str | None, json: bool, **options: Any) -> None:
        play(Out(json), rpc, **options)

    parameters = [*own, *shared]
    command.__doc__ = play.__doc__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def play_script(name: str) -> None:
    """Play a flow as a program of its own; under Brownie on its network, without arguments."""
    from careledger.flows.stage import brownie_rpc

    run_command(flow_command(FLOWS[name]), [] if brownie_rpc() else None)


def _option(parameter: inspect.Parameter) -> inspect.Parameter:
    kind, option = get_args(parameter.annotation)
    assert isinstance(option, FlowOption)  # noqa: S101  each option of a flow says what it is for

    names = [option.name] if option.name else []
    annotation = Annotated[kind, typer.Option(*names, help=option.help)]  # type: ignore[valid-type]
    return keyword_option(parameter.name, annotation, parameter.default)


class _FlowCommand(LightCommand):
    """A flow in the list of commands; it is loaded when it is played or asked for help."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow.name, help=f"Play {flow.summary}.", rich_markup_mode=None)
        self._flow = flow

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(self._flow.name)(flow_command(self._flow))
        return typer.main.get_command(single).make_context(*arguments, **options)


class FlowGroup(LightGroup):
    """The commands of `careledger demo`: `all`, and each flow by its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the registry."""
        return [*super().list_commands(ctx), *FLOWS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; a flow is not loaded by this."""
        if cmd_name in FLOWS:
            return _FlowCommand(FLOWS[cmd_name])
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=FlowGroup,
    help="Play a scripted flow and show what happened.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def play_all(out: Out) -> None:
    """Start a chain, deploy the suite, play every flow on the example data, and stop the chain.

    Example: careledger demo all
    """
    from careledger.chain.compile import compile_all
    from careledger.chain.node import LocalNode
    from careledger.chain.toolchain import CHECKOUT
    from careledger.cli.deployment import deploy
    from careledger.suite import Suite

    started = time.monotonic()
    done = compile_all(lambda path: warn(f"compiled {path}")) if CHECKOUT else []
    with LocalNode("anvil") as chain, tempfile.TemporaryDirectory() as folder:
        out.say(
            f"A local chain serves at {chain.url}; {len(done)} source files had to be compiled."
        )
        os.environ["CARELEDGER_DEPLOYMENTS"] = folder  # where the flows find the suite
        with Suite.open(chain.url) as suite:
            deploy(suite, out)
        for number, flow in enumerate(FLOWS.values(), 1):
            out.say(f"\n{number}. {flow.name}: {flow.summary}\n", style="bold")
            flow.load()(out, chain.url)

    seconds = time.monotonic() - started
    out.say(
        f"\nAll {len(FLOWS)} flows done in {seconds:.0f} s; the chain is stopped. "
        f"One by one: `careledger demo <flow>`; to play yourself: `make up`."
    )


app.command("all")(edge(play_all))
