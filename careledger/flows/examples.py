"""Example data of the flows: found in a checkout and in an installed package.

The one source is `examples/` at the root of the repository. The wheel carries a copy of that folder
as `careledger/flows/data/` (`[tool.hatch.build.targets.wheel.force-include]` in `pyproject.toml`).
The copy is taken where it exists, which is only in an installed package.
"""

from pathlib import Path

_PACKAGED = Path(__file__).with_name("data")
_CHECKOUT = Path(__file__).resolve().parents[2]


def example(name: str) -> Path:
    """Return the path of an example file, such as `orders.json`."""
    folder = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT / "examples"
    return folder / name


def output_folder(flow: str) -> Path:
    """Return where a flow leaves its files: `build/` of a checkout, or the current folder."""
    parent = Path() if _PACKAGED.is_dir() else _CHECKOUT / "build"
    return parent / f"{flow}-flow"
