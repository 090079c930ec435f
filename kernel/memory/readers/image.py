"""Pictures by Pillow: the text in them by recognition; when, where and with what they were taken from EXIF.

What is written in a picture is somebody else's unless the owner says otherwise. A picture without text becomes a note by
what is known of it: the name that it was given, the day and the place; that sentence is machine-made (``self``).
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.language import is_hangul
from kernel.memory.readers.device_names import day_in_name, given_title
from kernel.memory.readers.ocr import LONG_SIDE, lines_of, paragraphs
from kernel.memory.readers.text import dated, title_from_text
from kernel.types import Origin, Span

MAX_FRAMES = 50
"""Pages of a scanned TIFF that are read."""
_FEW_LETTERS = 2


class Describe(Protocol):
    """What a ``PIL.Image`` shows, in a sentence; a vision model's part."""

    def __call__(self, image: Any) -> str: ...


class ImageReader(Reader):
    kind = "image"
    suffixes: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
    signatures = (b"\x89PNG", b"\xff\xd8\xff", b"WEBP", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
    large = True

    def __init__(self, describe: Describe | None = None) -> None:
        self.describe = describe

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        image, size = _opened(data, name)
        with _decoding(name):
            exif = image.getexif()
            details = {**_size(size, exif), **_taken_with(exif), **_place(exif)}
            taken = _taken_at(exif)
        texts, left_out = _texts(image, name)
        shown = self.describe(image).strip() if self.describe else ""
        if left_out:
            details["unread_pages"] = left_out
        read = sum(c.isalpha() for text in texts for c in text) >= _FEW_LETTERS
        happened_at, happened_from = (taken, "exif") if taken else _dated(name, texts[0] if read else "")
        title = given_title(name)
        origin: Origin = "owner" if reading.mine else "other"
        if not read:
            texts, origin = [shown or _said_of(name, title, happened_at, details)], "self"
        elif shown:
            details["shows"] = shown
        return (
            Document(
                title=title or (title_from_text(texts[0]) if read or shown else "") or _day_title(name, happened_at),
                text="\f".join(texts),
                kind=self.kind,
                origin=origin,
                happened_at=happened_at,
                happened_from=happened_from,
                pages=tuple(_spans(texts)) if len(texts) > 1 else (),
                details=details,
            ),
        )


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Says as a ``ReadError`` what Pillow cannot or will not decode; its formats raise all of these for broken files."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on, as phones have them, and refuses twice that: a bomb, or a map.
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        raise ReadError(
            f"{name} unpacks to more pixels than are read safely. Save a smaller copy and add that.", code="too_large"
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error) as error:
        raise ReadError(f"{name} is damaged or cut short. Get a whole copy of it.", code="damaged") from error


def _opened(data: bytes, name: str) -> tuple[Any, tuple[int, int]]:
    """The picture, decoded whole, and its width and height."""
    from PIL import Image

    with _decoding(name):
        image = Image.open(io.BytesIO(data))
        size = image.size
        image.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a JPEG is decoded no larger than it is needed
        image.load()
    return image, size


def _texts(image: Any, name: str) -> tuple[list[str], int]:
    """The text of the picture, or of each page of a scanned document; and how many pages were left out."""
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    texts = []
    for number in range(min(count, MAX_FRAMES)):
        if number:
            with _decoding(name):
                image.seek(number)
                image.load()
        texts.append("\n\n".join(paragraphs(lines_of(image))))
    return texts, max(0, count - MAX_FRAMES)


def _spans(texts: list[str]) -> Iterator[Span]:
    at = 0
    for text in texts:
        yield Span(at, at + len(text))
        at += len(text) + 1


# --- EXIF -------------------------------------------------------------------------------------------------------------

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_TAKEN, _OFFSET = 0x9003, 0x9011


def _taken_at(exif: Any) -> str | None:
    """DateTimeOriginal: a moment where the zone is said, else the day."""
    values = exif.get_ifd(_EXIF_IFD)
    said = re.match(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", str(values.get(_TAKEN) or ""))
    if said is None:
        return None
    try:
        local = dt.datetime(*(int(part) for part in said.groups()))  # type: ignore[arg-type] # noqa: DTZ001
        offset = str(values.get(_OFFSET) or "").strip().strip("\x00")
        if re.fullmatch(r"[+-]\d\d:\d\d", offset):
            return dt.datetime.fromisoformat(local.isoformat() + offset).astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        return None
    return local.date().isoformat() if local.year >= 1900 else None


def _size(size: tuple[int, int], exif: Any) -> dict[str, str | int | float | None]:
    """Width and height as the picture is seen."""
    width, height = reversed(size) if exif.get(_ORIENTATION, 1) >= 5 else size
    return {"width": width, "height": height}


def _taken_with(exif: Any) -> dict[str, str]:
    make, model = (str(exif.get(tag) or "").replace("\x00", "").strip() for tag in (_MAKE, _MODEL))
    camera = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return {"camera": camera} if camera else {}


def _place(exif: Any) -> dict[str, float]:
    values = exif.get_ifd(_GPS_IFD)
    try:
        latitude, longitude = _degrees(values[2], values.get(1)), _degrees(values[4], values.get(3))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return {}
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or (latitude, longitude) == (0.0, 0.0):
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(parts: Any, side: object) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = round(degrees + minutes / 60 + seconds / 3600, 6)
    return -value if str(side).strip("\x00 ").upper() in ("S", "W") else value


# --- what is said of it -----------------------------------------------------------------------------------------------


def _dated(name: str, text: str) -> tuple[str | None, str]:
    named = day_in_name(name)
    return (named, "file_name") if named else dated(name, text)


def _said_of(name: str, title: str, day: str | None, details: dict[str, str | int | float | None]) -> str:
    """A sentence of what is known of a picture without text. Raises ``ReadError`` where that is nothing."""
    place = f"{details['latitude']}, {details['longitude']}" if "latitude" in details else ""
    if not (title or day or place):
        raise ReadError(
            f"{name} holds no text that could be read, and neither its name nor the picture says what it shows, when or "
            "where. Give it a name that says it, or leave it out.",
            code="no_text",
        )
    day = (day or "")[:10]
    if any(map(is_hangul, name)):
        when_and_where = "".join((f"{day}에 " if day else "", f"{place}에서 " if place else ""))
        return (
            f"{when_and_where}찍은 사진{f': {title}' if title else ''} ({name})."
            if day or place
            else f"사진: {title} ({name})."
        )
    taken = "".join((f" on {day}" if day else "", f" at {place}" if place else ""))
    return f"A picture{' taken' if taken else ''}{taken}{f': {title}' if title else ''} ({name})."


def _day_title(name: str, day: str | None) -> str:
    return f"Picture of {day[:10]}" if day else name
