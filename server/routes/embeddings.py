"""``/v1/embeddings``: the vectors of the model that finds memories, for other programs on this machine."""

from __future__ import annotations

from litestar import post
from litestar.response.base import ASGIResponse

from kernel.errors import NotFound
from server.context import AnyRequest, mind_of
from server.errors import reading
from server.faults import BadParameter
from server.schemas.body import body_of, decode
from server.schemas.embeddings import EmbeddingRequest
from server.sse import as_json, while_connected


@post("/v1/embeddings", status_code=200, operation_class=body_of(EmbeddingRequest))
async def embed(request: AnyRequest) -> ASGIResponse:
    wanted = decode(await request.body(), EmbeddingRequest)
    mind = mind_of(request)
    model = await _model(request, wanted.model)
    texts = wanted.texts()
    with reading("input"):
        vectors, tokens = await while_connected(request, mind.embed(texts, model))
    return as_json(wanted.out(model, vectors, tokens))


async def _model(request: AnyRequest, wanted: str | None) -> str:
    """Which model embeds. Raises ``BadParameter`` for one that only answers and ``NotFound`` for one that is not here."""
    embedding = mind_of(request).embedding_models()
    if not wanted or wanted in embedding:
        return wanted or embedding[0]
    if wanted in await mind_of(request).served_models():
        raise BadParameter(f"'{wanted}' answers and does not embed; for vectors ask '{embedding[0]}'.", "model")
    raise NotFound(
        f"There is no model '{wanted[:80]}' here. Vectors are made by: {', '.join(embedding)}.", code="model_not_found"
    )
