"""Who may come in: keys, Host, Origin, preflights; and that every refusal has OpenAI's shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"}


def error(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()["error"]
    assert set(body) == {"message", "type", "param", "code"}
    return answer.status_code, body["code"]


@pytest.mark.parametrize("method_and_path", ["GET /v1/models", "POST /v1/chat/completions", "GET /api/status"])
def test_every_route_asks_for_the_key(served: Any, method_and_path: str) -> None:
    method, path = method_and_path.split()
    with httpx.Client(base_url=served.url) as http:
        none = http.request(method, path)
        assert error(none) == (401, "missing_api_key") and none.headers["www-authenticate"] == "Bearer"
        assert error(http.request(method, path, headers={"Authorization": "Bearer wrong"})) == (401, "invalid_api_key")
        assert error(http.request(method, path, headers={"X-Api-Key": "wröng".encode()})) == (401, "invalid_api_key")
        assert error(http.request(method, path, headers={"Authorization": f"Basic {served.key}"}))[0] == 401


def test_no_route_but_health_and_ready_is_open(served: Any) -> None:
    with served.http() as keyed, httpx.Client(base_url=served.url) as http:
        schema = keyed.get("/schema/openapi.json").json()
        opened = set()
        for path, methods in schema["paths"].items():
            for method in methods:
                if http.request(method.upper(), re.sub(r"\{\w+\}", "1", path)).status_code != 401:
                    opened.add(path)
        assert opened == {"/health", "/ready"} and len(schema["paths"]) >= 18
        assert http.get("/schema/openapi.json").status_code == 401


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "x-api-key"])
def test_both_ways_of_giving_the_key(served: Any, name: str) -> None:
    value = f"Bearer {served.key}" if name == "Authorization" else served.key
    assert httpx.get(f"{served.url}/v1/models", headers={name: value}).status_code == 200


def test_a_rebound_name_is_refused(served: Any) -> None:
    with served.http() as http:
        for host in ("evil.example", f"evil.example:{served.port}", "127.0.0.1.evil.example", "", "10.0.0.7"):
            assert error(http.get("/v1/models", headers={"Host": host})) == (403, "host_not_allowed")
        for host in ("localhost", f"LOCALHOST:{served.port}", "127.0.0.1", f"[::1]:{served.port}"):
            assert http.get("/v1/models", headers={"Host": host}).status_code == 200
        assert error(http.get("/health", headers={"Host": "evil.example"})) == (403, "host_not_allowed")


def test_further_hosts_can_be_allowed(serve: Callable[..., Any]) -> None:
    served = serve(allowed_hosts=("self.home.arpa",))
    with served.http() as http:
        assert http.get("/v1/models", headers={"Host": "self.home.arpa:8000"}).status_code == 200


def test_a_page_of_another_origin_is_refused(served: Any) -> None:
    with served.http() as http:
        for origin in ("https://evil.example", "null", f"http://evil.example:{served.port}", "http://localhost:1"):
            assert error(http.get("/v1/models", headers={"Origin": origin})) == (403, "origin_not_allowed")
            answer = http.options("/v1/chat/completions", headers={"Origin": origin, **PREFLIGHT})
            assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
        own = http.get("/v1/models", headers={"Origin": served.url})
        assert own.status_code == 200


def test_an_allowed_origin_and_its_preflight(serve: Callable[..., Any]) -> None:
    served = serve(allowed_origins=("https://notes.example",))
    origin = {"Origin": "https://notes.example"}
    with httpx.Client(base_url=served.url) as http:
        preflight = http.options("/v1/chat/completions", headers={**origin, **PREFLIGHT})
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "https://notes.example"
        assert preflight.headers["access-control-allow-headers"] == "authorization, content-type"
        refused = http.get("/v1/models", headers=origin)
        assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == "https://notes.example"
        answer = http.get("/v1/models", headers={**origin, "X-Api-Key": served.key})
        assert answer.status_code == 200 and answer.headers["vary"] == "Origin"


def test_unknown_routes_and_methods(served: Any) -> None:
    with served.http() as http:
        for path in ("/nope", "/v1/nope", "/api/memories/a/b/c", "/%00", "/v1/../x"):
            assert error(http.get(path)) == (404, "unknown_route")
        wrong = http.put("/v1/models")
        assert error(wrong) == (405, "method_not_allowed") and "GET" in wrong.headers["allow"]


def test_health_and_ready(served: Any) -> None:
    assert httpx.get(f"{served.url}/health").json()["status"] == "ok"
    assert httpx.get(f"{served.url}/ready").status_code == 200
    served.mind.ready = False
    not_ready = httpx.get(f"{served.url}/ready")
    assert (not_ready.status_code, not_ready.json()) == (503, {"ready": False})
    assert httpx.get(f"{served.url}/health").status_code == 200
