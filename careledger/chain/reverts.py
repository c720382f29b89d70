"""Turn what a contract answers when it refuses into an exception of ours, arguments included.

A noun declares each contract error once, as a class. The docstring is the sentence that people
read; the arguments and the selector come from the ABI:

```python
class WrongState(EscrowRefusal, error="RefundEscrow_WrongState"):
    '''The deal is in another state than this needs.'''

    actual: int
```

The arguments become attributes, under their Python names (`releaseAt` -> `release_at`). A class
annotates only those that code reads, and those whose meaning the ABI does not tell (see
`careledger.chain.units`). ABIs are read when the first contract refuses, not at import: a program
that only reads files needs none.
"""

from collections.abc import Mapping, Sequence
from inspect import get_annotations
from threading import Lock
from typing import Any, ClassVar, NamedTuple, get_args

from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from careledger.chain.abi import Entry, decode_values, signature, snake, types
from careledger.chain.artifacts import load
from careledger.chain.units import Unit, tell, to_json, unit_of
from careledger.errors import CareLedgerError, ToolchainError, camel

_DECLARED: list[type["Reverted"]] = []
_BY_SELECTOR: dict[bytes, type["Reverted"]] = {}
_READING = Lock()
_ARGUMENTS: dict[type["Reverted"], list["Argument"]] = {}
_PANICS = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of range",
}


class Argument(NamedTuple):
    """An argument of a contract error."""

    name: str
    """In the ABI."""
    attribute: str
    """In Python."""
    kind: str
    """The canonical ABI type."""
    unit: Unit
    enum: str = ""
    """The Solidity enum that a number is of, without the contract's name."""

    @property
    def label(self) -> str:
        """The name in a sentence: `fee_bps` is `fee`, for its value is shown in percent."""
        return self.attribute.strip("_").removesuffix("_bps").replace("_", " ")


class Reverted(CareLedgerError, code="chain.reverted"):
    """A contract refused.

    Attributes:
        data: what it answered, undecoded.

    """

    error: ClassVar[str] = ""
    """The error's name in the ABI, such as `RefundEscrow_WrongState`."""
    contract: ClassVar[str] = ""
    """The contract in whose ABI the error is."""
    decimals: ClassVar[int | None] = None
    """Of the amounts in this class's arguments; None: the class does not know the token."""
    enums: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Solidity enum -> the words for its members, in the order of their numbers."""
    data: bytes = b""

    _signature: ClassVar[str] = ""

    def __init_subclass__(cls, error: str = "", contract: str = "", **rest: Any) -> None:
        """Declare a class.

        Args:
            error: the contract error's name in the ABI, or a whole signature (`Panic(uint256 n)`)
                for an error that stands in no ABI.
            contract: in whose ABI it is, where the name does not begin with it.
            rest: what `CareLedgerError` takes.

        """
        super().__init_subclass__(**rest)
        if not error:
            return

        cls.error = error.partition("(")[0]
        cls.contract = contract or cls.contract or error.partition("_")[0]
        cls._signature = error if "(" in error else ""
        _DECLARED.append(cls)

    @classmethod
    def entry(cls) -> Entry:
        """Return the error as the ABI describes it.

        Raises:
            ToolchainError: the contract has not been compiled, or its ABI has no such error.

        """
        if not cls.error:
            return {"name": cls.__name__, "inputs": []}
        if cls._signature:
            return _entry_of(cls._signature)

        for entry in load(cls.contract).entries("error"):
            if entry["name"] == cls.error:
                return entry
        raise ToolchainError(f"the ABI of {cls.contract} has no error {cls.error}: compile it anew")

    @classmethod
    def arguments_of(cls) -> list[Argument]:
        """Return the arguments that the ABI gives this error, in order."""
        if cls not in _ARGUMENTS:
            _ARGUMENTS[cls] = _arguments_of(cls)
        return _ARGUMENTS[cls]

    @classmethod
    def selector(cls) -> bytes:
        """Return the 4 bytes that the contract's answer begins with."""
        return keccak(text=signature(cls.entry()))[:4]

    def __init__(self, *arguments: Any, data: bytes = b"") -> None:
        """Take the arguments as the ABI orders them, decoded."""
        self.data = data
        for argument, value in zip(self.arguments_of(), arguments, strict=True):
            setattr(self, argument.attribute, value)
        super().__init__(self._sentence())

    def arguments(self) -> dict[str, Any]:
        """Return the arguments by their Python names."""
        names = [argument.attribute for argument in self.arguments_of()]
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, Any]:
        """Return the error for machines; arguments have the ABI's names, see `units.to_json`."""
        shown = {}
        for argument in self.arguments_of():
            value = getattr(self, argument.attribute)
            word = self._word(argument, value)
            shown[camel(argument.name)] = word or to_json(value, argument.unit)
        return {"code": self.code, "message": str(self), "arguments": shown}

    def _sentence(self) -> str:
        says = " ".join((self.__doc__ or type(self).__name__).strip().partition("\n\n")[0].split())
        shown = [f"{one.label} {self._told(one.attribute)}" for one in self.arguments_of()]
        return f"{says.rstrip('.')} ({', '.join(shown)})" if shown else says.rstrip(".")

    def _told(self, attribute: str) -> str:
        """Return an argument as the sentence shows it."""
        (argument,) = (one for one in self.arguments_of() if one.attribute == attribute)
        value = getattr(self, attribute)
        return self._word(argument, value) or tell(value, argument.unit, self.decimals)

    def _word(self, argument: Argument, value: Any) -> str | None:
        """Return the word for a member of an enum; None for what is no enum."""
        words = self.enums.get(argument.enum, ())
        return words[value] if value in range(len(words)) else None


def _arguments_of(cls: type[Reverted]) -> list[Argument]:
    """Read the arguments from the ABI, and what the class says about them."""
    entry = cls.entry()
    annotated = _annotated_units(cls)

    found = []
    for parameter, kind in zip(entry["inputs"], types(entry), strict=True):
        name = parameter["name"]
        attribute = snake(name)
        unit = annotated.get(attribute) or unit_of(name, kind)
        _, _, enum = parameter.get("internalType", "").partition("enum ")
        found.append(Argument(name, attribute, kind, unit, enum.rpartition(".")[2]))

    return _with_shared_unit(found)


def _entry_of(text: str) -> Entry:
    """Return the ABI entry that a signature such as `Panic(uint256 panic)` describes."""
    name, _, inside = text.removesuffix(")").partition("(")
    parts = [part.split() for part in inside.split(",") if part]
    return {"name": name, "inputs": [{"type": kind, "name": called} for kind, called in parts]}


def _annotated_units(cls: type) -> dict[str, Unit]:
    """Return the units that a class and its bases annotate their attributes with."""
    units = {}
    for base in reversed(cls.__mro__):
        for name, annotation in get_annotations(base).items():
            for extra in get_args(annotation)[1:]:
                if isinstance(extra, Unit):
                    units[name] = extra
    return units


def _with_shared_unit(arguments: list[Argument]) -> list[Argument]:
    """Give `actual`, `expected` and `limit` the unit of the argument that they stand beside.

    `PointMarket_Expired(id, actual, expiry)`: what is compared with a time is a time.
    """
    known = {one.unit for one in arguments} - {Unit.COUNT, Unit.PLAIN, Unit.NAME}
    if len(known) != 1:
        return arguments

    (shared,) = known
    return [
        one._replace(unit=shared)
        if one.unit is Unit.COUNT and not one.enum and one.name in {"actual", "expected", "limit"}
        else one
        for one in arguments
    ]


class RevertedWithText(Reverted, error="Error(string reason)"):
    """The contract refused."""

    reason: str

    def _sentence(self) -> str:
        return f"The contract refused: {self.reason}"


class Panicked(Reverted, error="Panic(uint256 panic)"):
    """The contract hit an error of its own."""

    panic: int

    def _sentence(self) -> str:
        meaning = _PANICS.get(self.panic, f"panic {self.panic:#x}")
        return f"The contract hit an error of its own: {meaning}"


class RevertedSilently(Reverted):
    """The contract gave no reason (out of gas, no such function, or no contract there)."""


class RevertedUnknown(Reverted):
    """The contract refused with an error that no class here declares."""

    def _sentence(self) -> str:
        return f"The contract refused with an unknown error 0x{self.data[:68].hex()}"


def decode_revert(data: bytes) -> Reverted:
    """Return the exception for a contract's refusal; it is for the caller to raise."""
    if not data:
        return RevertedSilently()

    known = declared().get(data[:4])
    if known is None:
        return RevertedUnknown(data=data)

    try:
        values = decode_values(types(known.entry()), data[4:])
    except DecodingError:
        return RevertedUnknown(data=data)
    return known(*values, data=data)


def declared() -> Mapping[bytes, type[Reverted]]:
    """Return every declared error class by selector; of contracts that are not compiled, none."""
    with _READING:  # two threads may meet their first refusal together
        for kind in list(_DECLARED):
            try:
                _BY_SELECTOR[kind.selector()] = kind
            except ToolchainError:
                continue
            _DECLARED.remove(kind)
    return _BY_SELECTOR
