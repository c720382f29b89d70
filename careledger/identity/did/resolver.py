"""Resolve a did:ethr to its DID document, from the chain alone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from careledger.chain.rpc import Chain
from careledger.errors import NodeError, NotFound, WrongChain
from careledger.identity.did.client import IdentityRegistry
from careledger.identity.did.did import Did, DidUrl, format_did
from careledger.identity.did.document import DocumentBuilder
from careledger.identity.did.history import Change, history
from careledger.values.times import from_seconds, time_text

CONTENT_TYPE = "application/did+ld+json"


@dataclass(frozen=True)
class Resolution:
    """The result of resolving a DID."""

    document: dict[str, Any]
    metadata: dict[str, Any]
    changes: list[Change]
    """The identity's whole history, also what is later than the document's version."""

    @property
    def result(self) -> dict[str, Any]:
        """The DID resolution result, as DID resolvers write it."""
        return {
            "didDocumentMetadata": self.metadata,
            "didResolutionMetadata": {"contentType": CONTENT_TYPE},
            "didDocument": self.document,
        }


def resolve(
    registry: IdentityRegistry,
    did: str | DidUrl,
    *,
    block: int | None = None,
    now: datetime | None = None,
    names: dict[str, int] | None = None,
    from_block: int = 0,
) -> Resolution:
    """Return the DID document of a did:ethr; at most five calls to the node for any history.

    Args:
        did: a DID or a DID URL; its `versionId` counts where `block` is None.
        block: the document as it was after this block.
        now: decides what has expired; the block's time when one is named. Else the newest block's
            or this machine's, whichever is later: an idle chain's newest block may be old.
        names: further networks by name, with their chain ids.
        from_block: the registry's block, where it is known.

    Raises:
        MalformedDid: the text is not a did:ethr, or its network is unknown.
        WrongChain: the DID is anchored on another chain than the registry's.
        NotFound: the chain does not have that block yet.
        HistoryWithheld: the node keeps no old logs.

    """
    url = DidUrl.parse(did) if isinstance(did, str) else did
    _require_same_chain(url.did, registry.chain, names)

    version = block if block is not None else url.version_id
    changes = history(registry, url.did.address, from_block)
    time = _time(registry.chain, version, now)

    builder = DocumentBuilder(url.did, registry.chain.chain_id, time)
    builder.apply(changes, version)
    return Resolution(builder.document(), _metadata(registry.chain, builder), changes)


def _require_same_chain(did: Did, chain: Chain, names: dict[str, int] | None) -> None:
    wanted = did.chain_id(names)
    if wanted != chain.chain_id:
        here = format_did(did.public_key or did.address, chain.chain_id)
        raise WrongChain(
            f"{did.text} is anchored on chain {wanted}, but the node at {chain.shown_url} "
            f"serves chain {chain.chain_id}; there it would be {here}"
        )


def _time(chain: Chain, block: int | None, now: datetime | None) -> int:
    """Return the time that decides what has expired, in seconds since 1970 UTC."""
    if block is None:
        machine = int((now or datetime.now(UTC)).timestamp())
        return machine if now else max(machine, chain.timestamp())

    try:
        at = chain.timestamp(block)
    except NodeError as error:
        raise NotFound(
            f"there is no block {block} yet, so there is no version of that number: {error}"
        ) from error
    return int(now.timestamp()) if now else at


def _metadata(chain: Chain, builder: DocumentBuilder) -> dict[str, Any]:
    metadata: dict[str, Any] = {"deactivated": True} if builder.deactivated else {}
    if builder.version:
        metadata["versionId"] = str(builder.version)
        metadata["updated"] = _block_time(chain, builder.version)
    if builder.next_version:
        metadata["nextVersionId"] = str(builder.next_version)
        metadata["nextUpdate"] = _block_time(chain, builder.next_version)
    return metadata


def _block_time(chain: Chain, block: int) -> str:
    return time_text(from_seconds(chain.timestamp(block)))
