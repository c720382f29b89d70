"""Log lines: one form at the edge, only known fields, and no text that is put together."""

import ast
import io
import json
import logging
import subprocess
import sys

import pytest

from careledger.chain.toolchain import ROOT
from careledger.errors import SettingsError
from careledger.logs import FIELDS, PACKAGE, StructuredHandler, configure_logs


@pytest.fixture
def lines():
    """Return where lines are written; the package's logger is as it was afterwards."""
    logger = logging.getLogger(PACKAGE)
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield io.StringIO()
    logger.handlers[:], logger.level, logger.propagate = before[0], before[1], before[2]


def module_logger():
    return logging.getLogger(f"{PACKAGE}.chain.sent")


def test_a_line_is_one_json_object_for_machines(lines):
    configure_logs("info", json=True, stream=lines)
    module_logger().info("transaction %s", "mined", extra={"nonce": 7, "password": "secret"})
    line = json.loads(lines.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "transaction mined",
        "level": "info",
        "logger": "careledger.chain.sent",
        "nonce": 7,
    }


def test_a_line_is_readable_for_people(lines):
    configure_logs("warning", stream=lines)
    module_logger().warning("%s has %d under way", "0x12", 3, extra={"chain_id": 1})
    written = lines.getvalue()
    assert "warning" in written
    assert "0x12 has 3 under way" in written
    assert "chain_id=1" in written


def test_lower_levels_and_other_libraries_write_nothing(lines):
    configure_logs("warning", stream=lines)
    module_logger().info("not shown")
    logging.getLogger("web3").warning("not ours")
    assert lines.getvalue() == ""


def test_a_second_call_replaces_the_first(lines):
    configure_logs("debug", stream=lines)
    configure_logs("error", stream=lines)
    module_logger().warning("not shown")
    module_logger().error("shown once")
    assert lines.getvalue().count("shown once") == 1
    assert "not shown" not in lines.getvalue()
    handlers = logging.getLogger(PACKAGE).handlers
    assert sum(isinstance(one, StructuredHandler) for one in handlers) == 1


def test_an_unknown_level_is_refused():
    with pytest.raises(SettingsError, match="debug, info, warning, error"):
        configure_logs("loud")


def test_structlog_is_loaded_with_the_first_line_and_not_before():
    program = (
        "import sys, logging; from careledger.logs import configure_logs; configure_logs();"
        "assert 'structlog' not in sys.modules; logging.getLogger('careledger.x').error('now');"
        "assert 'structlog' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "now" in done.stderr


def logging_calls():
    for file in sorted((ROOT / "careledger").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"_log", "logger", "logging"}
                and node.func.attr in {"debug", "info", "warning", "error", "exception", "log"}
            ):
                yield file.relative_to(ROOT), node


def test_every_line_of_the_package_is_a_fixed_sentence_with_known_fields():
    calls = list(logging_calls())
    assert len(calls) >= 4
    for file, call in calls:
        where = f"{file}:{call.lineno}"
        assert isinstance(call.args[0], ast.Constant), f"{where}: not a fixed sentence"
        for keyword in call.keywords:
            assert keyword.arg in {"extra", "exc_info"}, where
            if keyword.arg == "extra":
                assert isinstance(keyword.value, ast.Dict), where
                names = {key.value for key in keyword.value.keys}
                assert names <= FIELDS, f"{where}: {names - FIELDS}"
