"""Web addresses as they may be shown."""

from urllib.parse import urlsplit


def without_secrets(url: str) -> str:
    """Return scheme, host and port: a user, a password or a provider's key stands in the rest."""
    parts = urlsplit(url)
    if not parts.hostname:
        return url

    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
