"""A web server of this machine for the tests of links."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Callable

PAGE = "<html><head><title>Tea</title></head><body><p>The pot is warm.</p></body></html>"


class Site:
    """A web server in a thread. ``pages``: what each path answers; ``asked``: the headers of every request."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                self.close_connection = True
                page = site.pages.get(self.path.partition("?")[0])
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client has heard enough
                    page(self) if page else self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda request, address: None  # type: ignore[method-assign] - TLS that is broken off
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def put(
        self, path: str, body: bytes | str = PAGE, kind: str = "text/html", status: int = 200, **headers: str
    ) -> str:
        data = body.encode() if isinstance(body, str) else body

        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(data)

        self.pages[path.partition("?")[0]] = answer
        return self.url + path

    def endless(self, path: str, piece: bytes, pause: float = 0.0, **headers: str) -> str:
        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            for name, value in {"Content-Type": "text/plain", **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            for _ in range(2000):
                handler.wfile.write(piece)
                handler.wfile.flush()
                time.sleep(pause)

        self.pages[path] = answer
        return self.url + path
