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
from server.routes import exam, health, memories, openai, selves, training
from server.settings import Settings

if TYPE_CHECKING:
    from kernel.mind import Mind


def create_app(mind: Mind, settings: Settings, key: str) -> Litestar:
    return Litestar(
        route_handlers=[
            *(openai.list_models, openai.get_model, openai.chat),
            memories.router(settings.server.max_upload_mb),
            *(training.start, training.list_runs, training.plan, training.show, training.cancel, training.events),
            *(selves.list_selves, selves.promote, selves.rollback, selves.identity),
            *(exam.sit, exam.last),
            *(health.health, health.ready, health.status),
        ],
        middleware=[Guard(settings.server, key)],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(title="Oneself", version="1", path="/schema", render_plugins=[JsonRenderPlugin()]),
        state=State({"running": Running(mind, settings)}),
        logging_config=None,
    )
