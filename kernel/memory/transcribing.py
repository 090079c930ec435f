"""The worker's ``transcribe``: a recording -> what is said in it, as Whisper hears it, with its own segments.

Nothing of it is kept. Where the reader of recordings makes a note of whole sentences and leaves out what is doubtful,
this gives all that Whisper says, in its segments, for who asks for a transcript. Silence is cut away first here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kernel.errors import ReadError, WrongUse
from kernel.events import AnyEvent, SegmentHeard
from kernel.memory.readers.sound import MAX_HOURS, RATE, Samples, check_whole, decoded, tags_of, windows
from kernel.memory.readers.transcribe import model_in, silence_before
from kernel.types import Frozen, SpokenSegment, SpokenWord, Transcript

_LADDER = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Whisper's own: where the likeliest words repeat themselves or are very unlikely, others are drawn a little hotter."""
_SEED = 1
_FRAMES = 100
"""A second; what ``seek`` counts in."""
Voiced = list[tuple[int, int]]
"""Stretches of voice, in samples."""


class Recording(Frozen, frozen=True, kw_only=True):
    """Payload of ``transcribe``."""

    path: str
    name: str
    """What the sender calls the file, for messages."""
    model: str = ""
    """Folder of the Whisper model."""
    language: str | None = None
    """ISO 639 code of what is spoken; ``None``: as Whisper hears it."""
    prompt: str = ""
    """Words that might come before it: for names and style."""
    temperature: float = 0.0
    """0: the likeliest words, and hotter ones only where these fail; the same every time."""
    translate: bool = False
    """Into English."""
    words: bool = False
    """The moment of each word too, which takes longer."""


def transcribe(payload: Recording, emit: Callable[[AnyEvent], None]) -> Transcript:
    """Each segment is told as it is heard. Raises ``ReadError`` for what is no recording (code ``unreadable``)."""
    try:
        return _heard(payload, emit)
    except ReadError as error:
        raise ReadError(str(error)) from error  # whatever is wrong with the file: it is the sender's to mend


def _heard(payload: Recording, emit: Callable[[AnyEvent], None]) -> Transcript:
    import ctranslate2  # type: ignore[import-untyped]

    data = Path(payload.path).read_bytes()
    check_whole(data, payload.name)
    tags_of(data, payload.name)
    model = model_in(Path(payload.model))
    _check_languages(model, payload)
    ctranslate2.set_random_seed(_SEED)
    segments: list[SpokenSegment] = []
    language, seconds = payload.language, 0.0
    for window in windows(decoded(data, payload.name)):
        heard, language, voiced = _of_window(model, window, payload, language)
        for segment in heard:
            moments = _Moments(voiced, seconds, seconds + len(window) / RATE)
            segments.append(_segment(segment, len(segments), moments))
            emit(SegmentHeard(segment=segments[-1]))
        seconds += len(window) / RATE
        if seconds > MAX_HOURS * 3600:
            raise ReadError(f"{payload.name} lasts longer than {MAX_HOURS} hours. Split it, and send the pieces.")
    spoken = "en" if payload.translate else language or "en"
    return Transcript(language=spoken, seconds=round(seconds, 3), segments=tuple(segments))


def _check_languages(model: Any, payload: Recording) -> None:
    if not model.model.is_multilingual and (payload.translate or payload.language not in (None, "en")):
        raise WrongUse("the Whisper model knows English alone. Set memory.whisper to one that knows other languages.")


class _Moments:
    """From seconds of what was left of a window, once the silence was cut away, to seconds of the recording."""

    def __init__(self, voiced: Voiced, start: float, end: float) -> None:
        self._voiced, self._start, self._end = voiced, start, end

    def of(self, start: float, end: float) -> tuple[float, float]:
        before, within = silence_before(self._voiced, start, end)
        return self._rounded(start + before), self._rounded(end + within)

    def _rounded(self, seconds: float) -> float:
        return round(min(self._start + float(seconds), self._end), 2)


def _of_window(
    model: Any, samples: Samples, payload: Recording, language: str | None
) -> tuple[Iterator[Any], str | None, Voiced]:
    """Segments as Whisper has them, the language (which the first words of all decide), and where there is voice."""
    from faster_whisper.vad import get_speech_timestamps

    sound = samples.astype(np.float32) / 32768
    voiced = [(chunk["start"], chunk["end"]) for chunk in get_speech_timestamps(sound)]
    if not voiced:
        return iter(()), language, voiced
    segments, info = model.transcribe(
        np.concatenate([sound[start:end] for start, end in voiced]),
        language=language,
        task="translate" if payload.translate else "transcribe",
        temperature=_LADDER if payload.temperature == 0 else payload.temperature,
        initial_prompt=payload.prompt or None,
        condition_on_previous_text=False,  # with it, one loop would go on to the end
        word_timestamps=payload.words,
    )
    return segments, str(info.language), voiced


def _segment(heard: Any, number: int, moments: _Moments) -> SpokenSegment:
    start, end = moments.of(heard.start, heard.end)
    return SpokenSegment(
        id=number,
        seek=int(start * _FRAMES),
        start=start,
        end=end,
        text=heard.text,
        tokens=tuple(heard.tokens),
        temperature=float(heard.temperature or 0.0),
        avg_logprob=float(heard.avg_logprob),
        compression_ratio=float(heard.compression_ratio),
        no_speech_prob=float(heard.no_speech_prob),
        words=tuple(_word(word, moments) for word in heard.words or ()),
    )


def _word(heard: Any, moments: _Moments) -> SpokenWord:
    start, end = moments.of(heard.start, heard.end)
    return SpokenWord(word=heard.word.strip(), start=start, end=end)
