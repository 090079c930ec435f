"""Whatever is sent, the answer is never a 500, an error is OpenAI's error object, and the server goes on.

The routes and their fields come from the schema that the server itself tells, so that a new one is covered when it is
there. ``/v1`` is asked of a real mind over the scripted engine, ``/api``, which trains, reads files and forgets, of
``FakeSelf``. Schemathesis makes requests from the schema; what it does not think of is made by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from kernel.config import MemoryConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion, Transcript
from server.app import create_app
from server.settings import ServerConfig, Settings
from tests.test_server.conftest import KEY, serving
from tests.test_server.fake_self import FakeSelf

LONG = "x" * 1_000_000
WRONG = (
    *(None, True, 5, -1, 1.5, 10**30, -(2**63)),
    *("", "x", "\0", "\ud800", "a\udfffb", "../../etc/passwd", "%s%n{}{{"),
    *([], [[]], [None], ["x"], {}, {"": 0}, {"type": "x"}, {"type": 5, "name": None}),
)
DEEPEST = 5
RAW = (
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"null",
        b"true",
        b"5",
        b'"x"',
        b"[]",
        b"[{}]",
        b"{}",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
    ),
    *(b"[" * 100_000, b'{"a":' * 100_000, b'{"messages":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    *(b'{"a": NaN}', b'{"temperature": 1e999, "messages": []}', b'{"seed": ' + b"9" * 5000 + b"}"),
    *(b'{"model": "a", "model": 5}', b'{"\\ud800": "\\udfff"}', b'{"model": "\\ud800"}', b'{"model": "\xed\xa0\x80"}'),
    *(b'{"a": "' + LONG.encode() + b'"}', b'{"' + LONG.encode() + b'": 1}', b"{} {}", b"{'a': 1}"),
)
TYPES = ("text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
         "application/json; charset=utf-16", "", "\xff", "image/png")  # fmt: skip


class DeafWorker:
    """Hears nothing in any recording."""

    async def run(self, job: str, payload: Any, result: Any, *, on_event: Any = None) -> Any:
        assert job == "transcribe"
        return Transcript(language="en", seconds=1.0, segments=())


def paths_in(folder: Path) -> Paths:
    paths = Paths(folder / "home")
    paths.models.mkdir(parents=True)
    paths.version.write_text("1\n")
    paths.api_key.write_text(f"{KEY}\n")
    return paths


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    paths = paths_in(tmp_path_factory.mktemp("real"))
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    whisper = paths.models / "whisper-tiny"
    whisper.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (whisper / name).touch()
    chosen = Settings(memory=MemoryConfig(whisper="tiny"))

    def mind() -> Any:
        return Mind.open(paths, chosen, engine=ScriptedEngine(["Well."]), worker=DeafWorker())

    with serving(mind, paths, ServerConfig()) as served:
        yield served


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    paths = paths_in(tmp_path_factory.mktemp("fake"))

    def mind() -> FakeSelf:
        made = FakeSelf(paths)
        made.release_exam.set()
        made.trainings.release.set()
        return made

    with serving(mind, paths, ServerConfig()) as served:
        yield served


def check(status: int, content_type: str, body: bytes) -> None:
    """No fault of ours, and an error is the error object."""
    assert status < 500, body[:300]
    assert b'"internal_error"' not in body, "in a stream"
    if status >= 400:
        assert content_type == "application/json"
        error = json.loads(body)["error"]
        assert set(error) == {"message", "type", "param", "code"} and error["message"]
        assert isinstance(error["code"], str) and isinstance(error["type"], str)
        assert error["param"] is None or isinstance(error["param"], str)


def check_answer(answer: httpx.Response) -> None:
    check(answer.status_code, answer.headers.get("content-type", ""), answer.content)


@pytest.fixture(autouse=True)
def goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in {"real", "fake"} & set(request.fixturenames):
        with request.getfixturevalue(name).http() as http:
            asked = {"model": "base", "messages": [{"role": "user", "content": "hello"}]}
            assert http.post("/v1/chat/completions", json=asked).status_code == 200


# --- from the schema, by Schemathesis ---------------------------------------------------------------------------------


SCHEMA: dict[str, Any] = create_app(Any, Settings(), KEY).openapi_schema.to_schema()
MADE = schemathesis.openapi.from_dict(SCHEMA)
FEW = settings(max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def check_case(case: Any, served: Any) -> None:
    answer = case.call(base_url=served.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30)
    check(answer.status_code, answer.headers.get("content-type", [""])[0], answer.content)


@MADE.include(path_regex="^/(v1/|health|ready|metrics)").parametrize()
@FEW
def test_v1_by_its_schema(case: Any, real: Any) -> None:
    check_case(case, real)


@MADE.include(path_regex="^/api/").parametrize()
@FEW
def test_api_by_its_schema(case: Any, fake: Any) -> None:
    check_case(case, fake)


# --- by hand ----------------------------------------------------------------------------------------------------------


PATHS: dict[str, Any] = SCHEMA["paths"]
PARAMETER = re.compile(r"\{\w+\}")
POSTS = sorted(path for path, methods in PATHS.items() if "post" in methods and path.startswith("/v1/"))
BODIES = {path: PATHS[path]["post"].get("requestBody", {}).get("content", {}) for path in POSTS}
JSON = {path: body["application/json"]["schema"] for path, body in BODIES.items() if "application/json" in body}
FORMS = {path: body["multipart/form-data"]["schema"] for path, body in BODIES.items() if "multipart/form-data" in body}


def test_every_route_of_v1_describes_its_body() -> None:
    assert {path for path, body in BODIES.items() if not body} == set()


def right(schema: dict[str, Any]) -> Any:
    """A value that the schema takes, with no more than it asks for."""
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        return right(schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: right(properties[name]) for name in schema.get("required", ()) if name in properties}
    if kind == "array":
        return [right(schema.get("items", {}))]
    return {"string": "user", "integer": 1, "number": 1.0, "boolean": False}.get(str(kind))


def spoiled(schema: dict[str, Any], deep: int = 0) -> Iterator[Any]:
    """Values that are right but for one place, which is each in turn, with something wrong in it."""
    yield from WRONG
    for branch in schema.get("anyOf", [schema]) if deep < DEEPEST else ():
        if branch.get("type") == "object":
            whole = right(branch)
            for name, inner in branch.get("properties", {}).items():
                yield from ({**whole, name: value} for value in spoiled(inner, deep + 1))
        elif branch.get("type") == "array":
            yield from ([value] for value in spoiled(branch.get("items", {}), deep + 1))


@pytest.mark.parametrize("path", JSON)
def test_a_wrong_value_in_every_field(path: str, real: Any) -> None:
    with real.http() as http:
        for body in spoiled(JSON[path]):
            check_answer(http.post(path, content=json.dumps(body).encode()))


@pytest.mark.parametrize("path", JSON)
def test_a_megabyte_in_every_field(path: str, real: Any) -> None:
    with real.http() as http:
        for i, name in enumerate(JSON[path].get("properties", {})):
            long = (LONG, [LONG], {LONG: LONG}, [0] * 100_000)
            for value in (LONG, long[i % len(long)]):
                check_answer(http.post(path, json={**right(JSON[path]), name: value}))


@pytest.mark.parametrize("path", [path for path, methods in PATHS.items() if "post" in methods])
def test_bodies_that_are_none(path: str, real: Any, fake: Any) -> None:
    with (fake if path.startswith("/api/") else real).http() as http:
        at = re.sub(PARAMETER, "0001", path)
        for raw in RAW:
            check_answer(http.post(at, content=raw))
        for kind in TYPES:
            for raw in (b"", b"{}", b"--x\r\n\r\n"):
                check_answer(http.post(at, content=raw, headers={"Content-Type": kind.encode("latin-1")}))


@pytest.mark.parametrize("path", FORMS)
def test_wrong_forms(path: str, real: Any) -> None:
    names = [name for name in FORMS[path]["properties"] if name != "file"]
    with real.http() as http:
        for name in [*names, "", "a[", "[]", "a[]]", "a[b][c]", "\0", "x" * 5000]:
            for value in (
                "",
                "x",
                "null",
                "nan",
                "-1",
                "1e999",
                "[]",
                "{}",
                "\0",
                "9" * 5000,
                b"\xff\xfe",
                "x" * 60_000,
            ):
                sent = [("file", ("a.wav", b"sound")), (name, (None, value)), (name, (None, "other"))]
                check_answer(http.post(path, files=sent))
        for file in ("", "\0", "..", "../../a", "\xff", "x" * 5000, 'a"; name="model', ".wav", "CON", "a/b\\c"):
            check_answer(http.post(path, files={"file": (file, b"sound")}))


def test_wrong_paths_and_queries(real: Any, fake: Any) -> None:
    wrong = ("%00", "%FF", "%ED%A0%80", "..%2f..%2f", "%F0%9F%90%95", "'--", "{}", "-1", "nan", "1e999", "9" * 5000)
    with real.http() as of_real, fake.http() as of_fake:
        for path in (path for path, methods in PATHS.items() if "get" in methods):
            http = of_fake if path.startswith("/api/") else of_real
            for value in wrong:
                query = "&".join(f"{name}={value}" for name in ("limit", "q", "offset", "as_of", "state", "origin"))
                check_answer(http.get(f"{re.sub(PARAMETER, value, path)}?{query}"))
