"""Who may come in: the key, and the checks that keep web pages elsewhere out.

The server listens on loopback, and a page on any web site can make its reader's browser call there. So before the key
is looked at: ``Host`` must be a name of this server (a rebound DNS name is refused), and ``Origin``, where there is
one, must be this server itself or one of ``server.allowed_origins``. A preflight carries no key and needs none.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable

import msgspec
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import describe
from server.faults import Refused
from server.settings import ServerConfig

PUBLIC = "public"
"""A route with this in its ``opt`` asks for no key."""
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
_ALLOWED_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
_EXPOSED = "mcp-session-id, retry-after"
"""What scripts of an allowed page may read beside the plain headers."""


class Guard(ASGIMiddleware):
    """Checks every request to a known route; unknown routes are 404 before it."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, config: ServerConfig, key: str) -> None:
        self._key = key.encode()
        self._origins = frozenset(origin.rstrip("/").lower() for origin in config.allowed_origins)
        self._names = _LOOPBACK_NAMES | {config.host.lower().strip("[]"), *map(str.lower, config.allowed_hosts)}
        self._any_address = not _is_loopback(config.host)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        assert scope["type"] == ScopeType.HTTP
        headers = Headers.from_scope(scope)
        origin = headers.get("origin")
        if origin is not None and origin.lower() in self._origins:
            send = _with_cors(send, origin)
        try:
            self._check_host(headers.get("host", ""))
            self._check_origin(origin, headers.get("host", ""))
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _answer_preflight(headers, send)
                return
            if not scope["route_handler"].opt.get(PUBLIC) and scope["method"] != "OPTIONS":
                self._check_key(headers)
        except Refused as error:
            await _refuse(error, send)
            return
        await next_app(scope, receive, send)

    def _check_host(self, host: str) -> None:
        name = _host_name(host)
        if name in self._names or (self._any_address and _is_address(name)):
            return
        raise Refused(
            "The Host header names no host of this server. Call it by its address, or add the name to "
            "server.allowed_hosts.",
            status=403,
            code="host_not_allowed",
        )

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None or origin.lower() in self._origins or origin.lower() == f"http://{host.lower()}":
            return
        raise Refused(
            "A web page of another origin may not talk to this server. The owner can add it to server.allowed_origins.",
            status=403,
            code="origin_not_allowed",
        )

    def _check_key(self, headers: Headers) -> None:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer.strip()] if scheme.lower() == "bearer" else []
        given += [headers["x-api-key"].strip()] if "x-api-key" in headers else []
        if not given:
            raise Refused(
                "This route asks for the API key, as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'. It is in the "
                "file api_key of the home folder.",
                status=401,
                code="missing_api_key",
            )
        if not self._right(given):
            raise Refused("That is not this server's API key.", status=401, code="invalid_api_key")

    def _right(self, given: Iterable[str]) -> bool:
        return any([hmac.compare_digest(key.encode("utf-8", "surrogateescape"), self._key) for key in given])


async def _refuse(error: Refused, send: Send) -> None:
    status, body, headers = describe(error)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    content = msgspec.json.encode(body)
    raw += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _answer_preflight(headers: Headers, send: Send) -> None:
    wanted = headers.get("access-control-request-headers", "")
    names = wanted if wanted.replace("-", "").replace(",", "").replace(" ", "").isalnum() else ""
    raw = [
        (b"access-control-allow-methods", _ALLOWED_METHODS.encode()),
        (b"access-control-allow-headers", (names or "authorization, content-type, x-api-key").encode()),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": raw})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _with_cors(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            headers["access-control-allow-origin"] = origin
            headers["vary"] = "Origin"
            headers["access-control-expose-headers"] = _EXPOSED
        await send(message)

    return sending


def _host_name(host: str) -> str:
    """The name of ``Host``, without port and brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    name = host.lower().strip("[]")
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)
