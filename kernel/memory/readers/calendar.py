"""Calendars (``.ics``) by icalendar: a document for each event, task and journal entry.

The text says when and where in the clock of the place; ``happened_at`` is the same moment in UTC.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Sequence
from typing import Any

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.language import language_of
from kernel.memory.readers.conversation import clean, clean_name, is_owner
from kernel.memory.readers.fragments import html_text, looks_like_html, urls_of
from kernel.memory.readers.recurrence import in_words
from kernel.memory.readers.text import decode, title_from_text
from kernel.memory.structs import content_hash
from kernel.types import Origin

_LABELS = {
    "en": {
        "when": "When", "where": "Where", "with": "With", "repeats": "Repeats", "due": "Due", "done": "Done",
        "status": "Status", "cancelled": "cancelled", "tentative": "not certain", "organiser": "Organiser",
    },
    "ko": {
        "when": "일시", "where": "장소", "with": "참석자", "repeats": "반복", "due": "마감", "done": "완료",
        "status": "상태", "cancelled": "취소됨", "tentative": "미정", "organiser": "주최자",
    },
}  # fmt: skip
_BOXES = {"COMPLETED": "x", "CANCELLED": "-", "IN-PROCESS": "/"}
_KINDS = ("VEVENT", "VTODO", "VJOURNAL")
Moment = dt.datetime | dt.date


class CalendarReader(Reader):
    kind = "calendar"
    suffixes: tuple[str, ...] = (".ics", ".ical")

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        documents: dict[str, tuple[int, Document]] = {}
        for calendar in _calendars(decode(data, name), name):
            zone = _zone(str(calendar.get("X-WR-TIMEZONE") or ""))
            for component in calendar.walk():
                if component.name not in _KINDS:
                    continue
                document = _Entry(component, zone, reading).document(self.kind)
                if document is None:
                    continue
                sequence = _number(component.get("SEQUENCE"))
                if document.part not in documents or sequence > documents[document.part][0]:
                    documents[document.part] = (sequence, document)
        if not documents:
            raise ReadError(
                f"{name} holds no events, tasks or journal entries. Export the calendar again, or leave it out.",
                code="no_text",
            )
        return tuple(document for _, document in documents.values())


def _calendars(text: str, name: str) -> list[Any]:
    from icalendar import Calendar

    begun = len(re.findall(r"^BEGIN:VCALENDAR\s*$", text, re.IGNORECASE | re.MULTILINE))
    ended = len(re.findall(r"^END:VCALENDAR\s*$", text, re.IGNORECASE | re.MULTILINE))
    if not begun:
        raise ReadError(
            f"{name} is no calendar: it lacks BEGIN:VCALENDAR. Rename it to what it is.", code="mislabelled"
        )
    try:
        calendars = Calendar.from_ical(text, multiple=True) if begun == ended else []
    except (ValueError, KeyError, IndexError, OSError) as error:  # OSError: a zone that is the name of a folder
        raise _damaged(name) from error
    if not calendars:
        raise _damaged(name)
    return list(calendars)


def _damaged(name: str) -> ReadError:
    return ReadError(f"{name} is damaged or cut short. Export the calendar again.", code="damaged")


def _zone(name: str) -> dt.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


class _Entry:
    """One component: what it says, in the language that it is written in."""

    def __init__(self, component: Any, zone: dt.tzinfo | None, reading: Reading) -> None:
        self.component, self.zone, self.reading = component, zone, reading
        self.summary = " ".join(self._text("SUMMARY").split())
        self.description = self._description()
        self.words = _LABELS["ko" if language_of(f"{self.summary}\n{self.description}") == "ko" else "en"]
        self.start = self._moment("DTSTART")

    def document(self, kind: str) -> Document | None:
        """``None`` for one that says nothing but when it is."""
        task = self.component.name == "VTODO"
        if not any(c.isalnum() for c in self.summary + self.description):
            return None
        at = self._happened()
        organiser, others = self._people()
        place = " ".join(self._text("LOCATION").split())
        lines = [f"- [{self._box()}] {self.summary}" if task and self.summary else self.summary]
        lines += [self._line("due", self._shown(self._moment("DUE")))] if task else []
        lines += [self._line("done", self._shown(self._moment("COMPLETED")))] if task else []
        lines += [
            self._line("when", "" if task and self._moment("DUE") else self._when()),
            self._line("repeats", self._repeats()),
            self._line("where", place),
            self._line("with", ", ".join(others)),
            self._line("organiser", organiser if self._origin() == "other" else ""),
            self._line("status", "" if task else self._status()),
            self.description,
        ]
        text = "\n".join(line for line in lines if line)
        geo = next(iter(_list(self._get("GEO"))), None)
        details: dict[str, str | int | float | None] = {
            "location": place,
            "organiser": organiser,
            "participants": len(others),
            "latitude": getattr(geo, "latitude", None),
            "longitude": getattr(geo, "longitude", None),
        }
        return Document(
            title=self.summary or title_from_text(self.description),
            text=text,
            kind=kind,
            origin=self._origin(),
            happened_at=at,
            happened_from="content" if at else "unknown",
            tags=self._tags(),
            part=self._part(text),
            links=tuple(dict.fromkeys([*urls_of(self._text("URL")), *urls_of(text)])),
            details={key: value for key, value in details.items() if value not in (None, "", 0)},
        )

    def _line(self, label: str, words: str) -> str:
        return f"{self.words[label]}: {words}" if words else ""

    # --- what is written

    def _text(self, key: str) -> str:
        return "\n".join(clean(str(value)) for value in _list(self._get(key)))

    def _get(self, key: str) -> Any:
        """A property; ``None`` where its value is none that the standard allows."""
        from icalendar import vBroken

        values = [value for value in _list(self.component.get(key)) if not isinstance(value, vBroken)]
        return values[0] if len(values) == 1 else values or None

    def _description(self) -> str:
        text = self._text("DESCRIPTION")
        if looks_like_html(text):
            text = html_text(text.replace("\n", "<br>"))
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def _tags(self) -> tuple[str, ...]:
        names = [str(name) for value in _list(self._get("CATEGORIES")) for name in getattr(value, "cats", [value])]
        return tuple(dict.fromkeys(tag for name in names if (tag := clean_name(name))))

    def _part(self, text: str) -> str:
        uid = clean(str(self.component.get("UID") or "")) or content_hash(text.encode())[:16]
        instance = getattr(self._get("RECURRENCE-ID"), "dt", None)
        return f"{uid}/{_utc(instance) if isinstance(instance, dt.datetime) else instance}" if instance else uid

    # --- people

    def _people(self) -> tuple[str, list[str]]:
        """Who called it, and who else is there: nobody who declined, no rooms, not the owner."""
        organiser = self._get("ORGANIZER")
        others = []
        for person in _list(self._get("ATTENDEE")):
            parameters = getattr(person, "params", {})
            room = str(parameters.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE")
            declined = str(parameters.get("PARTSTAT", "")).upper() == "DECLINED"
            if not room and not declined and not is_owner(_names(person), self.reading):
                others.append(_shown_name(person))
        called = _list(organiser)[0] if organiser is not None else None
        return _shown_name(called) if called is not None else "", list(dict.fromkeys(filter(None, others)))

    def _origin(self) -> Origin:
        organiser = _list(self._get("ORGANIZER"))
        if self.reading.mine or not organiser or is_owner(_names(organiser[0]), self.reading):
            return "owner"
        return "other"

    # --- times

    def _moment(self, key: str) -> Moment | None:
        """A day, or a moment in the clock of the place (UTC is turned into the calendar's zone)."""
        found = next(iter(_list(self._get(key))), None)
        moment = getattr(found, "dt", None)
        if not isinstance(moment, dt.date):
            return None
        return self._local(moment)

    def _local(self, moment: Moment) -> Moment:
        if not isinstance(moment, dt.datetime):
            return moment
        try:
            if moment.tzinfo is None:
                return moment.replace(tzinfo=self.zone)
            return moment.astimezone(self.zone) if self.zone and moment.tzname() == "UTC" else moment
        except OverflowError:
            return moment

    def _end(self) -> Moment | None:
        """The last moment, or the last day (``DTEND`` is the day after it)."""
        end, length = self._moment("DTEND"), getattr(self._get("DURATION"), "dt", None)
        if end is None and isinstance(length, dt.timedelta) and self.start:
            end = self.start + length
        if end is None or self.start is None or isinstance(end, dt.datetime) != isinstance(self.start, dt.datetime):
            return None
        if isinstance(end, dt.datetime) and isinstance(self.start, dt.datetime):
            if (end.tzinfo is None) != (self.start.tzinfo is None) or end <= self.start:
                return None
            return end
        last = end - dt.timedelta(days=1)
        return last if last > self.start else None

    def _when(self) -> str:
        end = self._end()
        if self.start is None or end is None:
            return self._shown(self.start)
        if isinstance(end, dt.datetime) and isinstance(self.start, dt.datetime) and end.date() == self.start.date():
            return f"{self.start:%Y-%m-%d %H:%M}–{end:%H:%M}{_utc_mark(self.start)}"
        return f"{self._shown(self.start)} – {self._shown(end)}"

    def _shown(self, moment: Moment | None) -> str:
        if isinstance(moment, dt.datetime):
            return f"{moment:%Y-%m-%d %H:%M}{_utc_mark(moment)}"
        return moment.isoformat() if moment else ""

    def _happened(self) -> str | None:
        keys = ("COMPLETED", "DUE", "DTSTART") if self.component.name == "VTODO" else ("DTSTART",)
        for key in (*keys, "CREATED", "DTSTAMP"):
            if (moment := self._moment(key)) is not None:
                return _utc(moment)
        return None

    def _repeats(self) -> str:
        rule = next(iter(_list(self._get("RRULE"))), None)
        if rule is None:
            return ""
        until = [self._beside(moment) for moment in rule.get("UNTIL", []) if isinstance(moment, dt.date)]
        korean = self.words is _LABELS["ko"]
        return in_words(dict(rule), self.start, until[0] if until else None, self._exceptions(), korean=korean)

    def _exceptions(self) -> Sequence[Moment]:
        dates = [one.dt for value in _list(self._get("EXDATE")) for one in getattr(value, "dts", [])]
        return [self._beside(moment) for moment in dates if isinstance(moment, dt.date)]

    def _beside(self, moment: Moment) -> Moment:
        """In the clock of the start: rules give their ends in UTC."""
        zone = self.start.tzinfo if isinstance(self.start, dt.datetime) else None
        try:
            return moment.astimezone(zone) if zone and isinstance(moment, dt.datetime) and moment.tzinfo else moment
        except OverflowError:
            return moment

    # --- states

    def _box(self) -> str:
        status = self._text("STATUS").upper()
        if self._moment("COMPLETED") or _number(self._get("PERCENT-COMPLETE")) == 100:
            return "x"
        return _BOXES.get(status, " ")

    def _status(self) -> str:
        return self.words.get(
            {"CANCELLED": "cancelled", "TENTATIVE": "tentative"}.get(self._text("STATUS").upper(), ""), ""
        )


def _utc(moment: Moment) -> str:
    """A UTC timestamp; a day for what is known by the day alone, or by a clock of an unknown place."""
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        return moment.date().isoformat()
    try:
        return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
    except OverflowError:
        return moment.date().isoformat()


def _utc_mark(moment: dt.datetime) -> str:
    return " UTC" if moment.tzname() == "UTC" else ""


def _names(person: Any) -> list[str]:
    address = re.sub(r"^mailto:", "", str(person), flags=re.IGNORECASE)
    return [clean_name(str(getattr(person, "params", {}).get("CN", ""))), address.strip()]


def _shown_name(person: Any) -> str:
    return next((name for name in _names(person) if name), "")
