"""``/api/graph``: entities, relations and communities that the notes speak of."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import Response, Router, get
from litestar.params import Parameter

from kernel.l1_identity.graph.graphml import graphml
from server.context import AnyRequest, mind_of
from server.schemas.graph import EntityCard, GraphOut, entity_card, graph_out

_MOST = 5000
Limit = Annotated[int, Parameter(ge=1, le=_MOST)]
Kind = Annotated[str | None, Parameter(query="type")]


@get("/api/graph")
async def show(request: AnyRequest, limit: Limit = 200, kind: Kind = None, q: str | None = None) -> GraphOut:
    """The strongest entities, of a ``type`` and with a name or alias that begins with ``q`` where these are given; the
    relations between them; the communities that hold them."""
    mind = mind_of(request)
    named = None if q is None else [one.id for one in await mind.entities_named(q, _MOST)]
    return graph_out(await mind.graph(), limit=limit, type=kind, named=named)


@get("/api/graph/entities/{entity_id:str}")
async def entity(request: AnyRequest, entity_id: str, limit: Limit = 200) -> EntityCard:
    """One entity with its ``limit`` strongest relations, its claims, communities and mentions."""
    return entity_card(await mind_of(request).graph_around(entity_id, limit))


@get("/api/graph/export", media_type="application/xml")
async def export(request: AnyRequest) -> Response[str]:
    """The whole graph as GraphML."""
    graph = await mind_of(request).graph()
    return Response(await asyncio.to_thread(graphml, graph), media_type="application/xml")


ROUTER = Router("/", route_handlers=[show, entity, export])
