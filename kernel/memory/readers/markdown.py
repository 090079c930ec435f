"""Markdown as people keep it (Obsidian and friends): front matter, H1 as title, tags, links, dates in file names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.dates import date_of_value
from kernel.memory.marks import links_of, plain, veiled, without_code
from kernel.memory.readers.text import dated, decode, title_from_name, title_from_text
from kernel.types import Origin

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_H1 = re.compile(r"^#\s+(\S.*?)\s*#*\s*$", re.MULTILINE)
_TAG = re.compile(r"(?<![\w&/#(\[])#([^\W\d_][\w/-]*)")
_DATE_KEYS = ("happened", "happened_at", "date", "created", "created_at", "datetime", "day", "날짜", "작성일")


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter as a mapping and the body. What is not YAML is left in the body: it is text like any other."""
    import yaml

    match = _FRONT.match(text)
    if match is None:
        return {}, text
    try:
        values = yaml.safe_load(match[1])
    except yaml.YAMLError:
        values = _loose(match[1])
    except ValueError:  # PyYAML builds dates itself and lets "2024-13-45" through to datetime
        values = _loose(match[1])
    if values is None:
        values = {}
    if not isinstance(values, dict):
        return {}, text
    return {str(key).lower(): value for key, value in values.items()}, text[match.end() :]


def _loose(block: str) -> dict[str, Any] | None:
    """``key: value`` lines of front matter that is not YAML ("title: Jam: a warning")."""
    pairs = [line.partition(":") for line in block.splitlines() if line.strip()]
    if not all(separator and key.strip() for key, separator, _ in pairs):
        return None
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _tags(value: object, body: str) -> tuple[str, ...]:
    """Those of the front matter, then those of the text (``body`` without code and comments): ``trips/porto`` whole."""
    given: Iterable[object] = (
        value if isinstance(value, list) else re.split(r"[,\s]+", value) if isinstance(value, str) else ()
    )
    names = [str(tag).lstrip("#") for tag in given if tag is not None]
    names += _TAG.findall(body)
    return tuple(dict.fromkeys(name for tag in names if (name := tag.strip().strip("/"))))


def _aliases(value: object) -> dict[str, str | int | float | None]:
    """Other names of the note, as Obsidian keeps them."""
    given = value if isinstance(value, list) else str(value).split(",") if value else ()
    names = ", ".join(dict.fromkeys(name for alias in given if alias is not None and (name := str(alias).strip())))
    return {"aliases": names} if names else {}


class MarkdownReader(Reader):
    """The text is the body: spans never point into front matter."""

    kind = "markdown"
    suffixes: tuple[str, ...] = (".md", ".markdown", ".mdown", ".mkd")

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        text = decode(data, name)
        values, body = _front_matter(text)
        front = text[: len(text) - len(body)]
        body = body.strip("\n")
        if not body.strip():
            raise ReadError(
                f"{name} has nothing below its front matter. Write something into it, or leave it out.", code="empty"
            )
        seen = veiled(without_code(body))
        heading = _H1.search(seen)
        title = str(values.get("title") or "").strip() or (plain(heading[1]) if heading else "")
        given = next((found for key in _DATE_KEYS if (found := date_of_value(values.get(key)))), None)
        happened_at, happened_from = dated(name, body, given)
        origin: Origin = "other" if values.get("source") and not reading.mine else "owner"
        document = Document(
            title=title or title_from_name(name) or title_from_text(body),
            text=body,
            kind=self.kind,
            origin=origin,
            happened_at=happened_at,
            happened_from=happened_from,
            tags=_tags(values.get("tags") or values.get("tag"), seen),
            links=tuple(dict.fromkeys([*links_of(front), *links_of(body)])),
            details=_aliases(values.get("aliases") or values.get("alias")),
        )
        return (document,)
