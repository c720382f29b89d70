"""Typer's commands and groups without what takes long before anything is done.

Typer converts every argument with pydantic, which takes longer to import than all the rest of the
command line. An option that was not given needs no conversion, nor does a line that is being
completed.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup


class LightCommand(TyperCommand):
    """A command whose options that are not given are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the arguments and options, `--help` among them."""
        return _leave_absent(super().get_params(ctx))


class LightGroup(TyperGroup):
    """A group whose options that are not given are not converted."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the arguments and options, `--help` among them."""
        return _leave_absent(super().get_params(ctx))


def _leave_absent(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if "process_value" not in vars(parameter):
            parameter.process_value = _without_absent(parameter)
    return parameters


def _without_absent(parameter: Any) -> Any:
    process = parameter.process_value

    def process_value(ctx: Any, value: Any) -> Any:
        if ctx.resilient_parsing:  # a line that is being completed
            return value
        if value is None and not parameter.required:
            return None
        return process(ctx, value)

    return process_value
