"""CareLedger: customer service that anyone can check."""

from typing import TYPE_CHECKING, Any

from careledger.version import __version__

if TYPE_CHECKING:
    from careledger.suite import Suite

__all__ = ["Suite", "__version__"]


def __getattr__(name: str) -> Any:
    """Load `Suite` when it is first asked for, so that `import careledger` stays cheap."""
    if name != "Suite":
        raise AttributeError(f"module 'careledger' has no attribute {name!r}")

    from careledger.suite import Suite  # noqa: PLC0415  see above

    return Suite
