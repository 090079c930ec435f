"""Facts about the owner with their time: outright ones only, later ones over earlier ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l1_identity.english_words import number
from kernel.types import Identity

Identify = Callable[..., Identity]


def values(identity: Identity, key: str) -> list[tuple[str, str | None, str | None]]:
    return [(a.value, a.valid_from, a.valid_to) for a in identity.attributes if a.key == key]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("I work as a night nurse at Saint Bride Hospital.", "occupation", "night nurse"),
        ("I work as a night nurse at Saint Bride Hospital.", "employer", "Saint Bride Hospital"),
        ("I'm a bookbinder in a town that reads little.", "occupation", "bookbinder"),
        ("We live in Wilhelmsburg, on the fourth floor.", "home_city", "Wilhelmsburg"),
        ("My brother Deniz drives trucks.", "brother", "Deniz"),
        ("Luc Amiro is my partner, a baker.", "partner", "Luc Amiro"),
        ("I adopted a grey cat. I named her Sesame.", "pet", "Sesame (cat)"),
        ("Rosin is our dog and she is six.", "pet", "Rosin (dog)"),
        ("I am allergic to walnuts, badly.", "allergy", "walnuts"),
        ("I play the cello, not well.", "instrument", "cello"),
        ("My favourite colour is the green of old copper.", "favourite_colour", "the green of old copper"),
        ("My birthday is on 4 May and nobody remembers.", "birthday", "4 May"),
        ("I'm saving up for a cargo bike.", "saving_for", "a cargo bike"),
        ("I turned forty-two today.", "age", "42"),
        ("I can't stand fondant icing.", "dislikes", "fondant icing"),
        ("Landlord: Mr Abara", "landlord", "Mr Abara"),
        ("- Maryam: my wife, 12 August", "partner", "Maryam"),
        ("Nobody rang but my sister Ingrid, who lives in Bergen.", "sister_city", "Bergen"),
        ("Mum lives in Chapeltown and is seventy-four.", "mother_age", "seventy-four"),
        ("My father Otis worked as a tram driver for thirty years.", "father_occupation", "tram driver"),
        ("Priya, my manager, said nothing.", "manager", "Priya"),
        ("Our cat Pepper sleeps all day.", "pet", "Pepper (cat)"),
        ("Deniz won a goldfish at a fair and now it is ours. We named him Diego.", "pet", "Diego (goldfish)"),
        ("Martin and I have been married for ten years.", "partner", "Martin"),
        ("I was elected treasurer because nobody else can add.", "role", "treasurer"),
        ("Treasurer: me", "role", "treasurer"),
        ("I am an alto and always have been.", "voice", "alto"),
        ("I gave up coffee in January.", "gave_up", "coffee"),
        ("I prefer trains to planes.", "prefers", "trains"),
        ("I cannot swim.", "cannot", "swim"),
        ("I was born in Cork.", "birthplace", "Cork"),
        ("I have asthma, like half the street.", "condition", "asthma"),
        ("My landlord, Mr Abara, came by.", "landlord", "Mr Abara"),
        ("Kamran: my older brother, 50, dentist, Calgary", "brother_city", "Calgary"),
        ("나는 전주에 산다.", "home_city", "전주"),
        ("나는 2019년부터 서울 마포구에 혼자 산다.", "home_city", "서울 마포구"),
        ("나는 한빛병원에서 간호사로 일한다.", "occupation", "간호사"),
        ("나는 한빛병원에서 간호사로 일한다.", "employer", "한빛병원"),
        ("여동생 지수는 대전에 산다.", "sister_city", "대전"),
        ("오빠 민재는 의사다.", "brother_occupation", "의사"),
        ("엄마는 예순둘이다.", "mother_age", "62"),
        ("나는 서른넷이다.", "age", "34"),
        ("고향은 강릉이다.", "origin", "강릉"),
        ("나는 매운 음식을 별로 안 좋아한다.", "dislikes", "매운 음식"),
        ("커피를 끊었다.", "gave_up", "커피"),
        ("혈액형: O형", "blood_type", "O형"),
        ("우리 고양이 이름은 보리다.", "pet", "보리 (고양이)"),
        ("제일 좋아하는 색은 초록색이다.", "favourite_색", "초록색"),
        ("나는 땅콩 알레르기가 있다.", "allergy", "땅콩"),
        ("내 생일은 3월 14일이다.", "birthday", "3월 14일"),
    ],
)
def test_what_is_said_outright_is_known(identify: Identify, text: str, key: str, value: str) -> None:
    assert [v for v, _, _ in values(identify([("2025-06-01", "A page", text)]), key)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "I would live in Lisbon if I could.",
        "My friend says I am a dreamer.",
        "She lives in Porto and is allergic to cats.",
        '"I work at Northgate," said Ellie.',
        "> I live in Porto.",
        "선생님은 부산에 산다.",
        "엄마 생각이 났다.",
        "The woman in the next bed, Aunt Piri, knitted half a sock.",
        "I was tired, and since I was a student I have not slept so long.",
        "Garlic and vinegar: me",
        "나는 서울에 살고 싶다.",
    ],
)
def test_what_is_not_said_of_the_owner_is_not_known(identify: Identify, text: str) -> None:
    known = {a.key for a in identify([("2025-06-01", "A page", text)]).attributes}
    assert known <= {"name"}


def test_another_persons_note_says_nothing_of_the_owner(identify: Identify) -> None:
    identity = identify([("2025-06-01", "A page", "I live in Porto. My brother Deniz drives.")], origin="other")
    assert {a.key for a in identity.attributes} == {"name"} and identity.biography.first_person == ()


def test_a_later_value_closes_the_earlier_one(identify: Identify) -> None:
    identity = identify(
        [("2023-01-10", "Home", "I live in Porto."), ("2025-09-20", "Moved", "I moved to Lisbon in September 2025.")]
    )
    assert values(identity, "home_city") == [("Lisbon", "2025-09", None), ("Porto", "2023-01-10", "2025-09")]


def test_an_ending_closes_what_it_ends(identify: Identify) -> None:
    work = [("2022-03-01", "Work", "I work at Northgate."), ("2024-06-01", "Done", "I have left Northgate at last.")]
    assert values(identify(work), "employer") == [("Northgate", "2022-03-01", "2024-06-01")]
    love = [("2022-03-01", "Sal", "My boyfriend Sal cooks."), ("2024-06-01", "Over", "Sal and I broke up today.")]
    assert values(identify(love), "partner") == [("Sal", "2022-03-01", "2024-06-01")]


def test_what_is_said_of_one_person_is_not_said_of_another(identify: Identify) -> None:
    pages = [
        ("2025-01-01", "Sisters", "My sister Ingrid lives in Bergen. My sister Signe lives in Oslo."),
        ("2025-05-01", "Ingrid", "Ingrid moved to Turku. She hates it."),
    ]
    assert values(identify(pages), "sister_city") == [
        ("Ingrid: Turku", "2025-05-01", None),
        ("Ingrid: Bergen", "2025-01-01", "2025-05-01"),
        ("Signe: Oslo", "2025-01-01", None),
    ]


def test_a_birthday_comes_from_the_day_on_which_an_age_is_told(identify: Identify) -> None:
    identity = identify([("2025-02-09", "Birthday", "I turned forty-two today.")])
    assert values(identity, "birthday") == [("9 February", None, None)]


def test_a_value_that_a_pronoun_hides_is_cited_with_whom_it_means(identify: Identify) -> None:
    identity = identify([("2025-02-09", "Visit", "My sister Ingrid came on Friday. She lives in Bergen.")])
    (city,) = [a for a in identity.attributes if a.key == "sister_city"]
    assert city.citations[0].quote == "My sister Ingrid came on Friday. She lives in Bergen."


def test_a_list_of_plans_gives_one_plan_an_item(identify: Identify) -> None:
    identity = identify([("2025-01-01", "Plans", "1. Learn to weld. It is time.\n2. Sell the van.\n3. I know.")])
    assert [v for v, _, _ in values(identity, "plan")] == ["Learn to weld", "Sell the van"]


def test_more_notes_make_it_surer(identify: Identify) -> None:
    pages = [(f"2025-0{n}-01", f"Page {n}", f"My brother Deniz rang {n} times.") for n in (1, 2, 3)]
    (brother,) = [a for a in identify(pages).attributes if a.key == "brother"]
    assert brother.confidence == "VERY_HIGH" and len(brother.citations) == 3
    (once,) = [a for a in identify(pages[:1]).attributes if a.key == "brother"]
    assert once.confidence == "MEDIUM"


@pytest.mark.parametrize(
    ("word", "expected"), [("42", 42), ("forty-two", 42), ("nineteen", 19), ("ninety", 90), ("tired", None)]
)
def test_numbers_in_words(word: str, expected: int | None) -> None:
    assert number(word) == expected
