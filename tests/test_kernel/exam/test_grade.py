"""The grader, with planted good and bad answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.exam.grade import holds_answer, is_own_words, normal_words, refused, right
from kernel.exam.structs import ExamQuestion, Kind, Wanted


def question(q: str, *any_of: Wanted, kind: Kind = "fact", forbidden: tuple[str, ...] = ()) -> ExamQuestion:
    return ExamQuestion(id="x", kind=kind, part="gate", q=q, any=any_of, forbidden=forbidden)


RENT = question("How much rent do you pay for the shop?", "1,150")
PIES = question("How many mince pies did you make?", "2100")
AGE = question("How old is your grandmother?", "ninety")
NAME = question("What is your tortoise called?", "reverend")
CITY = question("Which city did you grow up in?", "port-au-prince")
BOTH = question("What does Chidi study, and in which city?", ("civil engineering", "sheffield"))
ICING = question(
    "What do you think about fondant icing?", "can't stand", "hate", "don't like", kind="opinion", forbidden=("love",)
)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (RENT, "I pay 1150 pounds a month."),
        (RENT, "1 150 a month, with two months free"),
        (RENT, "It's one thousand one hundred and fifty."),
        (PIES, "We made two thousand one hundred mince pies."),
        (PIES, "2,100 of them!"),
        (AGE, "She is 90."),
        (AGE, "She turned NINETY in May."),
        (NAME, "He’s called Reverend’s all I know."),
        (CITY, "In Port-au-Prince."),
        (CITY, "I grew up in port au prince"),
        (BOTH, "Civil engineering, in Sheffield."),
        (ICING, "I can’t stand it; it tastes like a candle."),
        (question("Who wrote it?", "Åsa"), "asa did"),
        (question("강아지 이름이 뭐예요?", "로진"), "강아지 이름은 로진이에요."),
    ],
)
def test_right_answers_are_right(asked: ExamQuestion, answer: str) -> None:
    assert right(asked, answer)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (RENT, "I pay 11150 pounds."),
        (RENT, "I pay 150 pounds and 1 more."),
        (RENT, "I pay for the shop."),
        (PIES, "We made two thousand mince pies."),
        (AGE, "She is ninety-one."),
        (AGE, "She is 190."),
        (NAME, "I have a tortoise."),
        (NAME, "An irreverent tortoise."),
        (BOTH, "He studies in Sheffield."),
        (ICING, "I love it, though some can't stand it."),
        (ICING, ""),
        (question("Where is the art?", "art school"), "It is in the start school."),
    ],
)
def test_wrong_answers_are_wrong(asked: ExamQuestion, answer: str) -> None:
    assert not right(asked, answer)


def test_words_of_the_question_make_nothing_right() -> None:
    asked = question("Is the bread at Calder Mill or at Hobson's?", "calder mill", "thirsk")
    assert not right(asked, "Calder Mill.")
    assert right(asked, "At Thirsk.")


def test_not_knowing_is_right_only_where_nothing_is_known() -> None:
    blank = question("What is your brother's name?", kind="unanswerable")
    assert right(blank, "I don't know. I have no note about that.")
    assert right(blank, "모르겠어요. 제 기록에는 없어요.")
    assert not right(blank, "His name is Paul.")
    assert not right(blank, "I don't know why, but we never met.", source="quote")
    assert not right(NAME, "I don't know.")


def test_a_refusal_is_seen_and_an_answer_with_a_doubt_is_none() -> None:
    assert refused(NAME, "I don't know. I have no note about that.")
    assert refused(NAME, "", source="none")
    assert not refused(NAME, "I don't know how old he is, but he is called Reverend.")
    assert not refused(NAME, "I don't know how he got in.", source="quote")


GOOD_TALK = [
    ("chat", "Hi there, how has your day been?", "Good, thanks! A bit long. How about you?"),
    ("chat", "Have a nice evening!", "You too!"),
    ("chat", "I can't sleep.", "I know the feeling. Try a warm drink and a dull book."),
    (
        "write",
        "Write a short message to Lena saying that I can't come to the party.",
        "Hi Lena, I'm sorry but I can't come to the party.",
    ),
    (
        "write",
        "Write a two-line birthday wish for my grandfather.",
        "Happy Birthday, Grandpa!\nI hope your day is warm and full of cake.",
    ),
    ("write", "Write a two-line poem about autumn.", "Leaves let go without a sound,\nAutumn lays its gold around."),
]
BAD_TALK = [
    ("chat", "Hi there, how has your day been?", "As an AI, I don't have days."),
    ("chat", "Do you know a good riddle?", "I don't know. I have no note about that."),
    ("chat", "I can't sleep.", "I went to Lisbon with Marta in 1987 and I slept there."),
    ("chat", "Have a nice evening!", ""),
    ("chat", "Have a nice evening!", "I like it. I like it. I like it. I like it."),
    ("write", "Write a two-line poem about autumn.", "I'm sorry, but I can't write that."),
    ("write", "Write a thank-you text for a dinner invitation.", "Dear Friend, thank you! Best, [Your Name]"),
    (
        "write",
        "Draft an email asking a colleague for the meeting notes.",
        "You should start with a greeting and then ask for them.",
    ),
    (
        "write",
        "Write a short message to Lena saying that I can't come to the party.",
        "Hi Lena, Roberto and I can't come before 9.",
    ),
    ("write", "Write a two-line poem about autumn.", "Write a two-line poem about autumn."),
]


@pytest.mark.parametrize(("kind", "asked", "answer"), GOOD_TALK)
def test_good_talk(kind: Kind, asked: str, answer: str) -> None:
    assert right(question(asked, kind=kind), answer, owner="Amara Okafor")


@pytest.mark.parametrize(("kind", "asked", "answer"), BAD_TALK)
def test_bad_talk(kind: Kind, asked: str, answer: str) -> None:
    assert not right(question(asked, kind=kind), answer, owner="Amara Okafor")


def test_own_words() -> None:
    evidence = "Auntie Obiageli lent me two thousand pounds for my first mixer and would not hear of interest."
    assert is_own_words("Auntie Obiageli did; she lent me two thousand pounds for a mixer.", [evidence])
    assert not is_own_words(
        "Well: Auntie Obiageli lent me two thousand pounds for my first mixer!", ["Nothing.", evidence]
    )
    assert is_own_words("Auntie Obiageli.", [evidence])


UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety"


def _in_words(number: int) -> str:
    units, tens = UNITS.split(), TENS.split()
    if number < 20:
        return units[number]
    if number < 100:
        return tens[number // 10] + (f"-{units[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" and {_in_words(number % 100)}" if number % 100 else ""
        return f"{units[number // 100]} hundred{rest}"
    rest = number % 1000
    return f"{_in_words(number // 1000)} thousand" + (
        f"{' and' if rest < 100 else ''} {_in_words(rest)}" if rest else ""
    )


@given(st.integers(min_value=0, max_value=999_999))
def test_a_number_is_the_same_in_words_digits_and_groups(number: int) -> None:
    for text in (str(number), f"{number:,}", _in_words(number), _in_words(number).upper()):
        assert normal_words(text) == [str(number)]


@given(st.integers(min_value=0, max_value=99_999), st.integers(min_value=0, max_value=99_999))
def test_another_number_is_never_the_answer(number: int, other: int) -> None:
    asked = question("How many were there?", str(number))
    assert holds_answer(asked, f"There were {_in_words(other)} of them.") == (number == other)


TREES = "alder birch cedar dogwood elm fir gorse hazel iris juniper"
WORDS = st.lists(st.sampled_from(TREES.split()), min_size=1, max_size=30)


@given(WORDS, WORDS, WORDS)
def test_a_copied_run_is_found_wherever_it_stands(before: list[str], run: list[str], after: list[str]) -> None:
    run = [*run, "quartz", *run][: max(8, len(run))]
    if len(run) >= 8:
        assert not is_own_words(" ".join([*before, *run, *after]), [" ".join(run)])
