"""What messengers and assistants export: laid out as their own programs do it, all people invented."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

LRM, NNBSP = "\u200e", "\u202f"

WHATSAPP_ANDROID = """\
13/03/2024, 15:19 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them. Tap to learn more.
13/03/2024, 15:21 - Mina Holt: Shall we rent the hall on the 20th?
13/03/2024, 15:22 - Jo Park: Yes. I have asked Oddvar.
He wants 40 pounds
for the evening.
13/03/2024, 15:23 - Mina Holt: <Media omitted>
14/03/2024, 08:05 - Jo Park: I paid the deposit this morning. <This message was edited>
14/03/2024, 08:06 - Mina Holt: This message was deleted
"""

WHATSAPP_IOS = f"""\
{LRM}[3/5/24, 3:19:05{NNBSP}PM] Book club: {LRM}Messages and calls are end-to-end encrypted.
[3/5/24, 3:21:10{NNBSP}PM] Mina Holt: Who brings the cake?
{LRM}[3/5/24, 3:21:40{NNBSP}PM] Mina Holt: {LRM}image omitted
[3/5/24, 11:58:59{NNBSP}PM] ~{NNBSP}Tom Aske: I do, it is a lemon one. {LRM}<This message was edited>
[3/6/24, 12:01:00{NNBSP}AM] Jo Park: Then I bring tea.
"""

KAKAO_PHONE = """\
민아 님과 카카오톡 대화
저장한 날짜 : 2024년 3월 7일 오후 3:30


2024년 3월 5일 오후 3:21
2024년 3월 5일 오후 3:21, 민아 : 이번 주말에 부산 갈래?
2024년 3월 5일 오후 3:22, 회원님 : 좋아.
기차표는 내가 살게.
2024년 3월 5일 오후 3:23, 민아 : 사진
2024년 3월 6일 오전 12:10
2024년 3월 6일 오전 12:10, 회원님 : 표 샀어. 토요일 9시야.
"""

KAKAO_COMPUTER = """\
독서모임 5 님과 카카오톡 대화
저장한 날짜 : 2024-03-07 15:30:00

--------------- 2024년 3월 5일 화요일 ---------------
민아님이 지훈님을 초대했습니다.
[민아] [오후 3:21] 다음 책은 뭐로 할까?
[지훈] [오후 3:25] 토지 1권
어때요?
[민아] [오후 3:26] 이모티콘
--------------- 2024년 3월 6일 수요일 ---------------
[박조] [오전 9:02] 좋아요. 도서관에 두 권 있어요.
"""


def a_telegram(ident: int, sender: str, sender_id: str, at: str, epoch: int, text: Any, **more: Any) -> dict[str, Any]:
    """One message of ``result.json``."""
    message = {"id": ident, "type": "message", "date": at, "date_unixtime": str(epoch), "from": sender}
    return message | {"from_id": sender_id, "text": text, "text_entities": []} | more


TELEGRAM: dict[str, Any] = {
    "name": "Mina Holt",
    "type": "personal_chat",
    "id": 4567,
    "messages": [
        {
            "id": 1, "type": "service", "date": "2024-03-05T15:20:00", "date_unixtime": "1709619600",
            "actor": "Jo Park", "actor_id": "user123", "action": "phone_call", "text": "", "text_entities": [],
        },
        a_telegram(2, "Mina Holt", "user4567", "2024-03-05T15:21:00", 1709619660, "Did you read this?"),
        a_telegram(
            3, "Jo Park", "user123", "2024-03-05T15:22:00", 1709619720,
            ["I did, ", {"type": "text_link", "text": "here", "href": "https://example.org/bees"}, " it says why."],
            reply_to_message_id=2, edited="2024-03-05T15:23:00",
        ),
        a_telegram(
            4, "Jo Park", "user123", "2024-03-05T15:25:00", 1709619900, "Bees sleep holding feet.",
            forwarded_from="Bee News",
        ),
        a_telegram(5, "Mina Holt", "user4567", "2024-03-06T00:05:00", 1709651100, "잘 자!", photo="photos/photo_1.jpg"),
    ],
}  # fmt: skip


def a_node(key: str, parent: str | None, children: list[str], role: str = "", text: Any = "", **more: Any) -> Any:
    """One node of a ChatGPT conversation; without a role the empty root."""
    content = more.pop("content", {"content_type": "text", "parts": [text]})
    message = {
        "id": key, "author": {"role": role, "name": None, "metadata": {}}, "create_time": more.pop("at", None),
        "update_time": None, "content": content, "status": "finished_successfully", "end_turn": True, "weight": 1.0,
        "metadata": {}, "recipient": "all", "channel": None,
    }  # fmt: skip
    return key, {"id": key, "message": message | more if role else None, "parent": parent, "children": children}


CHATGPT: list[dict[str, Any]] = [
    {
        "title": "Sourdough in winter",
        "create_time": 1709619660.5,
        "update_time": 1709619700.1,
        "mapping": dict(
            [
                a_node("root", None, ["sys"]),
                a_node("sys", "root", ["q"], "system", "", metadata={"is_visually_hidden_from_conversation": True}),
                a_node(
                    "q",
                    "sys",
                    ["old", "tool"],
                    "user",
                    "My starter is slow. The kitchen is at 16 degrees.",
                    at=1709619660.5,
                ),
                a_node("old", "q", [], "assistant", "Throw it away.", at=1709619661.5),
                a_node("tool", "q", ["out"], "assistant", "search('starter')", recipient="browser", at=1709619662.5),
                a_node("out", "tool", ["new"], "tool", "results", at=1709619663.5),
                a_node(
                    "new",
                    "out",
                    [],
                    "assistant",
                    "Keep it at 24 degrees.\ue200cite\ue202turn0search1\ue201",
                    at=1709619664.5,
                ),
            ]
        ),
        "moderation_results": [],
        "current_node": "new",
        "conversation_id": "c0ffee00-0001",
        "id": "c0ffee00-0001",
    }
]

CLAUDE: list[dict[str, Any]] = [
    {
        "uuid": "aaaa-1",
        "name": "김치찌개",
        "summary": "",
        "created_at": "2024-03-05T06:21:00.123456Z",
        "updated_at": "2024-03-05T06:25:00.000000Z",
        "account": {"uuid": "owner-1"},
        "chat_messages": [
            {
                "uuid": "m1", "sender": "human", "created_at": "2024-03-05T06:21:00.123456Z",
                "text": "묵은지로 끓이는데 너무 시어요.", "attachments": [], "files": [],
                "content": [{"type": "text", "text": "묵은지로 끓이는데 너무 시어요.", "citations": []}],
            },
            {
                "uuid": "m2", "sender": "assistant", "created_at": "2024-03-05T06:21:09.000000Z", "attachments": [],
                "text": "This block is not supported. 설탕을 조금 넣으세요.", "files": [],
                "content": [
                    {"type": "thinking", "thinking": "Sour: sugar."},
                    {"type": "tool_use", "name": "search", "input": {"mapping": {"children": 1}}},
                    {"type": "tool_result", "content": []},
                    {"type": "text", "text": "설탕을 조금 넣으세요."},
                ],
            },
        ],
    }
]  # fmt: skip

MEM0: dict[str, Any] = {
    "results": [
        {
            "id": "mem-1", "memory": "Allergic to hazelnuts", "user_id": "jo", "hash": "x", "metadata": {"app": "diary"},
            "categories": ["health", "food"], "created_at": "2024-03-05T01:21:00-07:00", "updated_at": None,
        },
        {
            "id": "mem-2", "memory": "매주 화요일에 수영을 한다", "user_id": "jo", "metadata": None, "categories": None,
            "created_at": "2024-03-06T01:21:00-07:00", "updated_at": None,
        },
    ]
}  # fmt: skip


def a_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    """A real archive, the same bytes every time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


GOOD = {
    "whatsapp": ("WhatsApp Chat with Mina Holt.txt", WHATSAPP_ANDROID.encode()),
    "kakaotalk": ("KakaoTalkChats.txt", KAKAO_PHONE.encode()),
    "telegram": ("result.json", a_json(TELEGRAM)),
    "chatgpt": ("conversations.json", a_json(CHATGPT)),
    "claude": ("conversations.json", a_json(CLAUDE)),
    "mem0": ("mem0.json", a_json(MEM0)),
    "archive": (
        "export.zip",
        zipped(
            {
                "data/conversations.json": a_json(CLAUDE),
                "data/users.json": b"[]",
                "ChatExport/result.json": a_json(TELEGRAM),
                "_chat.txt": WHATSAPP_IOS.encode(),
            }
        ),
    ),
}
