"""``/v1/audio``: what is said in a recording, and the same in English. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from litestar import Router, post
from litestar.response.base import ASGIResponse

from kernel.errors import NotFound, OneselfError
from kernel.events import AnyEvent, SegmentHeard
from kernel.memory.transcribing import Recording
from kernel.types import Transcript
from server.context import AnyRequest, mind_of
from server.errors import describe, log_failure
from server.faults import BadParameter
from server.progress import Result, events_of, pinged
from server.schemas.audio import (
    AudioForm,
    TextDelta,
    TextDone,
    TranscriptionForm,
    TranslationForm,
    plain_out,
    subtitles,
    verbose_out,
)
from server.schemas.body import body_of, decode_form
from server.sse import PING, EventStream, Pump, as_json, data, while_connected
from server.uploads import Upload, is_multipart, received

Heard = Pump[AnyEvent | Result]


async def transcribe(request: AnyRequest) -> ASGIResponse:
    """What is said in ``file``, by Whisper."""
    return await _answer(request, TranscriptionForm)


async def translate(request: AnyRequest) -> ASGIResponse:
    """What is said in ``file``, in English, by Whisper."""
    return await _answer(request, TranslationForm)


async def _answer(request: AnyRequest, kind: type[AudioForm]) -> ASGIResponse:
    if not is_multipart(request):
        raise BadParameter("Send the recording as multipart/form-data, with the part 'file'.", None)
    mind, translated = mind_of(request), kind is TranslationForm
    async with AsyncExitStack() as held:
        upload = await held.enter_async_context(received(request, mind.paths.home / "uploads"))
        form = decode_form(upload.pairs, kind)
        form.check()
        _check_model(form.model, mind.config.memory.whisper)
        file = _file(upload)
        recording = form.recording(str(file), file.name, translate=translated)
        if form.stream:
            return await _streamed(request, recording, held)
        heard = await while_connected(request, mind.transcribe(recording))
    return _written(heard, form, translated)


def _check_model(given: str | None, configured: str) -> None:
    served = ("whisper-1", f"whisper-{configured}")
    if given is not None and given not in served:
        raise NotFound(
            f"there is no model '{given}' for recordings; served are: {', '.join(served)}", code="model_not_found"
        )


def _file(upload: Upload) -> Path:
    files = [path for name, path in upload.parts if name == "file"]
    if len(files) != 1:
        raise BadParameter("'file': send one recording, as a part with that name and a file name.", "file")
    if files[0].stat().st_size == 0:
        raise BadParameter(f"'file': {files[0].name} is empty; send a recording.", "file", code="empty")
    return files[0]


def _written(heard: Transcript, form: AudioForm, translated: bool) -> ASGIResponse:
    if form.response_format == "verbose_json":
        return as_json(verbose_out(heard, form, translate=translated))
    if form.response_format == "text":
        return _as_text(heard.text + "\n")
    if form.response_format == "srt" or form.response_format == "vtt":
        return _as_text(subtitles(heard.segments, form.response_format))
    return as_json(plain_out(heard))


def _as_text(text: str) -> ASGIResponse:
    return ASGIResponse(body=text.encode(), media_type="text/plain; charset=utf-8")


async def _streamed(request: AnyRequest, recording: Recording, held: AsyncExitStack) -> EventStream:
    """The first segment is waited for, so that what is wrong with the recording still has a status."""
    mind = mind_of(request)
    pump: Heard = Pump(events_of(lambda on_event: mind.transcribe(recording, on_event)))
    try:
        await while_connected(request, pump.ready())
        first = await anext(pump)
    except BaseException:
        await pump.close()
        raise
    return EventStream(_events(first, pump), pump, held.pop_all())


async def _events(first: AnyEvent | Result, pump: Heard) -> AsyncIterator[bytes]:
    said = _Said()
    try:
        yield said.event(first)
        async for item in pinged(pump):
            yield PING if item is None else said.event(item)
    except Exception as error:  # noqa: BLE001 - the status has been sent; the client hears of it here
        if not isinstance(error, OneselfError):
            log_failure(error)
        yield data(describe(error)[1])


class _Said:
    """The deltas of one transcript: together they are its text."""

    def __init__(self) -> None:
        self._begun = False

    def event(self, item: AnyEvent | Result) -> bytes:
        if isinstance(item, Result):
            return data(TextDone(item.value.text))
        if not isinstance(item, SegmentHeard):
            return PING
        text = item.segment.text if self._begun else item.segment.text.lstrip()
        self._begun = True
        return data(TextDelta(text))


def router(max_upload_mb: int) -> Router:
    """``max_upload_mb``: the largest request; the framework's own limit is 10 MB and would cut recordings."""
    most = max_upload_mb * 1024 * 1024
    transcriptions = post(
        "/v1/audio/transcriptions",
        status_code=200,
        request_max_body_size=most,
        operation_class=body_of(TranscriptionForm, form=True),
    )(transcribe)
    translations = post(
        "/v1/audio/translations",
        status_code=200,
        request_max_body_size=most,
        operation_class=body_of(TranslationForm, form=True),
    )(translate)
    return Router("/", route_handlers=[transcriptions, translations])
