"""The one spelling of all JSON that leaves the program.

camelCase names; amounts as decimal text of the smallest unit with `decimals` beside them;
`blockNumber`, `transactionHash`, `gasUsed`; hashes as 0x-text; times as RFC 3339 text in UTC under
names that end in `At`, durations as whole `...Seconds`.
"""

import re

NAME = re.compile(r"[a-z][A-Za-z0-9]*")
HEX = re.compile(r"0x[0-9a-f]*")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
DIGITS = re.compile(r"-?[0-9]+")

OLD = {
    "block", "transaction", "tx", "txHash", "hash", "until", "validTo", "expiry", "expires",
    "deadline", "timestamp", "gas",
}  # fmt: skip
"""Names that were used before there was one spelling."""

AMOUNTS = re.compile(
    r"(amount|balance|cap|capacity|paid|received|remaining|filled|held|cost|fee|fees|feeIn|feeOut"
    r"|issued|redeemed|outstanding|reserve[01]|shares|minOut|minFill|bond|credit)"
    r"|[a-z]+Amount|amount[A-Z0-9]\w*"
)
TIMES = re.compile(r"\w+At")

UNIX = range(10**9, 10**10)
"""Counts of seconds that mean a time of the years 2001 to 2286."""

FIXED = {
    "didDocument", "didDocumentMetadata", "didResolutionMetadata", "jwk", "values", "terms",
    "settings", "source", "documents", "arguments",
}  # fmt: skip
"""Members that have a fixed format of their own, of a standard or of a file."""

BY_NAME = {"accounts", "actors", "contracts", "files", "onboardingSeconds", "refusals", "shown"}
"""Members whose keys are data, such as addresses or names of people."""


def check_spelling(document, path="$", *, by_name=False):
    """Fail when a document is not spelled as all of them are.

    `by_name`: its keys are data.
    """
    if isinstance(document, list):
        for at, inner in enumerate(document):
            check_spelling(inner, f"{path}[{at}]")
    if not isinstance(document, dict):
        return

    amounts = []
    for name, value in document.items():
        here = f"{path}.{name}"
        if by_name:
            check_spelling(value, here)
            continue
        assert NAME.fullmatch(name), f"{here} is not in camelCase"
        assert name not in OLD, f"{here} is not a name of the one spelling"
        _check_value(name, value, here)
        if AMOUNTS.fullmatch(name) and isinstance(value, str) and DIGITS.fullmatch(value):
            amounts.append(name)
        if name not in FIXED:
            check_spelling(value, here, by_name=name in BY_NAME)
    for name in amounts:
        beside = {"decimals", f"{name}Decimals"} & document.keys()
        assert beside, f"{path}.{name} is an amount without decimals beside it"


def _check_value(name, value, here):
    if name.endswith(("Hash", "Root")) and value is not None:
        assert HEX.fullmatch(value), f"{here} is not 0x-text"
    if TIMES.fullmatch(name) and value is not None:
        for one in value if isinstance(value, list) else [value]:
            assert TIME.fullmatch(str(one)), f"{here} is not a time in RFC 3339"
    if isinstance(value, str) and TIME.fullmatch(value):
        assert TIMES.fullmatch(name), f"{here} is a time, and its name does not end in At"
    if isinstance(value, int) and not isinstance(value, bool):
        assert not AMOUNTS.fullmatch(name), f"{here} is an amount, and not decimal text"
        assert value not in UNIX, f"{here} looks like a time in seconds"
        assert abs(value) < 2**53, f"{here} is too large for the readers of JSON"
