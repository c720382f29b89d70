"""`careledger loyalty`: points, offers, pools."""

from careledger.cli.loyalty.points import app

__all__ = ["app"]
