"""Does an answer say only what its evidence says? Names and numbers are held against the words they must come from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from kernel.memory.words import KIN, content_terms
from kernel.types import Hit

REFUSAL = re.compile(
    r"(don'?t|do not|can'?t|cannot|didn'?t|haven'?t|couldn'?t|never) (really |actually )?(know|remember|recall|find|say|tell|note|noted|"
    r"write|written|wrote|mention|mentioned|recorded)\b|\bno (memory|memories|note|notes|record|idea|information|mention)\b|not (sure|in my "
    r"(notes|memor)|something i|written|recorded|noted)|nothing (in my|written|about|recorded|on)|haven'?t (got )?(any|a) (note|memory|record)"
    r"|모르겠|기억(이|에|나지)|적(어 ?둔|힌) (것|게) ?없|기록이 ?없",
    re.I,
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.U)
_OF_OWNER = re.compile(r"\b(?:do|did|are|were|have|had|will|would|can|am|was) (?:you|I)\b|\byou'(?:re|ve)\b", re.I)
_FIRST_PERSON = re.compile(r"\b(?:I|we)\b")
_OPENING = 4
"""Words at the beginning of a sentence among which its subject stands."""
_PART = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SENTENCE = re.compile(r"(?<=[.!?。])[\"'”’)]*\s+(?=\S)")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS = {word: str(value) for value, word in enumerate(_UNITS)} | {
    word: str(20 + 10 * step) for step, word in enumerate(_TENS)
}
_COMMON = frozenset(
    "i i'm i've i'd i'll it it's he she they we you the a an in on at by my his her their our your its yes no not and or "
    "but so because since from with for to of this that these those there here when where who what which how why one as "
    "if is was are were be been do does did have has had would could should can will may might monday tuesday wednesday "
    "thursday friday saturday sunday january february march april may june july august september october november "
    "december english mr mrs ms dr sorry well yeah yep nope sure oh never always both around about mostly only just last "
    "every each mum dad mom maybe nothing none every once twice".split()
)

MOST_NEW = 0.5
"""Share of an answer's telling words that may be new: wording is free, but an answer made of other words is a guess."""
_PLAIN = frozenset(
    "yes no not called name think like love rather prefer would want went came got gave took made said told paid put "
    "lives live living works work working person people thing things place time year years day days old much many very "
    "really still about around both also too well good bad because since until after before then now own mine belongs "
    "called named quite just mostly usually twice once never always ago away back down over out off up".split()
)


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """Lower-case words that several people use in their notes (``scripts/fit_answers``)."""
    return frozenset(Path(__file__).with_name("ordinary_words.txt").read_text("utf-8").split())


def refuses(text: str) -> bool:
    """Whether the answer says that it does not know."""
    return bool(REFUSAL.search(text.replace("\u2019", "'")))


def sentences(text: str) -> list[str]:
    """The answer's sentences, each with the white space that follows it."""
    cuts = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if b > a]


def numbers(text: str) -> set[str]:
    """Numbers in digits or words, as digits (``ninety-one`` -> 91, ``1,180`` -> 1180)."""
    low = text.lower()
    found = {re.sub(r"[,](?=\d{3})", "", one).strip(".,:") for one in _NUMBER.findall(low)}
    for tens, unit in re.findall(rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_UNITS[1:10])})\b", low):
        found.add(str(int(NUMBER_WORDS[tens]) + int(NUMBER_WORDS[unit])))
        low = low.replace(f"{tens}-{unit}", " ").replace(f"{tens} {unit}", " ")
    found |= {NUMBER_WORDS[word] for word in _WORD.findall(low) if word in NUMBER_WORDS and word != "one"}
    return found


def names(text: str) -> set[str]:
    """Capitalised words that are names by their looks, lower case; the first word of a sentence counts if it is no common word."""
    found = set()
    for word in _WORD.findall(text):
        bare = re.sub(r"['’](s|re|ll|ve|d|m)$", "", word)
        if bare[:1].isupper() and bare.lower() not in _COMMON and not bare.lower().startswith(("i'", "i’")):
            found.add(bare.lower())
    return found


def invented(answer: str, sources: Iterable[str]) -> set[str]:
    """Names and numbers of ``answer`` that none of ``sources`` holds."""
    text = " ".join(sources)
    low = text.lower().replace("\u2019", "'")
    known = set(_WORD.findall(low))
    known |= {re.sub(r"'s$", "", word) for word in known}
    starts = {re.split(r"\W", sentence.strip(), maxsplit=1)[0].lower() for sentence in sentences(answer)}
    missing = {
        name
        for name in names(answer)
        # a capital at the start of a sentence says nothing of a word that everybody uses
        if name not in known and not (name in starts and name in ordinary_words())
    }
    return missing | (numbers(answer) - numbers(text))


def unsupported(answer: str, sources: Sequence[str]) -> set[str]:
    """What an answer about the owner says that its evidence does not: what is ``invented``, and all its new words where
    more than ``MOST_NEW`` of what it says is new. Empty: it may go out."""
    said, given = telling(answer), telling(" ".join(sources))
    new = said - given - {word[:6] for word in _PLAIN}
    return invented(answer, sources) | (new if len(new) > MOST_NEW * len(said) else set())


def certainty(pieces: Sequence[tuple[str, float]], asked: str) -> float:
    """How sure the model was of what it adds to the question: the least probability of a piece of such a word.

    ``pieces``: text and log-probability, in order. 1.0 where every word is the question's. On invented people that the
    skill has not seen, an answer picked at random from the right ones is surer than one from the wrong ones in 78 % of
    the pairs; the score of the evidence says it in 66 %.
    """
    known = set(_PART.findall(asked.lower()))
    words: list[tuple[str, float]] = []
    for text, logprob in pieces:
        if not _PART.search(text):
            continue  # punctuation
        if words and not text[:1].isspace():
            words[-1] = (words[-1][0] + text, min(words[-1][1], logprob))
        else:
            words.append((text, logprob))
    added = [logprob for word, logprob in words if not known.issuperset(_PART.findall(word.lower()))]
    return math.exp(min(added, default=0.0))


def of_another(answer: str, asked: str, evidence: Sequence[Hit]) -> bool:
    """Whether the owner is asked about ("Where do you live?") and what the answer adds stands only where a relative
    alone is spoken of ("My sister lives in Bergen"): said in the first person it would be false."""
    terms = set(content_terms(asked))
    if not _OF_OWNER.search(asked) or not terms.isdisjoint(KIN) or names(asked):
        return False
    added = telling(answer) - telling(asked)
    holding = [hit for hit in evidence if added & telling(hit.context)]
    return bool(holding) and all(_about_relative(hit.context.removeprefix(f"{hit.title}: ")) for hit in holding)


def _about_relative(text: str) -> bool:
    opening = set(content_terms(" ".join(text.split()[:_OPENING])))
    return not opening.isdisjoint(KIN) and not _FIRST_PERSON.search(text)


def support(answer: str, evidence: Sequence[Hit]) -> list[Hit]:
    """The evidence that the answer stands on: the sentences that share its telling words, at least the best one."""
    wanted = telling(answer)
    if not evidence or not wanted:
        return list(evidence[:1])
    shared = [len(wanted & telling(f"{hit.context} {hit.title} {hit.text}")) for hit in evidence]
    most = max(shared)
    if most == 0:
        return [evidence[0]]
    return [
        hit for hit, count in zip(evidence, shared, strict=True) if count == most or (count >= 0.6 * most and count > 1)
    ]


def telling(text: str) -> set[str]:
    """Lower-case words and numbers that carry content."""
    words = {word.lower() for word in _WORD.findall(text)}
    return {word[:6] for word in words if len(word) > 2 and word not in _COMMON} | numbers(text)
