"""What is looked at before a credential is revoked: revoking cannot be taken back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from careledger.errors import Conflict

if TYPE_CHECKING:
    from careledger.console import Out
    from careledger.identity.credentials.credential import Credential
    from careledger.identity.status.allocation import StatusIndexAllocator
    from careledger.suite import Suite


def place_of(
    suite: "Suite", credential: "Credential", issuer: str, list_: bytes
) -> tuple[bytes, int]:
    """Return the list and the place that a credential names, if this issuer signed it.

    Args:
        suite: the suite, whose contract has to keep the list.
        credential: as it was parsed.
        issuer: who has to have signed it.
        list_: the list that it has to be; any where it is empty.

    Raises:
        Conflict: it is another issuer's, or stands in another contract or list.
        CredentialError: the issuer did not sign it.

    """
    from careledger.identity.credentials.did_keys import DidKeys

    keys = DidKeys(suite.identity.registry)
    if keys.did(credential.issuer).address != issuer:
        raise Conflict(
            f"the credential is by {credential.issuer}, and not by {suite.identity.did(issuer)}: "
            f"only its issuer revokes it"
        )
    keys.check(credential.token, credential.issuer, credential.signed_at)

    where = credential.status
    if where is None or where.list_id is None:
        raise Conflict("the credential names no list on a chain, so nobody can revoke it there")
    contract, chain_id = suite.identity.statuses.address, suite.chain.chain_id
    if (where.chain_id, where.contract) != (chain_id, contract):
        raise Conflict(
            f"the credential's status is kept by {where.contract} on chain {where.chain_id}, "
            f"and {contract} on chain {chain_id} is written here"
        )
    if where.issuer != issuer:
        raise Conflict(
            f"the credential's status is kept by {where.issuer}, and not by its issuer, {issuer}"
        )
    if list_ and list_ != where.list_id:
        raise Conflict(
            f"the credential is in the list 0x{where.list_id.hex()}, and not in the one that "
            f"--list names"
        )
    return where.list_id, where.index


def known_places(suite: "Suite", issuer: str, list_: bytes) -> "StatusIndexAllocator | None":
    """Return the places of a list as the database knows them; None where there is no database."""
    from careledger.identity.status.allocation import StatusIndexAllocator

    if not suite.settings.store_exists:
        return None  # and none is made
    return StatusIndexAllocator(suite.store, issuer, list_)


def check_allocated(
    suite: "Suite", out: "Out", issuer: str, list_: bytes, indexes: Sequence[int]
) -> None:
    """Refuse places that the database never gave out, if it knows the list.

    Raises:
        Conflict: one was never given out.

    """
    places = known_places(suite, issuer, list_)
    if places is None:
        return

    if not places.count():
        if places.count_in_other_lists():
            out.warn(
                "the database of CARELEDGER_STORE knows other lists of this issuer, "
                "and not this one"
            )
        return

    never = places.never_allocated(indexes)
    if never:
        more = f" and {len(never) - 3} more" if len(never) > 3 else ""
        raise Conflict(
            f"nothing was sent: the database of CARELEDGER_STORE gave out other places of this "
            f"list, and never {', '.join(map(str, never[:3]))}{more}; correct the number, or say "
            f"--force to revoke it all the same"
        )


def check_same(suite: "Suite", issuer: str, list_: bytes, credential: "Credential") -> None:
    """Refuse a credential at a place that the database has for another one.

    Whoever stole a key can sign a credential that names any place.
    """
    key, status = credential.holder_key, credential.status
    bound = None if key is None else key.thumbprint
    places = known_places(suite, issuer, list_)
    given = None if places is None or status is None else places.find(status.index)

    if given is not None and given.is_other(credential.types[-1], bound, credential.signed_at):
        raise Conflict(
            f"nothing was sent: the database of CARELEDGER_STORE has another credential at place "
            f"{given.index} than this one, which may be forged with a stolen key; "
            f"`status issued` lists what was issued, and --force revokes the place all the same"
        )
