"""``/v1/tokenize``, ``/v1/detokenize`` and ``/v1/count``: what a request will cost, before it is sent."""

from __future__ import annotations

from litestar import post

from server.context import AnyRequest, mind_of, running
from server.faults import BadParameter
from server.schemas.body import body_of, decode
from server.schemas.chat import ChatRequest
from server.schemas.tokens import ContentOut, CountOut, DetokenizeRequest, TokensOut, TokensRequest


@post("/v1/tokenize", status_code=200, operation_class=body_of(TokensRequest))
async def tokenize(request: AnyRequest) -> TokensOut:
    wanted = decode(await request.body(), TokensRequest)
    tokens = await _tokens(request, wanted)
    mind = mind_of(request)
    embeds = wanted.model in mind.embedding_models()
    return TokensOut(tokens=tokens, count=len(tokens), max_model_len=None if embeds else mind.info.context_tokens)


@post("/v1/count", status_code=200, operation_class=body_of(TokensRequest))
async def count(request: AnyRequest) -> CountOut:
    return CountOut(len(await _tokens(request, decode(await request.body(), TokensRequest))))


@post("/v1/detokenize", status_code=200, operation_class=body_of(DetokenizeRequest))
async def detokenize(request: AnyRequest) -> ContentOut:
    wanted = decode(await request.body(), DetokenizeRequest)
    mind = mind_of(request)
    if wanted.model in mind.embedding_models():
        raise BadParameter(f"'{wanted.model}' embeds and writes no text; leave 'model' out.", "model")
    mind.check_model(wanted.model or "self")
    wanted.check(mind.info.vocabulary)
    return ContentOut(await mind.engine.detokenize(wanted.tokens))


async def _tokens(request: AnyRequest, wanted: TokensRequest) -> list[int]:
    wanted.check()
    mind, model = mind_of(request), wanted.model or "self"
    if wanted.content is not None:
        return await mind.tokenize(wanted.content, model=model, special=wanted.add_special is not False)
    if model in mind.embedding_models():
        raise BadParameter(f"'{model}' embeds and takes no messages; send 'content'.", "messages")
    chat = decode(await request.body(), ChatRequest)
    prompt = await mind.prompt_of(chat.question(running(request).settings.answer.max_tokens, mind.info.vocabulary))
    return await mind.tokenize(prompt, model=model) if isinstance(prompt, str) else list(prompt)
