"""Samples -> what was said, by Whisper (faster-whisper, from a folder that ``kernel.memory.whisper`` has looked at).

Decoding takes the likeliest words and never draws any, so that the same samples give the same text. What it is very
unsure of is left out, and what it repeats in a loop is kept once. Silence is cut away first, by the voice-activity model
inside the package: in silence Whisper makes words up.
"""

from __future__ import annotations

import functools
import os
import re
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from kernel.memory.readers.sound import RATE, Samples

_LOOPING, _UNSURE, _NO_SPEECH = 2.4, -1.2, 0.6
"""Whisper's own limits (compression ratio, mean log-probability, probability of no speech), the second a little wider."""
_SURE_LANGUAGE, _UNSURE_OF_BOTH = 0.8, -0.7
"""Where it is sure neither of the language nor of the words, it writes fluent nonsense in some other language."""
_INTO = 0.5
"""Whisper lets a segment begin a little early and end a little late: this far into it, it is in its own stretch."""
_PAUSE_SECONDS = 2.0
_LONG_STRETCH = 300
_ENDS = re.compile(r"[.!?。！？…][\"'”’)]*$")


class Stretch(msgspec.Struct):
    """Whole sentences, as far as Whisper says where they end."""

    text: str
    start: float
    end: float


class Heard(msgspec.Struct, frozen=True):
    stretches: list[Stretch]
    language: str


@functools.lru_cache(maxsize=1)
def model_in(folder: Path) -> Any:
    """One a process: loading takes a second."""
    from faster_whisper import WhisperModel

    threads = os.cpu_count() or 2
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)


def transcribe(model: Any, samples: Samples, offset: float) -> Heard:
    """What is said in one window, with seconds from the recording's beginning; and in which language.

    After silence Whisper likes to begin in small letters, which would hide where a sentence begins.
    """
    from faster_whisper.vad import get_speech_timestamps

    sound = samples.astype(np.float32) / 32768
    voiced = [(chunk["start"], chunk["end"]) for chunk in get_speech_timestamps(sound)]
    if not voiced:
        return Heard([], "")
    segments, info = model.transcribe(
        np.concatenate([sound[start:end] for start, end in voiced]),
        temperature=0.0,
        condition_on_previous_text=False,  # with it, one loop would go on to the end
    )
    stretches: list[Stretch] = []
    looped: set[str] = set()
    for segment in segments:
        text = " ".join(segment.text.split())
        if not text or _is_doubtful(segment, info.language_probability) or text in looped:
            continue
        if segment.compression_ratio > _LOOPING:  # of all that it heard in these 30 seconds
            looped.add(text)
        lost, _ = silence_before(voiced, segment.start, segment.end)
        start, end = segment.start + lost + offset, segment.end + lost + offset
        last = stretches[-1] if stretches else None
        if last and _goes_on(last, start):
            last.text, last.end = f"{last.text} {text}", end
        else:
            stretches.append(Stretch(text[:1].upper() + text[1:], start, end))
    return Heard(stretches, str(info.language))


def _is_doubtful(segment: Any, sure_of_language: float) -> bool:
    silent = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < -1
    unsure = segment.avg_logprob < (_UNSURE if sure_of_language > _SURE_LANGUAGE else _UNSURE_OF_BOTH)
    return silent or unsure or _compression(segment.text) > _LOOPING


def _goes_on(last: Stretch, start: float) -> bool:
    return not _ENDS.search(last.text) and start - last.end < _PAUSE_SECONDS and len(last.text) < _LONG_STRETCH


def silence_before(voiced: list[tuple[int, int]], start: float, end: float) -> tuple[float, float]:
    """How many seconds of silence were cut away before a segment's beginning, and before its end.

    ``voiced``: the stretches that were left, in samples; ``start`` and ``end`` are seconds of these.
    """
    middle = (start + end) / 2
    return _lost(voiced, min(start + _INTO, middle)), _lost(voiced, max(end - _INTO, middle))


def _lost(voiced: list[tuple[int, int]], seconds: float) -> float:
    silence = kept = before = 0
    for start, end in voiced:
        silence += start - before
        before, kept = end, kept + end - start
        if kept > seconds * RATE:
            break
    return silence / RATE


def _compression(text: str) -> float:
    """How much shorter zlib makes it: a phrase over and over shrinks to little."""
    body = text.encode()
    return len(body) / len(zlib.compress(body))
