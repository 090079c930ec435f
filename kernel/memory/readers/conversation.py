"""What every reader of chats shares: messages -> documents whose segments say who said what, and when."""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from typing import Literal, TypeVar

import msgspec

from kernel.abc import Document, Reading
from kernel.errors import ReadError
from kernel.memory.readers.text import title_from_text
from kernel.types import Origin, Segment

T = TypeVar("T")

OWNER = "Me"
"""How the owner is named where the format names nobody ("user", "human")."""
_URL = re.compile(r"https?://[^\s<>\"'\])]+[^\s<>\"'\]).,;:!?]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Directions and joints that messengers put around names and numbers; nobody typed them."""
_NUMBER = re.compile(r"\+?[\d\s().-]{6,}")
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was said. Messages without words make no line and no segment."""

    speaker: str
    text: str
    origin: Origin
    at: str | None = None
    """UTC where the format gives a zone or an epoch, else local time without a zone."""
    day: str = ""
    """The day as the chat's owner saw it: what a messenger's documents are cut by."""
    passed_on: Literal["", "forwarded", "quoted"] = ""
    """How the speaker came to send words that are somebody else's."""
    author: str = ""
    """Whose words they are then; empty where nobody says."""
    links: tuple[str, ...] = ()
    """URLs that the words stand for; those that stand in the words are found by themselves."""


# --- names ------------------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Words as they are read: one kind of line end, no control characters, no invisible marks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _MARKS.sub("", _CONTROL.sub(" ", text)).strip()


def clean_name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", clean(name)).removeprefix("~").split())


@functools.lru_cache(maxsize=4096)
def _same_name(name: str) -> str:
    """What two ways of writing one name or number have in common."""
    name = clean_name(name)
    if _NUMBER.fullmatch(name):
        return re.sub(r"\D", "", name)
    return name.casefold().removeprefix("@")


def is_owner(names: Iterable[str], reading: Reading) -> bool:
    """Whether one of the names somebody goes by is one of the owner's."""
    known = {_same_name(name) for name in reading.owner}
    return any(_same_name(name) in known for name in names if name.strip())


def chat_of(speakers: Iterable[str], owners: Container[str], reading: Reading) -> tuple[str, str]:
    """What a chat without a name of its own is called, and the key of its days.

    It is called by the first two who are not the owner. The key has the owner too: who that is may be learned later,
    and must not make other notes of the same days.
    """
    everybody = list(dict.fromkeys(speakers))
    others = [who for who in everybody if who not in owners and not is_owner([who], reading)]
    return ", ".join((others or everybody)[:2]), ", ".join(everybody[:2])


# --- JSON -------------------------------------------------------------------------------------------------------------


def decode_json(data: bytes, name: str, kind: type[T], what: str) -> T:
    """The JSON of an export, of which only the fields of ``kind`` are looked at."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:  # half of an emoji, where a preview was cut
            whole = _LONE_SURROGATE.sub(rb"\\ufffd", data)
            if whole == data:
                raise
            return msgspec.json.decode(whole, type=kind)
    except msgspec.ValidationError as error:
        raise ReadError(
            f"{name} is not laid out as {what} is ({error}). Export it again, or save its text as Markdown.",
            code="damaged",
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReadError(
            f"{name} is damaged or cut short: its JSON does not end as it should. Get a whole copy of {what}.",
            code="damaged",
        ) from error


# --- times ------------------------------------------------------------------------------------------------------------


def decode_conversations(data: bytes, name: str, kind: type[T], what: str) -> list[T]:
    """An assistant's export: a list of conversations, or one alone. Raises ``ReadError`` as ``decode_json`` does."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return [decode_json(data, name, kind, what)]
    return decode_json(data, name, list[kind], what)  # type: ignore[valid-type]


def utc_of_epoch(seconds: float | str | None) -> str | None:
    """Seconds since 1970 as a UTC timestamp; ``None`` for what is no moment."""
    try:
        return dt.datetime.fromtimestamp(float(seconds or 0), dt.UTC).isoformat(timespec="seconds") if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


def utc_of_iso(written: str | None) -> str | None:
    """An ISO timestamp in UTC; as local time where it has no zone; ``None`` for what is none."""
    try:
        moment = dt.datetime.fromisoformat((written or "").strip())
    except ValueError:
        return None
    return (moment.astimezone(dt.UTC) if moment.tzinfo else moment).isoformat(timespec="seconds")


# --- documents --------------------------------------------------------------------------------------------------------


def whole(
    messages: Sequence[Message],
    *,
    kind: str,
    title: str,
    part: str,
    happened_at: str | None,
    details: dict[str, str | int | float | None],
    between: str = "\n",
) -> Document | None:
    """One document of these messages, ``Name: words`` a line; ``None`` if nobody says anything."""
    text, segments, links = "", [], []
    present = set()
    for message in messages:
        words = clean(message.text)
        if not words:
            continue
        speaker = label = clean_name(message.speaker)
        present.add(speaker)
        if message.passed_on:
            speaker = clean_name(message.author)
            label = f"{label} ({message.passed_on}{' from ' if speaker else ''}{speaker})"
        text += (between if text else "") + (f"{label}: " if label else "")
        segments.append(
            Segment(start=len(text), end=len(text) + len(words), speaker=speaker, origin=message.origin, at=message.at)
        )
        text += words
        links += [*_URL.findall(words), *message.links]
    if not segments:
        return None
    origins = {segment.origin for segment in segments}
    first = segments[0]
    return Document(
        title=title or title_from_text(text[first.start : first.end]) or kind,
        text=text,
        kind=kind,
        origin=(first.origin or "other") if len(origins) == 1 else "other",
        happened_at=happened_at or first.at,
        happened_from="content" if happened_at or first.at else "unknown",
        part=part,
        segments=tuple(segments),
        links=tuple(dict.fromkeys(links)),
        details={"participants": len(present), **details},
    )


def by_day(messages: Iterable[Message], *, kind: str, chat: str, key: str = "") -> list[Document]:
    """A messenger's chat: one document for each of its days, so that a later export adds days and revises the last."""
    days: dict[str, list[Message]] = {}
    for message in messages:
        days.setdefault(message.day, []).append(message)
    documents = [
        whole(
            said,
            kind=kind,
            title=f"{chat}, {day}",
            part=f"{key or chat}/{day}",
            happened_at=day,
            details={"chat": chat},
        )
        for day, said in sorted(days.items())
    ]
    return [document for document in documents if document is not None]


def found(documents: Iterable[Document | None], name: str) -> tuple[Document, ...]:
    """The documents of a file: of two parts of one name the later. Raises ``ReadError`` (``no_text``) if none is left."""
    named = {document.part: document for document in documents if document is not None}
    if not named:
        raise ReadError(
            f"{name} holds no messages with words in them. Export the chat with its messages, or leave it out.",
            code="no_text",
        )
    return tuple(named.values())
