"""The clients, as a process of their own: plain sockets, so that they cost little and the same for every server.

    python load.py < PLAN.json > FOUND.json

The plan is one line of JSON (``clients.Plan``); every client has its requests in a list and sends them one after another.
With ``forever`` each goes round its list until a second line comes on stdin; what runs then is cut off and marked so.
While it runs only arrival times and raw bytes are kept; they are read when all is over. Times are those of the
monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

RETRY_SECONDS = 0.02
"""After a failed request of a client that goes on for ever."""
MOST = 1 << 20
FAULTS = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
"""No connection, a connection that ended, an answer that is no HTTP."""


class Connection:
    """One client's keep-alive connection; opened again where the server has closed it."""

    def __init__(self, host: str, port: int, head: bytes) -> None:
        self._host, self._port, self._head = host, port, head
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, body: bytes) -> tuple[int, AsyncIterator[bytes]]:
        """Status and the body as it comes. Raises one of ``FAULTS``."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=MOST)
        assert self._reader is not None
        self._writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        lines = (line.lower().partition(b":") for line in head.split(b"\r\n")[1:])
        return status, self._body({name.strip(): value.strip() for name, _, value in lines})

    async def _body(self, headers: dict[bytes, bytes]) -> AsyncIterator[bytes]:
        reader = self._reader
        assert reader is not None
        if b"chunked" in headers.get(b"transfer-encoding", b""):
            while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
                yield (await reader.readexactly(size + 2))[:-2]
            await reader.readuntil(b"\r\n")
        elif b"content-length" in headers:
            yield await reader.readexactly(int(headers[b"content-length"]))
        else:
            while part := await reader.read(MOST):
                yield part
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


async def one_request(connection: Connection, body: bytes) -> dict[str, Any]:
    """Sends one request; arrival times and bytes of its parts, or what went wrong."""
    found: dict[str, Any] = {"sent": time.monotonic(), "status": 0, "parts": [], "cut": False, "error": ""}
    try:
        found["status"], parts = await connection.send(body)
        async for part in parts:
            found["parts"].append((time.monotonic(), part))
    except asyncio.CancelledError:
        found["cut"] = True
        connection.close()
    except FAULTS as error:
        found["error"] = f"{type(error).__name__}: {error}"
        connection.close()
    found["ended"] = time.monotonic()
    return found


async def client(plan: dict[str, Any], number: int, found: list[dict[str, Any]]) -> None:
    where = f"{plan['host']}:{plan['port']}"
    head = f"POST {plan['path']} HTTP/1.1\r\nHost: {where}\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {plan['key']}\r\n"
    connection = Connection(plan["host"], plan["port"], head.encode())
    bodies = [json.dumps(body).encode() for body in plan["clients"][number]]
    turn = 0
    while turn < len(bodies) or plan["forever"]:
        one = await one_request(connection, bodies[turn % len(bodies)])
        found.append(one | {"client": number, "turn": turn})
        turn += 1
        if one["cut"]:
            break
        if plan["forever"] and (one["error"] or one["status"] != 200):
            await asyncio.sleep(RETRY_SECONDS)
    connection.close()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    clients = [asyncio.create_task(client(plan, number, found)) for number in range(len(plan["clients"]))]
    if plan["forever"]:
        await loop.run_in_executor(None, sys.stdin.readline)
        for one in clients:
            one.cancel()
    for outcome in await asyncio.gather(*clients, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
    after, ended = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"began": began, "ended": ended, "cpu_seconds": spent, "requests": [told(one, plan) for one in found]}


def told(one: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """A request without its raw bytes: times of its pieces of text, its text, why it ended and its usage."""
    parts = one.pop("parts")
    if plan["times_only"]:
        return one
    one |= {"pieces": [], "text": "", "finish": None, "usage": None, "done": False}
    if one["status"] != 200:
        one["error"] = one["error"] or b"".join(part for _, part in parts)[:300].decode("utf-8", "replace")
        return one
    rest = b""
    for arrived, part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                read_event(line[5:].strip(), arrived, one)
    if not one["pieces"] and rest.lstrip().startswith(b"{"):
        read_event(rest, parts[-1][0], one)
    return one


def read_event(event: bytes, arrived: float, one: dict[str, Any]) -> None:
    if event == b"[DONE]":
        one["done"] = True
        return
    document = json.loads(event)
    if "error" in document:
        one["error"] = json.dumps(document["error"])[:300]
    one["usage"] = document.get("usage") or one["usage"]
    for choice in document.get("choices", ()):
        text = (choice.get("delta") or choice.get("message") or {}).get("content")
        if text:
            one["pieces"].append(arrived)
            one["text"] += text
        one["finish"] = choice.get("finish_reason") or one["finish"]


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.loads(sys.stdin.readline()))), sys.stdout)
