"""Every document that a command prints is read; after a run of all tests, none is missing."""

import pytest

from careledger.console import Out
from tests.support import documents


@pytest.fixture(autouse=True)
def _documents_are_read(monkeypatch):
    monkeypatch.setattr(Out, "document", documents.watched(Out.document))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Take over what a worker of pytest-xdist has seen."""
    documents.seen |= {tuple(path) for path in getattr(node, "workeroutput", {}).get("seen", [])}


def pytest_sessionfinish(session, exitstatus):
    """Fail a run of all tests in which a command printed no document."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["seen"] = [list(path) for path in documents.seen]
        return

    everything = config.args == config.getini("testpaths")
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    if exitstatus == 0 and everything and not chosen and (missing := documents.missing()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line(f"no document was read of: {', '.join(sorted(missing))}", red=True)
