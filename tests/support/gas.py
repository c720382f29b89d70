"""Gas rows: measured on Anvil, compared with the committed `benchmarks/gas.json` to the last unit.

A test takes the fixture `gas` and calls `gas.row("Contract.operation.variant", receipt.gas_used)`.
`make gas` runs the same tests and writes the file instead. A limit, where one was set, holds
always.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from careledger.chain.compile import EVM_VERSION, ROOT, SETTINGS
from careledger.chain.toolchain import SOLC_VERSION

FILE = ROOT / "benchmarks" / "gas.json"

HEADER = {
    "compiler": f"solc {SOLC_VERSION}",
    "evmVersion": EVM_VERSION,
    "optimizerRuns": SETTINGS["optimizer"]["runs"],
    "node": "anvil "
    + json.loads((ROOT / "package.json").read_text())["dependencies"]["@foundry-rs/anvil"],
    "unit": "gas of the whole transaction, as charged",
}


@dataclass
class Gas:
    """The rows of one test run."""

    write: bool
    known: dict[str, int]
    measured: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, write: bool) -> "Gas":
        document: dict[str, Any] = json.loads(FILE.read_text()) if FILE.is_file() else {"gas": {}}
        return cls(write, document["gas"])

    def row(self, name: str, used: int, at_most: int | None = None) -> None:
        """Compare a figure with the committed one.

        Args:
            name: `<Contract>.<operation>[.<variant>]`.
            used: gas of the whole transaction; an average is rounded to the nearest unit by the
                caller.
            at_most: a limit that holds whatever is committed.
        """
        assert isinstance(used, int)
        self.measured[name] = used
        assert at_most is None or used <= at_most, (
            f"{name} takes {used} gas, at most {at_most} is allowed"
        )
        if not self.write:
            assert name in self.known, (
                f"{name} is not in benchmarks/gas.json: run `make gas` and review the change"
            )
            assert used == self.known[name], (
                f"{name} takes {used} gas, committed is {self.known[name]}: see `make gas`"
            )

    def close(self, file: Path = FILE) -> None:
        if self.write and self.measured:
            rows = dict(sorted((self.known | self.measured).items()))
            file.write_text(json.dumps({"header": HEADER, "gas": rows}, indent=2) + "\n")
