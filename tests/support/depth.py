"""How long the random runs of properties are: short in every run of the tests, deep in CI.

```python
@at_depths(short=Depth(40, 25), deep=Depth(120, 100))
def test_the_registry_does_what_the_model_says(depth):
    play(machine, depth.examples)
```

The deep run is behind the marker `deep`, which `pytest` leaves out (`addopts` in pyproject.toml)
and `.ci/run` runs once. CARELEDGER_EXAMPLES lengthens or shortens both.
"""

import os
from dataclasses import dataclass

import pytest

_CHOSEN = os.environ.get("CARELEDGER_EXAMPLES")


@dataclass(frozen=True)
class Depth:
    """A length, and what a run of this length must have reached to say something."""

    examples: int
    least: int
    """How often each action must have succeeded."""

    def scaled(self) -> "Depth":
        """Return what the environment makes of it."""
        if _CHOSEN is None:
            return self
        examples = int(_CHOSEN)
        return Depth(examples, min(self.least, self.least * examples // self.examples))


def at_depths(short: Depth, deep: Depth) -> pytest.MarkDecorator:
    """Run a test with the fixture-like argument `depth`: the short one, and the deep one in CI."""
    return pytest.mark.parametrize(
        "depth",
        [
            pytest.param(short.scaled(), id="short"),
            pytest.param(deep.scaled(), id="deep", marks=pytest.mark.deep),
        ],
    )
