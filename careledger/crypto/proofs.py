"""How a proof can fail; shared by the trees and the state proofs.

```
ProofError
+-- MalformedProof    a part of it does not have the form that the format prescribes
+-- WrongLength       it is shorter or longer than the size of the tree allows
+-- WrongRoot         it is well-formed and leads to another root
```
"""

from collections.abc import Sequence

from careledger.errors import ProofError


class MalformedProof(ProofError):
    """A part of the proof does not have the form that the format prescribes."""


class WrongLength(ProofError):
    """The proof is shorter or longer than the size of the tree allows."""

    actual: int
    allowed: tuple[int, ...]

    def __init__(self, actual: int, allowed: Sequence[int]) -> None:
        wanted = " or ".join(str(length) for length in allowed)
        super().__init__(f"the proof has {actual} hashes where this tree's have {wanted}")
        self.actual = actual
        self.allowed = tuple(allowed)


class WrongRoot(ProofError):
    """The proof is well-formed and leads to another root."""

    actual: bytes
    expected: bytes

    def __init__(self, actual: bytes, expected: bytes) -> None:
        super().__init__(f"the proof leads to root 0x{actual.hex()} and not to 0x{expected.hex()}")
        self.actual = actual
        self.expected = expected


def check_hashes(proof: Sequence[bytes]) -> None:
    """Refuse a proof that is not a sequence of 32-byte hashes.

    Raises:
        MalformedProof: an element is not 32 bytes.

    """
    for place, node in enumerate(proof):
        if not isinstance(node, bytes) or len(node) != 32:
            raise MalformedProof(f"element {place} of the proof is not a hash of 32 bytes")
