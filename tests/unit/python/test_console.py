import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
import typer

from careledger.cli.options import Json
from careledger.cli.program import run, run_command
from careledger.console import Out, exit_status
from careledger.errors import (
    CompileError,
    InputError,
    NodeError,
    NotFound,
    ProofError,
    ToolchainError,
    WrongChain,
)
from careledger.values.amounts import Amount


@dataclass
class Thing:
    id: bytes
    amount: int


@dataclass
class Colours:
    amount_in: Amount
    amount_out: Amount


class Colour(Enum):
    DARK_RED = 1


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
            "set": [1],
        }

    def test_documents_have_one_spelling(self, capsys):
        at = datetime(2030, 1, 31, 12, tzinfo=UTC)
        Out(json=True).document(
            {
                "paid": Amount(5 * 10**6, 6, "USD"),
                "openedAt": at,
                "window": timedelta(days=1),
                "state": Colour.DARK_RED,
                "other": Colours(amount_in=Amount(1), amount_out=Amount(2, 6)),
                "settled": True,
            }
        )
        assert json.loads(capsys.readouterr().out) == {
            "paid": "5000000", "decimals": 6, "openedAt": "2030-01-31T12:00:00Z", "window": 86_400,
            "state": "dark-red", "settled": True,
            "other": {
                "amountIn": "1", "amountOut": "2", "amountInDecimals": 18, "amountOutDecimals": 6,
            },
        }  # fmt: skip

    @pytest.mark.parametrize("foreign", ["[bold]A[/bold]", "[/]", "a\\[b", "[red]", ":smile:"])
    def test_what_comes_from_elsewhere_is_shown_letter_by_letter(self, foreign, capsys):
        out = Out()
        out.say(foreign)
        out.note(foreign)
        out.table(foreign, [foreign], [[foreign]], caption=foreign)
        assert capsys.readouterr().out.count(foreign) == 6

    @pytest.mark.parametrize(
        ("foreign", "shown"),
        [
            ("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\x07b", "a\\x07b"), ("a\u202eb", "a\\u202eb"),
            ("a\rb", "a\\rb"), ("\x9b31m", "\\x9b31m"),
        ],
    )  # fmt: skip
    def test_nothing_from_elsewhere_acts_on_the_terminal(self, foreign, shown, capsys):
        out = Out()
        out.say(foreign)
        out.table("", ["", ""], [[foreign, ""]])
        out.warn(foreign)
        printed = capsys.readouterr()
        assert printed.out.count(shown) == 2
        assert printed.err == f"note: {shown}\n"

    def test_progress_is_for_stderr(self, capsys):
        with Out().progress() as bar:
            bar.start("working", 2)
            bar.step()
            bar.step()
        assert capsys.readouterr().out == ""

    def test_machines_and_pipes_get_no_progress(self, capsys, monkeypatch):
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        with Out(json=True).progress() as bar:
            bar.start("working", 1)
            bar.step()
        monkeypatch.setattr("sys.stderr.isatty", lambda: False)
        with Out().progress() as bar:
            bar.start("working", 1)
            bar.step()
        assert capsys.readouterr() == ("", "")


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
    def test_every_failure_is_one_sentence(self, raised, status, says, capsys):
        def command():
            raise raised

        with pytest.raises(SystemExit) as stopped:
            run_command(command, [])
        assert stopped.value.code == status
        assert capsys.readouterr().err == says

    def test_for_machines_it_is_one_document_in_one_line(self, capsys):
        def command(json: Json = False) -> None:
            raise NodeError("gone [/] \x1b")

        with pytest.raises(SystemExit) as stopped:
            run_command(command, ["--json"])
        assert stopped.value.code == 3
        (line,) = capsys.readouterr().err.splitlines()
        error = json.loads(line)["error"]
        assert error["message"] == "gone [/] \x1b"
        assert error["code"]

    def test_a_stop_is_a_document_for_machines_too(self, capsys):
        def command(json: Json = False) -> None:
            raise KeyboardInterrupt

        with pytest.raises(SystemExit) as stopped:
            run_command(command, ["--json"])
        assert stopped.value.code == 130
        (line,) = capsys.readouterr().err.splitlines()
        assert json.loads(line)["error"]["code"] == "input.stopped"

    def test_a_wrong_option_is_a_document_for_machines_too(self, capsys):
        def command(json: Json = False) -> None:
            pass

        with pytest.raises(SystemExit) as stopped:
            run_command(command, ["--json", "--nonsense"])
        assert stopped.value.code == 2
        error = json.loads(capsys.readouterr().err)["error"]
        assert error["code"] == "input.usage"
        assert "--nonsense" in error["message"]

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
