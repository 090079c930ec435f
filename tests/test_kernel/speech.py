"""Speech for tests: eSpeak NG, from its package, driven through its C library; and encoded as phones keep it."""

from __future__ import annotations

import ctypes
import functools
import io

import espeakng_loader
import numpy as np
import numpy.typing as npt

RATE = 22_050
"""Samples a second that eSpeak NG speaks at."""
_SYNCHRONOUS, _UTF8, _SPEED = 2, 1, 1
_HEARD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@functools.cache
def spoken(text: str, *, voice: str = "en-us", words_a_minute: int = 140) -> npt.NDArray[np.int16]:
    """16-bit samples of the text as it is said."""
    library = _library()
    samples = bytearray()

    def hear(wave: ctypes.Array[ctypes.c_short], count: int, _events: int) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, count * 2))
        return 0

    heard = _HEARD(hear)  # kept alive until it has been said
    library.espeak_SetSynthCallback(heard)
    assert library.espeak_SetVoiceByName(voice.encode()) == 0
    library.espeak_SetParameter(_SPEED, words_a_minute, 0)
    said = text.encode()
    assert library.espeak_Synth(said, len(said) + 1, 0, 0, 0, _UTF8, None, None) == 0
    library.espeak_Synchronize()
    return np.frombuffer(bytes(samples), dtype=np.int16)


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Synth.argtypes = [
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
        *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
    ]
    assert library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0) == RATE
    return library


def recording(samples: npt.NDArray[np.int16], form: str = "wav", codec: str = "pcm_s16le", **tags: str) -> bytes:
    """The samples as a file of FFmpeg's ``form`` (``wav``, ``mp3``, ``ipod``, ``ogg`` …), with its tags."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else RATE)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, "mono", stream.rate, frame_size=stream.frame_size or 1024)
        for frame in (sound, None):
            for resampled in resampler.resample(frame):
                container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return file.getvalue()
