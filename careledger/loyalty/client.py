"""The typed clients of the noun: `LoyaltyToken`, `PointMarket`, `PointPools`."""

from careledger.loyalty.market import PointMarket
from careledger.loyalty.pools import PointPools
from careledger.loyalty.token import LoyaltyToken

__all__ = ["LoyaltyToken", "PointMarket", "PointPools"]
