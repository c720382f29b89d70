"""Every document of every command is read against the one spelling, whichever test printed it.

`Out.document` is watched in this process; a test that runs the program as another process hands in
what it printed. After a run of all tests, each command has to have printed one.
"""

import inspect
import json
import sys
from functools import cache

from careledger.cli.app import BRANCHES
from careledger.console import plain
from careledger.flows import FLOWS
from tests.support.spelling import check_spelling

seen = set()
"""The commands of which a document was read, by their words."""

SPEAK_NO_JSON = {("standard-json",), ("abi",), ("demo", "all"), ("up",)}
"""What they print is JSON already, or is for people alone; `up` prints while it runs."""


def commands():
    """Return every command's function by its words."""
    found = {}
    for name, branch in BRANCHES.items():
        command = branch.load(name)
        _collect(found, (name,), command)
    for name in FLOWS:
        found["demo", name] = None
    return {path: one for path, one in found.items() if path not in SPEAK_NO_JSON}


def _collect(found, path, command):
    for name, inner in getattr(command, "commands", {}).items():
        _collect(found, (*path, name), inner)
    if not hasattr(command, "commands"):
        found[path] = inspect.unwrap(command.callback)


@cache
def _functions():
    functions = {one.__code__: path for path, one in commands().items() if one is not None}
    flows = {flow.load().__code__: ("demo", name) for name, flow in FLOWS.items()}
    return functions | flows


def watched(original):
    """Return a way to print a document that reads it first, and notes whose it is."""

    def document(self, content):
        if self.json:
            check_spelling(json.loads(json.dumps(plain(content))))
            frame = sys._getframe(1)
            while frame is not None:
                if frame.f_code in _functions():
                    seen.add(_functions()[frame.f_code])
                frame = frame.f_back
        original(self, content)

    return document


def read(arguments, out):
    """Read the document that a process of its own printed."""
    words = [str(one) for one in arguments]
    if "--json" not in words or not out:
        return
    check_spelling(json.loads(out))
    for path in commands():
        if tuple(words[: len(path)]) == path:
            seen.add(path)


def missing():
    """Return the commands of which no document was read."""
    return {" ".join(path) for path in commands().keys() - seen}
