"""Who said what, and when: chats of messengers and assistants, in the ways their exports are really laid out."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory import readers
from tests.test_kernel.contracts.samples import chats
from tests.test_kernel.contracts.samples.chats import LRM, NNBSP, a_json, a_node, a_telegram, zipped

JO = Reading(owner=("jo park", "+82 10-1234-5678", "박조"))
Said = list[tuple[str, str | None, str]]


def read(tmp_path: Path, name: str, data: bytes | str, reading: Reading = JO) -> tuple[Document, ...]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return readers.read_file(path, reading, MemoryConfig())[1]


def said(*documents: Document) -> Said:
    return [
        (one.speaker, one.origin, document.text[one.start : one.end])
        for document in documents
        for one in document.segments
    ]


def times(*documents: Document) -> list[str | None]:
    return [one.at for document in documents for one in document.segments]


# --- WhatsApp ---------------------------------------------------------------------------------------------------------


def test_whatsapp_by_day_with_system_lines_and_media_left_out(tmp_path: Path) -> None:
    first, second = read(tmp_path, "WhatsApp Chat with Mina Holt (1).txt", chats.WHATSAPP_ANDROID)
    assert said(first) == [
        ("Mina Holt", "other", "Shall we rent the hall on the 20th?"),
        ("Jo Park", "owner", "Yes. I have asked Oddvar.\nHe wants 40 pounds\nfor the evening."),
    ]
    assert (first.part, first.happened_at, first.happened_from) == ("Mina Holt/2024-03-13", "2024-03-13", "content")
    assert (first.origin, first.details) == ("other", {"chat": "Mina Holt", "participants": 2})
    assert first.text.startswith("Mina Holt: Shall we") and "\nJo Park: Yes." in first.text
    assert said(second) == [("Jo Park", "owner", "I paid the deposit this morning.")] and second.origin == "owner"
    assert times(second) == ["2024-03-14T08:05:00"]


def test_whatsapp_of_ios_names_the_chat_and_marks_its_own_words(tmp_path: Path) -> None:
    documents = read(tmp_path, "_chat.txt", chats.WHATSAPP_IOS)
    assert [document.part for document in documents] == ["Book club/2024-03-05", "Book club/2024-03-06"]
    assert said(*documents) == [
        ("Mina Holt", "other", "Who brings the cake?"),
        ("Tom Aske", "other", "I do, it is a lemon one."),
        ("Jo Park", "owner", "Then I bring tea."),
    ]
    assert times(*documents) == ["2024-03-05T15:21:10", "2024-03-05T23:58:59", "2024-03-06T00:01:00"]


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("[05/03/2024, 15:21:10]", "2024-03-05T15:21:10"),
        (f"[3/5/24, 3:21:10{NNBSP}PM]", "2024-03-05T15:21:10"),
        ("[05.03.24, 15:21:10]", "2024-03-05T15:21:10"),
        ("[2024-03-05, 3:21:10 p.m.]", "2024-03-05T15:21:10"),
        ("[2024. 3. 5. 오후 3:21:10]", "2024-03-05T15:21:10"),
        ("[2024/3/5 下午3:21:10]", "2024-03-05T15:21:10"),
        ("05/03/2024, 15:21 -", "2024-03-05T15:21:00"),
        (f"3/5/24, 12:21{NNBSP}AM -", "2024-03-05T00:21:00"),
        ("05/03/2024, 3:21 pm -", "2024-03-05T15:21:00"),
        ("05.03.24, 15:21 -", "2024-03-05T15:21:00"),
        ("05-03-2024 15:21 -", "2024-03-05T15:21:00"),
        ("05/03/2024 à 15:21 -", "2024-03-05T15:21:00"),
        ("5.3.2024 klo 15.21 -", "2024-03-05T15:21:00"),
        ("2024-03-05 15:21 -", "2024-03-05T15:21:00"),
        ("2024년 3월 5일 오후 3:21 -", "2024-03-05T15:21:00"),
        ("2024년 3월 5일 오전 12:05 -", "2024-03-05T00:05:00"),
        ("2024. 3. 5. 오후 12:05 -", "2024-03-05T12:05:00"),
    ],
)
def test_whatsapp_stamps_of_the_world(stamp: str, at: str, tmp_path: Path) -> None:
    (document,) = read(tmp_path, "_chat.txt", f"{stamp} Mina: Hello: there\n{stamp} Jo Park: 안녕\n")
    assert said(document) == [("Mina", "other", "Hello: there"), ("Jo Park", "owner", "안녕")]
    assert times(document) == [at, at] and document.title == "Mina, 2024-03-05"


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (("3/5/24", "3/25/24"), ["2024-03-05", "2024-03-25"]),  # there is no month 25
        (("3/5/24", "25/5/24"), ["2024-05-03", "2024-05-25"]),
        (("03/05/24", "04/05/24"), ["2024-05-03", "2024-05-04"]),  # zeros are filled in: no American
        (("12/5/24", "1/6/24"), ["2024-05-12", "2024-06-01"]),  # time does not go backwards
        (("24/12/30", "25/1/2"), ["2024-12-30", "2025-01-02"]),
    ],
)
def test_the_order_of_numbers_is_read_from_the_whole_file(
    dates: tuple[str, ...], days: list[str], tmp_path: Path
) -> None:
    lines = "".join(
        f"{date}, 15:2{n} - {who}: word\n" for n, (date, who) in enumerate(zip(dates, ("Jo", "Mina"), strict=True))
    )
    assert [document.happened_at for document in read(tmp_path, "_chat.txt", lines)] == days


def test_a_pasted_stamp_stays_in_its_message(tmp_path: Path) -> None:
    text = "31/03/2024, 15:21 - Mina: He wrote:\n12/31/23, 15:00 - Tom: never\nand left.\n31/03/2024, 15:22 - Jo: Oh.\n"
    (document,) = read(tmp_path, "_chat.txt", text)
    assert [words for _, _, words in said(document)] == ["He wrote:\n12/31/23, 15:00 - Tom: never\nand left.", "Oh."]


@pytest.mark.parametrize(
    "words",
    [
        "<Media omitted>", "<미디어 파일을 제외한 내용>", "<Medien ausgeschlossen>", "IMG-20240305-WA0001.jpg (file attached)",
        f"{LRM}image omitted", f"{LRM}사진 생략됨", f"{LRM}Bild weggelassen", "이미지 생략됨", "This message was deleted",
        "You deleted this message", "이 메시지는 삭제되었습니다", "null", "Missed voice call",
    ],
)  # fmt: skip
def test_what_the_phone_wrote_is_left_out(words: str, tmp_path: Path) -> None:
    text = f'05/03/2024, 15:20 - Mina created group "Walks: north"\n05/03/2024, 15:21 - Mina: {words}\n05/03/2024, 15:22 - Tom: 안녕\n'
    (document,) = read(tmp_path, "WhatsApp Chat with Walks.txt", text)
    assert said(document) == [("Tom", "other", "안녕")]


def test_captions_stay(tmp_path: Path) -> None:
    stamp = "05/03/2024, 15:21 -"
    text = f"{stamp} Mina: IMG-1.jpg (file attached)\nThe new gate\n{stamp} Jo: The old one {LRM}<attached: 2.jpg>\n"
    (document,) = read(tmp_path, "_chat.txt", text)
    assert [words for _, _, words in said(document)] == ["The new gate", "The old one"]


def test_owner_by_number_by_nobody_and_by_the_callers_word(tmp_path: Path) -> None:
    text = "05/03/2024, 15:21 - \u202a+82 10-1234-5678\u202c: Mine\n05/03/2024, 15:22 - Mina: Hers\n"
    name = "WhatsApp Chat with Mina.txt"
    assert [origin for _, origin, _ in said(*read(tmp_path, name, text))] == ["owner", "other"]
    assert [origin for _, origin, _ in said(*read(tmp_path, name, text, Reading()))] == ["other", "other"]
    assert [origin for _, origin, _ in said(*read(tmp_path, name, text, Reading(mine=True)))] == ["owner", "owner"]


def test_days_keep_their_names_when_the_owner_becomes_known(tmp_path: Path) -> None:
    text = "05/03/2024, 15:21 - Jo Park: Hi\n05/03/2024, 15:22 - Mina: Hi\n"
    (before,), (after,) = read(tmp_path, "_chat.txt", text, Reading()), read(tmp_path, "_chat.txt", text)
    assert before.part == after.part and (before.title, after.title) == (
        "Jo Park, Mina, 2024-03-05",
        "Mina, 2024-03-05",
    )


@pytest.mark.parametrize(
    ("name", "chat"),
    [
        ("WhatsApp Chat with Mina Holt.txt", "Mina Holt"),
        ("WhatsApp-Chat mit Mina.txt", "Mina"),
        ("Chat de WhatsApp con Mina.txt", "Mina"),
        ("Discussion WhatsApp avec Mina.txt", "Mina"),
        ("Conversa do WhatsApp com Mina.txt", "Mina"),
        ("민아님과의 WhatsApp 대화.txt", "민아"),
        ("WhatsApp 대화 - 민아.txt", "민아"),
    ],
)
def test_whatsapp_chats_are_called_by_their_file(name: str, chat: str, tmp_path: Path) -> None:
    (document,) = read(tmp_path, name, "05/03/2024, 15:21 - Someone: Hi\n")
    assert document.details["chat"] == chat and document.title == f"{chat}, 2024-03-05"


@pytest.mark.parametrize(
    "text",
    [
        "[2024-03-05 15:21:05] INFO: started\n[2024-03-05 15:21:06] ERROR: fell over\n",
        "[2024-03-05 15:21:05] app.server: started\n[2024-03-05 15:21:06] app.store: opened\n",
        "05/03/2024, 15:21 - Walked: nine miles.\nThen slept.\n",
        "Mina: Hi\nJo: Hi\n",
    ],
)
def test_logs_and_diaries_are_text(text: str, tmp_path: Path) -> None:
    (document,) = read(tmp_path, "notes.txt", text)
    assert document.kind == "text" and document.origin == "owner"


# --- KakaoTalk --------------------------------------------------------------------------------------------------------


def test_kakaotalk_of_a_phone(tmp_path: Path) -> None:
    first, second = read(tmp_path, "KakaoTalkChats.txt", chats.KAKAO_PHONE)
    assert said(first) == [
        ("민아", "other", "이번 주말에 부산 갈래?"),
        ("회원님", "owner", "좋아.\n기차표는 내가 살게."),
    ]
    assert (first.part, first.title) == ("민아/2024-03-05", "민아, 2024-03-05")
    assert times(second) == ["2024-03-06T00:10:00"] and second.origin == "owner"


def test_kakaotalk_of_a_computer(tmp_path: Path) -> None:
    first, second = read(tmp_path, "KakaoTalk_Chat.txt", chats.KAKAO_COMPUTER.replace("\n", "\r\n"))
    assert said(first) == [("민아", "other", "다음 책은 뭐로 할까?"), ("지훈", "other", "토지 1권\n어때요?")]
    assert (
        said(second) == [("박조", "owner", "좋아요. 도서관에 두 권 있어요.")] and second.part == "독서모임/2024-03-06"
    )


@pytest.mark.parametrize(
    "text",
    [
        "2024. 3. 5. 오후 3:21, 민아 : 안녕\n2024. 3. 5. 오후 3:22: 지훈님이 들어왔습니다.\n모두 환영해요\n",
        "2024년 3월 5일 화요일\n2024년 3월 5일 오후 3:21, 민아 : 안녕\n",
        "2024년 3월 5일 화요일\n오후 3:21, 민아 : 안녕\n",
        "Mina with KakaoTalk Chats\nDate Saved : 2024-03-07 15:30:00\n\n--------------- Tuesday, March 5, 2024 ---------------\n[민아] [3:21 PM] 안녕\n",
        "KakaoTalk Chats with Mina\nDate Saved : Mar 7, 2024 at 3:30 PM\n\nTuesday, March 5, 2024\nMar 5, 2024 at 3:21 PM, 민아 : 안녕\n",
        "민아 님과 카카오톡 대화\n저장한 날짜 : 2024-03-07 15:30:00\n\n--------------- 2024년 3월 5일 화요일 ---------------\n[민아] [오후 3:21] 안녕\n[민아] [오후 3:22] 사진 3장\n",
    ],
)
def test_kakaotalk_layouts(text: str, tmp_path: Path) -> None:
    (document,) = read(tmp_path, "Talk_2024.3.7 15:30-1.txt", text)
    assert document.kind == "kakaotalk" and said(document) == [("민아", "other", "안녕")]
    assert times(document) == ["2024-03-05T15:21:00"]


# --- Telegram ---------------------------------------------------------------------------------------------------------


def test_telegram_chat_with_links_forwards_and_no_service_messages(tmp_path: Path) -> None:
    first, second = read(tmp_path, "result.json", a_json(chats.TELEGRAM), Reading())
    assert said(first) == [
        ("Mina Holt", "other", "Did you read this?"),
        ("Jo Park", "owner", "I did, here it says why."),
        ("Bee News", "other", "Bees sleep holding feet."),
    ]
    assert "\nJo Park (forwarded from Bee News): Bees sleep" in first.text
    assert first.links == ("https://example.org/bees",) and first.details == {"chat": "Mina Holt", "participants": 2}
    assert (first.part, first.happened_at) == ("4567/2024-03-05", "2024-03-05")
    assert times(first)[0] == "2024-03-05T06:21:00+00:00"
    assert second.happened_at == "2024-03-06" and times(second) == ["2024-03-05T15:05:00+00:00"], "the day is local"


def account(**more: Any) -> dict[str, Any]:
    group = [
        a_telegram(1, "Tom", "user9", "2024-03-05T10:00:00", 1709600400, "Lunch?"),
        a_telegram(2, "J.", "user123", "2024-03-05T10:01:00", 1709600460, "At one."),
        a_telegram(3, "J.", "user123", "2024-03-05T10:02:00", 1709600520, "Read on", forwarded_from=None),
        a_telegram(4, "J.", "user123", "2024-03-05T10:03:00", 1709600580, "A joke", via_bot="@jokes"),
        a_telegram(
            5, "J.", "user123", "2024-03-05T10:04:00", 1709600640,
            [{"type": "blockquote", "text": "We close at six.\nOr seven."}, "So be early."],
        ),
    ]  # fmt: skip
    saved = [a_telegram(1, "Jo", "user123", "2024-03-06T10:00:00", 1709686800, "Buy rosin.", forwarded_from="Jo Park")]
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 123, "first_name": "Jo", "last_name": "Park", "phone_number": "+0"},
        "contacts": {"list": [{"user_id": 0, "first_name": "Tom"}]},
        "chats": {
            "about": "",
            "list": [
                {"name": "Walks", "type": "private_group", "id": 7, "messages": group},
                {"type": "saved_messages", "id": 123, "messages": saved},
                {"name": None, "type": "personal_chat", "id": 8, "messages": []},
            ],
        },
    } | more


def test_telegram_account_knows_its_owner(tmp_path: Path) -> None:
    walks, saved = read(tmp_path, "result.json", a_json(account()), Reading())
    assert [origin for _, origin, _ in said(walks)] == ["other", "owner", "other", "other", "other", "owner"]
    assert said(walks)[2] == ("", "other", "Read on") and "J. (forwarded): Read on" in walks.text
    assert said(saved) == [("Jo Park", "owner", "Buy rosin.")] and saved.title == "Saved messages, 2024-03-06"


def test_quotations_in_telegram_are_others_words(tmp_path: Path) -> None:
    walks = read(tmp_path, "result.json", a_json(account()), Reading())[0]
    assert said(walks)[-2:] == [("", "other", "We close at six.\nOr seven."), ("J.", "owner", "So be early.")]
    assert walks.text.endswith("J. (quoted): We close at six.\nOr seven.\nJ.: So be early.")


def test_telegram_group_by_name(tmp_path: Path) -> None:
    chat = {"name": "Walks", "type": "private_group", "id": 7, "messages": account()["chats"]["list"][0]["messages"]}
    origins = [origin for _, origin, _ in said(*read(tmp_path, "w.json", a_json(chat), Reading(owner=("J.",))))]
    assert origins == ["other", "owner", "other", "other", "other", "owner"]
    assert {origin for _, origin, _ in said(*read(tmp_path, "w.json", a_json(chat), Reading()))} == {"other"}


# --- assistants -------------------------------------------------------------------------------------------------------


def test_chatgpt_follows_the_branch_that_is_shown(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "conversations.json", a_json(chats.CHATGPT))
    assert said(document) == [
        ("Me", "owner", "My starter is slow. The kitchen is at 16 degrees."),
        ("ChatGPT", "self", "Keep it at 24 degrees."),
    ]
    assert (document.title, document.part, document.origin) == ("Sourdough in winter", "c0ffee00-0001", "other")
    assert document.happened_at == "2024-03-05T06:21:00+00:00"
    (mine,) = read(tmp_path, "conversations.json", a_json(chats.CHATGPT), Reading(mine=True))
    assert [origin for _, origin, _ in said(mine)] == ["owner", "self"], "a machine's words are nobody's"


def a_conversation(*nodes: Any, **more: Any) -> bytes:
    return a_json([{"title": None, "create_time": 1709619660, "id": "c", "mapping": dict(nodes)} | more])


def test_chatgpt_spoken_hidden_and_without_a_current_node(tmp_path: Path) -> None:
    spoken = {
        "content_type": "multimodal_text",
        "parts": [
            {"content_type": "audio_transcription", "text": "말로 했다"},
            {"content_type": "image_asset_pointer"},
            None,
        ],
    }
    profile = {"content_type": "user_editable_context", "user_profile": "I am Jo"}
    (document,) = read(
        tmp_path,
        "conversations.json",
        a_conversation(
            a_node("r", None, ["p"]),
            a_node("p", "r", ["a"], "user", content=profile),
            a_node("a", "p", ["b", "c"], "user", content=spoken, at=1.0),
            a_node("b", "a", [], "assistant", "Newest", at=9.0),
            a_node("c", "a", [], "assistant", "Older", at=5.0),
            a_node("loop", "loop", ["loop"], "user", "never"),
        ),
    )
    assert said(document) == [("Me", "owner", "말로 했다"), ("ChatGPT", "self", "Newest")]
    assert document.title == "말로 했다"


def test_half_an_emoji_does_not_spoil_a_file(tmp_path: Path) -> None:
    data = a_conversation(a_node("a", None, [], "user", "cut HERE and 🐝 whole")).decode()
    for half in ("\\ud83d", "\\udc1d"):
        (document,) = read(tmp_path, "conversations.json", data.replace("HERE", half).replace("🐝", "\\ud83d\\udc1d"))
        assert said(document)[0][2] == "cut \ufffd and 🐝 whole" and document.text.encode()


def test_claude_takes_content_before_text(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "conversations.json", a_json(chats.CLAUDE))
    assert said(document) == [
        ("Me", "owner", "묵은지로 끓이는데 너무 시어요."),
        ("Claude", "self", "설탕을 조금 넣으세요."),
    ]
    assert (document.kind, document.title, document.part) == ("claude", "김치찌개", "aaaa-1")
    assert times(document) == ["2024-03-05T06:21:00+00:00", "2024-03-05T06:21:09+00:00"]


def test_claude_follows_the_last_branch_and_reads_old_exports(tmp_path: Path) -> None:
    tree = [("a", "root", "human"), ("b", "a", "assistant"), ("c", "a", "assistant"), ("d", "c", "human")]
    messages = [
        {"uuid": key, "parent_message_uuid": above, "sender": sender, "text": key} for key, above, sender in tree
    ]
    old = [{"uuid": "x", "sender": "human", "text": "Only text"}]
    new, plain = read(
        tmp_path,
        "conversations.json",
        a_json([{"uuid": "1", "chat_messages": messages}, {"uuid": "2", "chat_messages": old}]),
    )
    assert [words for _, _, words in said(new)] == ["a", "c", "d"]
    assert said(plain) == [("Me", "owner", "Only text")] and plain.happened_from == "mtime"


def test_mem0_keeps_one_document_a_memory(tmp_path: Path) -> None:
    first, second = read(tmp_path, "mem0.json", a_json(chats.MEM0))
    assert (first.text, first.part, first.origin, first.tags) == (
        "Allergic to hazelnuts",
        "mem-1",
        "self",
        ("health", "food"),
    )
    assert (first.happened_at, first.details) == ("2024-03-05T08:21:00+00:00", {"app": "diary", "user": "jo"})
    assert second.text == "매주 화요일에 수영을 한다"
    bare = read(tmp_path, "mem0.json", a_json(chats.MEM0["results"]), Reading(mine=True))
    wrapped = read(tmp_path, "mem0.json", a_json({"memories": chats.MEM0["results"]}), Reading(mine=True))
    assert bare == wrapped and [document.origin for document in bare] == ["owner", "owner"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"packages": {"memory": "x"}}, "unsupported"),
        ([{"memory": "big", "price": 3}], "unsupported"),
        ([{"uuid": "1", "chat_messages": []}], "no_text"),
        ([{"uuid": "1", "chat_messages": "none"}], "damaged"),
        ([], "unsupported"),
    ],
)
def test_other_json_is_refused_by_name(value: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"things\.json") as caught:
        read(tmp_path, "things.json", json.dumps(value))
    assert caught.value.code == code


# --- archives ---------------------------------------------------------------------------------------------------------


def test_an_archive_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    data = zipped({"_chat.txt": b"05/03/2024, 15:21 - Mina: Hi\n05/03/2024, 15:22 - Jo Park: Hello\n"})
    (document,) = read(tmp_path, "WhatsApp Chat - 민아 Holt.zip", data)
    assert (document.kind, document.part) == ("whatsapp", "민아 Holt/2024-03-05")
    kinds = [one.kind for one in read(tmp_path, *chats.GOOD["archive"])]
    assert kinds == ["telegram", "telegram", "whatsapp", "whatsapp", "claude"]


def test_chats_of_one_name_in_two_folders_both_stay(tmp_path: Path) -> None:
    line = "05/03/2024, 15:21 - Mina: {}\n"
    data = zipped({f"{n}/WhatsApp Chat with Mina.txt": line.format(n).encode() for n in ("one", "two")})
    documents = read(tmp_path, "both.zip", data)
    assert [words for _, _, words in said(*documents)] == ["one", "two"]
    assert len({document.part for document in documents}) == 2


def encrypted(data: bytes) -> bytes:
    """The same archive with its members marked as encrypted, as their own headers and the directory say it."""
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark) + at
        data = data[:start] + bytes([data[start] | 1]) + data[start + 1 :]
    return data


def spoilt(data: bytes) -> bytes:
    """One byte of the first member is another."""
    return data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (zipped({"result.json": b"0" * 30_000_000}), "too_large", r"would unpack to 28\.6 MB"),
        (encrypted(zipped({"_chat.txt": b"05/03/2024, 15:21 - Mina: Hi\n"})), "encrypted", "_chat.txt in it"),
        (zipped({"photos/1.jpg": b"x", "__MACOSX/_chat.txt": b"x"}), "unsupported", "none of the exports"),
        (zipped({"result.json": b"{}"}), "unsupported", "no export that is read"),
        (zipped({"conversations.json": a_json(chats.CLAUDE)[:-9]}), "damaged", "conversations.json"),
        (spoilt(zipped({"result.json": a_json(chats.TELEGRAM)})), "damaged", "whole copy"),
    ],
)
def test_bad_archives_are_refused_by_name(data: bytes, code: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=words) as caught:
        read(tmp_path, "export.zip", data)
    assert caught.value.code == code and "export.zip" in str(caught.value)


def test_an_archive_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"result.json": b"0" * 5_000_000}))
    with zipfile.ZipFile(path) as archive:
        true_size = archive.infolist()[0].file_size.to_bytes(4, "little")
    with pytest.raises(ReadError) as caught:
        read(tmp_path, "export.zip", path.read_bytes().replace(true_size, (900).to_bytes(4, "little")))
    assert caught.value.code == "damaged"
