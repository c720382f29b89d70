"""The base of the loyalty contracts' refusals: how they are told."""

from typing import Any

from eth_utils.address import to_checksum_address

from careledger.chain.reverts import Reverted
from careledger.loyalty.points import points_text
from careledger.values.times import from_seconds, time_text

_PLAIN = {"fee_bps", "max_fee_bps", "highest", "period", "notice", "nonce"}
_TIMES = {"closes_at", "valid_after", "valid_before", "expiry", "deadline"}


class Refused(Reverted):
    """A contract of this noun refused; amounts are told in points, times as dates."""

    def __init__(self, *arguments: Any, data: bytes = b"") -> None:
        kinds = self.solidity[self.solidity.index("(") + 1 : -1].split(",")
        cleaned = [
            to_checksum_address(value) if kind == "address" else value
            for kind, value in zip(kinds, arguments, strict=False)
        ]
        super().__init__(*cleaned, data=data)

    def _sentence(self) -> str:
        says = (self.__doc__ or "").strip().rstrip(".")
        shown = ", ".join(
            f"{name.replace('_', ' ')} {self._told(name)}" for name in self.parameters
        )
        return f"{says} ({shown})" if shown else says

    def _told(self, name: str) -> str:
        value: Any = getattr(self, name)
        if isinstance(value, bytes):
            text = value.rstrip(b"\0")
            return text.decode() if name == "role" and text.isascii() else "0x" + value.hex()
        if (
            isinstance(value, str)
            or name in _PLAIN
            or (name == "actual" and "highest" in self.parameters)
        ):
            return str(value)
        timed = name in _TIMES or (name == "actual" and not _TIMES.isdisjoint(self.parameters))
        return time_text(from_seconds(value)) if timed else points_text(value)
