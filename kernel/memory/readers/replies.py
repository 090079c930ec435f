"""What of a message's text its writer wrote: without quoted replies and signatures; what was forwarded, apart."""

from __future__ import annotations

import re

_FORWARD = re.compile(
    r"^[ \t]*+(?P<quoted>(?:> ?)*)(?:-{3,}[ \t]*(?:Forwarded message|Weitergeleitete Nachricht|전달된 (?:메시지|메일)|전달 메시지)[ \t]*-{3,}"
    r"|Begin forwarded message:|Forwarded message:|전달된 메시지:|전달된 메시지 시작:)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ORIGINAL = re.compile(
    r"^[ \t]*+(?:-{3,}[ \t]*(?:Original (?:Message|Appointment)|Ursprüngliche Nachricht|"
    r"원본 ?(?:메시지|메일)|원래 ?메시지|Message d'origine|Mensaje original)[ \t]*-{3,})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS = re.compile(
    r"^(?:[ \t]*_{5,}[ \t]*\n\s*)?[ \t*]*+(?:From|Von|De|보낸[ ]?사람|발신자?)[ *]*:[^\n]*\n"
    r"(?:[ \t*]*(?:To|Cc|An|받는[ ]?사람|수신자?|참조)[ *]*:[^\n]*\n){0,2}"
    r"[ \t*]*(?:Sent|Date|Gesendet|Enviado|Envoyé|보낸[ ]?(?:날짜|시간)|날짜|Subject|제목)[ *]*:[^\n]*\n"
    r"[ \t*]*(?:To|Cc|Subject|An|Betreff|Para|À|받는[ ]?사람|수신자?|참조|제목|날짜|Date)[ *]*:",
    re.IGNORECASE | re.MULTILINE,
)
"""The block of headers that Outlook puts above the message that is answered, from the first line to the third."""
_ATTRIBUTION = re.compile(
    r"^[ \t]*+(?:"
    r"(?=[^\n]*(?:\n[^\n]+){0,2}?(?:@|\d:\d\d|\d/\d|\b(?:19|20)\d\d\b))On\b[^\n]{3,200}(?:\n[^\n]{1,120}){0,2}?\bwrote:"
    r"|Am\b[^\n]{0,160}\d[^\n]{0,160}(?:\n[^\n]{1,120})?\bschrieb[^\n]{0,80}:"
    r"|Le\b[^\n]{0,160}\d[^\n]{0,160}(?:\n[^\n]{1,120})?\ba écrit\s?:"
    r"|El\b[^\n]{0,160}\d[^\n]{0,160}(?:\n[^\n]{1,120})?\bescribió:"
    r"|[^\n]{0,160}\d{4}(?:년|[.-])[^\n]{0,160}(?:\n[^\n]{1,120})?"
    r"(?:님이|님께서|에)[ ]?(?:작성(?:한 글|했습니다|하셨습니다)?|씀|쓴 글|다음과 같이 (?:썼습니다|작성했습니다)|보낸 메시지)[ ]?:"
    r"|[^\n]{1,120}(?:<[^<>\n]+@[^<>\n]+>|\d{4}(?:년|[.-])[^\n]{0,60})[ ]?(?:님이|님의)[ ]?(?:작성|말|메시지|씀)[ ]?:"
    r")[ \t]*$",
    re.MULTILINE,
)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_SIGNATURE_LINES = 12
"""A line of two dashes without a space ends the text only where no more than this follows."""
_SENT_FROM = re.compile(
    r"\n[ \t]*(?:Sent from my \w[^\n]{0,40}|Get Outlook for \w[^\n]{0,60}|Sent from (?:Mail|Outlook|Yahoo)[^\n]{0,60}|"
    r"(?:나의|내) \w[^\n]{0,30}에서 보냄|\w[^\n]{0,30}에서 보냈습니다\.?|Von meinem \w[^\n]{0,30} gesendet)[ \t]*\s*\Z",
    re.IGNORECASE,
)


def own_words(text: str, *, forwarded: bool = False) -> tuple[str, str]:
    """What the writer wrote, and what they passed on of others (empty where nothing was forwarded).

    ``forwarded``: the subject says that this is a forward, so that what Outlook puts below is no answered message.
    """
    passed_on = ""
    marks = [match for match in _FORWARD.finditer(text) if forwarded or not match["quoted"]][:1]
    if forwarded:
        marks += [match for mark in (_ORIGINAL, _HEADERS) if (match := mark.search(text))]
    found = min(marks, key=lambda match: match.start(), default=None)
    if found:
        passed_on = text[found.start() if found.re is _HEADERS else found.end() :]
        text = text[: found.start()]
        passed_on = _tidy("\n".join(re.sub(r"^(?:> ?)+", "", line) for line in passed_on.split("\n")))
    return _tidy(_without_signature(_without_quotes(text))), passed_on


def _without_quotes(text: str) -> str:
    for mark in (_ORIGINAL, _HEADERS):
        if found := mark.search(text):
            text = text[: found.start()]
    while found := _ATTRIBUTION.search(text):
        below = text[found.end() :]  # after a quotation, or between its parts, there may be answers to it
        text = text[: found.start()] + (below if below.lstrip().startswith(">") else "")
    return "\n".join(line for line in text.split("\n") if not line.startswith(">"))


def _without_signature(text: str) -> str:
    found = _SIGNATURE.search(text)
    if found and (found.group() == "-- " or text[found.end() :].count("\n") <= _SIGNATURE_LINES):
        text = text[: found.start()]
    return _SENT_FROM.sub("", "\n" + text)


def _tidy(text: str) -> str:
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
