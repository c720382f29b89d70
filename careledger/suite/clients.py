"""The typed clients by noun; each is imported and made when it is first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress

    from careledger.identity.consent.client import ConsentRegistry
    from careledger.identity.credentials.issuer import Issuer
    from careledger.identity.credentials.policy import VerifierPolicy
    from careledger.identity.did.client import IdentityRegistry
    from careledger.identity.exchange.company import Company
    from careledger.identity.passkeys.client import PasskeyVerifier
    from careledger.identity.status.client import CredentialStatus
    from careledger.interactions.client import InteractionLog
    from careledger.loyalty.client import LoyaltyToken, PointMarket, PointPools
    from careledger.refunds.client import RefundEscrow
    from careledger.refunds.erc20 import Erc20Token
    from careledger.refunds.return_desk import ReturnDesk
    from careledger.refunds.terms import DealTerms
    from careledger.suite.context import SuiteContext


class IdentityClients:
    """The contracts of identity, and the names of identities on this chain."""

    def __init__(self, suite: "SuiteContext") -> None:
        self._suite = suite

    @cached_property
    def registry(self) -> "IdentityRegistry":
        """The registry of identifiers."""
        from careledger.identity.did.client import IdentityRegistry

        suite = self._suite
        return IdentityRegistry(suite.chain, suite.address("IdentityRegistry"), suite.payer)

    @cached_property
    def consents(self) -> "ConsentRegistry":
        """The registry of consents."""
        from careledger.identity.consent.client import ConsentRegistry

        suite = self._suite
        return ConsentRegistry(suite.chain, suite.address("ConsentRegistry"), suite.payer)

    @cached_property
    def statuses(self) -> "CredentialStatus":
        """The revoked credentials."""
        from careledger.identity.status.client import CredentialStatus

        suite = self._suite
        return CredentialStatus(suite.chain, suite.address("CredentialStatus"), suite.payer)

    @cached_property
    def passkeys(self) -> "PasskeyVerifier":
        """The verifier of passkeys' signatures."""
        from careledger.identity.passkeys.client import PasskeyVerifier

        suite = self._suite
        return PasskeyVerifier(suite.chain, suite.address("PasskeyVerifier"), suite.payer)

    @property
    def verifiers(self) -> "list[ChecksumAddress]":
        """The ERC-7913 verifiers of the suite; none where none is recorded."""
        found = self._suite.addresses.get("PasskeyVerifier")
        return [] if found is None else [found]

    def company(self, policy: "VerifierPolicy", issuer: "Issuer | None" = None) -> "Company":
        """Return a company that keeps in the suite's store, and pays with the suite's key.

        Args:
            policy: whose credentials are believed, and how strictly.
            issuer: who signs the requests; the identity of the suite's key when None.

        Raises:
            SettingsError: no key is named, or it cannot be used.
            StoreError: the database cannot be used.

        """
        from careledger.identity.exchange.company import Company

        suite = self._suite
        return Company(
            issuer or self._own_issuer(),
            self.registry,
            self.consents,
            self.statuses,
            store=suite.store,
            policy=policy,
            verifiers=self.verifiers,
        )

    def _own_issuer(self) -> "Issuer":
        from careledger.identity.credentials.issuer import Issuer
        from careledger.identity.credentials.keys import SigningKey

        account = self._suite.account
        did = self.did(account.address)
        return Issuer(did, SigningKey.of_account(account), f"{did}#controller")

    def did(self, identity: str) -> str:
        """Return the DID of an address, or of a compressed public key, on this chain."""
        from careledger.identity.did.did import format_did

        return format_did(identity, self._suite.chain.chain_id)

    def address_of(self, identity: str) -> "ChecksumAddress":
        """Return the address of an identity that is given as DID or address.

        Raises:
            InputError: it is neither.
            WrongChain: it is the DID of another chain.

        """
        from careledger.identity.did.did import Did
        from careledger.values.addresses import address

        if not identity.startswith("did:"):
            return address(identity, "identity")

        did = Did.parse(identity)
        self._suite.chain.expect(did.chain_id())
        return did.address


class InteractionClients:
    """The contract of interactions."""

    def __init__(self, suite: "SuiteContext") -> None:
        self._suite = suite

    @cached_property
    def log(self) -> "InteractionLog":
        """The log of what was said and agreed, after a look at its code."""
        from careledger.interactions.client import InteractionLog

        suite = self._suite
        at = suite.address("InteractionLog")
        return suite.checked(InteractionLog(suite.chain, at, suite.payer))


class LoyaltyClients:
    """The contracts of loyalty, each after a look at its code."""

    def __init__(self, suite: "SuiteContext") -> None:
        self._suite = suite

    @cached_property
    def market(self) -> "PointMarket":
        """The market of signed offers."""
        from careledger.loyalty.client import PointMarket

        suite = self._suite
        return suite.checked(PointMarket(suite.chain, suite.address("PointMarket"), suite.payer))

    @cached_property
    def pools(self) -> "PointPools":
        """The pools of points against points."""
        from careledger.loyalty.client import PointPools

        suite = self._suite
        return suite.checked(PointPools(suite.chain, suite.address("PointPools"), suite.payer))

    def token(self, at: str) -> "LoyaltyToken":
        """Return a brand's points.

        Raises:
            InputError: it is not an address.
            NotFound: there are no points of ours at it.

        """
        from careledger.loyalty.client import LoyaltyToken
        from careledger.values.addresses import address

        suite = self._suite
        return suite.checked(LoyaltyToken(suite.chain, address(at, "token"), suite.payer))


class RefundClients:
    """The contracts of refunds."""

    def __init__(self, suite: "SuiteContext") -> None:
        self._suite = suite

    @cached_property
    def escrow(self) -> "RefundEscrow":
        """The escrow of deals."""
        from careledger.refunds.client import RefundEscrow

        suite = self._suite
        return RefundEscrow(suite.chain, suite.address("RefundEscrow"), suite.payer)

    @cached_property
    def return_desk(self) -> "ReturnDesk":
        """Where scanners record deliveries and returns."""
        from careledger.refunds.return_desk import ReturnDesk

        suite = self._suite
        return ReturnDesk(suite.chain, suite.address("ReturnDesk"), suite.payer)

    def is_open(self, deal: "DealTerms | bytes") -> bool:
        """Say whether a deal was ever opened in this version's escrow."""
        from careledger.refunds.deal import DealState

        id_ = deal if isinstance(deal, bytes) else self.escrow.id_of(deal)
        return self.escrow.deal(id_).state is not DealState.NONE

    def token(self, at: str) -> "Erc20Token":
        """Return an ERC-20 token, whoever made it."""
        from careledger.refunds.erc20 import Erc20Token

        return Erc20Token(self._suite.chain, at, self._suite.payer)
