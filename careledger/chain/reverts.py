"""Turn what a contract answers when it refuses into an exception of ours, arguments included.

A noun declares its contract errors once, as classes:

```python
class DealNotOpen(Reverted, solidity="RefundEscrow_NotOpen(bytes32 id, uint8 actual)"):
    '''The deal is not open.'''

    id: bytes
    actual: int
```

The class is found again by the error's selector; the attributes are the arguments, in order.
"""

import inspect
import re
from typing import Any, ClassVar

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from careledger.errors import CareLedgerError

_CLASSES: dict[bytes, type["Reverted"]] = {}
_PANICS = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of range",
}


class Reverted(CareLedgerError):
    """A contract refused.

    Attributes:
        data: what it answered, undecoded.

    """

    solidity: ClassVar[str] = ""
    """Canonical signature of the contract error, such as `Escrow_NotOpen(bytes32,uint8)`."""
    parameters: ClassVar[list[str]] = []
    data: bytes = b""

    def __init_subclass__(cls, solidity: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if not solidity:
            return
        match = re.fullmatch(r"(\w+)\((.*)\)", solidity)
        if match is None:
            raise TypeError(f"{cls.__name__}: '{solidity}' is not an error's signature")
        parts = [part.split() for part in match[2].split(",") if part.strip()]
        cls.parameters = [name for name in inspect.get_annotations(cls) if name != "data"]
        if len(parts) != len(cls.parameters):
            raise TypeError(
                f"{cls.__name__}: {len(cls.parameters)} attributes for {len(parts)} arguments of {solidity}"
            )
        cls.solidity = f"{match[1]}({','.join(part[0] for part in parts)})"
        _CLASSES[keccak(text=cls.solidity)[:4]] = cls

    @classmethod
    def selector(cls) -> bytes:
        """Return the 4 bytes that the contract's answer begins with."""
        return keccak(text=cls.solidity)[:4]

    def __init__(self, *arguments: Any, data: bytes = b"") -> None:
        self.data = data
        for name, value in zip(self.parameters, arguments, strict=True):
            setattr(self, name, value)
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        says = (self.__doc__ or type(self).__name__).strip().splitlines()[0].rstrip(".")
        shown = ", ".join(f"{name} {_show(getattr(self, name))}" for name in self.parameters)
        return f"{says} ({shown})" if shown else says


class RevertedWithText(Reverted, solidity="Error(string reason)"):
    """The contract refused."""

    reason: str

    def _sentence(self) -> str:
        return f"The contract refused: {self.reason}"


class Panicked(Reverted, solidity="Panic(uint256 code)"):
    """The contract hit an error of its own."""

    code: int

    def _sentence(self) -> str:
        return f"The contract hit an error of its own: {_PANICS.get(self.code, f'panic {self.code:#x}')}"


class RevertedSilently(Reverted):
    """The contract refused without a reason (out of gas, no such function, or no contract there)."""


class RevertedUnknown(Reverted):
    """The contract refused with an error that no class here declares."""

    def _sentence(self) -> str:
        return f"The contract refused with an unknown error {_show(self.data[:68])}"


def _show(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def decode_revert(data: bytes) -> Reverted:
    """Return the exception for a contract's refusal; it is for the caller to raise."""
    if not data:
        return RevertedSilently()
    known = _CLASSES.get(data[:4])
    if known is None:
        return RevertedUnknown(data=data)
    inside = known.solidity[known.solidity.index("(") + 1 : -1]
    try:
        arguments = decode([kind for kind in inside.split(",") if kind], data[4:])
    except DecodingError:
        return RevertedUnknown(data=data)
    return known(*arguments, data=data)


def declared() -> dict[bytes, type[Reverted]]:
    """Return every declared error class by selector."""
    return dict(_CLASSES)
