"""Mail says who wrote what; calendars say when, where and how often."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from pathlib import Path

import icalendar
import pytest

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.jobs import read_memories
from kernel.memory.readers import read_file
from kernel.memory.structs import FileToRead, ReadFiles
from kernel.types import Sentence
from tests.test_kernel.contracts.samples.mail import GOOD, REPLY, a_calendar, a_mailbox, a_message, an_event, at

OWNER = Reading(owner=("Mina Holt", "mina@example.org"))


def documents(folder: Path, name: str, data: bytes, reading: Reading = OWNER) -> tuple[Document, ...]:
    path = folder / name
    path.write_bytes(data)
    return read_file(path, reading, MemoryConfig())[1]


def sentences(folder: Path, name: str, data: bytes, reading: Reading = OWNER) -> list[Sentence]:
    path = folder / name
    path.write_bytes(data)
    payload = ReadFiles(files=(), limits=MemoryConfig(), learned_at="2025-01-01T00:00:00+00:00", reading=reading)
    return [one for memory in read_memories(FileToRead(path=str(path)), payload) for one in memory.sentences]


def mail(folder: Path, data: bytes | EmailMessage, reading: Reading = OWNER) -> Document:
    (document,) = documents(folder, "a.eml", data if isinstance(data, bytes) else data.as_bytes(), reading)
    return document


# --- mail -------------------------------------------------------------------------------------------------------------


def test_a_reply_is_what_its_writer_wrote(tmp_path: Path) -> None:
    document = mail(tmp_path, GOOD["mail"][1])
    assert document.text == "Saturday suits me. I will bring the ladder."
    assert (document.title, document.origin, document.part) == ("The boat", "owner", "")
    assert (document.happened_at, document.happened_from) == ("2024-03-05T09:30:00+00:00", "content")
    assert document.details == {
        "from": "Mina Holt <mina@example.org>",
        "to": "Rosa Diaz <rosa@example.org>",
        "participants": 2,
    }


@pytest.mark.parametrize(
    ("reading", "sender", "origin"),
    [
        (Reading(owner=("MINA@example.org",)), "Somebody <mina@example.org>", "owner"),
        (Reading(owner=("mina holt",)), "Mina Holt <m@work.example>", "owner"),
        (Reading(owner=("mina",)), "Mina Holt <m@work.example>", "other"),
        (Reading(), "Mina Holt <mina@example.org>", "other"),
        (Reading(mine=True), "Rosa <rosa@example.org>", "owner"),
    ],
)
def test_whose_words(reading: Reading, sender: str, origin: str, tmp_path: Path) -> None:
    assert mail(tmp_path, a_message("We met there.", sender=sender), reading).origin == origin


def test_who_said_it_goes_with_somebody_elses_sentences(tmp_path: Path) -> None:
    data = a_message("The mast is broken. I am sorry about that.", sender="Rosa Diaz <rosa@example.org>").as_bytes()
    found = sentences(tmp_path, "a.eml", data)
    assert found and {one.speaker for one in found} == {"Rosa Diaz"}
    assert {one.origin for one in found} == {"other"}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nOn Tue, 5 Mar 2024 at 09:12, Rosa Diaz\n<rosa@example.org> wrote:\n> Can we?", "Yes."),
        ("On 5/3/24 Rosa wrote:\n> Paint?\nRed, please.\n> When?\nOn Sunday.", "Red, please.\nOn Sunday."),
        ("Yes.\n\nOn 5 Mar 2024, at 09:12, Rosa <rosa@example.org> wrote:\n\nCan we paint it?", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Rosa\nSent: Tuesday\nCan we?", "Yes."),
        (
            "Yes.\n________________________________\nFrom: Rosa <r@x.org>\nSent: 5 March\nTo: Mina\nSubject: x\n\nCan we?",
            "Yes.",
        ),
        (
            "네, 좋아요.\n\n2024년 3월 5일 (화) 오전 9:12, 김하늘 <haneul@example.kr>님이 작성:\n\n> 토요일 어때요?",
            "네, 좋아요.",
        ),
        ("네.\n\n2024. 3. 5. 오전 9:12, 김하늘\n<haneul@example.kr>님이 작성:\n> 토요일?", "네."),
        (
            "네.\n\n보낸 사람: 김하늘 <h@example.kr>\n보낸 날짜: 2024년 3월 5일\n받는 사람: 미나\n제목: 배\n\n토요일?",
            "네.",
        ),
        ("네.\n\n-----원본 메시지-----\n토요일?", "네."),
        ("Ja.\n\nAm 05.03.2024 um 09:12 schrieb Rosa Diaz:\n> Samstag?", "Ja."),
        ("Sí.\n\nEl mar, 5 mar 2024 a las 9:12, Rosa (<r@x.org>) escribió:\n> ¿Sábado?", "Sí."),
        ("Yes.\n\nSent from my iPhone", "Yes."),
        ("네.\n\n나의 iPhone에서 보냄", "네."),
        ("Yes.\n--\nMina\nMaker of boats", "Yes."),
        (
            "On Monday we sailed and Rosa wrote:\nnothing at all.",
            "On Monday we sailed and Rosa wrote:\nnothing at all.",
        ),
        ("From what I hear, it rains.\nTo: the sea!", "From what I hear, it rains.\nTo: the sea!"),
    ],
)
def test_quotations_and_signatures_are_left_out(text: str, own: str, tmp_path: Path) -> None:
    assert mail(tmp_path, a_message(text)).text == own


@pytest.mark.parametrize(
    "mark", ["---------- Forwarded message ---------", "Begin forwarded message:", "---------- 전달된 메시지 ---------"]
)
def test_what_is_passed_on_stays_somebody_elses(mark: str, tmp_path: Path) -> None:
    text = f"I like this one.\n\n{mark}\nFrom: Rosa <rosa@example.org>\nSubject: Paint\n\nWe sell red paint on Sundays."
    data = a_message(text, subject="Fwd: Paint").as_bytes()
    found = sentences(tmp_path, "a.eml", data)
    assert found[0].origin == "owner" and found[0].context.endswith("I like this one.")
    assert found[-1].context.endswith("We sell red paint on Sundays.")
    assert {one.origin for one in found[1:]} == {"other"}
    outlook = "See below.\n\n-----Original Message-----\nWe sell red paint on Sundays."
    assert "red paint" in mail(tmp_path, a_message(outlook, subject="FW: Paint")).text
    assert "red paint" not in mail(tmp_path, a_message(outlook, subject="RE: Paint")).text


def test_html_where_there_is_no_text(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "mina@example.org", "Boat"
    message.set_content(
        "<html><head><style>p {color: red}</style></head><body><p>Red&nbsp;it is.</p><ul><li>two tins</li></ul>"
        '<div class="gmail_signature">Mina Holt, boats</div>'
        '<div class="gmail_quote"><div>On Tue, 5 Mar 2024 at 09:12, Rosa wrote:<br></div>'
        "<blockquote><p>Which colour?</p></blockquote></div></body></html>",
        subtype="html",
    )
    assert mail(tmp_path, message).text == "Red it is.\n\n- two tins"
    message.make_alternative()
    message.add_alternative("Red it is, in plain words.", subtype="plain")
    assert mail(tmp_path, message).text == "Red it is, in plain words."


def test_attachments_are_named_and_not_read(tmp_path: Path) -> None:
    message = a_message("Here are two.", subject="Plans")
    message.add_attachment(b"SECRET", maintype="application", subtype="pdf", filename="mast.pdf")
    message.add_attachment("SECRET", filename="도면.txt")
    document = mail(tmp_path, message)
    assert document.text == "Here are two."
    assert (document.details["attachments"], document.details["attachment_names"]) == (2, "mast.pdf, 도면.txt")
    bare = a_message("", subject="Photos from Jeju")
    bare.add_attachment(b"\xff\xd8\xff", maintype="image", subtype="jpeg", filename="a.jpg")
    assert mail(tmp_path, bare).text == "Photos from Jeju"


def raw(body: bytes, headers: bytes) -> bytes:
    return b"From: mina@example.org\r\nDate: Tue, 5 Mar 2024 10:30:00 +0900\r\n" + headers + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("headers", "body", "title", "text"),
    [
        (b"Subject: =?ks_c_5601-1987?B?" + b"yLjAxyC+yLO7?=", "똠방각하 이야기".encode("cp949"), "회의 안내", None),
        (
            "Subject: 회의 안내".encode("euc-kr"),
            "안녕하세요. 내일 뵙겠습니다.".encode("euc-kr"),
            "회의 안내",
            "안녕하세요. 내일 뵙겠습니다.",
        ),
        ("Subject: 회의 안내".encode(), "내일 뵙겠습니다.".encode(), "회의 안내", "내일 뵙겠습니다."),
        (
            b"Subject: Lunch\r\nContent-Type: text/plain; charset=nonsense",
            "Größe 12, bitte.".encode(),
            "Lunch",
            "Größe 12, bitte.",
        ),
        (
            b"Subject: Lunch\r\nContent-Type: text/plain; charset=iso-8859-1",
            "Grüße – bis später".encode("cp1252"),
            "Lunch",
            "Grüße – bis später",
        ),
        (
            b"Subject: Lunch\r\nContent-Type: text/plain; charset=utf-8",
            "Grüße aus Köln".encode("latin-1"),
            "Lunch",
            "Grüße aus Köln",
        ),
        (b"Subject: =?utf-8?B?!!!?=\r\nContent-Type: text/plain; charset=rot13", b"Read me.", None, "Read me."),
        (
            b"Subject: a\r\n b\r\nContent-Type: text/plain; format=flowed",
            b"One line that \r\ngoes on.\r\nAnother.",
            "a b",
            "One line that goes on.\nAnother.",
        ),
        (b"Subject: x\r\nContent-Type: text/plain; charset=latin\xc7", b"Read me.", "x", "Read me."),
        (b"Subject: x\r\nContent-Transfer-Encoding: base64", b"UmVhZCBtZS4", "x", "Read me."),
    ],
)
def test_any_charset(headers: bytes, body: bytes, title: str | None, text: str | None, tmp_path: Path) -> None:
    document = mail(tmp_path, raw(body, headers))
    assert title is None or document.title == title
    assert text is None or document.text == text
    assert document.happened_at == "2024-03-05T01:30:00+00:00"


def test_names_in_any_form(tmp_path: Path) -> None:
    data = (
        b'From: =?utf-8?B?6rmALCDtlZjriphh?= <haneul@example.kr>\nTo: "Diaz, Rosa" <rosa@example.org>, bob@example.org\n'
        b"Subject: Hello\n\nWe met."
    )
    details = mail(tmp_path, data).details
    assert details["from"] == "김, 하늘a <haneul@example.kr>"
    assert details["to"] == "Diaz, Rosa <rosa@example.org>, bob@example.org"
    assert mail(tmp_path, data, Reading(owner=("김, 하늘a",))).origin == "owner"


def an_encrypted() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "rosa@example.org", "Sealed", "<sealed@example.org>"
    message.set_content("-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----")
    return message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (an_encrypted().as_bytes(), "encrypted"),
        (b"From: a@x.org\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nabc\n--b--", "encrypted"),
        (b"From: a@x.org\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nabc", "encrypted"),
        (b"Dear Tom,\n\nI write by hand.", "mislabelled"),
        (a_message("> only\n> a quotation").as_bytes(), "no_text"),
    ],
)
def test_mail_that_cannot_be_read(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"a\.eml") as caught:
        mail(tmp_path, data)
    assert caught.value.code == code


def test_a_mailbox_is_a_note_for_each_message(tmp_path: Path) -> None:
    first = a_message("From here one sees the sea.\n\nFrom there too.", id="1@example.org")
    nameless = a_message("I have no id.", date="")
    spam = a_message("Buy now.", id="spam@example.org")
    spam["X-Gmail-Labels"] = "Spam,Unread"
    data = a_mailbox(first, an_encrypted(), nameless, first, spam, a_message("> just this", id="3@example.org"))
    found = documents(tmp_path, "all.mbox", data)
    assert [document.text for document in found] == ["From here one sees the sea.\n\nFrom there too.", "I have no id."]
    assert found[0].part == "1@example.org" and len(found[1].part) == 16
    assert documents(tmp_path, "all.mbox", data.replace(b"\n", b"\r\n"))[0] == found[0]
    again = documents(tmp_path, "all.mbox", a_mailbox(a_message("New.", id="9@example.org"), nameless, first))
    assert {document.part: document for document in again}.items() >= {d.part: d for d in found}.items()


@pytest.mark.parametrize(("message", "code"), [(an_encrypted(), "encrypted"), (a_message("> just this"), "no_text")])
def test_a_mailbox_without_a_readable_message(message: EmailMessage, code: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"all\.mbox.*1 (encrypted|encrypted and|without)|0 encrypted and 1") as caught:
        documents(tmp_path, "all.mbox", a_mailbox(message))
    assert caught.value.code == code


def test_a_message_is_dated_by_its_first_server_where_it_has_no_date(tmp_path: Path) -> None:
    data = b"Received: by b.example; Tue, 5 Mar 2024 10:31:00 +0000\nReceived: by a.example; Tue, 5 Mar 2024 10:30:00 +0000\nFrom: a@x.org\nDate: nonsense\n\nWe met."
    assert mail(tmp_path, data).happened_at == "2024-03-05T10:30:00+00:00"


def test_the_same_reply_in_html_and_plain(tmp_path: Path) -> None:
    """A mailbox written by the library and a message by hand agree on what the writer wrote."""
    (_, reply) = documents(tmp_path, *GOOD["mbox"])
    assert reply.text == mail(tmp_path, a_message(REPLY)).text


# --- calendars --------------------------------------------------------------------------------------------------------


def calendar(
    folder: Path, *components: icalendar.Component, zone: str = "", reading: Reading = OWNER
) -> list[Document]:
    return list(documents(folder, "mine.ics", a_calendar(*components, zone=zone), reading))


def person(name: str, address: str, **more: str) -> icalendar.vCalAddress:
    found = icalendar.vCalAddress(f"mailto:{address}")
    for key, value in {"CN": name, **more}.items():
        found.params[key] = value
    return found


def test_an_event(tmp_path: Path) -> None:
    (document,) = documents(tmp_path, *GOOD["calendar"])
    assert document.text == "Dentist\nWhen: 2025-06-25 14:30–15:00\nWhere: Calle Mayor 3\nBring the old X-rays."
    assert (document.title, document.part, document.origin) == ("Dentist", "Dentist", "owner")
    assert (document.happened_at, document.happened_from) == ("2025-06-25T12:30:00+00:00", "content")


def test_an_event_in_korean(tmp_path: Path) -> None:
    event = an_event(
        "주간 회의",
        at("2025-03-04 10:00", "Asia/Seoul"),
        at("2025-03-04 11:00", "Asia/Seoul"),
        location="3층 회의실",
        attendee=[person("김하늘", "haneul@example.kr"), person("Mina Holt", "mina@example.org")],
        rrule={"freq": "weekly", "byday": ["TU", "TH"], "until": dt.datetime(2025, 12, 31, 15, tzinfo=dt.UTC)},
        description="지난주 숙제를 가져오세요.",
    )
    (document,) = calendar(tmp_path, event)
    assert document.happened_at == "2025-03-04T01:00:00+00:00"
    assert document.text.splitlines() == [
        "주간 회의",
        "일시: 2025-03-04 10:00–11:00",
        "반복: 매주 화요일, 목요일, 2026-01-01까지",
        "장소: 3층 회의실",
        "참석자: 김하늘",
        "지난주 숙제를 가져오세요.",
    ]


DAY = dt.date(2025, 6, 25)


@pytest.mark.parametrize(
    ("start", "end", "zone", "when", "happened_at"),
    [
        (DAY, DAY + dt.timedelta(days=1), "", "2025-06-25", "2025-06-25"),
        (DAY, DAY + dt.timedelta(days=3), "", "2025-06-25 – 2025-06-27", "2025-06-25"),
        (DAY, None, "", "2025-06-25", "2025-06-25"),
        (
            at("2025-06-25 22:00"),
            at("2025-06-26 02:00"),
            "",
            "2025-06-25 22:00 – 2025-06-26 02:00",
            "2025-06-25T20:00:00+00:00",
        ),
        (at("2025-06-25 23:30", "UTC"), None, "Asia/Seoul", "2025-06-26 08:30", "2025-06-25T23:30:00+00:00"),
        (at("2025-06-25 23:30", "UTC"), None, "", "2025-06-25 23:30 UTC", "2025-06-25T23:30:00+00:00"),
        (dt.datetime.fromisoformat("2025-06-25 09:00"), None, "", "2025-06-25 09:00", "2025-06-25"),
        (
            dt.datetime.fromisoformat("2025-06-25 09:00"),
            None,
            "Asia/Seoul",
            "2025-06-25 09:00",
            "2025-06-25T00:00:00+00:00",
        ),
    ],
)
def test_when(start: dt.date, end: dt.date | None, zone: str, when: str, happened_at: str, tmp_path: Path) -> None:
    (document,) = calendar(tmp_path, an_event("Dinner", start, end), zone=zone)
    assert document.text == f"Dinner\nWhen: {when}" and document.happened_at == happened_at


@pytest.mark.parametrize(
    ("rule", "words", "korean"),
    [
        ("FREQ=DAILY", "every day", "매일"),
        ("FREQ=WEEKLY", "every week on Wednesday", "매주 수요일"),
        (
            "FREQ=WEEKLY;BYDAY=TU;UNTIL=20251231",
            "every week on Tuesday until 2025-12-31",
            "매주 화요일, 2025-12-31까지",
        ),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday", "매주 월요일, 화요일, 수요일, 목요일, 금요일"),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=MO,WE,FR",
            "every 2 weeks on Monday, Wednesday and Friday 10 times",
            "2주마다 월요일, 수요일, 금요일, 10회",
        ),
        ("FREQ=MONTHLY", "every month on the 25th", "매월 25일"),
        ("FREQ=MONTHLY;BYDAY=3TU", "every month on the third Tuesday", "매월 셋째 화요일"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday", "매월 마지막 금요일"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on the 1st and the 15th", "매월 1일, 15일"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day", "매월 마지막 날"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday", "매월 마지막 평일"),
        ("FREQ=YEARLY", "every year on 25 June", "매년 6월 25일"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "every year on the fourth Thursday in November", "매년 11월 넷째 목요일"),
    ],
)
def test_how_often(rule: str, words: str, korean: str, tmp_path: Path) -> None:
    recurrence = icalendar.vRecur.from_ical(rule)
    (document,) = calendar(tmp_path, an_event("Choir", DAY, rrule=recurrence))
    assert document.text.splitlines()[-1] == f"Repeats: {words}"
    (document,) = calendar(tmp_path, an_event("합창", DAY, rrule=recurrence))
    assert document.text.splitlines()[-1] == f"반복: {korean}"


def test_a_changed_instance_is_its_own_note_and_the_latest_wins(tmp_path: Path) -> None:
    start = at("2025-06-25 14:30")
    series = an_event("Choir", start, rrule={"freq": "weekly"}, uid="choir", exdate=[at("2025-07-02 14:30")])
    moved = an_event("Choir at Ana's", at("2025-07-09 18:00"), uid="choir", recurrence_id=at("2025-07-09 14:30"))
    newer = an_event(
        "Choir at Tom's", at("2025-07-09 18:00"), uid="choir", recurrence_id=at("2025-07-09 14:30"), sequence=2
    )
    found = calendar(tmp_path, series, newer, moved)
    assert [(document.part, document.title) for document in found] == [
        ("choir", "Choir"),
        ("choir/2025-07-09T12:30:00+00:00", "Choir at Tom's"),
    ]
    assert "Repeats: every week on Wednesday, except 2025-07-02" in found[0].text


def test_whose_event(tmp_path: Path) -> None:
    rosa, mina = person("Rosa Diaz", "rosa@example.org"), person("Mina", "MINA@example.org")
    absent, room = (
        person("Bob", "bob@example.org", PARTSTAT="DECLINED"),
        person("Room 4", "r4@example.org", CUTYPE="ROOM"),
    )
    (theirs,) = calendar(tmp_path, an_event("Party", DAY, organizer=rosa, attendee=[mina, absent, room, rosa]))
    assert theirs.origin == "other"
    assert theirs.text == "Party\nWhen: 2025-06-25\nWith: Rosa Diaz\nOrganiser: Rosa Diaz"
    assert calendar(tmp_path, an_event("Party", DAY, organizer=mina))[0].origin == "owner"
    assert calendar(tmp_path, an_event("Party", DAY, organizer=rosa), reading=Reading(mine=True))[0].origin == "owner"


def test_what_else_an_event_says(tmp_path: Path) -> None:
    event = an_event(
        "Trip\n to Porto",
        DAY,
        status="CANCELLED",
        categories=["travel", "가족"],
        geo=(41.15, -8.61),
        url="https://porto.example/stay",
        description="<p>Bring <b>shoes</b>.</p>See <a href='https://x.example'>https://map.example/a</a>",
    )
    (document,) = calendar(tmp_path, event)
    assert document.text.splitlines()[:3] == ["Trip to Porto", "When: 2025-06-25", "Status: cancelled"]
    assert "Bring shoes." in document.text and "<" not in document.text
    assert document.tags == ("travel", "가족") and document.links == (
        "https://porto.example/stay",
        "https://map.example/a",
    )
    assert (document.details["latitude"], document.details["longitude"]) == (41.15, -8.61)


def test_tasks_and_journals(tmp_path: Path) -> None:
    todos = []
    for number, (summary, more) in enumerate(
        [
            ("Buy hooks", {"due": DAY}),
            ("Paint the boat", {"status": "COMPLETED", "completed": at("2025-06-20 10:00", "UTC")}),
            ("우유 사기", {"percent-complete": 50, "status": "IN-PROCESS"}),
            ("Sell it", {"status": "CANCELLED"}),
        ]
    ):
        todo = icalendar.Todo()
        todo.add("uid", f"todo-{number}")
        todo.add("summary", summary)
        todo.add("dtstamp", at("2025-06-01 00:00", "UTC"))
        for key, value in more.items():
            todo.add(key, value)
        todos.append(todo)
    journal = icalendar.Journal()
    journal.add("uid", "journal")
    journal.add("dtstart", DAY)
    journal.add("summary", "A calm day")
    journal.add("description", "We sailed to the island and back.")
    found = calendar(tmp_path, *todos, journal)
    assert [document.text for document in found] == [
        "- [ ] Buy hooks\nDue: 2025-06-25",
        "- [x] Paint the boat\nDone: 2025-06-20 10:00 UTC",
        "- [/] 우유 사기",
        "- [-] Sell it",
        "A calm day\nWhen: 2025-06-25\nWe sailed to the island and back.",
    ]
    assert [document.happened_at for document in found[:3]] == [
        "2025-06-25",
        "2025-06-20T10:00:00+00:00",
        "2025-06-01T00:00:00+00:00",
    ]
    states = {one.context: one.todo for one in sentences(tmp_path, "mine.ics", a_calendar(*todos)) if one.todo}
    assert states == {
        "to do: Buy hooks": "open",
        "done: Paint the boat": "done",
        "진행 중: 우유 사기": "open",
        "cancelled: Sell it": "done",
    }


def test_a_calendar_that_is_not_quite_right(tmp_path: Path) -> None:
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:Odd one\nDTSTART;TZID=Nowhere/Odd:20250625T143000\n"
        "DTEND:2025\nRRULE:FREQ=SOMETIMES\nATTENDEE:nobody\nGEO:here\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    (document,) = documents(tmp_path, "odd.ics", text.encode())
    assert document.text == "Odd one\nWhen: 2025-06-25 14:30\nWith: nobody" and document.happened_at == "2025-06-25"
    for bad, code in (
        ("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "no_text"),
        (text[:-20], "damaged"),
        (text.replace("Nowhere/Odd", "Europe"), "damaged"),
        ("Dentist on Tuesday", "mislabelled"),
    ):
        with pytest.raises(ReadError, match=r"odd\.ics") as caught:
            documents(tmp_path, "odd.ics", bad.encode())
        assert caught.value.code == code
