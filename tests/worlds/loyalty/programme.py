"""What a programme of points says of itself."""

REF = b"order".ljust(32, b"\1")
SILENT = ""


def programme(points):
    names = ("brand", "outstanding", "cap", "notice", "closes_at", "paused")
    return dict(zip(names, points.token.call("programme"), strict=True))


def limit(points, who=None):
    return points.token.call("issuerLimit", (who or points.issuer).address)
