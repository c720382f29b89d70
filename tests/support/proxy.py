"""A loopback proxy in front of a node that loses, delays, doubles and cuts, or limits as public
nodes do.

It stands on the network, where such things happen; what is tested knows nothing of it.
"""

import http.client
import http.server
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class Fault(Enum):
    """What can happen to a request on its way."""

    REFUSE = "the connection is closed before the node hears of it"
    DROP = "the node never hears of it, and the client waits in vain"
    LOST = "the node does it, and the connection is closed instead of the reply"
    DELAY = "the node hears of it after the client gave up"
    LIMIT = "HTTP status 429"
    DUPLICATE = "the node gets it twice; the second reply is passed on"
    TRUNCATE = "the node does it, and half of its reply is passed on"


Reply = Fault | dict[str, Any] | bytes | tuple[int, bytes]
"""A fault; or, instead of the node's reply, an answer, bytes, or a status of HTTP with bytes."""
Misbehave = Callable[[str, list[Any]], Reply | None]
"""Method and parameters -> what happens; None: what should."""


def on(method: str, what: Reply, times: int = 10**9) -> Misbehave:
    """Return a proxy's rule: this happens to the first so many requests of one method."""
    left = [times]

    def rule(asked: str, _: list[Any]) -> Reply | None:
        left[0] -= asked == method
        return what if asked == method and left[0] >= 0 else None

    return rule


class Proxy:
    """Serves on a free loopback port while it is entered."""

    def __init__(self, node: str, misbehave: Misbehave, patience: float = 0.1) -> None:
        """Stand before a node.

        Args:
            patience: seconds after which the client gives up; what is dropped or delayed takes a
                little longer.
        """
        self.node, self.misbehave, self.patience = urlsplit(node), misbehave, patience
        self.faults: Counter[Fault] = Counter()
        self.asked: Counter[str] = Counter()
        self._late: list[threading.Thread] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.settle()
        self._server.shutdown()
        self._server.server_close()

    def settle(self) -> None:
        """Wait until everything that was delayed has arrived."""
        while self._late:
            self._late.pop().join()

    def forward(self, body: bytes) -> bytes:
        """Return what the node answers."""
        connection = http.client.HTTPConnection(
            self.node.hostname or "", self.node.port, timeout=30
        )
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def later(self, body: bytes) -> None:
        """Let the node hear of it when the client has given up."""

        def wait_and_forward() -> None:
            time.sleep(self.patience * 1.5)
            self.forward(body)

        thread = threading.Thread(target=wait_and_forward)
        self._late.append(thread)
        thread.start()

    def answer(self, body: bytes) -> tuple[int, bytes, int] | None:
        """Return status, body and promised length of the reply; None closes the connection."""
        request = json.loads(body)
        self.asked[request["method"]] += 1
        what = self.misbehave(request["method"], request["params"])
        if isinstance(what, dict):
            what = json.dumps({"jsonrpc": "2.0", "id": request["id"]} | what).encode()
        if isinstance(what, tuple):
            return *what, len(what[1])
        if isinstance(what, Fault):
            self.faults[what] += 1
            if what is Fault.DELAY:
                self.later(body)
            if what in {Fault.DELAY, Fault.DROP}:
                time.sleep(self.patience * 1.5)
            if what is Fault.LIMIT:
                return 429, b"", 0
            if what in {Fault.LOST, Fault.DUPLICATE}:
                self.forward(body)
            if what is Fault.TRUNCATE:
                whole = self.forward(body)
                return 200, whole[: len(whole) // 2], len(whole)
            if what is not Fault.DUPLICATE:
                return None
        reply = what if isinstance(what, bytes) else self.forward(body)
        return 200, reply, len(reply)

    def _handler(proxy) -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                answered = proxy.answer(self.rfile.read(int(self.headers["Content-Length"])))
                if answered is None:
                    self.close_connection = True
                    return
                status, body, promised = answered
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(promised))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # the client gave up
                    self.close_connection = True
                if len(body) < promised:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
