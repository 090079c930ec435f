"""Fetching what a link leads to, for the owner alone: from public addresses, small, soon, and without a trace of who.

A link may come out of a note that somebody else wrote. So that it cannot make this machine talk to its own network,
every hop's host is looked up here, all its addresses are judged, and the connection is made to one of those very
addresses: what a name means a moment later (DNS rebinding) does not matter. Nothing is sent but the address and
``User-Agent: Oneself``; there are no cookies and no proxies.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.addresses import is_public, literal_address
from kernel.memory.linked import file_name, saved_bytes, suffix_for
from kernel.types import Frozen

if TYPE_CHECKING:
    import httpx

IP = IPv4Address | IPv6Address
Allow = Callable[[IP], bool]
Resolve = Callable[[str, int], Awaitable[list[IP]]]

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MB = 1024 * 1024
_HEADERS = {"User-Agent": "Oneself", "Accept": "text/html, application/xhtml+xml, */*;q=0.5", "Accept-Encoding": "gzip"}
_HOST = re.compile(r"[\w-][\w.-]*|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII | re.IGNORECASE)
_AT_ONCE = 1 << 16


class Fetched(Frozen, frozen=True, kw_only=True):
    """What a link led to, saved."""

    path: Path
    url: str
    """Where it was in the end, after redirects."""
    content_type: str


async def look_up(host: str, port: int) -> list[IP]:
    """All addresses of a host name, in the order in which the system would try them. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))


async def fetch(
    url: str, folder: Path, limits: MemoryConfig, *, allow: Allow = is_public, resolve: Resolve = look_up
) -> Fetched:
    """Save what ``url`` leads to in ``folder``, under a name that says what it is.

    ``allow`` judges addresses and ``resolve`` finds them; there to be replaced where a server of one's own is meant.

    Raises ``ReadError``: ``refused_address`` (not http or https, a password in it, an address that is not public),
    ``too_large``, ``timeout``, ``http_404`` and the like, ``unreachable``, ``empty``, ``unsupported``. Messages name the
    link without what may be secret in it: passwords, the query.
    """
    import httpx

    at = _parsed(url)
    try:
        async with asyncio.timeout(limits.link_seconds):
            context = await asyncio.to_thread(httpx.create_ssl_context)
            for _ in range(MAX_REDIRECTS + 1):
                found = await _hop(at, context, limits, allow, resolve)
                if isinstance(found, _Body):
                    return await asyncio.to_thread(_save, found, at, folder)
                at = found
    except TimeoutError as error:
        raise ReadError(
            f"{shown(at)} did not come within {limits.link_seconds:g} seconds. Try again later, or raise "
            "memory.link_seconds.",
            code="timeout",
        ) from error
    raise ReadError(
        f"{shown(at)} leads on more than {MAX_REDIRECTS} times without arriving. Open it in a browser and add the "
        "address that it ends at.",
        code="unreachable",
    )


def shown(url: str | httpx.URL) -> str:
    """A link as messages show it: without user, password, query and fragment, where secrets are kept.

    What is still text may be written wrongly, its password most of all: of that only what follows the last ``@``.
    """
    if isinstance(url, str):
        return re.split(r"[?#]", url.rpartition("@")[2].strip(), maxsplit=1)[0][:200] or "The link"
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}"[:200]


# --- one hop ----------------------------------------------------------------------------------------------------------


class _Body(Frozen, frozen=True, kw_only=True):
    """What a server sent."""

    data: bytes
    content_type: str


def _parsed(url: str) -> httpx.URL:
    """The link, if it is one that may be followed. Raises ``ReadError``."""
    import httpx

    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise _refused(url, "is not a link that can be read. Copy it again from the browser's address bar") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _refused(url, "is not a link of the web. Give one that begins with https:// or http://")
    if not _HOST.fullmatch(_host(parsed)) or not 0 < (parsed.port or 80) < 1 << 16:
        raise _refused(url, "names no host that there can be. Copy it again from the browser's address bar")
    if parsed.userinfo:
        raise _refused(url, "has a user name or password in it, which is not sent. Save the page and add the file")
    return parsed.copy_with(fragment=None)


def _host(url: httpx.URL) -> str:
    """The host as the network knows it (IDNA, no brackets)."""
    return url.raw_host.decode("ascii").strip("[]")


def _refused(url: str | httpx.URL, why: str) -> ReadError:
    return ReadError(f"{shown(url)} {why}.", code="refused_address")


async def _checked(url: httpx.URL, allow: Allow, resolve: Resolve) -> list[IP]:
    """The addresses of a link's host. One that is not allowed is enough to refuse them all."""
    port = url.port or (443 if url.scheme == "https" else 80)
    literal = literal_address(_host(url))
    try:
        addresses = [literal] if literal else await resolve(_host(url), port)
    except (OSError, UnicodeError, ValueError) as error:
        raise _unreachable(url, "its host is not known") from error
    if not addresses:
        raise _unreachable(url, "its host is not known")
    if not all(allow(address) for address in addresses):
        raise _refused(url, "leads into a private network, which links may not. Add the file itself instead")
    return addresses


async def _hop(
    url: httpx.URL, context: ssl.SSLContext, limits: MemoryConfig, allow: Allow, resolve: Resolve
) -> _Body | httpx.URL:
    """What one address answers: a body, or the link that it leads on to."""
    import httpx

    reason = ""
    addresses = await _checked(url, allow, resolve)
    share = limits.link_seconds / (len(addresses) + 1)
    for address in addresses:
        patience = None if address == addresses[-1] else share  # one that is silent leaves time for the others
        request = httpx.Request(
            "GET",
            url.copy_with(host=str(address)),
            headers={**_HEADERS, "Host": url.netloc.decode("ascii")},
            extensions={
                "sni_hostname": _host(url).rstrip("."),
                "timeout": {"connect": patience},
            },
        )
        # A connection pool of its own: one that was made for another name at the same address must not be used again.
        async with httpx.AsyncHTTPTransport(verify=context, trust_env=False) as transport:
            try:
                response = await transport.handle_async_request(request)
                try:
                    return await _answered(url, response, limits)
                finally:
                    await response.aclose()
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # the next address may be up
                certificate = "CERTIFICATE" in str(error).upper()
                reason = "its certificate is not valid for it" if certificate else "nothing answers there"
            except httpx.TransportError as error:
                raise _unreachable(url, "the connection broke off") from error
            except zlib.error as error:
                raise _unreachable(url, "what came of it is damaged") from error
    raise _unreachable(url, reason)


async def _answered(url: httpx.URL, response: httpx.Response, limits: MemoryConfig) -> _Body | httpx.URL:
    import httpx

    location = response.headers.get("location")
    if response.status_code in _REDIRECTS and location:
        try:
            return _parsed(str(url.join(location)))
        except (httpx.InvalidURL, ValueError) as error:
            raise _unreachable(url, "it leads on to an address that is none") from error
    if response.status_code >= 300:
        raise _status(url, response.status_code)
    limit = limits.max_link_mb * _MB
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise _too_large(url, limits)
    data = bytearray()
    async for piece in _unpacked(url, response):
        data += piece
        if len(data) > limit:
            raise _too_large(url, limits)
    if not data.strip():
        raise ReadError(f"{shown(url)} is an empty page. Check the link in a browser.", code="empty")
    return _Body(data=bytes(data), content_type=response.headers.get("content-type", ""))


async def _unpacked(url: httpx.URL, response: httpx.Response) -> AsyncIterator[bytes]:
    """The body in small pieces, however much a piece of it may unpack to."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise _unreachable(url, f"it is packed as {coding[:20]}, which was not asked for")
    unpack = zlib.decompressobj(31) if "gzip" in coding else None
    async for piece in response.aiter_raw():
        if unpack is None:
            yield piece
            continue
        some = b""
        while not unpack.eof and (piece or len(some) == _AT_ONCE):
            some = unpack.decompress(piece, _AT_ONCE)
            yield some
            piece = unpack.unconsumed_tail
    if unpack is not None and not unpack.eof:
        raise _unreachable(url, "the connection broke off")


def _save(body: _Body, url: httpx.URL, folder: Path) -> Fetched:
    kind = body.content_type.partition(";")[0].strip().lower()
    suffix = suffix_for(kind, url.path, body.data)
    if suffix is None:
        raise ReadError(
            f"{shown(url)} is of a type that cannot be read ({kind[:60] or 'none is given'}). Add a page or a document.",
            code="unsupported",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(url.path, url.host, suffix)
    number = 1
    while path.exists():
        number += 1
        path = folder / file_name(url.path, url.host, suffix, number)
    path.write_bytes(saved_bytes(body.data, body.content_type, suffix))
    return Fetched(path=path, url=str(url), content_type=kind)


# --- what went wrong --------------------------------------------------------------------------------------------------


def _too_large(url: httpx.URL, limits: MemoryConfig) -> ReadError:
    return ReadError(
        f"{shown(url)} has more than {limits.max_link_mb} MB. Download it and add the file, or raise "
        "memory.max_link_mb.",
        code="too_large",
    )


def _unreachable(url: httpx.URL, why: str) -> ReadError:
    return ReadError(
        f"{shown(url)} cannot be reached: {why}. Check the link in a browser and try again.", code="unreachable"
    )


def _status(url: httpx.URL, status: int) -> ReadError:
    if status in (401, 402, 403, 407, 451):
        then = "It is not open to everyone: save the page from a browser and add the file."
    elif status in (404, 410):
        then = "It is not there (any more): check the link in a browser."
    elif status == 429 or status >= 500:
        then = "The site cannot give it now: try again later."
    else:
        then = "Check the link in a browser, or save the page from it and add the file."
    return ReadError(f"{shown(url)} answered {status}. {then}", code=f"http_{status}")
