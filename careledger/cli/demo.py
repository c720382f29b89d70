"""`careledger demo`: plays the scripted flows of `careledger.flows`."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from careledger.console import Json, Out, Rpc, run_command
from careledger.flows import FLOWS, Flow, FlowOption
from careledger.flows.stage import brownie_rpc


def flow_command(flow: Flow) -> Callable[..., None]:
    """Return a function for typer that plays a flow, with its own options, --rpc and --json."""
    play = flow.load()
    own = [
        _option(parameter)
        for parameter in inspect.signature(play, eval_str=True).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    shared = [_keyword("rpc", Rpc, None), _keyword("json", Json, default=False)]

    def command(rpc: str | None, json: bool, **options: Any) -> None:
        play(Out(json), rpc, **options)

    parameters = [*own, *shared]
    command.__doc__ = play.__doc__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def play_script(name: str) -> None:
    """Play a flow as a program of its own; under Brownie on its network, without arguments."""
    run_command(flow_command(FLOWS[name]), [] if brownie_rpc() else None)


def _option(parameter: inspect.Parameter) -> inspect.Parameter:
    kind, option = get_args(parameter.annotation)
    assert isinstance(option, FlowOption)  # noqa: S101  each option of a flow says what it is for

    names = [option.name] if option.name else []
    annotation = Annotated[kind, typer.Option(*names, help=option.help)]  # type: ignore[valid-type]
    return _keyword(parameter.name, annotation, parameter.default)


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


class _FlowCommand(TyperCommand):
    """A flow in the list of commands; it is loaded when it is played or asked for help."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow.name, help=f"Play {flow.summary}.", rich_markup_mode=None)
        self._flow = flow

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(self._flow.name)(flow_command(self._flow))
        return typer.main.get_command(single).make_context(*arguments, **options)


class FlowGroup(TyperGroup):
    """The commands of `careledger demo`: `all`, and each flow by its name."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the registry."""
        return [*super().list_commands(ctx), *FLOWS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; a flow is not loaded by this."""
        if cmd_name in FLOWS:
            return _FlowCommand(FLOWS[cmd_name])
        return super().get_command(ctx, cmd_name)
