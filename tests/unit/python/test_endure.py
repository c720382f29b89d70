"""`make endure`: its steps name tests that are there, and what passed is not run again."""

import importlib.util
import json

import pytest

from careledger.chain.toolchain import ROOT


@pytest.fixture
def endure(tmp_path, monkeypatch):
    """Return the program, with a folder of its own and steps that only say that they ran."""
    place = importlib.util.spec_from_file_location("endure", ROOT / "benchmarks" / "endure.py")
    module = importlib.util.module_from_spec(place)
    monkeypatch.setitem(__import__("sys").modules, "endure", module)
    place.loader.exec_module(module)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return module


def test_every_step_names_tests_that_are_there(endure):
    for step in endure.STEPS:
        file = step.tests[0].partition("::")[0]
        assert (ROOT / file).exists(), step.name


def test_what_passed_is_not_run_again_for_the_same_commit(endure, monkeypatch, capsys):
    ran, passing = [], [True, False]

    def run(number, step, seed):
        ran.append((step.name, seed))
        return {"passed": passing[len(ran) % 2], "seconds": 1, "summary": "1 passed"}

    monkeypatch.setattr(endure, "_run", run)
    monkeypatch.setattr(endure, "STEPS", endure.STEPS[:2])
    monkeypatch.setattr(endure, "_commit", lambda: "abc")
    assert endure.main([]) == 1
    first, second = [step.name for step in endure.STEPS]
    seed = json.loads((endure.FOLDER / "record.json").read_text())["seed"]
    assert ran == [(first, seed), (second, seed)]

    assert endure.main([]) == 1
    assert ran[2:] == [(first, seed)]
    monkeypatch.setattr(endure, "_commit", lambda: "def")
    endure.main([])
    assert len(ran) == 5
    assert "CARELEDGER_SEED=" in capsys.readouterr().out
