"""How a JSON-RPC request gets to a node: by our own connection, or through a program's own `Web3`.

A transport returns the whole answer, refusal or result, and raises when no answer came through.
This module imports web3, which takes long; `careledger.chain.rpc` imports it when it connects.
"""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCResponse

from careledger.crypto.canonical import CanonicalError, refuse_deep
from careledger.errors import NodeError, Unreachable
from careledger.values.urls import without_secrets


class Transport(Protocol):
    """Hands over one request and returns the answer."""

    url: str
    w3: Web3

    def ask(self, method: str, params: list[Any]) -> Any:
        """Return the JSON-RPC answer.

        Raises:
            Unreachable: no answer came through.
            NodeError: the request was refused before it got to the node.

        """


class _Provider(HTTPProvider):
    """Reads no answer that is nested so deep that the parser would end the process."""

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        refuse_deep(raw_response.decode())
        return HTTPProvider.decode_rpc_response(raw_response)


class HttpTransport:
    """A connection of our own, without any middleware."""

    def __init__(self, url: str, timeout: float) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            url: the node's HTTP address.
            timeout: seconds that one request may take.

        """
        self.url = url

        session = requests.Session()
        # A proxy is for the outside; looking for one at every request takes a fifth of its time.
        session.trust_env = urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}
        self._provider = _Provider(
            url,
            request_kwargs={"timeout": timeout},
            session=session,
            exception_retry_configuration=None,
        )
        self.w3 = Web3(self._provider)

    def ask(self, method: str, params: list[Any]) -> Any:
        """Return the JSON-RPC answer."""
        try:
            return self._provider.make_request(RPCEndpoint(method), params)
        except requests.exceptions.HTTPError as error:
            return self._refused_with_status(method, error.response)
        except (OSError, ValueError, CanonicalError) as error:
            raise _no_answer(without_secrets(self.url), method, error) from error

    def _refused_with_status(self, method: str, response: requests.Response) -> Any:
        """Return the JSON-RPC error that some nodes send along with an HTTP status; else raise."""
        status = response.status_code
        refused = (
            f"the node at {without_secrets(self.url)} answered {method} with HTTP status {status}"
        )
        if status == requests.codes.too_many:
            raise Unreachable(f"{refused}: it is asked too often")

        answer: Any
        try:
            answer = _Provider.decode_rpc_response(response.content)
        except (ValueError, CanonicalError):
            answer = None
        if isinstance(answer, dict) and answer.get("error"):
            return answer
        raise (Unreachable if status >= 500 else NodeError)(refused)


class Web3Transport:
    """A program's own `Web3`: its provider and its middleware see every request."""

    def __init__(self, w3: Web3) -> None:
        """Take the program's `Web3`; nothing is sent yet."""
        self.w3 = w3
        self.url = str(getattr(w3.provider, "endpoint_uri", type(w3.provider).__name__))

    def ask(self, method: str, params: list[Any]) -> Any:
        """Return the JSON-RPC answer, plain whatever a middleware made of it."""
        # Asked for each time: the program may add middleware later.
        through = self.w3.provider.request_func(self.w3, self.w3.middleware_onion)
        try:
            answer = dict(through(RPCEndpoint(method), params))
        except Web3Exception as error:
            raise NodeError(
                f"the node at {without_secrets(self.url)} refused {method}: {error}"
            ) from error
        except (OSError, ValueError) as error:
            raise _no_answer(without_secrets(self.url), method, error) from error

        if "result" in answer:
            answer["result"] = _as_json(answer["result"])
        return answer


def _no_answer(url: str, method: str, error: Exception) -> Unreachable:
    if isinstance(error, requests.exceptions.Timeout | TimeoutError):
        return Unreachable(f"the node at {url} did not answer {method} in time")
    return Unreachable(f"no node answers at {url}: start one (`make up`) or correct --rpc")


def _as_json(value: Any) -> Any:
    """Return a result as JSON-RPC has it, whatever a middleware made of it."""
    if isinstance(value, Mapping):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    if isinstance(value, bytes):
        return "0x" + bytes(value).hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)
    return value
