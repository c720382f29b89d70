"""What can go wrong with status lists: the refusal of `CredentialStatus`, and full lists.

What a verifier finds wrong with a list is among the errors of credentials: `StatusStale`,
`StatusError`, `MalformedToken` and their like.
"""

from careledger.chain.reverts import Reverted
from careledger.errors import Conflict


class NotIssuer(Reverted, error="CredentialStatus_NotIssuer"):
    """Only the issuer's controller, or its delegate for the status of credentials, may do this."""


class ListFull(Conflict):
    """Every index of the list has been given out: begin another list."""
