"""A request on its way to the customer's wallet: as a deep link, and as a QR code to be scanned."""

import io
from urllib.parse import parse_qsl, urlsplit

import segno

from careledger.identity.consent.errors import MalformedRequest, RequestTooLarge
from careledger.identity.exchange.request import MAX_CHARACTERS

START = "careledger://consent?request="
QR_CAPACITY = 2_953
"""Bytes that the largest QR code (version 40, error correction L) holds."""


def deep_link(request: str) -> str:
    """Return the link that opens a signed request in a wallet; a JWS needs no escaping."""
    return START + request


def read_link(link: str) -> str:
    """Return the signed request in a link, or in what somebody pasted.

    Raises:
        MalformedRequest: it is not such a link.
        RequestTooLarge: it is longer than is read.

    """
    text = link.strip()
    if "://" not in text and text.count(".") == 2:
        return text  # the signed request itself

    if len(text) > len(START) + 3 * MAX_CHARACTERS:
        raise RequestTooLarge(
            f"the link has {len(text)} characters, but a request has at most {MAX_CHARACTERS}"
        )
    try:
        parts = urlsplit(text)
        parameters = parse_qsl(
            parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=4
        )
    except ValueError as error:
        raise MalformedRequest(f"this is not a link to a request: {START}… is needed") from error

    where = (parts.scheme, parts.netloc, parts.path, parts.fragment)
    if where != ("careledger", "consent", "", ""):
        raise MalformedRequest(f"this is not a link to a request: {START}… is needed")
    if [name for name, _ in parameters] != ["request"]:
        raise MalformedRequest(
            "the link to a request has one parameter, 'request', and nothing else"
        )
    return parameters[0][1]


def qr_terminal(link: str, border: int = 2) -> str:
    """Return the QR code as text for a terminal, two rows of modules in a line.

    Raises:
        RequestTooLarge: no QR code holds it.

    """
    out = io.StringIO()
    _code(link).terminal(out, border=border, compact=True)
    return out.getvalue()


def qr_svg(link: str, scale: float = 4) -> str:
    """Return the QR code as an SVG document, black on white.

    Raises:
        RequestTooLarge: no QR code holds it.

    """
    out = io.BytesIO()
    _code(link).save(out, kind="svg", scale=scale, dark="#000", light="#fff", xmldecl=False)
    return out.getvalue().decode()


def qr_png(link: str, scale: int = 4) -> bytes:
    """Return the QR code as a PNG picture, `scale` pixels a module.

    Raises:
        RequestTooLarge: no QR code holds it.

    """
    out = io.BytesIO()
    _code(link).save(out, kind="png", scale=scale)
    return out.getvalue()


def _code(link: str) -> segno.QRCode:
    size = len(link.encode())
    if size > QR_CAPACITY:
        raise RequestTooLarge(
            f"the link has {size:,} bytes, but a QR code holds {QR_CAPACITY:,}: "
            "shorten the purpose, give its terms by their URL, or hand over the link"
        )
    return segno.make_qr(link, error="l")
