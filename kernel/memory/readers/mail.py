"""Mail: one message (``.eml``) or a mailbox (``.mbox``: Thunderbird, Gmail's Takeout), by the standard library.

A message's text is what its writer wrote: quoted replies and signatures are left out, and what was forwarded stays
somebody else's. Attachments are named, not read.
"""

from __future__ import annotations

import datetime as dt
import email
import email.utils
import re
from collections.abc import Iterator
from email.message import Message

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.readers.conversation import clean_name, is_owner
from kernel.memory.readers.fragments import html_text, urls_of
from kernel.memory.readers.headers import decoded_header, text_of_bytes
from kernel.memory.readers.replies import own_words
from kernel.memory.readers.text import dated, title_from_text
from kernel.memory.structs import content_hash
from kernel.types import Origin, Segment

_SEPARATOR = re.compile(rb"^From \S[^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\n", re.MULTILINE)
"""The line above each message of a mailbox; a sentence that begins with "From" holds no clock and year."""
_STUFFED = re.compile(rb"^>(>*From )", re.MULTILINE)
_REPLY = re.compile(r"^(?:\s*(?:re|aw|antw|sv|r|답장|회신)(?:\[\d+\])?\s*[:：]|\s*\[회신\])\s*", re.IGNORECASE)
_FORWARD = re.compile(r"^(?:\s*(?:fwd?|wg|tr|전달)\s*[:：]|\s*\[전달\])\s*", re.IGNORECASE)
_PGP = "-----BEGIN PGP MESSAGE-----"
_ENCRYPTED_TYPES = {"multipart/encrypted", "application/pgp-encrypted"}
_SIGNATURE_TYPES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_BINS = {"spam", "trash", "스팸", "스팸함", "휴지통"}
_DELETED = 0x0008
"""Thunderbird's mark of a message that is still in the file."""
_HEADERS = ("from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version", "content-type")


class _Encrypted(Exception):
    """The message is encrypted."""


class _Body(msgspec.Struct):
    """What was found in a message's parts."""

    texts: list[str] = []
    attachments: list[str] = []


def _document(raw: bytes, *, name: str, kind: str, reading: Reading, in_mailbox: bool) -> Document | None:
    """One message as a document; ``None`` where nobody has written a word in it, or it was thrown away.

    Raises ``_Encrypted``.
    """
    message = email.message_from_bytes(raw)
    if in_mailbox and _thrown_away(message):
        return None
    subject = decoded_header(message, "subject")
    body = _Body()
    _collect(message, body)
    own, passed_on = own_words("\n\n".join(body.texts), forwarded=_FORWARD.match(subject) is not None)
    if _PGP in own:
        raise _Encrypted
    title = _bare_subject(subject)
    if not any(c.isalnum() for c in own + passed_on):
        if not body.attachments or _REPLY.match(subject) or not any(c.isalnum() for c in title):
            return None
        own, passed_on = title, ""  # "Photos from Jeju", and the photos
    text = f"{own}\n\n{passed_on}".strip() if passed_on else own
    senders, receivers = _people(message, "from"), [*_people(message, "to"), *_people(message, "cc")]
    mine = reading.mine or is_owner([part for sender in senders for part in sender], reading)
    origin: Origin = "owner" if mine else "other"
    at = _sent(message)
    happened_at, happened_from = (at, "content") if at else dated("" if in_mailbox else name, text)
    speaker = next((who or address for who, address in senders), "")
    details: dict[str, str | int | float | None] = {
        "from": ", ".join(_shown(person) for person in senders),
        "to": ", ".join(_shown(person) for person in receivers),
        "participants": len({address.casefold() or who for who, address in [*senders, *receivers]}),
        "attachments": len(body.attachments),
        "attachment_names": ", ".join(filter(None, body.attachments)),
    }
    return Document(
        title=title or title_from_text(text) or "Mail",
        text=text,
        kind=kind,
        origin=origin,
        happened_at=happened_at,
        happened_from=happened_from,
        part=(decoded_header(message, "message-id").strip("<> ") or content_hash(raw)[:16]) if in_mailbox else "",
        segments=_segments(own, text, origin, speaker, at),
        links=urls_of(text),
        details={key: value for key, value in details.items() if value},
    )


def _segments(own: str, text: str, origin: Origin, speaker: str, at: str | None) -> tuple[Segment, ...]:
    """None for the owner's own words; else who said them, and what was passed on apart."""
    if origin == "owner" and len(own) == len(text):
        return ()
    begins = len(text) - len(text[len(own) :].lstrip())
    said = Segment(start=0, end=len(own), speaker=speaker, at=at)
    passed_on = Segment(start=begins, end=len(text), origin="other")
    return tuple(segment for segment in (said, passed_on) if segment.start < segment.end)


# --- headers ----------------------------------------------------------------------------------------------------------


def _thrown_away(message: Message) -> bool:
    """Spam and trash, by Gmail's labels and Thunderbird's mark."""
    labels = {label.strip(' "').lower() for label in decoded_header(message, "x-gmail-labels").split(",")}
    status = decoded_header(message, "x-mozilla-status")
    deleted = re.fullmatch(r"[0-9A-Fa-f]{4}", status) is not None and int(status, 16) & _DELETED
    return bool(labels & _BINS or deleted)


def _bare_subject(subject: str) -> str:
    """Without the ``Re:`` and ``Fwd:`` that programs put before it."""
    while found := _REPLY.match(subject) or _FORWARD.match(subject):
        subject = subject[found.end() :]
    return subject.strip()


def _people(message: Message, header: str) -> list[tuple[str, str]]:
    """Names and addresses of a header."""
    raw = decoded_header(message, header, addresses=True)
    found = [(clean_name(name), address.strip()) for name, address in email.utils.getaddresses([raw])]
    return [person for person in found if any(person)] or ([(clean_name(raw), "")] if raw.strip() else [])


def _shown(person: tuple[str, str]) -> str:
    name, address = person
    return f"{name} <{address}>" if name and address else name or address


def _sent(message: Message) -> str | None:
    """When it was sent, in UTC: its ``Date``, else when the first server got it."""
    received = [str(value).rsplit(";", 1)[-1] for value in message.get_all("received", [])]
    for written in (str(message.get("date") or ""), *reversed(received)):
        try:
            moment = email.utils.parsedate_to_datetime(written.strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


# --- bodies -----------------------------------------------------------------------------------------------------------


def _collect(part: Message, body: _Body) -> None:
    """Gather the texts of a part and the names of its attachments. Raises ``_Encrypted``."""
    kind = part.get_content_type()
    sealed = kind.endswith("pkcs7-mime") and "signed-data" not in str(part.get_param("smime-type", "enveloped-data"))
    if kind in _ENCRYPTED_TYPES or (sealed and kind.startswith("application/")):
        raise _Encrypted
    if part.is_multipart() and kind.startswith("multipart/"):
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            _collect_best(children, body)
        else:
            related = kind == "multipart/related"  # what follows the first are pictures that its HTML shows
            for number, child in enumerate(children):
                if not related or number == 0 or child.get_content_disposition() == "attachment":
                    _collect(child, body)
        return
    if kind in _SIGNATURE_TYPES or kind in ("message/delivery-status", "text/rfc822-headers"):
        return
    filename = decoded_header(part, "filename")
    if part.get_content_disposition() == "attachment" or filename or kind not in ("text/plain", "text/html"):
        body.attachments.append(filename)
    elif text := _text(part, kind):
        body.texts.append(text)


def _collect_best(children: list[Message], body: _Body) -> None:
    """Of several forms of one text the plain one, else the first that says something; attachments of all."""
    forms = []
    for child in sorted(children, key=lambda child: child.get_content_type() != "text/plain"):
        form = _Body()
        _collect(child, form)
        if child.get_content_type() != "text/calendar":  # the same invitation once more
            body.attachments += form.attachments
        forms.append(form.texts)
    body.texts += next((texts for texts in forms if texts), [])


def _text(part: Message, kind: str) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = text_of_bytes(payload, str(part.get_content_charset() or ""))
    if kind == "text/html":
        return html_text(text).strip()
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _unflowed(text, joined=str(part.get_param("delsp", "")).lower() == "yes")
    return text.strip("\n") if text.strip() else ""


def _unflowed(text: str, *, joined: bool) -> str:
    """Lines that the sender's program broke, whole again (RFC 3676): those that end with a space go on."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line if quoted else line.removeprefix(" ")
        if goes_on and not quoted and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- " and not quoted
        if goes_on and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


# --- files ------------------------------------------------------------------------------------------------------------


class MailReader(Reader):
    kind = "mail"
    suffixes: tuple[str, ...] = (".eml",)

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        data = _lines_ended(data)
        data = data[first.end() :] if (first := _SEPARATOR.match(data)) else data
        if not _is_message(data):
            raise ReadError(
                f"{name} is no mail message: it begins with no headers. Rename it to what it is.", code="mislabelled"
            )
        try:
            document = _document(data, name=name, kind=self.kind, reading=reading, in_mailbox=False)
        except _Encrypted as error:
            raise ReadError(
                f"{name} is encrypted. Open it in your mail program and save its text as a note.", code="encrypted"
            ) from error
        if document is None:
            raise ReadError(
                f"{name} has no words of its writer's (only what it quotes, or nothing). Leave it out.", code="no_text"
            )
        return (document,)


class MailboxReader(Reader):
    """A message that is encrypted, says nothing or was thrown away is left out; one that is there twice is read once."""

    kind = "mbox"
    suffixes: tuple[str, ...] = (".mbox",)
    signatures = (b"From ",)
    large = True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        documents: dict[str, Document] = {}
        encrypted = silent = 0
        for raw in _messages(_lines_ended(data)):
            try:
                document = _document(raw, name=name, kind=self.kind, reading=reading, in_mailbox=True)
            except _Encrypted:
                encrypted += 1
                continue
            if document is None:
                silent += 1
            else:
                documents.setdefault(document.part, document)
        if not documents:
            found = f"{encrypted} encrypted and {silent} without words" if encrypted or silent else "none"
            raise ReadError(
                f"{name} holds no message that can be read ({found}). Export the mailbox again, or leave it out.",
                code="encrypted" if encrypted and not silent else "no_text",
            )
        return tuple(documents.values())


def _lines_ended(data: bytes) -> bytes:
    return data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").replace(b"\r\n", b"\n")


def _is_message(data: bytes) -> bool:
    """Whether it begins with headers of a message."""
    keys = {key.lower() for key in email.message_from_bytes(data[:65_536]).keys()}  # noqa: SIM118
    return any(key in keys for key in _HEADERS)


def _messages(data: bytes) -> Iterator[bytes]:
    """The messages of a mailbox: each begins below a ``From`` line that has an empty line, or nothing, above it."""
    starts = [
        found
        for found in _SEPARATOR.finditer(data)
        if found.start() == 0 or data[found.start() - 2 : found.start()] == b"\n\n"
    ]
    for number, found in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(data)
        raw = _STUFFED.sub(rb"\1", data[found.end() : end])
        if _is_message(raw):
            yield raw
