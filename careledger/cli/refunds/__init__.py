"""`careledger refunds`: deals, disputes, returns."""

from careledger.cli.refunds import disputes, returns
from careledger.cli.refunds.deals import app

__all__ = ["app", "disputes", "returns"]
