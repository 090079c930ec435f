"""The HTTP application: ``create_app`` puts routes, guard and errors around a mind. It starts and ends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from server.auth import Guard
from server.context import Running
from server.errors import HANDLERS
from server.mcp import http as mcp
from server.metrics import Measuring
from server.routes import (
    audio,
    completions,
    embeddings,
    exam,
    graph,
    health,
    identity,
    memories,
    metrics,
    openai,
    responses,
    selves,
    tokens,
    training,
)
from server.settings import Settings

if TYPE_CHECKING:
    from kernel.mind import Mind


def create_app(mind: Mind, settings: Settings, key: str) -> Litestar:
    running = Running(mind, settings)
    return Litestar(
        route_handlers=[
            *(openai.list_models, openai.get_model, openai.chat),
            *(responses.create_response, responses.get_response, responses.delete_response),
            *(completions.complete, embeddings.embed, tokens.tokenize, tokens.detokenize, tokens.count),
            audio.router(settings.server.max_upload_mb),
            memories.router(settings.server.max_upload_mb),
            *(training.start, training.list_runs, training.plan, training.show, training.cancel, training.events),
            *(selves.list_selves, selves.promote, selves.rollback, selves.bake),
            identity.ROUTER,
            graph.ROUTER,
            *(exam.sit, exam.last),
            *(health.health, health.ready, health.status, metrics.metrics),
            mcp.route(running),
        ],
        middleware=[Measuring(running.metrics, mind), Guard(settings.server, key)],
        after_exception=[running.metrics.not_routed],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(title="Oneself", version="1", path="/schema", render_plugins=[JsonRenderPlugin()]),
        state=State({"running": running}),
        logging_config=None,
    )
