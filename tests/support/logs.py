"""RFC 6962 word for word, slow and recursive: the reference for the log tree and for the contract's
head.
"""

from hashlib import sha256


def leaf(entry):
    return sha256(b"\x00" + entry).digest()


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def _split(count):
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(entries):
    """MTH of section 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return leaf(entries[0])
    k = _split(len(entries))
    return node(root(entries[:k]), root(entries[k:]))


def inclusion(index, entries):
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if index < k:
        return [*inclusion(index, entries[:k]), root(entries[k:])]
    return [*inclusion(index - k, entries[k:]), root(entries[:k])]


def consistency(old, entries):
    """PROOF of section 2.1.2; empty for an empty beginning, which the RFC leaves out."""
    return _subproof(old, entries, True) if old else []


def _subproof(old, entries, whole):
    if old == len(entries):
        return [] if whole else [root(entries)]
    k = _split(len(entries))
    if old <= k:
        return [*_subproof(old, entries[:k], whole), root(entries[k:])]
    return [*_subproof(old - k, entries[k:], False), root(entries[:k])]
