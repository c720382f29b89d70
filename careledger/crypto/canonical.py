"""Canonical JSON: the one byte string of a value (RFC 8785), and a reader that is as strict.

What has no canonical form (NaN, an integer beyond 2^53 - 1, half a surrogate pair, a key that is
not text, a key given twice) is refused with a sentence that says where; nothing is rounded or
repaired.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from careledger.errors import InputError

SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON implementation reads exactly (RFC 8785, 3.2.2.3)."""

MAX_DEPTH = 64
"""How deeply values may be nested; enough for any record, and no reader runs out of stack."""

_BRACKETS = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*"?', re.DOTALL)
"""Brackets, and texts whole; a text without its end goes to the end, so that no text is looked at
twice."""

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Writes RFC 8785 at twenty times the speed where `_plain` and the two patterns below say that it
does."""
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PRIVATE = re.compile("[\ue000-\uffff]")
"""Keys are sorted as UTF-16; as code points, which Python compares, the order differs only between
these two."""


class CanonicalError(InputError, code="input.not-canonical-json"):
    """A value or a text has no canonical JSON form; `path` says where (`$.parties[2].name`)."""

    path: str
    reason: str

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def dumps(value: Any) -> bytes:
    """Return the canonical JSON form of a value (RFC 8785), in UTF-8.

    Args:
        value: dicts with text keys, lists, tuples, text, bool, None, int, float.

    Raises:
        CanonicalError: some part of it has no canonical form.
    """
    try:
        if _plain(value, 0):
            text = _encode(value)
            if not (_ASTRAL.search(text) and _PRIVATE.search(text)):
                return text.encode()

        return bytes(rfc8785.dumps(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        _explain(value, "$", 0)
        # `_explain` names whatever is refused; this is for a reason that it does not know.
        raise CanonicalError("$", str(error)) from error  # pragma: no cover


def _plain(value: Any, depth: int) -> bool:
    """Say whether both writers write a value alike: it holds no float and no subclass."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-SAFE_INTEGER <= value <= SAFE_INTEGER)
    if depth > MAX_DEPTH:
        return False

    if kind is dict:
        return all(
            type(key) is str and (type(inner) is str or _plain(inner, depth + 1))
            for key, inner in value.items()
        )
    if kind is list or kind is tuple:
        return all(type(inner) is str or _plain(inner, depth + 1) for inner in value)
    return False


def _explain(value: Any, path: str, depth: int) -> None:
    """Raise the error that names the first part without a canonical form."""
    reason = _scalar_fault(value, depth)
    if reason is not None:
        raise CanonicalError(path, reason)

    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise CanonicalError(path, f"the key {key!r} is not text")
            if not _encodable(key):
                raise CanonicalError(path, f"the key {key!r} holds half a surrogate pair")
            _explain(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, inner in enumerate(value):
            _explain(inner, f"{path}[{place}]", depth + 1)


def _scalar_fault(value: Any, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"nested more than {MAX_DEPTH} levels deep"
    if isinstance(value, int) and abs(value) > SAFE_INTEGER:
        return f"the integer {value} is beyond 2^53 - 1; write it as text"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a JSON number"
    if isinstance(value, str) and not _encodable(value):
        return "the text holds half a surrogate pair"

    if value is not None and not isinstance(value, str | bool | int | float | list | tuple | dict):
        return f"{type(value).__name__} is not a JSON type"
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def loads(text: bytes | str) -> Any:
    """Read JSON as strictly as RFC 8785 wants it (I-JSON, RFC 7493): `dumps` can write it again.

    Raises:
        CanonicalError: it is not JSON, not UTF-8, gives a key twice, or holds what has no canonical
            form.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise CanonicalError("$", f"not UTF-8: byte {error.start} cannot be read") from error

    refuse_deep(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise CanonicalError(
            "$", f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error

    _explain(value, "$", 0)
    return value


def refuse_deep(text: str) -> None:
    """Refuse JSON that is nested deeper than `MAX_DEPTH` before a parser sees it.

    The parser of the standard library goes down a level on the C stack for each level of the text.
    Where the recursion limit was raised, or the stack is a thread's, a file of brackets ends the
    process.

    Raises:
        CanonicalError: it is nested too deep.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return

    depth = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CanonicalError("$", f"nested more than {MAX_DEPTH} levels deep")
        elif bracket in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        double = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise CanonicalError("$", f"the key {double!r} is given twice in one object")
    return result


def _constant(name: str) -> Any:
    raise CanonicalError("$", f"{name} is not a JSON number")


def _integer(digits: str) -> int | float:
    if len(digits) <= 17 and abs(int(digits)) <= SAFE_INTEGER:
        return int(digits)

    # RFC 8785 writes doubles up to 1e21 in whole digits; exactly those are read back, and nothing
    # is rounded.
    if len(digits) <= 22 and rfc8785.dumps(float(digits)).decode() == digits:
        return float(digits)

    # Without its digits: documents of customers are read here, and messages go to logs.
    raise CanonicalError("$", "an integer is beyond 2^53 - 1; write it as text")
