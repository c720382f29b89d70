"""Compares the balances on the chain with the sums of the escrow's events, to the last unit."""

from collections import Counter
from collections.abc import Sequence

from careledger.chain.rpc import Chain
from careledger.flows.refund.actors import RefundActors
from careledger.flows.refund.deals import OrderDeal
from careledger.refunds.erc20 import Erc20Token
from careledger.refunds.ledger import Ledger, LedgerAccount, require_equal
from careledger.refunds.orders import OrderOutcome
from careledger.values.addresses import ZERO_ADDRESS


class BalanceAudit:
    """The balances before the deals, to compare those after them with the ledger."""

    def __init__(self, chain: Chain, escrow: str, actors: RefundActors, dollar: Erc20Token) -> None:
        """Note how much ether everybody has now.

        Args:
            escrow: its address.
            dollar: the stablecoin; only customers have any of it yet.

        """
        self.chain = chain
        self.escrow = escrow
        self.brand = actors.brand.address
        self.marketplace = actors.marketplace.address
        self.dollar = dollar

        watched = (self.escrow, self.brand, self.marketplace)
        self._ether = {address: chain.balance(address) for address in watched}

    def check(self, ledger: Ledger, deals: Sequence[OrderDeal], minted: Counter[str]) -> None:
        """Compare the balances with the sums of the events.

        Args:
            deals: all of the ledger's.
            minted: the stablecoins that each customer was given.

        Raises:
            NotBalanced: a unit is missing, or there is one too many.

        """
        for token in {deal.terms.token for deal in deals}:
            account = ledger.accounts[token]
            require_equal("what is still held", account.held, 0)

            lost_bonds = account.bonds_paid - won_bonds(deals, token)
            to_brand = account.paid + lost_bonds
            if token == ZERO_ADDRESS:
                self._check_ether(account, to_brand)
            else:
                self._check_dollars(account, to_brand, minted)

    def _check_ether(self, account: LedgerAccount, to_brand: int) -> None:
        def gained(address: str) -> int:
            return self.chain.balance(address) - self._ether[address]

        require_equal("the escrow's ether", gained(self.escrow), account.balance)
        require_equal("the marketplace's ether", gained(self.marketplace), account.fees)
        require_equal("the brand's ether", gained(self.brand), to_brand)

    def _check_dollars(self, account: LedgerAccount, to_brand: int, minted: Counter[str]) -> None:
        balance_of = self.dollar.balance_of
        require_equal("the escrow's dollars", balance_of(self.escrow), account.balance)
        require_equal("the marketplace's dollars", balance_of(self.marketplace), account.fees)

        brand = balance_of(self.brand)
        customers = sum(balance_of(address) for address in minted)
        require_equal("what the customers spent", minted.total(), account.came_in)
        require_equal(
            "customers' and brand's dollars",
            customers + brand + account.fees + account.owed,
            account.came_in,
        )
        require_equal("the brand's dollars", brand, to_brand)


def won_bonds(deals: Sequence[OrderDeal], token: str) -> int:
    """Return the bonds that went back: of appeals whose second ruling gave something back."""
    return sum(
        deal.bond
        for deal in deals
        if deal.terms.token == token
        and deal.order.outcome is OrderOutcome.APPEALED
        and deal.order.share_bps
    )
