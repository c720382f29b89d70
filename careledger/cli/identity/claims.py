"""Claims as people type them."""

import re

from careledger.errors import InputError

_STEP = re.compile(r"([^.\[\]]+)((?:\[[0-9]*\])*)")


def claim_path(text: str) -> str | tuple[str | int | None, ...]:
    """Read `age_over_18`, `address.country`, `nationalities[]` (every element) or `nationalities[0]`.

    Raises:
        InputError: it is none of these.

    """
    parts: list[str | int | None] = []
    for step in text.split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            raise InputError(
                f"{text!r} names no claim: write age_over_18, address.country or nationalities[0]"
            )
        parts.append(match[1])
        parts += [
            int(number) if number else None for number in re.findall(r"\[([0-9]*)\]", match[2])
        ]
    return tuple(parts) if len(parts) > 1 else text
