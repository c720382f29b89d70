"""`careledger loyalty`: points, offers, pools."""
