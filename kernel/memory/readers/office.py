"""Word, PowerPoint, Excel and EPUB by markitdown. Someone else's words unless the owner says so."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.dates import date_in_name, date_of_value
from kernel.memory.readers.office_text import first_heading, tidy
from kernel.memory.readers.text import dated, title_from_name, title_from_text

_MAIN = {
    "docx": "word/document.xml",
    "pptx": "ppt/presentation.xml",
    "xlsx": "xl/workbook.xml",
    "epub": "META-INF/container.xml",
}
"""The part that makes a file one of a format."""
_OLD = b"\xd0\xcf\x11\xe0"
"""Compound files: Office before 2007, and later files under a password."""
_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MB = 1024 * 1024
_MAX_GROWTH_MB = 256
"""What unpacking may add, over all parts. Pictures do not shrink, so this is nearly all text: a shelf of books."""
_ENCRYPTED = 0x1
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""EPUB: only its typefaces are scrambled."""
_FEW_LETTERS = 3
_TEMPLATE_TITLES = re.compile(
    r"(?:microsoft (?:word|excel|powerpoint)\b.*|powerpoint (?:presentation|프레젠테이션)|(?:document|문서)\s?\d*|untitled.*"
    r"|제목 ?없음.*|(?:presentation|프레젠테이션)\s?\d*|(?:book|통합 ?문서)\s?\d+|[^\s]+\.(?:docx?|pptx?|xlsx?|hwpx?))",
    re.IGNORECASE,
)
_TEMPLATE_DATES = ("2013-12-23T23:15:00", "2013-01-27T09:14:16", "2006-09-16T00:00:00", "1601-01-01", "1980-01-01")
"""When the empty files were made that programs begin with."""
_PROGRAMS = frozenset(
    {"python-docx", "openpyxl", "microsoft office user", "user", "admin", "owner", "unknown", "작성자"}
)
_EPUB_HEAD = re.compile(
    r"\A\*\*(?:Title|Authors|Language|Publisher|Date|Description|Identifier):\*\* "
    r"(?:.*?^\*\*Identifier:\*\* [^\n]*|[^\n]*(?:\n\*\*\w+:\*\* [^\n]*)*)",
    re.DOTALL | re.MULTILINE,
)


class OfficeReader(Reader):
    kind = "office"
    suffixes: tuple[str, ...] = tuple(f".{name}" for name in _MAIN)
    signatures = (b"PK\x03\x04", _OLD)
    large = True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        form = PurePosixPath(name).suffix.lower().lstrip(".")
        if data.startswith(_OLD):
            raise _old(name, form, data)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                _check(archive, name, form)
                properties = _properties(archive, form)
            text, links = tidy(_converted(data, form), sheet=form == "xlsx", slides=form == "pptx")
        except ReadError:
            raise
        except Exception as error:  # four parsers, each with errors of its own for parts that are broken
            raise ReadError(f"{name} is damaged or cut short. Get a whole copy of it.", code="damaged") from error
        if sum(c.isalpha() for c in text) < _FEW_LETTERS:
            raise ReadError(
                f"{name} has no text (only pictures?). Save it as PDF, run text recognition over it and add that.",
                code="no_text",
            )
        return (self._document(name, form, text, links, properties, reading.mine),)

    def _document(
        self, name: str, form: str, text: str, links: tuple[str, ...], properties: dict[str, str], mine: bool
    ) -> Document:
        happened_at, happened_from = date_in_name(name), "file_name"
        if happened_at is None:
            happened_at, happened_from = dated("", text, _made(properties.get("created", "")))
        title = properties.get("title", "")
        if len(title) < 3 or _TEMPLATE_TITLES.fullmatch(title):
            title = "" if form == "xlsx" else first_heading(text)  # a sheet's name is no title
        details: dict[str, str | int | float | None] = {"format": form}
        author = properties.get("creator", "")
        if author and author.lower() not in _PROGRAMS:
            details["author"] = author
        return Document(
            title=title or title_from_name(name) or title_from_text(text),
            text=text,
            kind=self.kind,
            origin="owner" if mine else "other",
            happened_at=happened_at,
            happened_from=happened_from,
            links=links,
            details=details,
        )


def _old(name: str, form: str, data: bytes) -> ReadError:
    if _PACKAGE in data:
        return ReadError(f"{name} is encrypted. Save a copy without a password and add that.", code="encrypted")
    return ReadError(
        f"{name} is a file of Office before 2007, whatever its name says. Open it and save it as .{form}.",
        code="mislabelled",
    )


def _check(archive: zipfile.ZipFile, name: str, form: str) -> None:
    """Before anything is unpacked: not too much of it, not under a password, and what its name says."""
    members = archive.infolist()
    growth = sum(max(member.file_size - member.compress_size, 0) for member in members)
    if growth > _MAX_GROWTH_MB * _MB:
        raise ReadError(
            f"{name} would unpack to {growth // _MB} MB more than it has; the limit is {_MAX_GROWTH_MB} MB. Split it, "
            "or save its text as Markdown.",
            code="too_large",
        )
    names = {member.filename for member in members}
    locked = any(member.flag_bits & _ENCRYPTED for member in members)
    if not locked and form == "epub" and "META-INF/encryption.xml" in names:
        root = ElementTree.fromstring(archive.read("META-INF/encryption.xml"))
        data = [element for element in root.iter() if element.tag.endswith("}EncryptedData")]
        locked = any(not any(way.get("Algorithm") in _FONTS for way in element.iter()) for element in data)
    if locked:
        raise ReadError(
            f"{name} is encrypted (a password or a seller's lock). Add a copy without it.", code="encrypted"
        )
    if _MAIN[form] not in names:
        found = next((other for other, part in _MAIN.items() if part in names), None)
        what = f"a .{found} file" if found else "an archive of something else"
        raise ReadError(f"{name} is {what}, whatever its name says. Rename it to what it is.", code="mislabelled")


def _converted(data: bytes, form: str) -> str:
    """By the converter of one format alone: none that guesses, none that loads plugins or fetches anything."""
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter, EpubConverter, PptxConverter, XlsxConverter

    converter: Any = {"docx": DocxConverter, "pptx": PptxConverter, "xlsx": XlsxConverter, "epub": EpubConverter}[
        form
    ]()
    options: dict[str, Any] = {"escape_asterisks": False, "escape_underscores": False}
    if form == "docx":
        options["style_map"] = "p[style-name='Title'] => h1:fresh\np[style-name='제목'] => h1:fresh"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what openpyxl does not know of Excel is no text
        text = str(converter.convert(io.BytesIO(data), StreamInfo(extension=f".{form}"), **options).markdown)
    return _EPUB_HEAD.sub("", text) if form == "epub" else text


def _properties(archive: zipfile.ZipFile, form: str) -> dict[str, str]:
    """``title``, ``creator`` and ``created`` as the file itself gives them."""
    part = "docProps/core.xml"
    if form == "epub":
        container = ElementTree.fromstring(archive.read(_MAIN["epub"]))
        part = next((str(found.get("full-path")) for found in container.iter() if found.tag.endswith("}rootfile")), "")
    elif part not in archive.namelist():
        return {}
    root = ElementTree.fromstring(archive.read(part))
    found: dict[str, str] = {}
    for element in root.iter():
        key = str(element.tag).rpartition("}")[2].replace("date", "created")
        if key in ("title", "creator", "created") and (words := " ".join((element.text or "").split())):
            found.setdefault(key, words)
    return found


def _made(created: str) -> str | None:
    return None if created.startswith(_TEMPLATE_DATES) else date_of_value(created)
