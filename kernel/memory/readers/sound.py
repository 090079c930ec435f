"""A recording's bytes -> samples that Whisper takes, by PyAV (FFmpeg's libraries), a window at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from kernel.errors import ReadError

Samples = npt.NDArray[np.int16]

RATE = 16_000
"""Samples a second."""
WINDOW_SECONDS = 300
"""A long recording is gone through in windows of this length, cut where it is quiet: memory stays as it is."""
_SEARCH_SECONDS = 20
"""How far back from a window's end a quiet place is looked for."""
MAX_HOURS = 4
_ALONE = {"protocol_whitelist": "none"}
"""A playlist is a recording to FFmpeg too, and would have it open other files and addresses: it may open none."""
_BAD_SHARE = 0.05
"""Of the packets, that may be unreadable."""


def _damaged(name: str) -> ReadError:
    return ReadError(f"{name} is damaged or cut short, or holds no sound. Get a whole copy of it.", code="damaged")


def check_whole(data: bytes, name: str) -> None:
    """A WAV says how long it is. (0 and the largest number are what a recorder writes that does not know yet.)"""
    said = int.from_bytes(data[4:8], "little") if data[:4] == b"RIFF" else 0
    if 0 < said < 0xFFFFFF00 and said + 8 > len(data) + 1:
        raise _damaged(name)


def tags_of(data: bytes, name: str) -> dict[str, str]:
    import av

    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="ignore", options=_ALONE) as container:
            if not container.streams.audio:
                raise _damaged(name)
            found = {**container.streams.audio[0].metadata, **container.metadata}
            hours = (container.duration or 0) / 1e6 / 3600
    except (av.error.FFmpegError, ValueError) as error:
        raise _damaged(name) from error
    if hours > MAX_HOURS:
        raise ReadError(
            f"{name} lasts {hours:.1f} hours; the limit is {MAX_HOURS}. Split it, and add the pieces.", code="too_large"
        )
    return {key.lower(): value for key, value in found.items()}


def decoded(data: bytes, name: str) -> Iterator[Samples]:
    """16 kHz mono. A few packets that cannot be decoded are passed over, as players do; many, or nothing, is damage."""
    import av

    packets = bad = 0
    heard = False
    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="ignore", options=_ALONE) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for packet in container.demux(audio=0):
                packets += 1
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    bad += 1
                    continue
                for frame in frames:
                    frame.pts = None
                    for resampled in resampler.resample(frame):
                        heard = True
                        yield resampled.to_ndarray().reshape(-1).astype(np.int16, copy=False)
            for resampled in resampler.resample(None):
                yield resampled.to_ndarray().reshape(-1).astype(np.int16, copy=False)
    except (av.error.FFmpegError, ValueError) as error:
        raise _damaged(name) from error
    if not heard or bad > max(2, packets * _BAD_SHARE):
        raise _damaged(name)


def windows(pieces: Iterable[Samples]) -> Iterator[Samples]:
    kept: list[Samples] = []
    length = 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length >= (WINDOW_SECONDS + _SEARCH_SECONDS) * RATE:
            whole = np.concatenate(kept)
            cut = _quietest(whole)
            yield whole[:cut]
            kept, length = [whole[cut:]], len(whole) - cut
    if length:
        yield np.concatenate(kept)


def _quietest(samples: Samples) -> int:
    """The middle of the quietest half second near the end."""
    half = RATE // 2
    first = len(samples) - _SEARCH_SECONDS * RATE
    blocks = samples[first : first + (_SEARCH_SECONDS * RATE // half) * half].reshape(-1, half)
    loudness = np.abs(blocks.astype(np.int32)).mean(axis=1)
    return first + int(loudness.argmin()) * half + half // 2
