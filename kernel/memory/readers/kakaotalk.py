"""KakaoTalk's text export, from telephones and computers, in Korean and English.

Telephones stamp every message (``2024년 3월 5일 오후 3:21, 민아 : 말``); computers write a line for the day and then
``[민아] [오후 3:21] 말``. Telephones call the owner 회원님.
"""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.dates import first_day
from kernel.memory.readers.conversation import Message, by_day, chat_of, clean_name, found, is_owner
from kernel.memory.readers.stamps import CLOCK, STAMP, stamp_of, time_of
from kernel.memory.readers.text import decode
from kernel.types import Origin

_TITLE = re.compile(
    r"(?P<name>.+?)(?:\s\d{1,4})?\s?님과 카카오톡 대화"
    r"|KakaoTalk Chats with (?P<with>.+?)(?:\s\d{1,4})?|(?P<en>.+?)(?:\s\d{1,4})? with KakaoTalk Chats"
)
_SAVED = re.compile(r"(?:저장한 날짜|Date Saved)\s*:")
_ENGLISH_DATE = r"(?P<written>[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}|\d{1,2} [A-Z][a-z]{2,8}\.? \d{4})"
_WRITTEN_DAY = rf"(?:\d{{4}}[년.]\s?\d{{1,2}}[월.]\s?\d{{1,2}}[일.]|{_ENGLISH_DATE})"
_DAY = re.compile(
    rf"-{{3,}} (?:[A-Z][a-z]{{5,8}}, )?{_WRITTEN_DAY}(?: \S요일)? -{{3,}}"
    rf"|(?:{_WRITTEN_DAY} \S요일|[A-Z][a-z]{{5,8}}, {_WRITTEN_DAY})".replace("?P<written>", "?:")
)
_REST = r"(?:, (?P<who>.+?) : (?P<words>.*)|(?P<own>[:,] .*)|)"
_STAMPED = re.compile(STAMP + _REST)
_ENGLISH_STAMPED = re.compile(rf"{_ENGLISH_DATE}(?: at|,)? {CLOCK}{_REST}")
_BRACKETS = re.compile(rf"\[(?P<who>[^\]\n]+)\] \[{CLOCK}\] (?P<words>.*)")
_CLOCKED = re.compile(rf"{CLOCK}, (?P<who>.+?) : (?P<words>.*)")
_SYSTEM = re.compile(
    r".{1,60}님[이을를](?: .{1,60}님[을를])? (?:들어왔습니다|나갔습니다|초대했습니다|내보냈습니다)\.?"
    r"|.{1,60} (?:joined|left) this chatroom\.?"
)
_NO_WORDS = re.compile(
    r"(?:사진|동영상|이모티콘|음성메시지|보이스톡|페이스톡|라이브톡|사진 \d+장|동영상 \d+개|삭제된 메시지입니다\.?|메시지가 삭제되었습니다\.?)"
    r"|\(?이모티콘\)?|(?:보이스톡|페이스톡|그룹콜) (?:해요|취소|부재중|종료|거절|\d+:\d+)|파일: .+|[0-9a-f]{40,}\.\w{3,4}(?: .*)?"
    r"|(?:Photos?|Videos?|Emoticons?|Stickers?|Voice [Mm]essage|\d+ photos|File: .+|This message was deleted\.?)"
)
_OWNER_NAMES = ("회원님", "나")
_HEAD = 8000


class _Said(msgspec.Struct):
    who: str
    lines: list[str]
    day: str
    at: str


class _Begun(msgspec.Struct):
    """What a line begins: a message, or only a day, or something that KakaoTalk says itself."""

    day: str
    said: _Said | None = None
    own: bool = False
    """KakaoTalk speaks; the lines below go on with that."""


def _begun(day: str, time: dt.time | None, match: re.Match[str]) -> _Begun:
    at = f"{day}T{time.isoformat(timespec='seconds')}" if time else day
    if match["who"]:
        return _Begun(day, _Said(match["who"], [match["words"]], day, at))
    return _Begun(day, own=bool(match["own"]))


def _begins(line: str, day: str) -> _Begun | None:
    """``None`` if the line goes on with what stands above. ``day`` is the last that was written on a line of its own."""
    if match := _STAMPED.fullmatch(line):
        stamp = stamp_of(match)
        if stamp and (known := stamp.day("ymd")):
            return _begun(known.isoformat(), stamp.time, match)
    if (match := _ENGLISH_STAMPED.fullmatch(line)) and (here := first_day(match["written"])):
        return _begun(here, time_of(match), match)
    if _DAY.fullmatch(line) and (here := first_day(line.replace(". ", "."))):
        return _Begun(here)
    if day and (match := _BRACKETS.fullmatch(line) or _CLOCKED.fullmatch(line)):
        return _begun(day, time_of(match), match)
    return _Begun(day, own=True) if _SYSTEM.fullmatch(line) else None


def _messages(text: str) -> list[_Said]:
    said: list[_Said] = []
    day, own = "", True
    for line in text.split("\n"):
        begun = _begins(line.strip("\ufeff\u200e "), day)
        if begun is None:
            if not own:
                said[-1].lines.append(line)
            continue
        day = begun.day
        if begun.said or begun.own:
            own = begun.own
        if begun.said:
            said.append(begun.said)
    return said


def _chat(text: str) -> str:
    """What the file says the chat is called, without the number of its people; empty if it does not say."""
    for line in text[:500].split("\n")[:3]:
        if match := _TITLE.fullmatch(line.strip("\ufeff ")):
            return clean_name(match["name"] or match["with"] or match["en"])
    return ""


class KakaoTalkReader(Reader):
    """One document per day. Times are the telephone's own: the export names no zone."""

    kind = "kakaotalk"
    suffixes: tuple[str, ...] = (".txt",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        """Its head says so, or its first line is a day or a stamp and somebody speaks below."""
        head = _head(data)
        lines = [line.strip() for line in head.split("\n")[:4] if line.strip()]
        if not lines:
            return False
        begins = _begins(lines[0], "")
        named = _TITLE.fullmatch(lines[0]) or any(_SAVED.match(line) for line in lines)
        return bool((named or (begins and begins.day)) and _messages(head))

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        text = decode(data, name)
        said = _messages(text)
        key = chat = _chat(text)
        if not chat:
            chat, key = chat_of((clean_name(one.who) for one in said), _OWNER_NAMES, reading)
        return found(by_day([_message(one, reading) for one in said], kind=self.kind, chat=chat, key=key), name)


def _head(data: bytes) -> str:
    """The first lines, whatever the encoding does at the cut: exports are UTF-8, and old ones of Windows CP949."""
    head = data[:_HEAD]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head.decode("utf-8", "ignore") if error.start > len(head) - 4 else head.decode("cp949", "ignore")
    return text.replace("\r\n", "\n").lstrip("\ufeff\n ")


def _message(one: _Said, reading: Reading) -> Message:
    who = clean_name(one.who)
    origin: Origin = "owner" if reading.mine or who in _OWNER_NAMES or is_owner([who], reading) else "other"
    words = "\n".join(one.lines).strip()
    return Message(speaker=who, text="" if _NO_WORDS.fullmatch(words) else words, origin=origin, at=one.at, day=one.day)
