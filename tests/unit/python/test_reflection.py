"""Nothing in an ABI is without its counterpart in Python, and nothing is said twice."""

import ast
import importlib
import re
from collections import defaultdict
from dataclasses import fields
from inspect import get_annotations
from typing import ClassVar, get_args, get_origin

import pytest

from careledger.chain import artifacts
from careledger.chain.abi import snake
from careledger.chain.contract import ContractClient
from careledger.chain.deploy import SUITE
from careledger.chain.events import declared_events
from careledger.chain.reverts import Reverted, declared
from careledger.chain.toolchain import ROOT
from careledger.chain.units import Unit
from careledger.errors import CareLedgerError

for file in sorted((ROOT / "careledger").rglob("*.py")):
    if file.stem != "__main__" and "migrations" not in file.parts:
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def clients():
    found, pending = {}, [ContractClient]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        if kind.__module__.startswith("careledger.") and "name" in vars(kind):
            found[kind.name] = kind
    return found


CLIENTS = clients()


def method(function):
    """Return what a function is called in a client, where `name` is the contract's own."""
    return "token_name" if function == "name" else snake(function)


def test_every_contract_of_the_suite_has_a_client():
    assert {step.name for step in SUITE} | {"LoyaltyToken"} <= set(CLIENTS)


@pytest.mark.parametrize("name", sorted(CLIENTS))
class TestClient:
    def test_every_function_has_a_method(self, name):
        artifact = artifacts.load(name)
        missing = [
            e["name"]
            for e in artifact.entries("function")
            if not callable(getattr(CLIENTS[name], method(e["name"]), None))
        ]
        assert missing == []

    def test_every_event_has_a_class(self, name):
        artifact = artifacts.load(name)
        missing = [
            e["name"]
            for e in artifact.entries("event")
            if (name, e["name"]) not in declared_events()
        ]
        assert missing == []

    def test_every_event_class_has_the_arguments_of_its_event(self, name):
        for entry in artifacts.load(name).entries("event"):
            kind = declared_events()[name, entry["name"]]
            wanted = {snake(parameter["name"]) for parameter in entry["inputs"]}
            assert {field.name for field in fields(kind)} - {"log"} == wanted, entry["name"]

    def test_every_error_has_a_class(self, name):
        artifact = artifacts.load(name)
        missing = [
            artifacts.signature(e)
            for selector, e in artifact.errors.items()
            if selector not in declared()
        ]
        assert missing == []

    def test_every_method_is_documented(self, name):
        for entry in artifacts.load(name).entries("function"):
            assert getattr(CLIENTS[name], method(entry["name"])).__doc__, entry["name"]


ERRORS = sorted(
    (kind for kind in declared().values() if kind.__module__.startswith("careledger.")),
    key=lambda kind: kind.code,
)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
class TestError:
    def test_every_annotated_attribute_is_an_argument_of_its_type(self, kind):
        arguments = {one.attribute: one.kind for one in kind.arguments_of()}
        python = {"uint": int, "address": str, "string": str, "bytes": bytes}
        for name, annotation in get_annotations(kind).items():
            if name.startswith("_") or get_origin(annotation) is ClassVar:
                continue
            wanted = next(type_ for key, type_ in python.items() if arguments[name].startswith(key))
            assert (get_args(annotation) or (annotation,))[0] is wanted, name

    def test_no_argument_hides_an_attribute_of_the_class(self, kind):
        arguments = {one.attribute for one in kind.arguments_of()}
        assert arguments.isdisjoint(vars(CareLedgerError) | vars(Reverted)), kind

    def test_no_sentence_shows_a_raw_time_or_amount(self, kind):
        arguments = kind.arguments_of()
        told = str(kind(*(_sample(one) for one in arguments)))
        without_bytes = re.sub(r"0x[0-9a-fA-F]+", "", told)
        assert not re.search(r"(?<![.0-9])[0-9]{10,}", without_bytes), told
        times = [one for one in arguments if IS_TIME.fullmatch(one.name)]
        assert told.count("2030-03-17T17:46:40Z") >= len(times), told


IS_TIME = re.compile(r".*At|deadline|expiry|time|epoch|valid(After|Before|To)")
"""Names of arguments that are times, whatever `careledger.chain.units` holds of them."""


def _sample(argument):
    """Return a value as a chain would have it: times of 2030, amounts of 18 decimals."""
    if argument.kind == "address":
        return "0x" + "11" * 20
    if argument.kind.startswith("bytes"):
        return b"releaseAt".ljust(32, b"\0") if argument.name == "field" else b"\xee" * 32
    if argument.kind == "string":
        return "a reason"
    if argument.enum or argument.kind == "uint8":
        return 1
    if IS_TIME.fullmatch(argument.name) or argument.unit is Unit.TIME:
        return 1_900_000_000
    return 1_234_567_000_000_000_000_000 if argument.kind == "uint256" else 1_234_567


def test_no_two_public_classes_of_the_package_share_a_name():
    """One meaning for each name; docs/glossary.md says which."""
    places = defaultdict(set)
    for file in sorted((ROOT / "careledger").rglob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(file.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
