"""Markdown as Obsidian keeps it: what is hidden is never evidence, whose words a callout holds, what a note points to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.memory.readers import read_file
from kernel.memory.sentences import Piece, split_sentences


def document(folder: Path, text: str) -> Document:
    path = folder / "note.md"
    path.write_text(text, "utf-8")
    (found,) = read_file(path, Reading(), MemoryConfig())[1]
    return found


def said(text: str) -> list[tuple[str, str]]:
    """The quoted words of each sentence and its context."""
    return [(text[piece.start : piece.end], piece.context) for piece in pieces(text)]


def pieces(text: str) -> list[Piece]:
    return split_sentences(text, title="Boat")


# --- what is hidden ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("We sail on Sunday. %% ask Rosa first %%", ["We sail on Sunday."]),
        ("%%\nhidden\n\nmore of it\n%%\nWe sail on Sunday.", ["We sail on Sunday."]),
        ("We sail <!-- if it\nis calm --> on Sunday.", ["We sail", "on Sunday."]),
        ("- [ ] Buy hooks %%cheap ones%%", ["Buy hooks"]),
        ("## Sails %% new %%\nTwo of them are white now.", ["Two of them are white now."]),
        ("| Sail | Age |\n|---|---|\n| Jib | 9 | %% no %%", ["| Jib | 9 |"]),
        ("> They said so. %% did they? %%", ["They said so."]),
        ("Rent rose 5%% and fell 3%% in one year.", ["Rent rose 5%% and fell 3%% in one year."]),
        ("It says `%%` and then `%%` for comments.", ["It says `%%` and then `%%` for comments."]),
        ("```\n<!-- code -->\n```\n", ["<!-- code -->"]),
        ("It is never closed: %% so it is text.", ["It is never closed: %% so it is text."]),
        ("We sail on Sunday. ^sail-1\n\n^other", ["We sail on Sunday."]),
        ("2 ^ 10 is what we paid for it.", ["2 ^ 10 is what we paid for it."]),
        ("일요일에 배를 탄다. %% 하늘이에게 묻기 %%", ["일요일에 배를 탄다."]),
    ],
)
def test_comments_and_block_ids_are_no_evidence(text: str, quotes: list[str]) -> None:
    assert [quote for quote, _ in said(text)] == quotes


def test_a_comment_is_in_no_context_either() -> None:
    text = "# Boat %%secret%%\n- Sails %%secret%%\n  - mend the jib <!--secret-->\n\nTo buy: %%secret%%\n- rope\n"
    assert [context for _, context in said(text)] == ["Boat: Sails", "Sails: mend the jib", "To buy: rope"]


def test_footnotes_are_sentences_of_their_own() -> None:
    text = "I sold the boat.[^1] Then I bought[^why] a smaller one.\n\n[^1]: To Rosa, in Porto.\n[^why]: It was cheap."
    assert said(text) == [
        ("I sold the boat.", "I sold the boat."),
        ("Then I bought[^why] a smaller one.", "Then I bought a smaller one."),
        ("To Rosa, in Porto.", "Boat: To Rosa, in Porto."),
        ("It was cheap.", "Boat: It was cheap."),
    ]


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("length:: 7 metres", "Boat: length: 7 metres"),
        ("**owner**:: [[Rosa Diaz|Rosa]]", "Boat: owner: Rosa"),
        ("[due:: 2024-05-01]", "Boat: due: 2024-05-01"),
        ("I read it in May [pages:: 300] at home.", "I read it in May pages: 300 at home."),
        ("길이:: 7미터", "Boat: 길이: 7미터"),
        ("Use std::string for the name of it.", "Use std::string for the name of it."),
    ],
)
def test_fields_are_keys_and_values(text: str, context: str) -> None:
    assert said(text) == [(text, context)]


def test_a_field_without_a_value_introduces_nothing() -> None:
    assert said("rating::\n- rope\n- lamp") == [("rope", "Boat: rope"), ("lamp", "Boat: lamp")]


# --- whose words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("> [!note] Plan\n> We leave in July.", ["owner"]),
        ("> [!NOTE]\n> We leave in July.", ["owner"]),
        ("> [!할 일]- 계획\n> 우리는 7월에 떠난다.", ["owner"]),
        (
            "> [!tip|wide]+ Plan\n> We leave in July.\n> > Rosa said no.\n> And so we stay here.",
            ["owner", "other", "owner"],
        ),
        ("> [!quote] Rosa\n> I never liked it.", ["other"]),
        ("> [!cite]\n> I never liked it.", ["other"]),
        ("> [!인용] 하늘\n> 나는 그것이 싫다.", ["other"]),
        ("> I never liked it.", ["other"]),
        ("> [!quote] Rosa\n> I never liked it.\n\n> [!note] Me\n> But I do like it.", ["other", "owner"]),
        (
            "> [!note] Outer\n> I begin it here.\n> > [!quote] Rosa\n> > I never liked it.\n> > > [!note] Deep\n> > > So she did say.",
            ["owner", "other", "other"],
        ),
    ],
)
def test_a_callout_is_in_the_notes_own_words_unless_it_quotes(text: str, origins: list[str]) -> None:
    assert [piece.origin for piece in pieces(text)] == origins


def test_a_callout_is_markdown_under_its_own_heading() -> None:
    text = (
        "# Summer\nWe have a plan at last.\n> [!note]- The plan\n> We leave in July and we come back\n> in August.\n"
        "> - [ ] Buy hooks\n>   - [x] big ones\n> \n> | Who | Age |\n> |---|---|\n> | Ada | 9 |\n\nThat is the whole plan."
    )
    assert [(piece.heading, piece.context, piece.todo) for piece in pieces(text)] == [
        ("Summer", "We have a plan at last.", ""),
        ("The plan", "We leave in July and we come back in August.", ""),
        ("The plan", "The plan: to do: Buy hooks", "open"),
        ("The plan", "Buy hooks: done: big ones", "done"),
        ("The plan", "The plan: Who: Ada; Age: 9", ""),
        ("Summer", "That is the whole plan.", ""),
    ]
    blocks = [piece.block for piece in pieces(text)]
    assert blocks == sorted(blocks) and blocks[0] < blocks[1] < blocks[-1]


def test_the_title_of_a_callout_that_says_nothing_else() -> None:
    assert said("> [!todo] Call the plumber\n\nLater.")[0] == ("Call the plumber", "Call the plumber")
    assert said("> [!note]\n> Moved.") == [("Moved.", "Boat: Moved.")]


# --- tasks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "todo", "context"),
    [
        ("- [ ] Buy rope", "open", "Boat: to do: Buy rope"),
        ("* [ ] Buy rope", "open", "Boat: to do: Buy rope"),
        ("+ [ ] Buy rope", "open", "Boat: to do: Buy rope"),
        ("1. [ ] Buy rope", "open", "Boat: to do: Buy rope"),
        ("12) [x] Buy rope", "done", "Boat: done: Buy rope"),
        ("- [] Buy rope", "open", "Boat: to do: Buy rope"),
        ("- [X] Buy rope", "done", "Boat: done: Buy rope"),
        ("- [v] 밧줄 사기", "done", "Boat: 완료: 밧줄 사기"),
        ("- [/] Buy rope", "open", "Boat: in progress: Buy rope"),
        ("- [-] Buy rope", "done", "Boat: cancelled: Buy rope"),
        ("- [>] Buy rope", "open", "Boat: to do: Buy rope"),
        ("- [!] Buy rope", "open", "Boat: to do: Buy rope"),
        ("☐ Buy rope", "open", "Boat: to do: Buy rope"),
        ("☑️ Buy rope", "done", "Boat: done: Buy rope"),
        ("- ☐ 밧줄 사기", "open", "Boat: 할 일: 밧줄 사기"),
        ("- [ ] 밧줄 사기", "open", "Boat: 할 일: 밧줄 사기"),
        ("- [/] 밧줄 사기", "open", "Boat: 진행 중: 밧줄 사기"),
        ("- [-] 밧줄 사기", "done", "Boat: 취소: 밧줄 사기"),
        ("    - [x] Buy rope", "done", "Boat: done: Buy rope"),
        ("- Buy rope", "", "Boat: Buy rope"),
        ("- [1] Buy rope", "", "Boat: [1] Buy rope"),
        ("- [a](https://x.example) rope", "", "Boat: a rope"),
        ("- [[x]] rope", "", "Boat: x rope"),
        ("✅ Great day", "", "Boat: ✅ Great day"),
    ],
)
def test_tasks(text: str, todo: str, context: str) -> None:
    (piece,) = pieces(text)
    assert (piece.todo, piece.context) == (todo, context)
    assert "[ ]" not in text[piece.start : piece.end]


def test_an_empty_task_says_nothing() -> None:
    assert said("- [ ]\n- [x] \n* [ ]") == []


def test_every_sentence_of_a_task_is_one() -> None:
    text = "- [ ] Buy rope. Ask Rosa which one she likes.\n  It must be red."
    assert [piece.todo for piece in pieces(text)] == ["open", "open", "open"]


# --- the document -----------------------------------------------------------------------------------------------------


def test_links(tmp_path: Path) -> None:
    text = (
        "---\nup: '[[Boats]]'\n---\n"
        "I met [[Rosa Diaz]] and [[people/Tom Lee.md#Boats|Tom]] at [the pier](https://pier.example/a_(b) 'Pier').\n"
        "![[mast.png|300]] ![a sail](img/sail%20one.jpg) [[#Below]] [[Rosa Diaz#^id]] [here](#below)\n"
        "See [notes](<Other note.md>), <https://auto.example/x> and [ref][1]. `[[code]]`\n"
        "```\n[[fenced]]\n```\n%% [[hidden]] %%\n| [[김하늘\\|하늘]] |\n\n[1]: https://ref.example/y\n"
        "[^1]: See [mail](mailto:rosa@example.org) ![x](data:image/png;base64,AAAA)\n"
    )
    found = document(tmp_path, text)
    assert found.links == (
        "Boats",
        "Rosa Diaz",
        "Tom Lee",
        "https://pier.example/a_(b)",
        "mast.png",
        "sail one.jpg",
        "Other note",
        "https://auto.example/x",
        "김하늘",
        "https://ref.example/y",
        "mailto:rosa@example.org",
    )
    assert found.text == text.split("---\n", 2)[2].strip("\n"), "the text itself is unchanged"


@pytest.mark.parametrize(
    ("front", "aliases"),
    [
        ("aliases: [Boat, 배]", "Boat, 배"),
        ("aliases:\n  - Boat\n  - The boat\n  - Boat", "Boat, The boat"),
        ("aliases: Boat, The boat", "Boat, The boat"),
        ("alias: Boat", "Boat"),
        ("aliases:", None),
        ("aliases: []", None),
    ],
)
def test_aliases(front: str, aliases: str | None, tmp_path: Path) -> None:
    assert document(tmp_path, f"---\n{front}\n---\nIt floats.").details.get("aliases") == aliases


def test_tags(tmp_path: Path) -> None:
    text = (
        "---\ntags: [trips/porto, '#sea']\n---\nWe went #trips/porto/food and #바다/여름 in #2024.\n"
        "`#code` %% #hidden %% https://x.example/#part\n> [!note] #callout\n> ok here\n"
    )
    assert document(tmp_path, text).tags == ("trips/porto", "sea", "trips/porto/food", "바다/여름", "callout")


def test_the_title_is_no_comment(tmp_path: Path) -> None:
    assert document(tmp_path, "%%\n# Hidden\n%%\n# Shown %% x %%\nWe sail.").title == "Shown"


PARTS = [
    "> [!note] Title",
    "> [!quote]",
    "> > nested. And so on",
    "> - [ ] task. Two!",
    "- [x] done %% no %%",
    "%%",
    "<!-- a",
    "b -->",
    "Said so.[^1] Then.",
    "[^1]: A note. More of it.",
    "key:: value. Next one",
    "^id",
    "☐ drawn",
    "> ```",
    "| a %%x%% b | c |",
    "\f",
    "",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=30)), max_size=12).map("\n".join))
def test_spans_are_exact_and_in_order(text: str) -> None:
    end = 0
    for piece in pieces(text):
        quoted = text[piece.start : piece.end]
        assert piece.start >= end and quoted and quoted == quoted.strip() and piece.context.strip()
        end = piece.end
    assert pieces(text) == pieces(text)
