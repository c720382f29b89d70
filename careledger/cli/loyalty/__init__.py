"""`careledger loyalty`: points, offers, pools."""

from careledger.cli.loyalty import offers, pools
from careledger.cli.loyalty.points import app

__all__ = ["app"]

app.add_typer(offers.app, name="offer")
app.add_typer(pools.app, name="pool")
