"""The list of flows, and where a flow finds its example data."""

import subprocess
import sys

import pytest

from careledger.chain.toolchain import ROOT
from careledger.cli.demo import flow_command
from careledger.flows import FLOWS, Flow, examples


def test_the_list_is_read_without_loading_a_flow():
    listed = (
        "import sys, careledger.flows\n"
        "print(sorted(name for name in sys.modules if name.startswith('careledger')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", listed], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stdout == "['careledger', 'careledger.flows', 'careledger.version']\n"


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_each_flow_is_a_command_with_help_and_defaults(flow):
    command = flow_command(flow)
    assert command.__doc__
    parameters = command.__signature__.parameters.values()
    assert {one.name for one in parameters} >= {"rpc", "json"}
    assert all(one.default is not one.empty for one in parameters)


def test_a_flow_that_is_not_there_is_an_error_of_the_program():
    with pytest.raises(ModuleNotFoundError):
        Flow("nowhere", "nothing").load()


class TestExamples:
    def test_a_checkout_has_them_at_its_root(self):
        assert examples.example("orders.json") == ROOT / "examples" / "orders.json"
        assert examples.output_folder("anchor") == ROOT / "build" / "anchor-flow"

    def test_an_installed_package_has_its_own(self, monkeypatch, tmp_path):
        monkeypatch.setattr(examples, "_PACKAGED", tmp_path)
        assert examples.example("orders.json") == tmp_path / "orders.json"
        assert not examples.output_folder("anchor").is_absolute()
