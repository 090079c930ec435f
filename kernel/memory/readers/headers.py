"""Headers and bytes of mail in whatever encoding they came: wrong or missing labels never stop a message."""

from __future__ import annotations

import binascii
import email.errors
import email.header
import re
from email.message import Message

from kernel.errors import ReadError
from kernel.memory.readers.conversation import clean
from kernel.memory.readers.html import codec_for
from kernel.memory.readers.text import decode

_HANGUL = re.compile("[가-힣]")
_FEW_BYTES = 200
"""Too few to guess an encoding from by how often its letters come."""
_ENCODED = re.compile(r"\"?(?:=\?[^?\s]+\?[BbQq]\?[^?]*\?=[ \t]*)+\"?")


def text_of_bytes(data: bytes, charset: str) -> str:
    """Text of bytes whose label may be wrong, with ``\\n`` as its only line end."""
    label = charset.strip("\"' ").lower()
    codec = codec_for(label) if label.isascii() and label not in ("ascii", "us-ascii") else ""
    if codec and codec != "cp1252":  # which fits nearly anything: UTF-8 is tried before it
        try:
            return _clean(data.decode(codec))
        except UnicodeError:
            pass
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    if codec:  # mostly right: a letter or two are damaged
        text = data.decode(codec, "replace")
        if text.count("\ufffd") <= max(1, len(text) // 50):
            return _clean(text)
    if len(data) < _FEW_BYTES:
        return _clean(_short(data))
    try:
        return _clean(decode(data, "mail"))
    except ReadError:
        return _clean(data.decode(codec or "cp1252", "replace"))


def _short(data: bytes) -> str:
    """A few words without a label: Korean if that makes syllables of nearly all of them, else Western."""
    korean = data.decode("cp949", "replace")
    strange = [c for c in korean if not c.isascii()]
    if len(strange) > 1 and sum(bool(_HANGUL.match(c)) for c in strange) >= len(strange) * 0.8:
        return korean
    return data.decode("cp1252", "replace")


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\u200b\u00ad]", "", text).replace("\xa0", " ")


def decoded_header(message: Message, name: str, *, addresses: bool = False) -> str:
    """A header as it is read, one line; ``filename``: of an attachment. ``addresses``: names stay quoted, so that a
    comma in one does not look like the next address."""
    if name == "filename":
        try:
            value: object = message.get_filename() or ""
        except (ValueError, LookupError, TypeError):
            return ""
    else:
        value = next((value for key, value in message.raw_items() if key.lower() == name), "")
    raw = re.sub(r"\s*\n\s*", " ", str(value).replace("\r", "")).strip()
    charset = str(message.get_content_charset() or "")
    if addresses:
        words = _ENCODED.sub(lambda found: _quoted(_words(found.group().strip('"'), charset)), raw)
        return clean(_unescaped(words, charset))
    return " ".join(clean(_words(raw, charset)).split())


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "").replace('"', "") + '" '


def _words(raw: str, charset: str) -> str:
    """Encoded words (RFC 2047) and bytes that were never encoded, as text."""
    if "=?" not in raw:
        return _unescaped(raw, charset)
    try:
        chunks = email.header.decode_header(raw)
    except (email.errors.HeaderParseError, binascii.Error, ValueError):
        return _unescaped(raw, charset)
    words = []
    for chunk, label in chunks:
        if isinstance(chunk, str):
            words.append(_unescaped(chunk, charset))
        elif label:
            words.append(text_of_bytes(chunk, label))
        else:
            words.append(_unescaped(chunk.decode("raw-unicode-escape", "replace"), charset))
    return "".join(words)


def _unescaped(text: str, charset: str) -> str:
    """Bytes above ASCII that stood in a header as they are (``surrogateescape``), in the encoding of the body."""
    if text.isascii():
        return text
    try:
        data = text.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return text
    return text_of_bytes(data, charset)
