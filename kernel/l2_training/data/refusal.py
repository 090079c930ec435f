"""Not knowing: questions that the notes do not answer, with the near misses that search really finds for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kernel.answer.prompt import prompt_of_self
from kernel.l0_insight import lexicon as lx
from kernel.l2_training.data.questions import SHOWN, Answered, Find, chance, normalised
from kernel.l2_training.data.secrets import holds_secret
from kernel.l2_training.skill.corpus import as_owner, people
from kernel.memory.words import all_terms, content_terms
from kernel.types import Memory, Sample

BANK = (
    "What's your blood type?", "What is your shoe size?", "What's your middle name?", "What is your star sign?",
    "What is your phone number?", "What's your wifi called?", "How much do you weigh?", "How tall are you?",
    "What's the name of your godmother?", "What's your uncle's name?", "What is your aunt called?",
    "What's your niece's name?", "Who was your best man?", "What is your grandfather's name?",
    "What's your mother-in-law's name?", "What is your cousin's job?", "How many grandchildren do you have?",
    "What's the name of your stepfather?", "When is your nephew's birthday?", "What does your uncle do?",
    "What car do you drive?", "What did your car cost?", "How much did your laptop cost?",
    "What did you pay for your bicycle?", "How much is your phone bill?", "How much did your wedding cost?",
    "What do you pay for electricity?", "How much money is in your savings?", "What was your first salary?",
    "How much did your sofa cost?", "What do you spend on groceries?", "What was the price of your camera?",
    "Which bank are you with?", "Who insures your home?", "Which party do you vote for?",
    "Have you ever been arrested?", "Which school did you go to as a child?", "Who was your first teacher?",
    "What was your first job?", "What did you study at university?", "What is the name of your old school?",
    "What was your childhood nickname?", "When did you learn to swim?", "When did you stop smoking?",
    "Which football team do you support?", "What's your favourite film?", "What is your favourite song?",
    "What's your favourite colour?", "What is your favourite restaurant?", "Who is your favourite actor?",
    "Which video games do you play?", "Do you have a tattoo?", "Have you been to Brazil?", "When were you in Egypt?",
    "Did you like Australia?", "What did you do in Las Vegas?", "What's your hamster called?",
    "What breed is your horse?", "How old is your parrot?", "Who was your first girlfriend?",
    "What perfume do you wear?", "What is your lucky number?", "What did you dream of last night?",
    "Which newspaper do you read?", "Who cuts your lawn?", "What is your password hint?", "Which gym do you go to?",
    "Who repaired your roof?",
)  # fmt: skip
OF_SOMEBODY = (
    "What is {name}'s middle name?", "What's {name}'s shoe size?", "What is {name}'s phone number?",
    "When is {name}'s wedding?", "What colour is {name}'s hair?", "What car does {name} drive?",
    "How tall is {name}?", "What is {name}'s star sign?", "How much does {name} earn?",
    "Where did {name} go to university?", "What does {name} weigh?", "What is {name}'s favourite song?",
    "What is {name}'s email address?", "What perfume does {name} wear?", "Which football team does {name} support?",
)  # fmt: skip
ANSWERS = (
    "I don't know. I have no note about that.", "I don't know, my notes don't say.", "My notes don't mention it.",
    "I never wrote that down, so I don't know.", "I have no note of that.", "That's not something I wrote down.",
    "I don't remember; it's not in my notes.", "Nothing in my notes about that, I'm afraid.",
    "I can't say. I haven't noted it.", "I don't know, I never noted it.", "There's nothing about that in my notes.",
    "No idea, I haven't written about it.", "I'm not sure, my notes don't tell me.", "I didn't write that down.",
    "That I don't know.", "I couldn't tell you, it's not in my notes.", "I have no record of that.",
    "My notes say nothing about it, so I don't know.", "I don't know; I haven't got a note on it.",
    "Sorry, I don't know. I've never written about it.", "I can't find that in my notes, so I don't know.",
    "I don't recall noting that.", "I haven't recorded that anywhere, so I can't say.",
    "I don't think I ever wrote it down; I don't know.", "No note of mine mentions it.",
    "I'd be guessing. I don't know.", "I have no memory of writing that down.",
)  # fmt: skip
_OURS = lx.words("name call old cost pay price much many first favourite")
"""Terms of a bank question that every vault holds: they say nothing of whether it is answered."""


def refusals(
    owner: str, memories: Sequence[Memory], answered: Sequence[Answered], find: Find, *, count: int, seed: int
) -> Iterator[Sample]:
    """``count`` of them (fewer where so many safe questions cannot be found): of the bank, of people in the notes, and
    of somebody else's life."""
    known = _vocabulary(memories)
    banks = [_bank(known), _of_somebody(known, answered, seed), _of_others(known, seed)]
    mixed = [sorted(bank, key=lambda question: chance(seed, question, "refusal")) for bank in banks]
    order = [bank[n] for n in range(max(map(len, mixed), default=0)) for bank in mixed if n < len(bank)]
    seen: set[str] = set()
    made = 0
    for question in order:
        if made >= count:
            return
        key = normalised(question)
        if key in seen:
            continue
        seen.add(key)
        asked = (as_owner(question) if chance(seed, question, "my") < 0.2 else None) or question
        hits = [hit for hit in find(asked) if not holds_secret(f"{hit.context} {hit.title}")]
        shown = hits[: SHOWN if chance(seed, question, "fewer") < 0.8 else SHOWN - 1]
        made += 1
        yield Sample(
            id=f"refusal/{made}",
            kind="refusal",
            prompt=prompt_of_self(owner, asked, shown),
            answer=ANSWERS[int(chance(seed, question, "answer") * len(ANSWERS))],
            question=asked,
            note_ids=tuple(dict.fromkeys(hit.note_id for hit in shown)),
            generator="bank-1",
            passed="its words are not in the notes",
        )


def _vocabulary(memories: Sequence[Memory]) -> frozenset[str]:
    """Every term of the notes, as the index holds them (kinship and plurals in one form)."""
    texts = (f"{memory.note.title} {memory.note.text} {' '.join(memory.note.tags)}" for memory in memories)
    return frozenset(term for text in texts for term in all_terms(text))


def _bank(known: frozenset[str]) -> list[str]:
    return [question for question in BANK if _new(question, known)]


def _new(question: str, known: frozenset[str]) -> bool:
    """Whether none of the words that it turns on is anywhere in the notes."""
    terms = set(content_terms(question)) - _OURS
    return bool(terms) and not terms & known


def _of_somebody(known: frozenset[str], answered: Sequence[Answered], seed: int) -> list[str]:
    """What nobody noted of the people who are in the notes."""
    names = sorted(
        {
            m[1]
            for one in answered
            if (m := re.fullmatch(r"(?:Who is|What can you tell me about) ([A-Z]\w+)\?", one.candidate.question))
        }
    )
    found = []
    for name in names:
        free = [one for one in OF_SOMEBODY if _new(one.replace("{name}'s", "").replace("{name}", ""), known)]
        found += [one.replace("{name}", name) for one in sorted(free, key=lambda one: chance(seed, name, one))[:2]]
    return found


def _of_others(known: frozenset[str], seed: int) -> list[str]:
    """Questions of invented people: they name somebody or something that is not in these notes."""
    found = []
    for person in people("people"):
        for question in person.questions:
            if question.before or question.abstain or question.kind == "my":
                continue
            names = re.findall(r"(?<!^)(?<![.?!] )\b[A-ZÀ-Þ][\w'’-]{2,}", question.q)
            terms = content_terms(question.q)
            strange = [term for term in terms if term not in known]
            if names and all(_strange(name, known) for name in names) and len(strange) * 2 >= len(terms):
                found.append(question.q)
    return sorted(found, key=lambda one: chance(seed, one, "other"))[:60]


def _strange(name: str, known: frozenset[str]) -> bool:
    return not set(all_terms(name)) & known
