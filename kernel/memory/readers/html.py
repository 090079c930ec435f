"""Web pages by trafilatura: the readable text without what surrounds it. Someone else's words unless the owner says so."""

from __future__ import annotations

import codecs
import re
from typing import Any

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.readers.elements import Elements
from kernel.memory.readers.text import dated, decode, title_from_name, title_from_text

_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_CODECS = {
    **dict.fromkeys(("euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "ks_c_5601", "korean", "windows-949"), "cp949"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis"), "cp932"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
}
"""Labels that browsers read as the larger set that holds them (WHATWG Encoding)."""
_ENCODING = re.compile(
    r"utf-?(?:8|16)|iso-?\d|latin|windows-|cp\d|euc|ks_?c|korean|johab|gb|x-gbk|hz|big5|shift|x-sjis|koi8|tis-|mac|(?:us-)?ascii"
)
_XML = re.compile(r"\A\s*<\?xml[^>]*\?>")
_SAVED = re.compile(r"<!-- saved from url=\(\d+\)(https?://\S+?) -->")
_FEW_LETTERS = 3
_SHORT = 250
"""Below this trafilatura takes all lines of a page as they come, without their form."""
_SMALL_PAGE = 1500
_MAX_DAMAGED = 0.01
_DATES = {"extensive_search": False, "original_date": True, "max_date": "2100-01-01"}
"""Only dates that the page declares, and none that depend on today."""


def charset_of(data: bytes) -> str:
    """The Python codec that a page says it is in; empty where it says none that is known."""
    found = _CHARSET.search(data[:4096])
    return codec_for(found[1].decode("ascii", "replace")) if found else ""


def codec_for(label: str) -> str:
    """The Python codec for the name of an encoding; empty for what is none (Python has codecs that are no such thing)."""
    label = label.strip().lower()
    if not _ENCODING.match(label):
        return ""
    try:
        return codecs.lookup(_CODECS.get(label, label)).name
    except LookupError:
        return ""


def _decoded(data: bytes, name: str) -> str:
    """A byte order mark, then UTF-8 where it fits (pages that say otherwise are commoner than texts that fit by
    chance), then what the page says, then a guess."""
    codec = charset_of(data)
    text = ""
    if codec.startswith("iso2022"):  # seven bits: fits UTF-8 always
        text = data.decode(codec, "replace")
    elif codec and not codec.startswith("utf") and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode(codec, "replace")
    if text and text.count("\ufffd") <= len(text) * _MAX_DAMAGED:
        data = text.encode("utf-8", "replace")
    return _XML.sub("", decode(data, name))


class HtmlReader(Reader):
    kind = "html"
    suffixes: tuple[str, ...] = (".html", ".htm", ".xhtml")

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        from trafilatura import extract_metadata, load_html

        source = _decoded(data, name)
        tree = load_html(source)
        if tree is None:  # trafilatura takes no page without any tag of a page
            tree = load_html(f"<html><body>{source}</body></html>")
        if tree is None:
            raise _no_text(name)
        found = extract_metadata(tree, date_config=dict(_DATES))
        saved = _SAVED.search(source[:4096])
        url = str(found.url or "") or (saved[1] if saved else "")
        text, links = _readable(tree, url)
        if sum(c.isalpha() for c in text) < _FEW_LETTERS:
            raise _no_text(name)
        happened_at, happened_from = dated(name, text, found.date)
        details: dict[str, str | int | float | None] = {
            key: " ".join(str(value).split())
            for key, value in (("author", found.author), ("site", found.sitename), ("url", url))
            if value
        }
        document = Document(
            title=" ".join(str(found.title or "").split()) or title_from_name(name) or title_from_text(text),
            text=text,
            kind=self.kind,
            origin="owner" if reading.mine else "other",
            happened_at=happened_at,
            happened_from=happened_from,
            links=links,
            details=details,
        )
        return (document,)


def _readable(tree: Any, url: str) -> tuple[str, tuple[str, ...]]:
    """The text of a page and where its links lead.

    Of an article among menus what trafilatura finds; the whole of a page that has no menus (notes that an app has
    exported) or of one so small that finding its text would lose half of it.
    """
    from trafilatura import extract, load_html

    base = next((str(element.get("href")) for element in tree.iter("base") if element.get("href")), url)
    body = next(tree.iter("body"), tree)
    whole = Elements(base, furniture=False).walk(body)
    if not _surrounded(tree):
        return whole.text, tuple(whole.links)
    for element in list(tree.iter("noscript")):  # "please enable JavaScript" is no text of the page's
        element.getparent().remove(element)
    made = extract(tree, output_format="html", include_links=True, include_formatting=True, include_comments=False)
    chosen = load_html(made) if made else None
    if chosen is None:
        return whole.text, tuple(whole.links)
    article = Elements(base).walk(chosen)
    if len(article.text) < _SHORT and len(whole.text) < _SMALL_PAGE:
        return whole.text, tuple(whole.links)
    return article.text, tuple(article.links)


def _surrounded(tree: Any) -> bool:
    """Whether there is anything about the page that is not its text."""
    furniture = next(tree.iter("nav", "header", "footer", "aside", "main", "article", "form"), None)
    return furniture is not None or any(script.get("src") for script in tree.iter("script"))


def _no_text(name: str) -> ReadError:
    return ReadError(
        f"{name} has no readable text (it may be made by a program once it is open in a browser). Open it there and "
        "save it as PDF, or copy its text into a note.",
        code="no_text",
    )
