"""Paths to the claims of a credential, as OpenID for Verifiable Presentations writes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from careledger.errors import InputError

ClaimPath = tuple[str | int | None, ...]
"""Names of members, numbers of array elements from 0, and None for every element of an array."""


def path_of(given: str | Sequence[str | int | None]) -> ClaimPath:
    """Return a path from a name, or from a list of names, numbers and None.

    Raises:
        InputError: the list is empty or holds something else.

    """
    parts = (given,) if isinstance(given, str) else tuple(given)

    for part in parts:
        is_number = isinstance(part, int) and not isinstance(part, bool) and part >= 0
        if not (is_number or part is None or isinstance(part, str)):
            raise InputError("a path to a claim holds names, numbers from 0 and null, nothing else")
    if not parts or not isinstance(parts[0], str):
        raise InputError("a path to a claim begins with its name")

    return parts


def path_text(path: Sequence[str | int | None]) -> str:
    """Return a path as text: `address.street`, `nationalities[0]`, `nationalities[]`."""
    text = ""
    for part in path:
        text += f".{part}" if isinstance(part, str) else f"[{'' if part is None else part}]"
    return text.removeprefix(".")


def at_path(value: Any, path: Sequence[str | int | None]) -> Iterator[Any]:
    """Yield each value at a path; nothing where the path leads nowhere."""
    if not path:
        yield value
        return

    first, *rest = path
    if isinstance(first, str):
        if isinstance(value, Mapping) and first in value:
            yield from at_path(value[first], rest)
    elif isinstance(value, list):
        for inner in value if first is None else value[first : first + 1]:
            yield from at_path(inner, rest)


def has_path(value: Any, path: Sequence[str | int | None]) -> bool:
    """Say whether there is a value at a path; null is one."""
    return any(True for _ in at_path(value, path))


def matches(pattern: ClaimPath, path: ClaimPath) -> bool:
    """Say whether a path is what a pattern names; None in the pattern stands for every element."""
    if len(pattern) != len(path):
        return False
    return all(
        (wanted == found and type(wanted) is type(found))
        or (wanted is None and isinstance(found, int))
        for wanted, found in zip(pattern, path, strict=True)
    )


def leads_into(pattern: ClaimPath, path: ClaimPath) -> bool:
    """Say whether a path leads to what the pattern names, or into it; None fits every element."""
    if len(pattern) > len(path):
        return False
    return all(
        a == b or (a is None and isinstance(b, int)) or (b is None and isinstance(a, int))
        for a, b in zip(pattern, path, strict=False)
    )
