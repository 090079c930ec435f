"""Mail and calendars, written by the libraries that programs write them with."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from email.message import EmailMessage

import icalendar

REPLY = (
    "Saturday suits me. I will bring the ladder.\n\n"
    "On Tue, 5 Mar 2024 at 09:12, Rosa Diaz <rosa@example.org> wrote:\n"
    "> Can we paint the boat on Saturday?\n>\n> Rosa\n\n-- \nMina Holt\n+44 20 7946 0000\n"
)


def a_message(
    text: str, *, sender: str = "Mina Holt <mina@example.org>", subject: str = "Re: The boat", **more: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = more.get("to", "Rosa Diaz <rosa@example.org>")
    message["Subject"] = subject
    message["Date"] = more.get("date", "Tue, 05 Mar 2024 10:30:00 +0100")
    if "id" in more:
        message["Message-ID"] = f"<{more['id']}>"
    message.set_content(text)
    return message


def a_mailbox(*messages: EmailMessage) -> bytes:
    return b"".join(
        b"From mina@example.org Tue Mar  5 10:30:00 2024\n" + message.as_bytes(unixfrom=False) + b"\n\n"
        for message in messages
    )


def a_calendar(*components: icalendar.Component, zone: str = "") -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Example//Calendar//EN")
    calendar.add("version", "2.0")
    if zone:
        calendar.add("x-wr-timezone", zone)
    for component in components:
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def an_event(summary: str, start: dt.date, end: dt.date | None = None, **more: object) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", more.pop("uid", summary))
    event.add("summary", summary)
    event.add("dtstart", start)
    if end is not None:
        event.add("dtend", end)
    for key, value in more.items():
        event.add(key.replace("_", "-"), value)
    return event


def at(clock: str, zone: str = "Europe/Madrid") -> dt.datetime:
    """A moment in the clock of a place."""
    return dt.datetime.fromisoformat(clock).replace(tzinfo=zoneinfo.ZoneInfo(zone))


GOOD = {
    "mail": ("boat.eml", a_message(REPLY, id="1@example.org").as_bytes()),
    "mbox": (
        "boat.mbox",
        a_mailbox(
            a_message("Can we paint the boat on Saturday?", sender="Rosa Diaz <rosa@example.org>", id="0@example.org"),
            a_message(REPLY, id="1@example.org"),
        ),
    ),
    "calendar": (
        "mine.ics",
        a_calendar(
            an_event(
                "Dentist",
                at("2025-06-25 14:30"),
                at("2025-06-25 15:00"),
                location="Calle Mayor 3",
                description="Bring the old X-rays.",
            ),
        ),
    ),
}
