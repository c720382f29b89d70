"""Expect an error of ours by its reason."""

from typing import Any

import pytest

from careledger.errors import CareLedgerError, Reason


def because(wanted: Any, match: str | None = None) -> Any:
    """Expect an error with a reason, of the class that has this reason; as `pytest.raises` else.

    Args:
        wanted: a reason, a class, or a tuple of them.
        match: a pattern of the message.

    """
    several = wanted if isinstance(wanted, tuple) else (wanted,)
    classes = tuple(one for one in several if isinstance(one, type))
    reasons = [one for one in several if isinstance(one, Reason)]

    def fits(error: BaseException) -> bool:
        if isinstance(error, classes):
            return True
        return any(
            isinstance(error, CareLedgerError)
            and error.reasons is type(reason)
            and vars(error)["reason"] is reason
            and error.code.endswith(f".{reason}")
            for reason in reasons
        )

    expected = (*classes, CareLedgerError) if reasons else classes
    return pytest.raises(expected, match=match, check=fits)
