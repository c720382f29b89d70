"""How a function becomes a command: it names what it needs, and gets it open.

```python
app = group("Points that customers own, and where they swap them.")


@command(app, contracts=["PointMarket"])
def cancel(suite: "Suite", out: "Out", nonce: Nonce) -> None:
    '''Call off an own offer for good.'''
    receipt = suite.loyalty.market.cancel(parse_nonce(nonce))
    report(out, "Offer called off", {"nonce": str(nonce)}, receipt)
```

A parameter `out` adds `--json`. A parameter `suite` adds `--rpc`, `--deployments` and
`--suite-version`, and an option for each of `contracts`. The command's body runs with both, and the
suite is closed behind it.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import typer

from careledger.cli.light import LightCommand, LightGroup
from careledger.cli.options import CONTRACT_OPTIONS, Deployments, Json, Rpc, Version, another

_Function = TypeVar("_Function", bound=Callable[..., None])


def group(help_: str) -> typer.Typer:
    """Return an empty group of commands."""
    return typer.Typer(cls=LightGroup, help=help_, no_args_is_help=True, rich_markup_mode=None)


def command(
    app: typer.Typer, name: str | None = None, *, contracts: Iterable[str] = ()
) -> Callable[[_Function], _Function]:
    """Make a function a command of a group; returns the function as it was.

    Args:
        app: the group.
        name: the command's name; the function's own when None.
        contracts: names of contracts for which another address can be given.

    """

    def decorate(function: _Function) -> _Function:
        app.command(name, cls=LightCommand)(edge(function, contracts))
        return function

    return decorate


def edge(function: Callable[..., None], contracts: Iterable[str] = ()) -> Callable[..., None]:
    """Return a function for typer that opens what another one needs, and calls it."""
    own = inspect.signature(function).parameters
    needs_suite, needs_out = "suite" in own, "out" in own

    others = {name.lower(): name for name in contracts}
    shared = {parameter: another(name) for parameter, name in others.items()}
    if needs_suite:
        shared |= {"rpc": Rpc, "deployments": Deployments, "version": Version}

    # What the function declares itself goes before the shared option of the same name.
    shared = {name: kind for name, kind in shared.items() if name not in own}
    options = [keyword_option(name, kind, None) for name, kind in shared.items()]
    if needs_out:
        options.append(keyword_option("json_", Json, default=False))

    def run(**arguments: Any) -> None:
        from careledger.console import Out
        from careledger.logs import configure_logs
        from careledger.settings import Settings

        values = {name: arguments.pop(name) for name in shared}
        out = Out(arguments.pop("json_", False))
        configure_logs(Settings.from_environment().log_level, json=out.json)
        if needs_out:
            arguments["out"] = out
        if not needs_suite:
            function(**arguments)
            return

        from careledger.suite import Suite
        from careledger.values.addresses import address

        addresses = {
            name: address(at, CONTRACT_OPTIONS[name])
            for parameter, name in others.items()
            if (at := values[parameter]) is not None
        }
        opened = Suite.open(
            values.get("rpc"),
            deployments=values["deployments"],
            contracts=addresses,
            notice=out.warn,
        )
        with opened as suite:
            version = values["version"]
            function(suite=suite if version is None else suite.at(version), **arguments)

    given = [one for name, one in own.items() if name not in {"suite", "out"}]
    parameters = [*given, *options]
    run.__wrapped__ = function  # type: ignore[attr-defined]
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def keyword_option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """Return a keyword-only parameter, of which typer makes an option."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
