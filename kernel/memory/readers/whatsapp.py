"""WhatsApp's text export, as Android and iOS write it in any country: ``_chat.txt``, ``WhatsApp Chat with Mina.txt``.

The phone's own lines (who joined, calls, media that were left out, deleted messages) are no messages. iOS puts a
left-to-right mark before whatever the phone wrote itself, in every language; Android has no such mark, and is known by
its phrases.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import PurePosixPath

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.readers.conversation import Message, by_day, chat_of, clean_name, found, is_owner
from kernel.memory.readers.stamps import STAMP, Stamp, likely_order, order_of, stamp_of
from kernel.memory.readers.text import decode
from kernel.types import Origin

_LINE = re.compile(rf"[\u200e\u200f\u202a\ufeff]*(?P<open>\[)?{STAMP}(?(open)\]|\s[-–])(?:\s(?P<rest>.*)|$)")
_SAID = re.compile(r"(?P<who>[^:\n]{1,80}?):(?:\s(?P<words>.*)|$)", re.DOTALL)
_MARK = "\u200e"
_OWN_MARKS = re.compile(
    "\u200e<[^<>\n]*>"  # <This message was edited>, <attached: …>
    r"|<(?:This message was edited|이 메시지는 수정되었습니다|수정된 메시지입니다)>"
    "|(?<=.)\u200e[^\n\u200e<]{1,40}$"  # what was left out below a caption
)
_ATTACHED = re.compile(r"^[^\n]{1,200}\.\w{2,5} \((?:file attached|파일 첨부됨|파일 첨부)\)\n?")
_NO_WORDS = re.compile(
    r"""<[^<>\n]{3,60}> | null
    | (?:image|video|audio|GIF|sticker|document|Contact\ card)\ omitted
    | (?:이미지|사진|동영상|비디오|오디오|음성|스티커|GIF|문서|연락처\ 카드|미디어\ 파일)[을를이가]?\s?(?:생략|제외|누락)\S*
    | This\ message\ was\ deleted(?:\ by\ admin\ .*)?\.? | You\ deleted\ this\ message\.?
    | (?:이\ )?메시지[가는를]?\ 삭제(?:되었습니다|했습니다|됨)\.? | 삭제된\ 메시지(?:입니다)?\.? | (?:회원님이\ )?삭제한\ 메시지입니다\.?
    | (?:Missed\ |부재중\ )?(?:voice|video|group|음성|영상)\ (?:call|통화)
    | Waiting\ for\ this\ message\b.* | You\ received\ a\ view\ once\ message\b.* """,
    re.VERBOSE | re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"^\u200e?(?:Messages .{0,80}end-to-end encrypted|Your security code with|메시지.{0,40}종단간 암호화|.{1,60}보안 코드가)"
)
_NO_NAME = re.compile(r"[\"“”]|^(?:INFO|WARN(?:ING)?|ERROR|DEBUG|TRACE|FATAL|CRITICAL|\w+(?:[./]\w+)+)$")
"""What no sender is called: a piece of ``Mina created group "Walks: north"``, the level or the module of a log."""
_ENGLISH = re.compile(r"<Media omitted>|end-to-end encrypted|(?:image|video|audio) omitted|file attached|was deleted")
_CHAT_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"whatsapp[ _-]*(?:chat|conversation)s?[ _]*(?:with|mit|-|–)[ _]*(?P<name>.+)",
        r"(?:chat|conversa|discussion|conversación)[ _](?:de[ _]|do[ _])?whatsapp[ _](?:con|com|avec)[ _](?P<name>.+)",
        r"whatsapp[ _]*(?:대화|채팅)[ _:-]*(?P<name>.+)",
        r"(?P<name>.+?)[ _]?님?[과와]의?[ _]*whatsapp[ _]*(?:대화|채팅).*",
    )
)
_OWN_NAME = re.compile(r"_chat(?: ?\(?\d+\)?)?\.txt", re.IGNORECASE)
_OWNER_NAMES = ("You",)
_HEAD = 20_000


class _Line(msgspec.Struct):
    """A stamped line, and the lines below it that go on with it."""

    stamp: Stamp
    raw: str
    rest: str
    below: list[str] = []
    day: dt.date | None = None

    @property
    def whole(self) -> str:
        return "\n".join([self.rest, *self.below])


def _lines(text: str) -> list[_Line]:
    """The stamped lines with their days. A stamp that looks unlike the first, or is no day, was pasted into a message."""
    found: list[_Line] = []
    first: re.Match[str] | None = None
    for raw in text.split("\n"):
        match = _LINE.match(raw)
        stamp = stamp_of(match) if match else None
        if match and stamp and (first is None or match["open"] == first["open"]):
            first = first or match
            found.append(_Line(stamp, raw, match["rest"] or ""))
        elif found:
            found[-1].below.append(raw)
    if first is None:
        return []
    likely = likely_order(first, english=bool(_ENGLISH.search(text[:_HEAD])))
    order = order_of([line.stamp for line in found], likely)
    lines: list[_Line] = []
    for line in found:
        line.day = line.stamp.day(order)
        if line.day is not None:
            lines.append(line)
        elif lines:
            lines[-1].below += [line.raw, *line.below]
    return lines


def _said(line: _Line) -> tuple[str, str] | None:
    """Who said what; ``None`` where the phone itself speaks."""
    match = _SAID.match(line.whole)
    if match is None or _NO_NAME.search(clean_name(match["who"])):
        return None
    words = _OWN_MARKS.sub("", match["words"] or "")
    written_by_phone = words.startswith(_MARK) or _SYSTEM.search(match["words"] or "")
    words = "" if written_by_phone else _ATTACHED.sub("", words).strip()
    return clean_name(match["who"]), "" if _NO_WORDS.fullmatch(words) else words


def _chat_in_name(name: str) -> str:
    """``WhatsApp Chat with Mina (1).txt`` -> ``Mina``; of a file in an archive also by the archive's name."""
    for part in reversed(PurePosixPath(name).parts):
        stem = re.sub(
            r"\s*(?:\(\d+\)|(?<=_chat) ?\d+)$", "", re.sub(r"\.[A-Za-z]{3}$", "", unicodedata.normalize("NFC", part))
        )
        for pattern in _CHAT_NAMES:
            if match := pattern.fullmatch(stem):
                return clean_name(match["name"].replace("_", " "))
    return ""


def _chat(name: str, lines: list[_Line]) -> str:
    """What the file says the chat is called, if it does."""
    if named := _chat_in_name(name):
        return named
    first = _SAID.match(lines[0].rest)
    if first and _SYSTEM.search(first["words"] or ""):  # iOS lets the chat itself say that it is encrypted
        return clean_name(first["who"])
    return ""


class WhatsAppReader(Reader):
    """One document per day. Times are the phone's own: the export names no zone."""

    kind = "whatsapp"
    suffixes: tuple[str, ...] = (".txt",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        """The first line is stamped, and somebody speaks in the first lines. Logs and diaries look much like it: under
        a name that is not WhatsApp's own there must be two who speak."""
        head = data[:_HEAD].decode("utf-8", "ignore").replace("\r\n", "\n").lstrip("\ufeff\n ")
        first = _LINE.match(head.partition("\n")[0])
        if first is None or stamp_of(first) is None:
            return False
        speakers = {said[0] for line in _lines(head) if (said := _said(line))}
        own = bool(_OWN_NAME.fullmatch(PurePosixPath(name).name) or _chat_in_name(name))
        return len(speakers) >= (1 if own else 2)

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        lines = _lines(decode(data, name))
        spoken = [(line, *said) for line in lines if (said := _said(line))]
        if not spoken:
            return found([], name)
        key = chat = _chat(name, lines)
        if not chat:
            chat, key = chat_of((who for _, who, _ in spoken), _OWNER_NAMES, reading)
        messages = [_message(line, who, words, reading) for line, who, words in spoken]
        return found(by_day(messages, kind=self.kind, chat=chat, key=key), name)


def _message(line: _Line, who: str, words: str, reading: Reading) -> Message:
    assert line.day is not None, "lines without a day went into the message above"
    origin: Origin = "owner" if reading.mine or who in _OWNER_NAMES or is_owner([who], reading) else "other"
    at = dt.datetime.combine(line.day, line.stamp.time).isoformat(timespec="seconds")
    return Message(speaker=who, text=words, origin=origin, at=at, day=line.day.isoformat())
