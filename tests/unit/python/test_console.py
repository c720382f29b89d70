import json
from dataclasses import dataclass

import pytest
import typer

from careledger import console
from careledger.console import Json, Out, exit_status, run, run_command
from careledger.errors import (
    CompileError,
    InputError,
    NodeError,
    NotFound,
    ProofError,
    ToolchainError,
    WrongChain,
)


@dataclass
class Thing:
    id: bytes
    amount: int


class TestOut:
    def test_people_get_tables_and_sentences(self, capsys):
        out = Out()
        out.say("hello")
        out.table("Things", ["name", "amount #"], [["tea", 5]], caption="one")
        out.document({"never": "seen"})
        text = capsys.readouterr().out
        for word in ("hello", "Things", "name", "amount", "tea", "one"):
            assert word in text
        assert "never" not in text
        assert "#" not in text

    def test_machines_get_one_document_and_nothing_else(self, capsys):
        out = Out(json=True)
        out.say("hello")
        out.table("Things", ["name"], [["tea"]])
        out.document({"thing": Thing(b"\x01\xff", 2**200), "set": {1}})
        assert json.loads(capsys.readouterr().out) == {
            "thing": {"id": "0x01ff", "amount": 2**200},
            "set": "{1}",
        }

    def test_progress_is_for_stderr(self, capsys):
        with Out().progress() as bar:
            bar.start("working", 2)
            bar.step()
            bar.step()
        assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("x"), 2), (CompileError("x"), 2), (ToolchainError("x"), 2),
        (NodeError("x"), 3), (WrongChain("x"), 3), (NotFound("x"), 1), (ProofError("x"), 1),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_its_exit_status(error, status):
    assert exit_status(error) == status


class TestRun:
    @pytest.mark.parametrize(
        ("raised", "status", "says"),
        [
            (InputError("the amount [5] is odd"), 2, "error: the amount [5] is odd\n"),
            (NodeError("gone"), 3, "error: gone\n"),
            (typer.Abort(), 130, "stopped\n"),
            (KeyboardInterrupt(), 130, "stopped\n"),
        ],
    )
    def test_every_failure_is_one_sentence(self, raised, status, says, monkeypatch, capsys):
        def command():
            raise raised

        monkeypatch.setattr(
            console, "errors", console.Console(stderr=True, highlight=False, soft_wrap=True)
        )
        with pytest.raises(SystemExit) as stopped:
            run_command(command, [])
        assert stopped.value.code == status
        assert capsys.readouterr().err == says

    def test_a_command_may_end_with_a_status_of_its_own(self):
        def command():
            raise typer.Exit(1)

        with pytest.raises(SystemExit) as stopped:
            run_command(command, [])
        assert stopped.value.code == 1

    def test_a_wrong_option_is_said_with_the_usage(self, capsys):
        def command(json: Json = False) -> None:
            pass

        with pytest.raises(SystemExit) as stopped:
            run_command(command, ["--nonsense"])
        assert stopped.value.code == 2
        assert "--nonsense" in capsys.readouterr().err

    def test_a_reader_who_has_seen_enough_is_no_failure(self, monkeypatch, capsys):
        def command():
            raise BrokenPipeError

        app = typer.Typer()
        app.command()(command)
        monkeypatch.setattr("sys.stderr.close", lambda: None, raising=False)
        with pytest.raises(SystemExit) as stopped:
            run(app, [])
        assert stopped.value.code == 0
