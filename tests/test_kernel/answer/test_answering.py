"""Routes, checks, bands and the answerer over a scripted engine: what goes out, and what is quoted instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from kernel.abc import Generate
from kernel.answer import check, quote
from kernel.answer.answerer import Answerer, Context
from kernel.answer.bands import Bands, Tried, calibrate
from kernel.answer.prompt import ChatTemplate, plain, prompt_of_self, when
from kernel.answer.route import route
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import NotFound, WrongUse
from kernel.memory.language import language_of
from kernel.types import (
    AnswerDelta,
    Biography,
    Chunk,
    Explain,
    Hit,
    Memory,
    Message,
    Note,
    Question,
    Sentence,
    Span,
)

PEPPER = "I named her Pepper."
SPOTS = "She has spots upon her nose."
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


def hit(text: str, score: float = 0.8, *, context: str = "", language: str = "en", note: str = "n_1") -> Hit:
    return Hit(
        note_id=note,
        chunk_id="c_1",
        sentence_id=f"s_{abs(hash(text))}",
        title="A note",
        text=text,
        context=context or text,
        span=Span(0, len(text)),
        score=score,
        explain=Explain(vector=0.5, words=1, hangul=0, trigram=0, overlap=1),
        happened_at="2025-02-09",
        origin="owner",
        language=language,  # type: ignore[arg-type]
    )


async def answerer(
    reply: Callable[[Generate], str] | str, hits: list[Hit], *, adapters: frozenset[str] = frozenset({"0000"})
) -> Answerer:
    said = reply if callable(reply) else lambda _request: reply

    async def search(query: str, limit: int, as_of: str | None, before: tuple[str, ...]) -> list[Hit]:
        return hits[:limit]

    context = Context(owner="Robin Vale", template=ChatTemplate(TEMPLATE), adapters=adapters)
    engine = ScriptedEngine(said)
    await engine.start()
    for version in adapters:
        await engine.load_adapter(version, Path(__file__))
    return Answerer(engine, search, context)


def asked(text: str, model: str = "self", **more: object) -> Question:
    return Question(messages=(Message(role="user", content=text),), model=model, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is your sister's name?", "owner"),
        ("Where do I live?", "owner"),
        ("Who are you?", "identity"),
        ("What's your name?", "identity"),
        ("Are you an AI?", "identity"),
        ("What are you allergic to?", "owner"),
        ("What are you learning?", "owner"),
        ("hi there!", "conversation"),
        ("Draft a short reply to Priya", "conversation"),
        ("Thanks a lot", "conversation"),
        ("What is the capital of Peru?", "unsure"),
        ("Who is Klara Novak?", "unsure"),
        ("Can you explain photosynthesis?", "unsure"),
    ],
)
def test_routes_in_english(text: str, expected: str) -> None:
    assert route(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("어디에서 일해요?", "owner"),
        ("동생 이름이 뭐예요?", "owner"),
        ("누구세요?", "identity"),
        ("안녕하세요", "conversation"),
        ("프랑스의 수도는 어디예요?", "unsure"),
    ],
)
def test_routes_in_korean(text: str, expected: str) -> None:
    assert route(text, "ko") == expected


def test_invented_names_and_numbers_are_seen() -> None:
    source = ["Tobias keeps bees on the roof. It cost 1,180 euros. She turned ninety-one."]
    assert check.invented("Toby keeps them on the roof.", source) == {"toby"}
    assert check.invented("I paid 1180 euros.", source) == set()
    assert check.invented("She is 91.", source) == set()
    assert check.invented("She is ninety.", source) == {"90"}
    assert check.invented("Around the roof, Tobias.", source) == set()


def test_an_answer_of_other_words_is_unsupported() -> None:
    assert check.unsupported("Milk, cheese and butter.", ["I buy my beans from a roaster."])
    assert not check.unsupported("I buy them from a roaster.", ["I buy my beans from a roaster."])


def test_certainty_is_that_of_the_least_likely_word_that_the_question_has_not() -> None:
    pieces = [
        ("My", -0.1),
        (" cat", -2.0),
        ("'s", -0.1),
        (" name", -0.1),
        (" is", -0.2),
        (" Pep", -0.1),
        ("per", -1.0),
        (".", -3.0),
    ]
    assert check.certainty(pieces, "What is your cat's name?") == pytest.approx(math.exp(-1.0))
    assert check.certainty([("Pepper", -4.0)], "Pepper?") == 1.0


@pytest.mark.parametrize(
    "text", ["I don't know.", "I've no note of that.", "Nothing in my notes says.", "모르겠어요.", "I can’t say."]
)
def test_refusals(text: str) -> None:
    assert check.refuses(text)


def test_special_tokens_of_a_note_stay_words() -> None:
    assert "<|im_end|>" not in plain("hello <|im_end|>")
    assert when("2025-01-06", "en") == "6 January 2025"
    assert when("2025-01-06", "ko") == "2025년 1월 6일"


def test_the_best_evidence_comes_last_and_the_question_after_it() -> None:
    messages = prompt_of_self("Robin", "How old?", [hit("First best."), hit("Second.")], system="Be brief.")
    assert messages[0].role == "system" and messages[0].content.endswith("Be brief.")
    content = messages[-1].content
    assert content.index("Second.") < content.index("First best.") < content.index("How old?")


async def test_a_supported_answer_is_the_models_own_and_cited() -> None:
    answer = await (await answerer("She is called Pepper.", [hit("I named her Pepper.")])).ask(
        asked("What is your cat's name?")
    )
    assert (answer.text, answer.source) == ("She is called Pepper.", "model")
    assert [citation.quote for citation in answer.citations] == ["I named her Pepper."]


async def test_an_invented_name_is_replaced_by_the_owners_sentence() -> None:
    answer = await (await answerer("She is called Bella.", [hit("I named her Pepper.")])).ask(
        asked("What is your cat's name?")
    )
    assert (answer.text, answer.source) == ("I named her Pepper.", "quote")


async def test_a_refusal_over_strong_evidence_is_overruled_and_over_weak_evidence_kept() -> None:
    strong = await (await answerer("I don't know.", [hit("I named her Pepper.", 0.9)])).ask(
        asked("What is your cat's name?")
    )
    weak = await (await answerer("I don't know.", [hit("I named her Pepper.", 0.3)])).ask(
        asked("What is your cat's name?")
    )
    assert (strong.source, weak.source) == ("quote", "none")
    assert not weak.citations
    assert weak.score == 0.3  # what the bands are calibrated by


async def test_what_is_so_of_a_relative_is_not_said_of_the_owner() -> None:
    sister = hit("My sister Ingrid is older than me and lives in Bergen.", 0.6)
    living = await answerer("I live in Bergen.", [sister])
    answer = await living.ask(asked("Where do you live?"))
    assert (answer.source, answer.text) == ("quote", sister.text)
    beside = [sister, hit("I get my best sleep where I live before noon.", 0.5)]
    assert (await (await answerer("I live in Bergen.", beside)).ask(asked("Where do you live?"))).source == "quote"
    hers = await (await answerer("My sister lives in Bergen.", [sister])).ask(asked("Where does your sister live?"))
    assert hers.source == "model"
    both = [hit("I live in Bergen with my sister.", 0.6)]
    assert (await (await answerer("I live in Bergen.", both)).ask(asked("Where do you live?"))).source == "model"


async def test_nothing_near_is_not_known_without_asking_the_model() -> None:
    answer = await (await answerer("Never said.", [hit("I named her Pepper.", 0.01)])).ask(
        asked("What is your shoe size?")
    )
    assert answer.source == "none" and check.refuses(answer.text)


async def test_korean_is_quoted_where_the_base_writes_none() -> None:
    found = [hit("이름은 호박이다.", language="ko")]
    answer = await (await answerer("Pumpkin", found)).ask(asked("고양이 이름이 뭐예요?"))
    assert (answer.text, answer.source) == ("이름은 호박이다.", "quote")
    none = await (await answerer("Pumpkin", [])).ask(asked("무슨 차를 타요?"))
    assert "모르" in none.text


async def test_without_an_adapter_the_self_quotes() -> None:
    answer = await (await answerer("Bella.", [hit("I named her Pepper.")], adapters=frozenset())).ask(
        asked("Your cat's name?")
    )
    assert answer.source == "quote"


async def test_the_world_is_asked_of_the_base_in_its_own_words() -> None:
    seen: list[Generate] = []

    def reply(request: Generate) -> str:
        seen.append(request)
        return "Lima."

    answer = await (await answerer(reply, [])).ask(asked("What is the capital of Peru?"))
    assert (answer.text, answer.route, answer.citations) == ("Lima.", "world", ())
    assert seen[0].adapter is None and "Robin" not in seen[0].prompt


async def test_talk_starts_with_no_invented_name() -> None:
    talking = await answerer("Dear Mr Quimby, thank you. It was a pleasure to hear from you.", [])
    answer = await talking.ask(asked("Draft a short thank-you reply"))
    assert (answer.route, answer.text.strip()) == ("conversation", "It was a pleasure to hear from you.")
    nothing_left = await answerer("Greetings from Ruritania.", [])
    answer = await nothing_left.ask(asked("Draft a short greeting"))
    assert (answer.text, answer.source, answer.citations) == (quote.NOTHING_TO_SAY, "none", ())


async def test_who_are_you_without_evidence_is_the_name() -> None:
    answer = await (await answerer("I'm Walter Smith.", [])).ask(asked("Who are you?"))
    assert answer.text == "I'm Robin Vale."


async def test_a_stream_sends_checked_sentences_and_then_the_answer() -> None:
    one = await answerer("She is Pepper. She likes Belgium.", [hit("I named her Pepper. She likes sleep.")])
    parts = [part async for part in one.stream(asked("Tell me about your cat"))]
    text = "".join(part.text for part in parts if isinstance(part, AnswerDelta))
    assert "Pepper" in text and "Belgium" not in text
    assert parts[-1].text == text


async def test_a_short_limit_cuts_a_quote_and_says_so() -> None:
    long = "I named her Pepper because of the many small grey spots that she has upon her very small nose."
    answer = await (await answerer("Bella.", [hit(long)])).ask(asked("What is your cat's name?", max_tokens=6))
    assert answer.finish_reason == "length" and long.startswith(answer.text)


@pytest.mark.parametrize(
    ("question", "found", "stop", "text", "source"),
    [
        ("What is your cat's name?", [PEPPER], ("Pepper",), "I named her ", "quote"),
        ("What is your cat's name?", [PEPPER, SPOTS], ("spots", "zebra"), f"{PEPPER} She has ", "quote"),
        ("고양이 이름이 뭐예요?", ["이름은 호박이다."], ("호박",), "이름은 ", "quote"),
        ("What is your shoe size?", [], (" I have",), "I don't know.", "none"),
        ("무슨 차를 타요?", [], (" 제 기록",), "모르겠어요.", "none"),
        ("Draft a short greeting", [], (" about",), "I'd rather not make anything up", "none"),
        ("Who are you?", [], (" Vale",), "I'm Robin", "none"),
        ("누구세요?", [], ("입니다",), "저는 Robin Vale", "none"),
    ],
)
async def test_what_no_model_wrote_ends_where_it_was_to_stop(
    question: str, found: list[str], stop: tuple[str, ...], text: str, source: str
) -> None:
    language = language_of(question)
    one = await answerer("Greetings from Ruritania.", [hit(each, language=language) for each in found])
    whole = await one.ask(asked(question))
    answer = await one.ask(asked(question, stop=stop))
    assert (answer.text, answer.source, answer.finish_reason) == (text, source, "stop")
    assert whole.text.startswith(text) and whole.text != text
    short = await one.ask(asked(question, max_tokens=1))
    assert (short.finish_reason, len(short.text.split())) == ("length", 1)
    for cut in (answer, short):
        assert len(cut.marks) == len(cut.citations) and all(0 <= m.start < m.end <= len(cut.text) for m in cut.marks)


async def test_what_is_cut_off_is_not_cited() -> None:
    one = await answerer("Bella.", [hit(PEPPER), hit(SPOTS)])
    assert [cited.quote for cited in (await one.ask(asked("Your cat's name?"))).citations] == [PEPPER, SPOTS]
    answer = await one.ask(asked("Your cat's name?", stop=(" She",)))
    assert [cited.quote for cited in answer.citations] == [PEPPER] and answer.marks == (Span(0, len(PEPPER)),)
    nothing = await one.ask(asked("Your cat's name?", stop=("I named",)))
    assert (nothing.text, nothing.citations, nothing.marks) == ("", (), ())


async def test_a_word_alone_is_cut_at_the_limit() -> None:
    class Letters(ScriptedEngine):
        async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
            return [ord(letter) for letter in text]

    assert await quote.kept(Letters(), asked("?", max_tokens=5), "모르겠습니다만") == ("모르겠습니", "length")
    assert await quote.kept(Letters(), asked("?", max_tokens=7), "모르겠습니다만") == ("모르겠습니다만", "stop")


@pytest.mark.parametrize(
    ("question", "reply", "said", "written"),
    [
        ("What is your cat's name?", "She is Bella. She is old. She sleeps.", PEPPER, 4),
        ("Draft a short greeting", "Good to see you. Come to Ruritania now. Bye.", "Good to see you. ", 9),
    ],
)
async def test_tokens_of_a_text_that_is_broken_off_are_counted(
    question: str, reply: str, said: str, written: int
) -> None:
    seen: list[Generate] = []

    def answering(request: Generate) -> str:
        seen.append(request)
        return reply

    one = await answerer(answering, [hit(PEPPER)] if "cat" in question else [])
    answer = await one.ask(asked(question))
    assert (answer.text, answer.usage.completion_tokens) == (said, written)
    counting = ScriptedEngine()
    await counting.start()
    assert answer.usage.prompt_tokens == len(await counting.tokenize(str(seen[0].prompt)))


async def test_notes_pasted_in_are_cited_as_a_whole() -> None:
    answer = await (await answerer("Pepper.", [hit(PEPPER)])).ask(asked("Your cat's name?", model="retrieval"))
    assert [cited.quote for cited in answer.citations] == [PEPPER] and answer.marks == (Span(0, len("Pepper.")),)


@pytest.mark.parametrize("model", ["gpt-9", "base:zzz", "base:", "self:", "self-weights:", "quoting:x", "self:0042"])
async def test_a_model_that_is_not_served_is_refused(model: str) -> None:
    with pytest.raises(NotFound, match="self-weights") as caught:
        await (await answerer("x", [])).ask(asked("hi", model=model))
    assert caught.value.code == "model_not_found"


async def test_empty_conversations_are_refused() -> None:
    one = await answerer("x", [])
    with pytest.raises(WrongUse):
        await one.ask(Question(messages=()))


def test_a_citation_reaches_back_to_who_she_is() -> None:
    text = "My sister Ingrid moved to Bergen. She gave me her old cello."
    note = Note(
        id="n_1", origin="owner", kind="text", title="T", text=text, happened_at=None, happened_from="unknown",
        learned_at="2025-01-01", source="text:", content_hash="x", language="en",
    )  # fmt: skip
    cut = text.index("She")
    spans = [(0, cut - 1), (cut, len(text))]
    sentences = tuple(
        Sentence(id=f"s_{n}", note_id="n_1", chunk_id="c_1", ordinal=n, start=a, end=b, context=text[a:b])
        for n, (a, b) in enumerate(spans)
    )
    memory = Memory(
        note=note, chunks=(Chunk(id="c_1", note_id="n_1", ordinal=0, start=0, end=len(text)),), sentences=sentences
    )
    found = msgspec.structs.replace(
        hit(text[cut:], context="My sister Ingrid gave me her old cello."), sentence_id="s_1", span=Span(cut, len(text))
    )
    cited = quote.citation(quote.with_passage(found, memory))
    assert cited.quote == text and text[cited.span.start : cited.span.end] == cited.quote
    both = msgspec.structs.replace(hit(text[: cut - 1], context=text), sentence_id="s_0", span=Span(0, cut - 1))
    assert quote.citation(quote.with_passage(both, memory)).quote == text  # and forward to what its context holds
    alone = msgspec.structs.replace(found, context=found.text)
    assert quote.citation(quote.with_passage(alone, memory)).quote == text[cut:]


def test_bands_are_calibrated_only_where_there_is_enough_to_judge() -> None:
    start = Bands(refuse_below=0.1, quote_above=0.5, world_below=0.2)
    few = [Tried(score=0.3, answerable=True, quote_right=True, model_right=True, model_refused=False)] * 5
    assert calibrate(few, start) == start
    asked_of = [
        *(
            Tried(score=0.4 + n / 50, answerable=True, quote_right=True, model_right=True, model_refused=False)
            for n in range(12)
        ),
        *(
            Tried(score=0.2 + n / 100, answerable=False, quote_right=False, model_right=False, model_refused=False)
            for n in range(8)
        ),
    ]
    found = calibrate(asked_of, start)
    assert 0.27 < found.refuse_below <= 0.4
    one_more = [Tried(score=0.6, answerable=False, quote_right=False, model_right=False, model_refused=True)]
    assert calibrate([*asked_of, *one_more], start).refuse_below == found.refuse_below  # one answer moves nothing far


def test_an_empty_biography_is_empty() -> None:
    assert Biography().first_person == ()
