"""The rules for questions: what they make, what they leave alone, and the round trip."""

from __future__ import annotations

from collections import Counter

import pytest

from kernel.l0_insight.english import load
from kernel.l2_training.data.english import from_sentence
from kernel.l2_training.data.korean import from_korean
from kernel.l2_training.data.pairs import from_pair
from kernel.l2_training.data.questions import candidates as make_candidates
from kernel.l2_training.data.questions import normalised, round_trip
from kernel.l2_training.data.secrets import holds_secret
from kernel.memory.chunks import to_memory
from kernel.types import Explain, Hit, Memory, Note, Sentence, Span


def asked(sentence: str) -> dict[str, str]:
    return {made.question: made.answer for made in from_sentence(sentence, load())}


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "My sister Liv lives in Tromsø, where she drives a snowplough.",
            "Where does Liv live?",
            "Liv lives in Tromsø.",
        ),
        ("My sister Liv lives in Tromsø.", "What is your sister's name?", "My sister's name is Liv."),
        ("Finn joined in May 2024.", "When did Finn join?", "Finn joined in May 2024."),
        ("Mrs Abernethy is 81 and plays the cello.", "How old is Mrs Abernethy?", "Mrs Abernethy is 81."),
        (
            "The stall at Kirkgate Market is eight feet wide.",
            "How wide is the stall at Kirkgate Market?",
            "The stall at Kirkgate Market is eight feet wide.",
        ),
        ("Luc and I met in Dartmouth.", "Where did you and Luc meet?", "Luc and I met in Dartmouth."),
        (
            "Auntie Obiageli lent me two thousand pounds.",
            "Who lent you two thousand pounds?",
            "Auntie Obiageli lent me two thousand pounds.",
        ),
        (
            "I gave up coffee because my hands had begun to shake.",
            "Why did you give up coffee?",
            "Because my hands had begun to shake.",
        ),
        ("I hate leaf blowers.", "Do you like leaf blowers?", "No, I hate leaf blowers."),
        ("My manager is Priya Raman.", "Who is your manager?", "My manager is Priya Raman."),
    ],
)
def test_a_plain_sentence_is_asked_about(sentence: str, question: str, answer: str) -> None:
    assert asked(sentence).get(question) == answer, asked(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "She lives in Tromsø.",
        "It cost forty pounds.",
        "Does Liv live in Tromsø?",
        "Liv does not live in Tromsø.",
        "If Liv lives in Tromsø, she must be cold.",
        'Liv said "I live in Tromsø now".',
        "Liv might buy a house in Tromsø.",
        "That was the end of it.",
        "Moved.",
    ],
)
def test_what_is_not_plain_is_left_alone(sentence: str) -> None:
    assert asked(sentence) == {}


@pytest.mark.parametrize(
    ("key", "value", "subject", "question"),
    [
        ("Doctor", "Dr Pelletier, Robie Street clinic", "Health", "Who's your doctor?"),
        ("Rent", "1,150 dollars a month", "My flat", "How much is your rent?"),
        ("Composer", "Bartók", "Favourites", "What's your favourite composer?"),
        ("Allergy", "penicillin", "Health", "Are you allergic to anything?"),
        ("Estimate", "23,400 euros", "Roof", None),
    ],
)
def test_key_and_value_lines(key: str, value: str, subject: str, question: str | None) -> None:
    made = list(from_pair(key, value, subject, load(), frozenset()))
    assert len(made) == 1
    if question:
        assert made[0].question == question
    else:
        assert "Roof" in made[0].question and "estimate" in made[0].question and made[0].answer == "23,400 euros."


def test_a_clause_as_key_is_no_question() -> None:
    assert list(from_pair("What I think is this", "no", "Health", load(), frozenset())) == []


def test_korean_endings_follow_the_last_syllable() -> None:
    made = {one.question: one.answer for one in from_korean("내 고향은 전주이다.")}
    assert made == {"고향은 뭐예요?": "제 고향은 전주예요."}
    assert list(from_korean("오늘 나는 부산에서 살았다.")) == []


@pytest.mark.parametrize(
    "text",
    [
        "card 4539 1488 0343 6467",
        "Password: hunter2",
        "비밀번호 1234",
        "IBAN GB82 WEST 1234 5698 7654 32",
        "sk-proj-abcdEFGH12345678ijkl",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_secrets_are_seen(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "Rent is 1,150 pounds.",
        "My phone is 0151 496 0123.",
        "The secret of bread is time.",
        "In 1992 we had 212 people.",
    ],
)
def test_ordinary_numbers_are_no_secrets(text: str) -> None:
    assert not holds_secret(text)


def test_owner_and_reader_ask_the_same_question() -> None:
    assert normalised("Where do I live?") == normalised("where do you live") and normalised(
        "What's my rent?"
    ) == normalised("What is your rent?")


def memory_of(text: str) -> Memory:
    return to_memory(
        Note(
            id="n_000000000001",
            origin="owner",
            kind="text",
            title="Otto",
            text=text,
            happened_at=None,
            happened_from="unknown",
            learned_at="2025-01-01",
            source="text:",
            content_hash="0" * 64,
            language="en",
        ),
        1200,
    )


def hit_of(memory: Memory, sentence: Sentence) -> Hit:
    return Hit(
        note_id=memory.note.id,
        chunk_id=sentence.chunk_id,
        sentence_id=sentence.id,
        title=memory.note.title,
        text=memory.note.text[sentence.start : sentence.end],
        context=sentence.context,
        span=Span(sentence.start, sentence.end),
        score=0.9,
        explain=Explain(vector=None, words=0, hangul=0, trigram=0, overlap=0),
        happened_at=None,
        origin="owner",
        language="en",
    )


def test_the_round_trip_lets_in_only_what_is_found_again() -> None:
    memory = memory_of(
        "My neighbour Otto planted eleven pear trees. The ferry was late. The cellar smells of paint. It burned."
    )
    dropped: Counter[str] = Counter()
    candidate = next(one for one in make_candidates([memory], ("en",), dropped, 1) if one.sentence.ordinal == 0)
    own, *others = (hit_of(memory, sentence) for sentence in memory.sentences)
    found = round_trip(candidate, lambda _question: [others[0], own, others[1]], dropped)
    assert found is not None and found.rank == 2
    assert round_trip(candidate, lambda _question: [*others, own], dropped) is None
    assert round_trip(candidate, lambda _question: [], dropped) is None
    assert dropped["not found again"] == 2


def test_two_brothers_are_not_one() -> None:
    from kernel.l2_training.data.questions import make_answered

    memory = memory_of("My brother Otto keeps bees in Leeds. My brother Karl keeps goats in York.")
    hits = [hit_of(memory, sentence) for sentence in memory.sentences]
    answered, dropped = make_answered([memory], lambda _question: hits, languages=("en",), seed=1)
    questions = {one.candidate.question for one in answered}
    assert "What is your brother's name?" not in questions and dropped["answers differ"] >= 2
    assert "Who is Otto?" in questions
