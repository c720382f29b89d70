"""Typed events of contracts, and how a node is asked for them.

A noun declares its events once, in its `events.py`, as frozen dataclasses whose fields are the
event's arguments:

```python
@dataclass(frozen=True)
class Opened(Event, contract="RefundEscrow"):
    '''A deal was opened and its amount is in escrow.'''

    id: bytes
    payer: ChecksumAddress
```
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError

from careledger.chain.abi import Entry, clean, decode_values, snake, type_of
from careledger.chain.artifacts import Artifact
from careledger.chain.rpc import Log
from careledger.errors import InputError

Topics = list[bytes | Sequence[bytes] | None]
"""A filter of logs as `eth_getLogs` takes it: one value, one of several, or any."""

_DECLARED: dict[tuple[str, str], type["Event"]] = {}


@dataclass(frozen=True)
class BlockRef:
    """Which block something happened in."""

    number: int
    hash: bytes
    parent: bytes
    """The hash of the block before."""
    time: int
    """Seconds since 1970 UTC."""

    @classmethod
    def from_rpc(cls, raw: Mapping[str, Any]) -> "BlockRef":
        """Read the node's JSON."""
        return cls(
            number=int(raw["number"], 16),
            hash=bytes.fromhex(raw["hash"][2:]),
            parent=bytes.fromhex(raw["parentHash"][2:]),
            time=int(raw["timestamp"], 16),
        )


@dataclass(frozen=True)
class Event:
    """One decoded event of a contract."""

    log: Log

    contract: ClassVar[str]

    def __init_subclass__(cls, contract: str = "", name: str = "", **rest: Any) -> None:
        """Declare a class.

        Args:
            contract: the contract whose event it is; none for a base of several events.
            name: the event's name in the ABI, where it is not the class's.
            rest: for other bases.

        """
        super().__init_subclass__(**rest)

        cls.contract = contract
        if contract:
            _DECLARED[contract, name or cls.__name__] = cls

    @classmethod
    def from_arguments(cls, log: Log, arguments: dict[str, Any]) -> Self:
        """Make the event of decoded arguments, by their Python names."""
        names = [field.name for field in fields(cls) if field.name != "log"]
        return cls(log, **{name: arguments[name] for name in names})


def declared_events() -> dict[tuple[str, str], type[Event]]:
    """Return every declared event class by contract and Solidity name."""
    return dict(_DECLARED)


def decode_event(artifact: Artifact, log: Log) -> Event | None:
    """Return the typed event of a log; None if the contract or the package does not know it."""
    if not log.topics:
        return None

    entry = artifact.events.get(log.topics[0])
    kind = _DECLARED.get((artifact.name, entry["name"])) if entry else None
    if entry is None or kind is None:
        return None

    return kind.from_arguments(log, decode_arguments(entry, log))


def decode_arguments(entry: Entry, log: Log) -> dict[str, Any]:
    """Decode an event's arguments by the names of Python; indexed dynamic ones stay hashes."""
    indexed = _indexed(entry)
    plain = [parameter for parameter in entry["inputs"] if not parameter["indexed"]]
    found: dict[str, Any] = {}

    for parameter, topic in zip(indexed, log.topics[1:], strict=True):
        kind = "bytes32" if _is_dynamic(parameter) else type_of(parameter)
        found[snake(parameter["name"])] = clean(kind, decode([kind], topic)[0])

    values = decode_values([type_of(parameter) for parameter in plain], log.data)
    for parameter, value in zip(plain, values, strict=True):
        found[snake(parameter["name"])] = value

    return found


def topics_of(
    artifact: Artifact, kinds: Iterable[type[Event]], indexed: Mapping[str, Any]
) -> Topics:
    """Return the filter for events of these kinds.

    Args:
        artifact: the contract's.
        kinds: event classes of the contract.
        indexed: values of indexed arguments by their Python names; a list or tuple stands for any
            of its values. All kinds need the argument at the same place.

    Raises:
        InputError: a kind is not the contract's, or has no such indexed argument at this place.

    """
    entries = {
        topic: entry for topic, entry in artifact.events.items() if _is_of(artifact, entry, kinds)
    }
    if len(entries) != len(set(kinds)):
        raise InputError(f"{artifact.name} does not have all of these events")

    places = {_places(entry) for entry in entries.values()}
    shared = next(iter(places)) if len(places) == 1 else _shared(places)
    unknown = indexed.keys() - {name for name, _ in shared}
    if unknown:
        raise InputError(
            f"{artifact.name}: the events have no indexed argument {min(unknown)} in common"
        )

    values = [_encoded(kind, indexed.get(name)) for name, kind in shared]
    while values and values[-1] is None:
        values.pop()
    return [list(entries), *values]


def _is_of(artifact: Artifact, entry: Entry, kinds: Iterable[type[Event]]) -> bool:
    return _DECLARED.get((artifact.name, entry["name"])) in set(kinds)


def _indexed(entry: Entry) -> list[Entry]:
    return [parameter for parameter in entry["inputs"] if parameter["indexed"]]


def _is_dynamic(parameter: Entry) -> bool:
    return parameter["type"] in ("string", "bytes") or parameter["type"].endswith("]")


def _places(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return Python name and type of the indexed arguments, in order."""
    return tuple((snake(one["name"]), type_of(one)) for one in _indexed(entry))


def _shared(
    places: Iterable[tuple[tuple[str, str], ...]],
) -> tuple[tuple[str, str], ...]:
    """Return the indexed arguments that all events have at the same place; "" stands for others."""
    columns = zip(*places, strict=False)
    return tuple(column[0] if len(set(column)) == 1 else ("", "") for column in columns)


def _encoded(kind: str, value: Any) -> bytes | list[bytes] | None:
    """Return a value, or each of several, as a topic.

    Raises:
        InputError: it does not fit the type.

    """
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [topic for one in value if isinstance(topic := _encoded(kind, one), bytes)]

    try:
        return encode([kind], [value])
    except (EncodingError, TypeError, ValueError) as error:
        raise InputError(f"{value!r} is not a {kind}") from error
