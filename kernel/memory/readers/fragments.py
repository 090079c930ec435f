"""HTML inside other formats (a message's body, an event's description) as text."""

from __future__ import annotations

import re

from kernel.memory.readers.elements import Elements

_TAG = re.compile(r"<(?:br|p|div|a|b|i|ul|ol|li|span|html|table)\b[^<>]*/?>", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*(?:<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|\s)+", re.IGNORECASE)
_SIGNATURES = ("gmail_signature", "moz-signature")
_URL = re.compile(r"https?://[^\s<>\"'\])]+[^\s<>\"'\]).,;:!?]")


def looks_like_html(text: str) -> bool:
    """Whether a text that should be plain holds tags (calendars send such descriptions)."""
    return _TAG.search(text) is not None


def html_text(html: str) -> str:
    """Its text, quotations after ``> ``; without the signature where the mail program marks it as one."""
    from trafilatura import load_html

    tree = load_html(f"<html><body>{_DECLARATION.sub('', html)}</body></html>")
    if tree is None:
        return ""
    for element in list(tree.iter("div", "span", "pre", "table")):
        if any(name in (element.get("class") or "") for name in _SIGNATURES) and element.getparent() is not None:
            element.drop_tree()
    return Elements().walk(tree).text


def urls_of(text: str) -> tuple[str, ...]:
    """The URLs that stand in a text, in order, each once."""
    return tuple(dict.fromkeys(_URL.findall(text)))
