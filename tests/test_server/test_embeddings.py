"""Embeddings: the official client, both encodings, fewer dimensions, token ids, bad input."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openai
import pytest
from openai.types import CreateEmbeddingResponse

from kernel.abc import Prompt, Vectors
from kernel.config import Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import WrongUse
from tests.test_server.lent import error_of, lent

PATH = "/v1/embeddings"


@pytest.fixture
def served(paths: Paths, serve_mind: Any) -> Iterator[Any]:
    with lent(paths, serve_mind, ScriptedEngine()) as made:
        yield made


def test_texts_become_vectors_in_their_order(served: Any) -> None:
    texts = ["A blue boat.", "부산에 살아요", "A blue boat at sea."]
    answer = served.api.embeddings.create(model="embedder", input=texts)
    CreateEmbeddingResponse.model_validate_json(answer.model_dump_json(), strict=True)
    assert [(one.index, one.object) for one in answer.data] == [(0, "embedding"), (1, "embedding"), (2, "embedding")]
    vectors = np.array([one.embedding for one in answer.data], np.float32)
    assert vectors.shape == (3, 384) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[2] > 0.5 > vectors[0] @ vectors[1]
    assert (answer.model, answer.object) == ("embedder", "list")
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == sum(len(text.split()) for text in texts)
    for text, vector in zip(texts, vectors, strict=True):
        single = served.api.embeddings.create(model="embedder", input=text)
        assert np.allclose(single.data[0].embedding, vector, atol=1e-6)


@pytest.mark.parametrize("dimensions", [None, 100, 384])
def test_both_encodings_say_the_same_at_length_1(served: Any, dimensions: int | None) -> None:
    body: dict[str, Any] = {"input": "A blue boat.", "user": "me", "a_field_of_tomorrow": 1, "dimensions": dimensions}
    with served.http() as http:
        plain = http.post(PATH, json={**body, "encoding_format": "float"}).json()["data"][0]["embedding"]
        coded = http.post(PATH, json={**body, "encoding_format": "base64"}).json()["data"][0]["embedding"]
    vector = np.frombuffer(base64.b64decode(coded), "<f4")
    assert len(vector) == (dimensions or 384) and np.array_equal(np.array(plain, np.float32), vector)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    given: dict[str, Any] = {} if dimensions is None else {"dimensions": dimensions}
    for coding in ("float", "base64"):
        answer = served.api.embeddings.create(model="embedder", input="A blue boat.", encoding_format=coding, **given)
        assert coding == "base64" or np.allclose(answer.data[0].embedding, vector)


def test_token_ids_are_taken(served: Any) -> None:
    single = served.api.embeddings.create(model="embedder", input=[5, 6, 7])
    many = served.api.embeddings.create(model="embedder", input=[[5, 6, 7], [8]])
    assert (len(single.data), len(many.data)) == (1, 2)
    assert single.data[0].embedding == many.data[0].embedding
    assert (single.usage.prompt_tokens, many.usage.prompt_tokens) == (3, 4)


def test_token_ids_that_the_model_cannot_take_are_input_at_fault(paths: Paths, serve_mind: Any) -> None:
    class Narrow(ScriptedEngine):
        async def embed(self, texts: Sequence[Prompt], *, model: str = "") -> Vectors:
            if any(len(text) > 256 for text in texts if not isinstance(text, str)):
                raise WrongUse("there are more tokens than the window of 256")
            return await super().embed(texts, model=model)

    with lent(paths, serve_mind, Narrow()) as served:
        assert error_of(served, PATH, {"input": [[1], [2] * 257]})[::2] == (400, "input")
        assert len(served.api.embeddings.create(model="embedder", input=[[1], [2] * 256]).data) == 2


def test_2048_inputs_are_taken(served: Any) -> None:
    answer = served.api.embeddings.create(model="embedder", input=["a"] * 2048)
    assert len(answer.data) == 2048 and answer.usage.total_tokens == 2048


def test_which_model_embeds(served: Any) -> None:
    with served.http() as http:
        assert http.post(PATH, json={"input": "x"}).json()["model"] == "embedder"
    with pytest.raises(openai.NotFoundError, match="embedder") as unknown:
        served.api.embeddings.create(model="text-embedding-3-small", input="x")
    assert unknown.value.code == "model_not_found"
    for model in ("self", "self-weights", "base", "self:0001"):
        with pytest.raises(openai.BadRequestError, match="embedder") as wrong:
            served.api.embeddings.create(model=model, input="x")
        assert wrong.value.param == "model"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": []}, "input"),
        ({"input": [[]]}, "input"),
        ({"input": [[1], []]}, "input"),
        ({"input": ["a", 1]}, "input"),
        ({"input": [1, "a"]}, "input"),
        ({"input": [1.5]}, "input[0]"),
        ({"input": [-1]}, "input"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": 385}, "dimensions"),
        ({"input": "a", "dimensions": "384"}, "dimensions"),
        ({"input": "a", "model": 4}, "model"),
        ({"input": "a", "user": 4}, "user"),
    ],
)
def test_bad_input_is_400_and_names_the_parameter(served: Any, body: Any, param: str) -> None:
    status, _, named, _ = error_of(served, PATH, body)
    assert (status, named) == (400, param)
