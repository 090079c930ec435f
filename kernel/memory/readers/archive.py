"""A ZIP as messengers and assistants hand out their exports: what is known in it goes to its own reader."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import PurePosixPath

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.readers.chatgpt import ChatGPTReader
from kernel.memory.readers.claude import ClaudeReader
from kernel.memory.readers.kakaotalk import KakaoTalkReader
from kernel.memory.readers.mem0 import Mem0Reader
from kernel.memory.readers.telegram import TelegramReader
from kernel.memory.readers.whatsapp import WhatsAppReader

_READERS: tuple[Reader, ...] = (
    ClaudeReader(),
    ChatGPTReader(),
    TelegramReader(),
    Mem0Reader(),
    KakaoTalkReader(),
    WhatsAppReader(),
)
_MEMBER = re.compile(
    r"conversations(?:-\d+)?\.json|result\.json|_chat(?: \d+)?\.txt|.*whatsapp.*\.txt|(?:kakao|talk).*\.txt"
    r"|(?:mem0|memories|memory).*\.json",
    re.IGNORECASE,
)
_MB = 1024 * 1024
_MOST_MB = 256
"""Unpacked, of all members that are read: several times the largest export of words alone."""
_MOST_RATIO = 200
"""Chats in JSON shrink to a tenth or twentieth; what shrinks this much more was made to burst its reader."""
_ENCRYPTED = 0x1
_DEEPEST = 4


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that may be an export, by name; what lies deep or under ``__MACOSX`` is not."""
    members = []
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        shallow = len(path.parts) <= _DEEPEST and "__MACOSX" not in path.parts
        if shallow and not member.is_dir() and _MEMBER.fullmatch(path.name):
            members.append(member)
    return sorted(members, key=lambda member: member.filename)


def _check(members: list[zipfile.ZipInfo], name: str) -> None:
    if not members:
        raise ReadError(
            f"{name} holds none of the exports that are read (conversations.json, result.json, _chat.txt). Unpack it "
            "and add the files in it.",
            code="unsupported",
        )
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise ReadError(
                f"{name}: {member.filename} in it is encrypted. Unpack it with its password and add the file.",
                code="encrypted",
            )
    size = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if size > _MOST_MB * _MB or size > max(packed, 1) * _MOST_RATIO + _MB:
        raise ReadError(
            f"{name} would unpack to {size / _MB:.1f} MB from {packed / _MB:.1f} MB; at most {_MOST_MB} MB and "
            f"{_MOST_RATIO} times its size are read. Export fewer chats at a time.",
            code="too_large",
        )


class ArchiveReader(Reader):
    """The documents are of the kinds of the exports inside."""

    kind = "archive"
    kinds: tuple[str, ...] = tuple(reader.kind for reader in _READERS)
    suffixes: tuple[str, ...] = (".zip",)
    signatures = (b"PK\x03\x04",)
    large = True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        documents: dict[str, Document] = {}
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = _members(archive)
                _check(members, name)
                for member in members:
                    for document in self._read(archive.read(member), f"{name}/{member.filename}", reading):
                        if document.part in documents:  # two chats of one name in two folders
                            document = msgspec.structs.replace(document, part=f"{member.filename}/{document.part}")
                        documents[document.part] = document
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise ReadError(f"{name} is damaged or cut short. Get a whole copy of it.", code="damaged") from error
        if not documents:
            raise ReadError(
                f"{name} holds no export that is read ({', '.join(self.kinds)}), whatever its members are called. "
                "Unpack it and add the files in it.",
                code="unsupported",
            )
        return tuple(documents.values())

    @staticmethod
    def _read(data: bytes, name: str, reading: Reading) -> tuple[Document, ...]:
        suffix = PurePosixPath(name).suffix.lower()
        for reader in _READERS:
            if suffix in reader.suffixes and reader.recognises(data, name):
                return reader.read(data, name=name, reading=reading)
        return ()
