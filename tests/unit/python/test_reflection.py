"""Nothing in an ABI is without its counterpart in Python, and nothing is said twice."""

import importlib
from dataclasses import fields

import pytest

from careledger.chain import artifacts
from careledger.chain.contract import ContractClient, declared_events, snake
from careledger.chain.deploy import SUITE
from careledger.chain.reverts import declared
from careledger.chain.toolchain import ROOT

for file in sorted((ROOT / "careledger").rglob("*.py")):
    if file.stem in ("client", "errors"):
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


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_natspec_is_complete(name):
    """Every function, event and error of a contract says what it is."""
    raw = artifacts.load(name).raw
    user = raw["userdoc"]
    for entry in artifacts.load(name).abi:
        if entry["type"] not in ("function", "event", "error"):
            continue
        section = {"function": "methods", "event": "events", "error": "errors"}[entry["type"]]
        known = user.get(section, {})
        assert artifacts.signature(entry) in known or _inherited(entry), (
            f"{entry['type']} {entry['name']} has no notice"
        )


def _inherited(entry):
    library = {
        "approve", "allowance", "balanceOf", "transfer", "transferFrom", "totalSupply", "name",
        "symbol", "decimals",
        "permit", "nonces", "DOMAIN_SEPARATOR", "eip712Domain", "Transfer", "Approval",
        "isOperator", "setOperator", "OperatorSet", "tokenURI", "supportsInterface",  # ERC-6909
        "InsufficientPermission", "BalanceOverflow",
    }  # fmt: skip
    selectors = {artifacts.signature(e) for e in artifacts.load("TestToken").entries("error")}
    return entry["name"] in library or (
        entry["type"] == "error" and artifacts.signature(entry) in selectors
    )
