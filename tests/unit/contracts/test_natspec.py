"""Every function, event and error of the contracts says what it is, in English and in Spanish.

The two sentences feed messages, portal and API. They are read from the compiler's own output
(`userdoc`, `devdoc`), so a text that the compiler loses is missed here too.
"""

import json

import pytest

from careledger.chain import artifacts
from careledger.chain.compile import ARTIFACTS, ROOT

SECTIONS = {"function": "methods", "event": "events", "error": "errors"}

LIBRARY = {
    "approve", "allowance", "balanceOf", "totalSupply", "name", "symbol", "decimals", "transfer",
    "transferFrom", "permit", "nonces", "DOMAIN_SEPARATOR", "eip712Domain", "tokenURI",
    "isOperator", "setOperator", "supportsInterface",
    "Transfer", "Approval", "OperatorSet",
    "AllowanceOverflow", "AllowanceUnderflow", "BalanceOverflow", "InsufficientAllowance",
    "InsufficientBalance", "InsufficientPermission", "InvalidPermit", "PermitExpired",
    "Permit2AllowanceIsFixedAtInfinity", "TotalSupplyOverflow",
}  # fmt: skip
"""Solady declares these of ERC-20, EIP-2612, EIP-712, ERC-165 and ERC-6909, with its own texts."""


def target(raw):
    """Return the source file that an artifact's contract is in."""
    return next(iter(json.loads(raw["metadata"])["settings"]["compilationTarget"]))


def spanish(raw, section, signature):
    """Return the Spanish sentence of a contract's own output, or None."""
    found = raw["devdoc"].get(section, {}).get(signature, {})
    if isinstance(found, list):  # one error may be declared in several places
        found = found[0]
    if not found and section == "methods":
        found = raw["devdoc"].get("stateVariables", {}).get(signature.split("(")[0], {})
    return found.get("custom:es")


def texts(name):
    """Return (type, signature) -> (notice, Spanish notice) of what a contract's ABI has.

    The compiler copies `@notice` where a function says `@inheritdoc`, but no `@custom` tag. So the
    Spanish sentence of such a function is that of the interface that the contract is made from.
    """
    raw = artifacts.load(name).raw
    sources = json.loads(raw["metadata"])["sources"]
    interfaces = [artifacts.load(file.stem).raw for file in ARTIFACTS.glob("I[A-Z]*.json")]
    bases = [interface for interface in interfaces if target(interface) in sources]

    found = {}
    for entry in artifacts.load(name).abi:
        if entry["type"] not in SECTIONS:
            continue
        section, signature = SECTIONS[entry["type"]], artifacts.signature(entry)
        user = raw["userdoc"].get(section, {}).get(signature, {})
        if isinstance(user, list):
            user = user[0]
        own = spanish(raw, section, signature)
        inherited = (spanish(base, section, signature) for base in bases)
        found[entry["type"], signature] = (
            user.get("notice"),
            own or next((text for text in inherited if text), None),
        )
    return found


@pytest.fixture(scope="module")
def names(compiled):
    """Return the names of our contracts and interfaces, without the mocks."""
    found = []
    for file in sorted(ARTIFACTS.glob("*.json")):
        artifact = artifacts.load(file.stem)
        if not artifact.abi:
            continue
        source = target(artifact.raw)
        if (ROOT / source).is_file() and "/mocks/" not in source:
            found.append(file.stem)
    return found


def test_the_interfaces_and_contracts_are_found(names):
    assert {"IRefundEscrow", "IIdentityRegistry", "IERC1056", "LoyaltyToken", "PointPools"} <= set(
        names
    )


def test_everything_has_a_sentence_in_both_languages(names):
    missing = [
        f"{name}: {kind} {signature} has no {language}"
        for name in names
        for (kind, signature), sentences in texts(name).items()
        if signature.split("(")[0] not in LIBRARY
        for language, sentence in zip(("@notice", "@custom:es"), sentences, strict=True)
        if not sentence
    ]
    assert missing == []


def test_each_language_has_its_own_sentence(names):
    """A sentence ends in a full stop, and a translation is not a copy."""
    wrong = [
        f"{name}: {signature}: {english!r} / {spanish!r}"
        for name in names
        for (_, signature), (english, spanish) in texts(name).items()
        if signature.split("(")[0] not in LIBRARY and english and spanish
        if not (english.strip().endswith(".") and spanish.strip().endswith("."))
        or english == spanish
    ]
    assert wrong == []


def test_a_sentence_says_no_more_than_a_customer_understands(names):
    """Names of typed data, fields and functions are for `@dev`."""
    technical = [
        f"{name}: {signature}: {sentence}"
        for name in names
        for (_, signature), sentences in texts(name).items()
        if signature.split("(")[0] not in LIBRARY
        for sentence in sentences
        if sentence and ("`" in sentence or "EIP-712" in sentence or "keccak" in sentence)
    ]
    assert technical == []
