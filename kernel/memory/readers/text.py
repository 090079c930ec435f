"""Plain text in any encoding; also what every other reader shares: decoding, titles, dates."""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.dates import date_in_name, first_day, without_date
from kernel.memory.marks import plain

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_EASTERN = re.compile(r"[^\W\d_][¹³£¿¯¼¾¶]|[¹³£¿¯¼¾¶][^\W\d_]|ø(?=.*[èìù])|[èìù](?=.*ø)", re.DOTALL)
"""What Polish or Czech in windows-1250 look like when they are read as windows-1252."""
_NEAR_WEST = {"cp1250", "cp1254", "cp1257", "iso8859_4", "iso8859_9", "iso8859_10", "iso8859_13", "iso8859_16"}
_MAX_CONTROL_SHARE = 0.02
TITLE_LENGTH = 60


def decode(data: bytes, name: str) -> str:
    """Text of any encoding, with ``\\n`` as its only line end. Raises ``ReadError`` (``mislabelled``) if it is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _guess(data, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    if len(_CONTROL.findall(text[:20_000])) > max(2, len(text[:20_000]) * _MAX_CONTROL_SHARE):
        raise ReadError(
            f"{name} holds binary data, not text. Rename it to what it is, or leave it out.", code="mislabelled"
        )
    return _CONTROL.sub(" ", text)


def _guess(data: bytes, name: str) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(data)
    best = matches.best()
    if best is None:
        raise ReadError(f"{name}: the text's encoding could not be found. Save it as UTF-8.", code="mislabelled")
    if best.encoding in _NEAR_WEST:  # the first of many that fit equally well; the west is far commoner
        western = next((str(match) for match in matches if match.encoding == "cp1252"), "")
        if western and not _EASTERN.search(western):
            return western
    return str(best)


def title_from_name(name: str) -> str:
    """``2023-11-06-staff-meeting.md`` -> ``Staff meeting``; empty if there is nothing but a date."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,8}$", "", name)
    words = re.sub(r"[\s_]+|(?<=\S)-(?=\S)", " ", without_date(stem)).strip(" -_.,")
    return words[:1].upper() + words[1:]


def title_from_text(text: str) -> str:
    """The beginning of the first line that says something, cut at a word."""
    line = next((plain(line.lstrip("#> ")) for line in text.splitlines() if plain(line.lstrip("#>- "))), "")
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def dated(name: str, text: str, given: str | None = None) -> tuple[str | None, str]:
    """``happened_at`` and where it came from: front matter, then the file's name, then a day in the text."""
    if given:
        return given, "front_matter"
    if named := date_in_name(name):
        return named, "file_name"
    if day := first_day(text[:2000]):
        return day, "text"
    return None, "unknown"


def mtime_day(document: Document, seconds: float) -> Document:
    """The document, dated by its file's last modification."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
    return msgspec.structs.replace(document, happened_at=moment, happened_from="mtime")


class TextReader(Reader):
    kind = "text"
    suffixes: tuple[str, ...] = (".txt", ".text", ".log")

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        text = decode(data, name)
        if not text.strip():
            raise ReadError(f"{name} is empty. Write something into it, or leave it out.", code="empty")
        happened_at, happened_from = dated(name, text)
        document = Document(
            title=title_from_name(name) or title_from_text(text),
            text=text,
            kind=self.kind,
            origin="owner",
            happened_at=happened_at,
            happened_from=happened_from,
        )
        return (document,)
