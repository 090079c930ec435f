"""What a request may say of how its tokens are chosen, on the real model: bans, grammars, schemas, log-probabilities."""

import asyncio
import json
import math
import re
from collections.abc import Awaitable, Callable

import pytest

from kernel.abc import Engine, Finished, Generate, Piece
from kernel.engine.client import LocalEngine
from kernel.errors import WrongUse
from kernel.types import TokenScore, Usage

pytestmark = pytest.mark.asyncio(loop_scope="module")

Say = Callable[..., Awaitable[tuple[str, str, Usage]]]
CAPITAL = ("What is the capital of France?", "The capital of France is")
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "likes": {"type": "array", "items": {"enum": ["tea", "bees"]}, "minItems": 1, "maxItems": 2},
    },
    "required": ["name", "age", "likes"],
    "additionalProperties": False,
}


async def scores(engine: Engine, **how: object) -> list[TokenScore]:
    found: list[TokenScore] = []
    async for item in engine.generate(Generate(**{"prompt": "1, 2, 3, 4, 5, 6,", "max_tokens": 6, **how})):
        if isinstance(item, Piece):
            assert len(item.scores) == (item.tokens if "logprobs" in how else 0)
            found += item.scores
    return found


async def test_a_banned_token_does_not_come_and_a_favoured_one_does(engine: LocalEngine, say: Say) -> None:
    (paris,) = await engine.tokenize(" Paris", special=False)
    (lyon,) = (await engine.tokenize(" London", special=False))[:1]
    assert (await say(engine, *CAPITAL))[0].startswith(" Paris")
    assert "Paris" not in (await say(engine, *CAPITAL, logit_bias={paris: -100.0}))[0]
    assert (await say(engine, *CAPITAL, logit_bias={lyon: 100.0}, max_tokens=1))[0] == " London"
    with pytest.raises(WrongUse, match=r"'logit_bias' names token 60000.*0 to 49151"):
        await say(engine, *CAPITAL, logit_bias={60000: 1.0})


async def test_log_probabilities_are_of_the_model_itself(engine: LocalEngine) -> None:
    plain = await scores(engine, logprobs=3)
    for score in plain:
        assert score.top[0].token == score.token, "greedy: the likeliest is the one that was chosen"
        assert score.top[0].logprob == score.logprob <= 0
        assert [one.logprob for one in score.top] == sorted((one.logprob for one in score.top), reverse=True)
        assert len(score.top) == 3 and sum(math.exp(one.logprob) for one in score.top) <= 1.0001
    assert b"".join(score.data for score in plain).decode().startswith(" 7, 8")
    banned = await scores(engine, logprobs=1, logit_bias={plain[0].token: -100.0})
    assert banned[0].token != plain[0].token
    assert banned[0].top[0].token == plain[0].token, "what the model found likeliest, although it was not allowed"
    assert [score.top for score in await scores(engine, logprobs=0)] == [()] * len(plain)
    assert await scores(engine) == []


async def test_a_schema_is_followed_whatever_the_model_would_say(engine: LocalEngine, say: Say) -> None:
    wanted = json.dumps(PERSON)
    greedy = await say(engine, "Tell me of the sea.", json_schema=wanted, max_tokens=80)
    seeded = [
        await say(engine, "Hi!", json_schema=wanted, temperature=1.5, seed=seed, max_tokens=80) for seed in range(4)
    ]
    for text, reason, _ in [greedy, *seeded]:
        person = json.loads(text)
        assert reason == "stop"
        assert set(person) == {"name", "age", "likes"} and set(person["likes"]) <= {"tea", "bees"}
        assert 0 <= person["age"] <= 130 and len(person["name"]) <= 12
    many = await asyncio.gather(
        *(say(engine, f"Person {n}.", json_schema=wanted, temperature=1.0, max_tokens=80) for n in range(4)),
        say(engine, *CAPITAL),
    )
    assert all(json.loads(text) for text, _, _ in many[:4])
    assert many[4][0].startswith(" Paris"), "who asked for no schema does not notice"


async def test_a_grammar_is_followed(engine: LocalEngine, say: Say) -> None:
    grammar = 'root ::= ("yes" | "no") ", " [0-9] [0-9]? " bees"'
    text, reason, _ = await say(engine, "Are there bees?", grammar=grammar)
    assert re.fullmatch(r"(yes|no), \d\d? bees", text) and reason == "stop"
    korean, _, _ = await say(engine, "Hi", grammar='root ::= "부산" | "서울"')
    assert korean in ("부산", "서울")


async def test_a_constraint_may_wait_for_its_trigger(engine: LocalEngine, say: Say) -> None:
    """Free text first; what follows the trigger is constrained; what follows that is free again."""
    wanted = json.dumps({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    free, _, _ = await say(engine, *CAPITAL, json_schema=wanted, free_until="<call>")
    assert free.startswith(" Paris")
    (ban,) = await engine.tokenize("}", special=False)
    calls, _, _ = await say(
        engine,
        "Say <call> twice.",
        grammar='root ::= "{" [0-9] [0-9] "}"',
        free_until=" 2,",
        begin="1,",
        max_tokens=12,
        stop=("}",),
        logit_bias={ban: 0.0},
    )
    assert re.search(r" 2,\s*\{\d\d$", calls) or " 2," not in calls


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"json_schema": '{"type": "strin"}'}, "JSON schema cannot be used"),
        ({"json_schema": "[1"}, "JSON schema cannot be used"),
        ({"json_schema": '{"type": "object", "unevaluatedProperties": false}'}, "JSON schema cannot be used"),
        ({"json_schema": '{"items": [{"type": "integer", "multipleOf": 9999991}]}'}, "multipleOf 9999991 is too fine"),
        ({"grammar": "root ::= ("}, "grammar cannot be used"),
        ({"grammar": "root ::= nothing"}, "grammar cannot be used"),
        ({"grammar": 'root ::= "a"', "json_schema": "{}"}, "only one of them"),
    ],
)
async def test_what_cannot_be_enforced_is_refused(
    engine: LocalEngine, say: Say, how: dict[str, str], words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        await say(engine, "Hi", **how)


async def test_where_nothing_is_allowed_nothing_comes(engine: LocalEngine, say: Say) -> None:
    (only,) = await engine.tokenize("a", special=False)
    for how in ({"temperature": 1.0, "seed": 1}, {"temperature": 0.0}):
        text, reason, _ = await say(engine, "Hi", grammar='root ::= "a"', logit_bias={only: -100.0}, **how)
        assert (text, reason) == ("", "stop")


async def test_a_prompt_may_be_tokens(engine: LocalEngine) -> None:
    text = "1, 2, 3, 4, 5, 6,"
    tokens = tuple(await engine.tokenize(text))

    async def whole(prompt: str | tuple[int, ...]) -> str:
        request = Generate(prompt=prompt, max_tokens=8)
        return "".join([item.text async for item in engine.generate(request) if not isinstance(item, Finished)])

    assert await whole(tokens) == await whole(text)
    assert await engine.detokenize(tokens) == text
    assert (
        await engine.embed([tuple(await engine.tokenize("bees", model="embedder"))]) == await engine.embed(["bees"])
    ).all()
    for wrong in ((1, 60000), (-1,)):
        with pytest.raises(WrongUse, match="'prompt' names token"):
            await whole(wrong)
    with pytest.raises(WrongUse, match="'tokens' names token"):
        await engine.detokenize([49152])
    with pytest.raises(WrongUse, match="empty"):
        await engine.embed([()])


async def test_a_trigger_that_ends_the_prompt_holds_from_the_first_token(engine: LocalEngine, say: Say) -> None:
    """Two numbers in braces are all that can come first; then the model is free, and the trigger binds it again."""
    text, _, _ = await say(
        engine, "Hm.", "<n>", grammar='root ::= "{" [0-9] [0-9] "}"', free_until="<n>", max_tokens=16
    )
    assert re.match(r"\{\d\d\}", text)
    assert all(re.match(r"\{\d\d\}|\{?\d{0,2}$", rest) for rest in text.split("<n>")[1:])
