"""``/v1/audio``: real speech through the real Whisper, and the edge of the routes over a worker that hears what it is told."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from openai.types.audio import TranscriptionVerbose

from kernel.config import MemoryConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import JobFailed, ReadError
from kernel.events import SegmentHeard
from kernel.memory.readers.sound import decoded
from kernel.memory.transcribing import Recording
from kernel.memory.whisper import install_whisper
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion, SpokenSegment, Transcript
from server.settings import ServerConfig, Settings
from tests.test_kernel.speech import RATE, recording, spoken
from tests.test_server.conftest import KEY, serving

BEACH = "Yesterday I walked along the beach with my dog."
SOUP = "In the evening we made a large pot of soup."


def home_in(folder: Path) -> Paths:
    paths = Paths(folder)
    paths.home.mkdir()
    paths.version.write_text("1\n")
    paths.api_key.write_text(f"{KEY}\n")
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    return paths


def client(served: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0)


def left_behind(served: Any) -> list[Path]:
    return list((served.home / "uploads").glob("*"))


# --- with Whisper -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    paths = home_in(tmp_path_factory.mktemp("audio") / "home")
    install_whisper(paths)
    with serving(lambda: Mind.open(paths, Settings(), engine=ScriptedEngine()), paths, ServerConfig()) as served:
        yield served


@pytest.fixture(scope="module")
def speech() -> bytes:
    samples = np.concatenate([spoken(BEACH), np.zeros(4 * RATE, np.int16), spoken(SOUP)])
    return recording(samples)


def test_a_recording_in_every_format_of_answer(real: Any, speech: bytes) -> None:
    hear = client(real).audio.transcriptions.create
    plain = hear(file=("walk.wav", speech), model="whisper-1", language="en", prompt="A diary.", temperature=0)
    assert plain.text.lower() == f"{BEACH} {SOUP}".lower()
    assert plain.usage is not None and plain.usage.type == "duration" and plain.usage.seconds == 10
    text = hear(file=("walk.wav", speech), model="whisper-base", response_format="text")
    assert text.lower() == f"{BEACH} {SOUP}\n".lower()
    srt = hear(file=("walk.wav", speech), model="whisper-1", response_format="srt").split("\n\n")
    assert srt[0].startswith("1\n00:00:00,000 --> 00:00:0") and srt[1].endswith(f"\n{SOUP}\n")
    vtt = hear(file=("walk.wav", speech), model="whisper-1", response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:0")


def test_segments_and_words_have_their_moments(real: Any, speech: bytes) -> None:
    heard = client(real).audio.transcriptions.create(
        file=("walk.wav", speech),
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    TranscriptionVerbose.model_validate_json(heard.model_dump_json(), strict=True)
    assert (heard.language, heard.text.lower()) == ("english", f"{BEACH} {SOUP}".lower())
    assert heard.duration == pytest.approx(9.6, abs=0.1)
    assert heard.segments is not None and heard.words is not None
    first, second = heard.segments
    assert first.start == 0 and second.start == pytest.approx(6.8, abs=1) and second.end <= heard.duration
    assert [word.word.strip(".").lower() for word in heard.words] == heard.text.replace(".", "").lower().split()
    assert all(one.start <= other.start for one, other in zip(heard.words, heard.words[1:], strict=False))
    words_alone = client(real).audio.transcriptions.create(
        file=("walk.wav", speech), model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert words_alone.segments is None and words_alone.words == heard.words


def test_a_stream_gives_the_text_as_it_is_heard(real: Any, speech: bytes) -> None:
    events = list(client(real).audio.transcriptions.create(file=("walk.wav", speech), model="whisper-1", stream=True))
    *deltas, done = events
    assert [event.type for event in deltas] == ["transcript.text.delta"] * 2
    assert done.type == "transcript.text.done" and done.text.lower() == f"{BEACH} {SOUP}".lower()
    assert "".join(event.delta for event in deltas) == done.text  # type: ignore[union-attr]


def test_other_containers_and_other_languages(real: Any) -> None:
    spanish = recording(spoken("Ayer caminé por la playa con mi perro.", voice="es"), "webm", "libopus")
    heard = client(real).audio.translations.create(
        file=("ayer.webm", spanish), model="whisper-1", response_format="verbose_json"
    )
    assert heard.language == "english" and "beach" in heard.text.lower()
    named = client(real).audio.transcriptions.create(
        file=("ayer.webm", spanish), model="whisper-1", response_format="verbose_json", language="spanish"
    )
    assert named.language == "spanish" and "playa" in named.text.lower()


def test_silence_is_an_empty_text(real: Any) -> None:
    silence = recording(np.zeros(2 * RATE, np.int16))
    assert client(real).audio.transcriptions.create(file=("hush.wav", silence), model="whisper-1").text == ""
    (done,) = client(real).audio.transcriptions.create(file=("hush.wav", silence), model="whisper-1", stream=True)
    assert done.type == "transcript.text.done" and done.text == ""


@pytest.mark.parametrize("stream", ["true", "false"])
@pytest.mark.parametrize(
    "data",
    [b"These are no samples.", b"RIFF\x00\x00\x00\x00WAVE", b"\0" * 5000, b"ffconcat version 1.0\nfile 'a.wav'\n"],
)
def test_what_is_no_recording_is_400(real: Any, data: bytes, stream: str) -> None:
    with real.http() as http:
        answer = http.post("/v1/audio/transcriptions", files={"file": ("notes.wav", data)}, data={"stream": stream})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert "notes.wav" in error["message"] and left_behind(real) == []


def test_one_who_leaves_does_not_take_the_next_along(real: Any, speech: bytes) -> None:
    texts: list[str] = []

    def stay() -> None:
        texts.append(client(real).audio.transcriptions.create(file=("walk.wav", speech), model="whisper-1").text)

    minute = recording(np.concatenate([spoken(f"{BEACH} {SOUP}")] * 8))
    with real.http() as http, ExitStack() as stack:
        staying = threading.Thread(target=stay)
        stack.callback(staying.join)
        with pytest.raises(httpx.TimeoutException):
            staying.start()
            http.post("/v1/audio/transcriptions", files={"file": ("long.wav", minute)}, timeout=1.5)
    stay()
    assert [text.lower() for text in texts] == [f"{BEACH} {SOUP}".lower()] * 2


def test_nothing_is_kept(real: Any) -> None:
    with real.http() as http:
        assert http.get("/api/memories").json()["total"] == 0
    assert left_behind(real) == []


def test_a_playlist_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speech: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(speech)
    with pytest.raises(ReadError):
        list(decoded(b"ffconcat version 1.0\nfile 'secret.wav'\n", "list.wav"))


# --- without ----------------------------------------------------------------------------------------------------------


class ToldWorker:
    """Hears two segments in everything; of a recording that says ``wait`` only the first, and then nothing more."""

    def __init__(self) -> None:
        self.asked: list[Recording] = []
        self.cancelled = 0

    async def run(self, job: str, payload: Any, result: Any, *, on_event: Any = None) -> Any:
        assert (job, result) == ("transcribe", Transcript)
        self.asked.append(payload)
        said = Path(payload.path).read_bytes()
        segments = (self._segment(0, " One."), self._segment(1, " Two."))
        if b"worse" in said:
            raise JobFailed("the worker was killed", code="job_failed")
        if on_event is not None:
            on_event(SegmentHeard(segment=segments[0]))
        if b"broken" in said:
            raise JobFailed("it is damaged", code="unreadable")
        try:
            await asyncio.sleep(60 if b"wait" in said else 0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if on_event is not None:
            on_event(SegmentHeard(segment=segments[1]))
        return Transcript(language="en", seconds=3.2, segments=segments)

    def _segment(self, number: int, text: str) -> SpokenSegment:
        return SpokenSegment(
            id=number, seek=0, start=number, end=number + 1, text=text, tokens=(1,), temperature=0.0, avg_logprob=-0.5,
            compression_ratio=1.0, no_speech_prob=0.0,
        )  # fmt: skip


@pytest.fixture
def serve_told(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """A mind with a Whisper model by name alone, and a worker that needs none."""
    paths = home_in(tmp_path / "home")
    folder = paths.models / "whisper-tiny"
    folder.mkdir(parents=True)
    for name in ("config.json", "model.bin", "tokenizer.json"):
        (folder / name).touch()
    settings = Settings(memory=MemoryConfig(whisper="tiny"))
    with ExitStack() as stack:

        def start(**config: Any) -> Any:
            def mind() -> Any:
                return Mind.open(paths, settings, engine=ScriptedEngine(), worker=ToldWorker())

            return stack.enter_context(serving(mind, paths, ServerConfig(**config)))

        yield start


@pytest.fixture
def told(serve_told: Any) -> Any:
    return serve_told()


def send(served: Any, route: str = "transcriptions", body: bytes = b"sound", **fields: Any) -> httpx.Response:
    data = {name.replace("__", "[") + ("]" if "__" in name else ""): value for name, value in fields.items()}
    with served.http() as http:
        return http.post(f"/v1/audio/{route}", files={"file": ("a.wav", body)}, data=data)


def test_what_is_asked_reaches_the_worker(told: Any) -> None:
    answer = send(told, model="whisper-tiny", language="KO", prompt="Jun", temperature="0.4", chunking_strategy="auto",
                  stream="false", a_field_of_tomorrow="x")  # fmt: skip
    assert answer.json() == {"text": "One. Two.", "usage": {"seconds": 4, "type": "duration"}}
    send(told, "translations", language="")
    first, second = told.mind.worker.asked
    assert (first.name, first.language, first.prompt, first.temperature) == ("a.wav", "ko", "Jun", 0.4)
    assert (first.words, first.translate, second.translate, second.language) == (False, False, True, None)
    assert left_behind(told) == []


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"response_format": "xml"}, "response_format", "invalid_request"),
        ({"response_format": "diarized_json"}, "response_format", "unsupported"),
        ({"temperature": "hot"}, "temperature", "invalid_request"),
        ({"temperature": "nan"}, "temperature", "invalid_request"),
        ({"temperature": "1.5"}, "temperature", "invalid_request"),
        ({"language": "xx"}, "language", "invalid_request"),
        ({"stream": "perhaps"}, "stream", "invalid_request"),
        ({"stream": "true", "response_format": "srt"}, "response_format", "unsupported"),
        ({"timestamp_granularities__": "word"}, "timestamp_granularities", "invalid_request"),
        ({"timestamp_granularities__": ["word", "line"], "response_format": "verbose_json"},
         "timestamp_granularities[1]", "invalid_request"),
        ({"include__": "logprobs"}, "include", "unsupported"),
        ({"chunking_strategy__type": "server_vad"}, "chunking_strategy", "unsupported"),
        ({"known_speaker_names__": "Jun"}, "known_speaker_names", "unsupported"),
        ({"prompt": "x" * 100_000}, "prompt", "invalid_request"),
    ],
)  # fmt: skip
def test_bad_fields_are_400_and_named(told: Any, fields: dict[str, Any], param: str, code: str) -> None:
    answer = send(told, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert told.mind.worker.asked == [] and left_behind(told) == []


@pytest.mark.parametrize("fields", [{"stream": "true"}, {"timestamp_granularities__": "word"}])
def test_translations_refuse_what_only_transcriptions_have(told: Any, fields: dict[str, str]) -> None:
    answer = send(told, "translations", **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unsupported")


def test_the_file_must_be_there_once_and_hold_something(told: Any) -> None:
    with told.http() as http:
        route = "/v1/audio/transcriptions"
        for sent in (
            {"files": {"sound": ("a.wav", b"x")}},
            {"files": [("file", ("a.wav", b"x")), ("file", ("b.wav", b"y"))]},
            {"files": {"file": (None, "x")}},
            {"files": {"file": ("a.wav", b"")}},
        ):
            answer = http.post(route, **sent)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")
        assert http.post(route, json={"model": "whisper-1"}).status_code == 400
        assert http.post(route, content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}).status_code == 400  # fmt: skip
    assert left_behind(told) == []


def test_an_unknown_model_is_404_naming_what_is_served(told: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="whisper-1, whisper-tiny") as caught:
        client(told).audio.transcriptions.create(file=("a.wav", b"x"), model="gpt-4o-transcribe")
    assert caught.value.code == "model_not_found"


def test_without_the_model_it_is_said_how_to_get_it(told: Any) -> None:
    shutil.rmtree(told.home / "models" / "whisper-tiny")
    answer = send(told)
    assert answer.status_code == 503 and "oneself init --audio" in answer.json()["error"]["message"]


def test_too_large_is_413_and_leaves_nothing(serve_told: Any) -> None:
    served = serve_told(max_upload_mb=1)
    assert send(served, body=b"x" * 2_000_000).status_code == 413
    assert send(served, body=b"x" * 900_000).status_code == 200
    assert left_behind(served) == []


def test_faults_before_and_in_a_stream(told: Any) -> None:
    assert send(told, body=b"worse", stream="true").status_code == 500
    lines = [line for line in send(told, body=b"broken", stream="true").text.split("\n\n") if line]
    said, fault = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert said == {"type": "transcript.text.delta", "delta": "One."} and fault["error"]["code"] == "unreadable"


@pytest.mark.parametrize("stream", ["true", "false"])
def test_who_leaves_ends_the_job_and_leaves_no_file(told: Any, stream: str) -> None:
    with pytest.raises(httpx.TimeoutException), told.http() as http:
        files, data = {"file": ("a.wav", b"wait")}, {"stream": stream}
        http.post("/v1/audio/transcriptions", files=files, data=data, timeout=0.5)
    deadline = time.monotonic() + 2
    while (left_behind(told) or not told.mind.worker.cancelled) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert told.mind.worker.cancelled == 1 and left_behind(told) == []


def test_only_so_many_may_wait(told: Any) -> None:
    with ExitStack() as stack:
        for _ in range(8):
            http = stack.enter_context(told.http())
            sent = {"files": {"file": ("a.wav", b"wait")}, "data": {"stream": "true"}}
            stack.enter_context(http.stream("POST", "/v1/audio/transcriptions", **sent))
        busy = send(told)
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "10")
