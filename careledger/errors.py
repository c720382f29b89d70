"""Everything that CareLedger raises on purpose.

```
CareLedgerError
+-- SettingsError      an option, environment variable or file has a value that cannot be used
|   +-- InputError     a record in an input file or an argument is malformed
+-- ToolchainError     the compiler, a chain binary or an artifact is missing
+-- CompileError       solc refused the contracts
+-- NodeError          the node cannot be reached, gave a wrong answer, or refuses
|   +-- Unreachable    no answer came through: whether the node did what was asked is open
|   +-- LogsRefused    the node refuses the events of one single block
|   +-- WrongChain     the node serves another chain than the one recorded
|   +-- SendError      a transaction could not be handed over or was not mined in time
|   +-- NoFunds        the sending account cannot pay for the transaction
+-- Reverted           a contract refused; one subclass per contract error, arguments as attributes
+-- SignatureError     a signature is malformed or does not fit its signer
+-- ProofError         a proof, receipt or record does not verify
+-- StoreError         the database cannot be used
+-- NotFound           the thing asked for is not there
+-- Conflict           the thing is there already, or is in another state than assumed
```

The message says in one sentence what was wrong and what to do about it. Code never matches on the
text of a message: it catches the class and reads its attributes.

Every error has a `code` for machines, `<noun>.<reason>`. It never changes once it is published:
`docs/errors.md` lists all of them, and the API's problem types are made from it. The code follows
from the module and the class name (`careledger.refunds.errors.WrongState` is
`refunds.wrong-state`), unless the class is declared with one of its own.
"""

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum, StrEnum
from inspect import get_annotations
from typing import Any, ClassVar, Self

SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader reads exactly (RFC 8259, 6)."""


class Reason(StrEnum):
    """Why something was refused: the last part of an error's code, with the sentence about it.

    ```python
    class WalletReason(Reason):
        TOO_OLD = "too-old", "The wallet file is of a version that is no longer read."
    ```
    """

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member of its code and its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


class CareLedgerError(Exception):
    """The root: catch this to catch everything that CareLedger raises on purpose.

    The arguments of an error are the attributes that its class annotates.
    """

    code: str = "careledger.error"
    """Stable, for machines; of an error with a reason, the instance's is the one that counts."""
    reasons: ClassVar[type[Reason] | None] = None
    """What the `reason` of an error of this class can be, where it has one."""

    def __init_subclass__(
        cls, code: str = "", reasons: type[Reason] | None = None, **rest: Any
    ) -> None:
        super().__init_subclass__(**rest)
        cls.code = code or _code(cls.__module__, cls.__name__)
        if reasons is not None:
            cls.reasons = reasons

    def arguments(self) -> dict[str, Any]:
        """Return the error's arguments by their Python names."""
        names = [
            name
            for kind in reversed(type(self).__mro__)
            if issubclass(kind, CareLedgerError) and kind not in (CareLedgerError, ReasonedError)
            for name, annotation in get_annotations(kind).items()
            if not name.startswith("_") and "ClassVar" not in str(annotation)
        ]
        return {name: getattr(self, name) for name in names if name in vars(self)}

    def to_json(self) -> dict[str, Any]:
        """Return the error as `--json` prints it on stderr, and as the API will answer it.

        `code` is stable, `message` is for people, `arguments` has camelCase names. In it, bytes are
        0x-text, times RFC 3339 text; integers that JSON readers would round are decimal text.
        """
        return {
            "code": self.code,
            "message": str(self),
            "arguments": {camel(name): plain(value) for name, value in self.arguments().items()},
        }


def camel(name: str) -> str:
    """Return a Python name in the spelling of JSON: `release_at` -> `releaseAt`."""
    first, *others = name.strip("_").split("_")
    return first + "".join(part.capitalize() for part in others)


def plain(value: Any) -> Any:
    """Return an argument as JSON holds it."""
    if value is None or isinstance(value, bool | StrEnum):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, Enum) and abs(value) <= SAFE_INTEGER:
        return value

    for kind, text in _TEXTS:
        if isinstance(value, kind):
            return text(value)
    return str(value)


_TEXTS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bytes, lambda raw: "0x" + raw.hex()),
    (datetime, lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ")),
    (Enum, lambda member: member.name.lower().replace("_", "-")),
)


def kebab(name: str) -> str:
    """Return a class name as a part of a code: `WrongState` -> `wrong-state`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _code(module: str, name: str) -> str:
    """Return the code of a class: its noun, and its name; `TermsError` is `invalid-terms`."""
    package, _, inside = module.partition(".")
    noun = inside.partition(".")[0] or package
    reason = f"Invalid{name.removesuffix('Error')}" if name.endswith("Error") else name
    return f"{noun}.{kebab(reason)}"


class ReasonedError(CareLedgerError):
    """An error whose class is the kind of trouble, and whose reason is the case.

    A class says what its reasons are: `class WalletError(ReasonedError, reasons=WalletReason)`.
    """

    reason: Reason

    def __init__(self, reason: Reason, message: str) -> None:
        """Take the case, and the sentence about it."""
        super().__init__(message)
        self.reason = reason
        self.code = f"{type(self).code.partition('.')[0]}.{reason.value}"


def error_codes() -> dict[str, str]:
    """Return every code of the classes that are imported, with the sentence about it.

    Raises:
        TypeError: two errors have the same code.

    """
    kinds = {CareLedgerError}
    pending: list[type[CareLedgerError]] = [CareLedgerError]
    while pending:
        children = set(pending.pop().__subclasses__()) - kinds
        pending += children
        kinds |= children

    found: dict[str, str] = {}
    for kind in kinds:
        for code, sentence in _codes_of(kind):
            if code in found:
                raise TypeError(
                    f"two errors have the code {code}: declare one of them with another"
                )
            found[code] = sentence

    return dict(sorted(found.items()))


def _codes_of(kind: type[CareLedgerError]) -> list[tuple[str, str]]:
    if kind.__name__.startswith("_") or kind.__module__.partition(".")[0] != "careledger":
        return []
    codes = [(kind.code, (kind.__doc__ or "").strip().splitlines()[0])]
    if kind.reasons is None:
        return codes

    # The reasons' codes are those of the instances; the class that has them lists them once.
    noun = kind.code.partition(".")[0]
    by_reason = [(f"{noun}.{reason.value}", reason.sentence) for reason in kind.reasons]
    if "reasons" in vars(kind):
        return by_reason
    return [] if kind.code in dict(by_reason) else codes


class SettingsError(CareLedgerError, code="settings.invalid"):
    """An option, environment variable or file has a value that cannot be used."""


class InputError(SettingsError, code="input.invalid"):
    """A record in an input file or an argument is malformed."""


class ToolchainError(CareLedgerError, code="toolchain.missing"):
    """The compiler, a chain binary or an artifact is missing."""


class CompileError(CareLedgerError, code="toolchain.compilation-refused"):
    """solc refused the contracts."""


class NodeError(CareLedgerError, code="node.refused"):
    """The node cannot be reached, gave a wrong answer, or refuses."""


class Unreachable(NodeError, code="node.unreachable"):
    """No answer came through: whether the node did what was asked is open."""


class LogsRefused(NodeError, code="node.logs-refused"):
    """The node refuses the events of one single block."""


class WrongChain(NodeError, code="node.wrong-chain"):
    """The node serves another chain than the one recorded."""


class SendError(NodeError, code="node.transaction-not-mined"):
    """A transaction could not be handed over or was not mined in time."""


class NoFunds(NodeError, code="node.no-funds"):
    """The sending account cannot pay for the transaction."""


class SignatureError(CareLedgerError, code="signature.invalid"):
    """A signature is malformed or does not fit its signer."""


class ProofError(CareLedgerError, code="proof.invalid"):
    """A proof, receipt or record does not verify."""


class StoreError(CareLedgerError, code="store.unusable"):
    """The database cannot be used."""


class NotFound(CareLedgerError, code="resource.not-found"):
    """The thing asked for is not there."""


class Conflict(CareLedgerError, code="resource.conflict"):
    """The thing is there already, or is in another state than assumed."""
