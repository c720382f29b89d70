"""What can go wrong with status lists: the refusal of `CredentialStatus`, and places that cannot be given out.

What a verifier finds wrong with a list is among the errors of credentials: `StatusStale`,
`StatusUnreadable`, `MalformedToken` and their like.
"""

from careledger.chain.reverts import Reverted
from careledger.errors import Conflict


class NotIssuer(
    Reverted,
    solidity="CredentialStatus_NotIssuer(address issuer, address actor, address controller)",
):
    """Only the issuer's controller, or its delegate for the status of credentials, may do this."""

    issuer: str
    actor: str
    controller: str


class ListFull(Conflict):
    """Every place of the list has been given out: begin another list."""
