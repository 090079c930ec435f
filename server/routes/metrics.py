"""``/metrics``, for Prometheus; it gives the key as ``authorization``."""

from __future__ import annotations

from litestar import Response, get
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.context import AnyRequest, running
from server.metrics import engine_stats


@get("/metrics")
async def metrics(request: AnyRequest) -> Response[bytes]:
    """What ``server.metrics`` has measured, and what the engine says of itself while it is up."""
    server = running(request)
    return Response(server.metrics.text(await engine_stats(server.mind)), media_type=CONTENT_TYPE_PLAIN_0_0_4)
