"""Names that a camera, phone or recorder gave to a file: they date it and say nothing more."""

from __future__ import annotations

import datetime as dt
import re

from kernel.memory.dates import date_in_name
from kernel.memory.readers.text import title_from_name

_DEVICE_WORDS = frozenset(
    "img dsc dscn dscf pxl mvimg imag image images photo picture pic screenshot screen shot capture scan scanned "
    "kakaotalk whatsapp signal telegram line audio aud ptt voice recording record recorder new rec memo note video vid "
    "mov movie clip sound track untitled unknown file download wa at am pm jpg copy edited "
    "음성 녹음 새로운 새 사진 이미지 스크린샷 화면 캡처 캡쳐 동영상 스캔 카카오톡 오전 오후".split()
)
_SHORT_DAY = re.compile(r"(?<!\d)(\d\d)(\d\d)(\d\d)_\d{6}(?!\d)")
"""``음성 240706_141030``: how Samsung's recorder dates its files."""


def given_title(name: str) -> str:
    """The title that a person gave the file; empty where a device named it (``IMG_2034.jpg``, ``음성 003.m4a``)."""
    title = title_from_name(name)
    words = re.findall(r"[^\W\d_]+", title)
    return title if any(word.lower() not in _DEVICE_WORDS and len(word) > 1 for word in words) else ""


def day_in_name(name: str) -> str | None:
    """The day in a file's name, as a device writes it or as ``date_in_name`` reads it."""
    if short := _SHORT_DAY.search(name):
        try:
            return dt.date(2000 + int(short[1]), int(short[2]), int(short[3])).isoformat()
        except ValueError:
            pass
    return date_in_name(name)
