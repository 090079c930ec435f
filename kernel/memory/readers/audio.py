"""Recordings by Whisper (faster-whisper, from a folder of the home): what was said, and at which second.

A recording is taken to be the owner's own voice note, since that is what people keep; one whose tags name an artist or an
album (a song, a podcast) is somebody else's, unless the owner says otherwise. Whisper does not tell speakers apart.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from kernel.abc import Document, Reader, Reading
from kernel.errors import ModelError, ReadError
from kernel.memory.readers.device_names import day_in_name, given_title
from kernel.memory.readers.sound import RATE, check_whole, decoded, tags_of, windows
from kernel.memory.readers.text import title_from_text
from kernel.memory.readers.transcribe import Stretch, model_in, transcribe
from kernel.memory.whisper import whisper_folder
from kernel.types import Origin, Segment


class AudioReader(Reader):
    kind = "audio"
    suffixes: tuple[str, ...] = (".wav", ".mp3", ".m4a", ".mp4", ".ogg", ".oga", ".opus", ".flac", ".webm")
    signatures = (
        b"WAVE",
        b"ID3",
        b"\xff\xfb",
        b"\xff\xfa",
        b"\xff\xf3",
        b"\xff\xf2",
        b"ftyp",
        b"OggS",
        b"fLaC",
        b"\x1aE\xdf\xa3",
    )
    large = True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        check_whole(data, name)
        tags = tags_of(data, name)
        model = _model(reading, name)
        spoken: list[Stretch] = []
        languages: dict[str, float] = {}
        seconds = 0.0
        for window in windows(decoded(data, name)):
            heard = transcribe(model, window, seconds)
            spoken += heard.stretches
            for stretch in heard.stretches:
                languages[heard.language] = languages.get(heard.language, 0.0) + stretch.end - stretch.start
            seconds += len(window) / RATE
        if not spoken:
            raise ReadError(
                f"{name} holds no speech that could be understood ({seconds:.0f} seconds). Leave it out, or write down "
                "what it says.",
                code="no_text",
            )
        text, segments = _text_of(spoken)
        happened_at, happened_from = _dated(tags, name)
        foreign = any(tags.get(tag) for tag in ("artist", "album", "album_artist", "podcast"))
        origin: Origin = "other" if foreign and not reading.mine else "owner"
        document = Document(
            title=given_title(name) or str(tags.get("title") or "").strip() or title_from_text(text),
            text=text,
            kind=self.kind,
            origin=origin,
            happened_at=happened_at,
            happened_from=happened_from,
            segments=segments,
            details={"seconds": round(seconds, 1), "language": max(languages, key=lambda code: languages[code])},
        )
        return (document,)


def _model(reading: Reading, name: str) -> Any:
    try:
        folder = whisper_folder(reading.models, reading.whisper)
    except ModelError as error:
        raise ReadError(f"{name} is a recording, and {error}, then add it again.", code="no_model") from error
    return model_in(folder)


def _text_of(spoken: list[Stretch]) -> tuple[str, tuple[Segment, ...]]:
    segments, at = [], 0
    for stretch in spoken:
        segments.append(Segment(start=at, end=at + len(stretch.text), seconds=round(stretch.start, 1)))
        at += len(stretch.text) + 1
    return "\n".join(stretch.text for stretch in spoken), tuple(segments)


def _dated(tags: dict[str, str], name: str) -> tuple[str | None, str]:
    """The recorder's own time, unless the file's name gives quite another day (a copy carries the time of copying)."""
    named, made = day_in_name(name), _made(tags)
    if made and (named is None or made.date().isoformat()[: len(named)] == named or _days_apart(made, named) <= 1):
        return made.isoformat(timespec="seconds"), "content"
    return (named, "file_name") if named else (None, "unknown")


def _made(tags: dict[str, str]) -> dt.datetime | None:
    for tag in ("com.apple.quicktime.creationdate", "creation_time"):
        try:
            moment = dt.datetime.fromisoformat(tags.get(tag, ""))
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        if moment.year >= 1990:  # 1904 and 1970 are clocks that were never set
            return moment.astimezone(dt.UTC)
    return None


def _days_apart(moment: dt.datetime, day: str) -> int:
    try:
        return abs((moment.date() - dt.date.fromisoformat(day)).days)
    except ValueError:  # a month or a year
        return 99
