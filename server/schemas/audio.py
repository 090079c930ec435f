"""OpenAI's transcriptions and translations on the wire: the form that is read, and the formats that are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from kernel.memory.spoken_languages import SPOKEN_LANGUAGES
from kernel.memory.transcribing import Recording
from kernel.types import SpokenSegment, SpokenWord, Transcript
from server.faults import BadParameter, Unsupported

Format = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
Granularity = Literal["word", "segment"]
_CODES = {name: code for code, name in SPOKEN_LANGUAGES.items()}
_STREAMED = ("json", "text")


class AudioForm(msgspec.Struct, kw_only=True):
    """What both routes read beside the file."""

    model: str | None = None
    language: str | None = None
    prompt: str | None = None
    response_format: Format = "json"
    temperature: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    stream: bool | None = None
    timestamp_granularities: list[Granularity] | None = None

    def check(self) -> None:
        """Raises ``BadParameter`` and ``Unsupported``."""
        if self.response_format == "diarized_json":
            raise Unsupported(
                "'response_format': speakers are not told apart here; ask for another.", "response_format"
            )
        if self.temperature is not None and self.temperature != self.temperature:
            raise BadParameter("'temperature' is a number from 0 to 1.", "temperature")

    @property
    def granularities(self) -> list[Granularity]:
        return self.timestamp_granularities or ["segment"]

    def recording(self, path: str, name: str, *, translate: bool = False) -> Recording:
        return Recording(
            path=path,
            name=name,
            language=self._language(),
            prompt=self.prompt or "",
            temperature=self.temperature or 0.0,
            translate=translate,
            words="word" in self.granularities,
        )

    def _language(self) -> str | None:
        given = (self.language or "").strip().lower()
        code = _CODES.get(given, given)
        if code and code not in SPOKEN_LANGUAGES:
            raise BadParameter("'language' is an ISO 639-1 code that Whisper knows, such as 'en' or 'ko'.", "language")
        return code or None


class TranscriptionForm(AudioForm, kw_only=True):
    """``POST /v1/audio/transcriptions``."""

    include: list[str] | None = None
    chunking_strategy: str | dict[str, str] | None = None
    keywords: list[str] | None = None
    languages: list[str] | None = None
    known_speaker_names: list[str] | None = None
    known_speaker_references: list[str] | None = None

    def check(self) -> None:
        super().check()
        refused = ("include", "keywords", "languages", "known_speaker_names", "known_speaker_references")
        for name in refused:
            if getattr(self, name):
                raise Unsupported(f"'{name}' is not supported by this server; leave it out.", name)
        if self.chunking_strategy not in (None, "auto"):
            raise Unsupported("'chunking_strategy' can only be 'auto': silence is cut away.", "chunking_strategy")
        if self.timestamp_granularities and self.response_format != "verbose_json":
            raise BadParameter(
                "'timestamp_granularities' is only allowed with 'response_format': 'verbose_json'.",
                "timestamp_granularities",
            )
        if self.stream and self.response_format not in _STREAMED:
            raise Unsupported("'response_format': with 'stream' it can only be 'json' or 'text'.", "response_format")


class TranslationForm(AudioForm, kw_only=True):
    """``POST /v1/audio/translations``."""

    def check(self) -> None:
        super().check()
        for name in ("stream", "timestamp_granularities"):
            if getattr(self, name):
                raise Unsupported(f"'{name}' is not supported for translations; leave it out.", name)


class DurationOut(msgspec.Struct, frozen=True, kw_only=True):
    """``usage``: what a recording costs is its length."""

    seconds: int
    type: Literal["duration"] = "duration"


class TranscriptOut(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    usage: DurationOut


class SegmentOut(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class VerboseOut(msgspec.Struct, frozen=True, kw_only=True):
    task: Literal["transcribe", "translate"]
    language: str
    """By its English name, as OpenAI writes it."""
    duration: float
    text: str
    segments: tuple[SegmentOut, ...] | msgspec.UnsetType = msgspec.UNSET
    words: tuple[SpokenWord, ...] | msgspec.UnsetType = msgspec.UNSET
    usage: DurationOut


class TextDelta(msgspec.Struct, frozen=True, tag_field="type", tag="transcript.text.delta"):
    delta: str


class TextDone(msgspec.Struct, frozen=True, tag_field="type", tag="transcript.text.done"):
    text: str


def plain_out(heard: Transcript) -> TranscriptOut:
    return TranscriptOut(text=heard.text, usage=_usage(heard))


def verbose_out(heard: Transcript, form: AudioForm, *, translate: bool) -> VerboseOut:
    wanted = form.granularities
    segments = tuple(msgspec.convert(one, SegmentOut, from_attributes=True) for one in heard.segments)
    words = tuple(word for segment in heard.segments for word in segment.words)
    return VerboseOut(
        task="translate" if translate else "transcribe",
        language=SPOKEN_LANGUAGES.get(heard.language, heard.language),
        duration=heard.seconds,
        text=heard.text,
        segments=segments if "segment" in wanted else msgspec.UNSET,
        words=words if "word" in wanted else msgspec.UNSET,
        usage=_usage(heard),
    )


def _usage(heard: Transcript) -> DurationOut:
    return DurationOut(seconds=-int(-heard.seconds // 1))


def subtitles(segments: Iterable[SpokenSegment], form: Literal["srt", "vtt"]) -> str:
    """SubRip or WebVTT."""
    point = "," if form == "srt" else "."
    blocks = ["WEBVTT\n"] if form == "vtt" else []
    for number, segment in enumerate(segments, 1):
        head = f"{number}\n" if form == "srt" else ""
        text = segment.text.strip().replace("-->", "->")
        blocks.append(f"{head}{_clock(segment.start, point)} --> {_clock(segment.end, point)}\n{text}\n")
    return "\n".join(blocks)


def _clock(seconds: float, point: str) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}{point}{whole % 1000:03}"
