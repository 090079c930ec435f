"""Drafts -> questions that may be asked: well formed, found in one place only, with the answer not in the question."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from kernel.exam.asking import Clause, object_of, read
from kernel.exam.checks import Index, alike, good
from kernel.exam.korean import korean_drafts
from kernel.exam.pairs import pair_drafts
from kernel.exam.questions import INDIRECT_SHARE, OWN_SHARE, PER_NOTE, part_of
from kernel.exam.rules import Draft, dated, drafts, judged, opinions
from kernel.exam.structs import ExamQuestion, Wanted
from kernel.exam.unanswerable import unanswerable
from kernel.memory.language import language_of
from kernel.memory.marks import plain
from kernel.types import Insight, Memory, Span, Statement

_OPINIONS = re.compile(r"\bopinions?\b|\bthink\b|\bhills? i\b|\brants?\b|\bviews?\b", re.I)
_MONTH_NAMES = """January February March April May June July August September October November December"""
_MONTHS = _MONTH_NAMES.split()
_PAST = re.compile(
    r"(?:Bought|Sold|Met|Lent|Planted|Painted|Opened|Finished|Started|Quit|Visited|Found|Lost|Paid|Took|Gave|Sent|Made|"
    r"Built|Baked|Cooked|Walked|Cycled|Swam|Ran|Drove|Moved|Signed|Ordered|Borrowed|Adopted|Repaired|Fixed|"
    r"Got|Went|Saw|Read) \w+"
)
_THIRD = re.compile(r"\b(?:he|she|they)\b|(?<!^)\b[A-Z][a-z]+\b")
_TODAY = re.compile(r"\b(?:today|tonight|yesterday|this (?:morning|afternoon|evening)|last night)\b", re.I)
_OPENINGS_YOU = ("Can you tell me {}?", "Do you remember {}?", "I'd like to know {}.", "Could you say {}?")
_OPENINGS_MINE = ("Remind me {}.", "Can you tell me {}?", "Do you know {}?", "I forget {}, can you tell me?")


def answerable(
    insights: Sequence[Insight], memories: Sequence[Memory], *, share: Callable[[str], float]
) -> Iterator[ExamQuestion]:
    """At most ``PER_NOTE`` questions a note, best first. ``share``: a number in 0..1 for a key, for the wording."""
    by_note = {memory.note.id: memory for memory in memories}
    index = Index(memories)
    found: list[tuple[Memory, list[tuple[Statement, Draft]]]] = []
    for insight in insights:
        memory = by_note.get(insight.note_id)
        if memory is not None and insight.content_hash == memory.note.content_hash:
            found.append((memory, sorted(_drafts(insight, memory), key=lambda pair: -pair[1].worth)))
    answers: dict[str, set[tuple[Wanted, ...]]] = defaultdict(set)
    for _, of_note in found:
        for _, draft in of_note:
            answers[draft.wording.you].add(draft.any)
    for memory, of_note in found:
        kept: list[ExamQuestion] = []
        for statement, draft in of_note:
            if len(answers[draft.wording.you]) > 1:
                continue  # the rent of then and the rent of now
            question = _question(memory, statement, draft, share)
            if len(kept) < PER_NOTE and good(question, index) and not alike(question, kept):
                kept.append(question)
        yield from kept


def _drafts(insight: Insight, memory: Memory) -> Iterator[tuple[Statement, Draft]]:
    """Every draft of a note with the statement that it was made from."""
    theirs = [s for s in memory.sentences if s.origin != "owner"]
    opinionated = bool(_OPINIONS.search(memory.note.title)) or bool({"opinions", "opinion"} & set(memory.note.tags))
    clauses: list[tuple[Statement, str, str]] = []
    for statement in insight.statements:
        if any(s.start < statement.span.end and statement.span.start < s.end for s in theirs):
            continue  # a quotation says nothing of the owner
        words = plain(memory.note.text[statement.span.start : statement.span.end])
        language = language_of(statement.text)
        if language == "ko":
            yield from ((statement, draft) for draft in korean_drafts(statement, memory))
        elif language == "en":
            yield from ((statement, draft) for draft in pair_drafts(statement, memory, words))
            if _may_be_clause(statement, words, memory):
                clauses.append((statement, words, _with_article(statement, words)))
    clauses += [(said, words, f"I {words[:1].lower()}{words[1:]}") for said, words in _unspoken(insight, memory)]
    yield from _from_clauses(clauses, memory, opinionated=opinionated)


def _unspoken(insight: Insight, memory: Memory) -> Iterator[tuple[Statement, str]]:
    """Sentences without a subject ("Bought two hives from old Kubát."), where nobody else was spoken of just before."""
    covered = [statement.span for statement in insight.statements]
    before = ""
    for sentence in memory.sentences if memory.note.language == "en" else ():
        words = plain(memory.note.text[sentence.start : sentence.end])
        others = _THIRD.search(before)
        before = words
        if (
            others
            or sentence.origin != "owner"
            or any(s.start < sentence.end and sentence.start < s.end for s in covered)
        ):
            continue
        if _PAST.match(words):
            yield (
                Statement(
                    id=sentence.id, note_id=memory.note.id, span=Span(sentence.start, sentence.end), text=words,
                    kind="episodic", subject="owner", relation="", object="",
                ),
                words,
            )  # fmt: skip


def _may_be_clause(statement: Statement, words: str, memory: Memory) -> bool:
    if statement.relation in {statement.subject.lower(), memory.note.title.lower()} or ": " in statement.text:
        return False  # an item of a list, a pair
    if statement.negated and statement.subject != "owner":
        return False
    return _subject_is_there(statement, words, memory)


def _from_clauses(
    clauses: Sequence[tuple[Statement, str, str]], memory: Memory, *, opinionated: bool
) -> Iterator[tuple[Statement, Draft]]:
    if not clauses:
        return
    from kernel.l0_insight.english import load

    docs = load().pipe([text for _, _, text in clauses])
    for (statement, words, text), doc in zip(clauses, docs, strict=True):
        clause = read(doc)
        if statement.subject == "owner":
            yield from ((statement, draft) for draft in opinions(clause, text, object_of(doc)))
        if clause is None or (statement.relation and clause.verb.lemma_.lower() != statement.relation.split()[0]):
            continue  # parsed otherwise within its sentence
        if clause.copula and not clause.owner and not _as_said(clause, words):
            continue  # "my favourite thing to bake is" is more than "my favourite thing is"
        yield from ((statement, draft) for draft in drafts(clause))
        if _TODAY.search(words) and (month := _month(memory)):
            yield from ((statement, draft) for draft in dated(clause, month))
        if opinionated:
            yield from ((statement, draft) for draft in judged(clause))


def _as_said(clause: Clause, words: str) -> bool:
    subject = " ".join(t.text for t in clause.subject)
    joined = " ".join(re.findall(r"\w+|[^\w\s]", words.lower()))
    said = " ".join(re.findall(r"\w+|[^\w\s]", subject.lower()))
    after = joined.partition(said)[2].split()
    return not after or after[0] not in {"to", "of", "that", "which", "in", "for", "with"}


def _month(memory: Memory) -> str:
    """The month of the note in words, where it is known for sure."""
    note = memory.note
    if note.happened_from not in {"front_matter", "file_name", "given"} or not re.match(
        r"\d{4}-\d\d", note.happened_at or ""
    ):
        return ""
    return _MONTHS[int((note.happened_at or "")[5:7]) - 1]


def _with_article(statement: Statement, words: str) -> str:
    """The statement with its subject as it stands in the note: "Stall is …" -> "The stall is …"."""
    text = statement.text
    subject = statement.subject
    if subject == "owner":
        return text if re.search(r"\b(?:I|we)\b", text, re.I) else f"I {text[:1].lower()}{text[1:]}"
    if not text.lower().startswith(subject.lower()):
        return text
    found = re.search(rf"\b((?:the|a|an|my|our)\s+){re.escape(subject)}\b", words, re.I)
    if not found or subject.lower().startswith(found[1].lower().strip()):
        return text
    article = found[1].lower().capitalize()
    return article + (text if _proper(subject, words) else text[:1].lower() + text[1:])


def _proper(subject: str, words: str) -> bool:
    """Whether the subject has its capital in the middle of the sentence too."""
    return subject[:1].isupper() and bool(re.search(rf"(?<![.!?] )(?<!^){re.escape(subject)}", words))


def _subject_is_there(statement: Statement, words: str, memory: Memory) -> bool:
    """Whether the sentence names its subject itself, or the one before it begins with it and names nobody else: a
    subject that was found further up may be the wrong one."""
    if statement.subject == "owner":
        return True
    name = [word for word in re.findall(r"\w+", statement.subject.lower().removesuffix("'s")) if word != "s"]
    if all(word in words.lower() for word in name):
        return True
    before = [s for s in memory.sentences if s.end <= statement.span.start][-1:]
    text = plain(memory.note.text[before[0].start : before[0].end]) if before else ""
    others = {word.lower() for word in re.findall(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+", text)} - set(name)
    begins = " ".join(text.lower().split()[: len(name) + 2])
    return bool(text) and all(word in begins for word in name) and not others and statement.subject[:1].isupper()


def _question(memory: Memory, statement: Statement, draft: Draft, share: Callable[[str], float]) -> ExamQuestion:
    key = f"{statement.id}\0{draft.rule}"
    at = share(key)
    own, indirect = at < OWN_SHARE, share(key + "\0indirect") < INDIRECT_SHARE
    text = {
        (False, False): draft.wording.you, (True, False): draft.wording.mine,
        (False, True): draft.wording.you_indirect, (True, True): draft.wording.mine_indirect,
    }[own, indirect]  # fmt: skip
    language = language_of(statement.text)
    if language == "ko":
        asked = text
    elif indirect:
        openings = _OPENINGS_MINE if own else _OPENINGS_YOU
        asked = openings[int(share(key + "\0opening") * len(openings))].format(text)
    else:
        asked = text[:1].upper() + text[1:] + "?"
    kind = "my" if own and language != "ko" else draft.kind
    return ExamQuestion(
        id="q_" + hashlib.sha256(key.encode()).hexdigest()[:10],
        kind=kind,
        part=part_of(memory.note.id),
        q=asked,
        any=draft.any,
        forbidden=draft.forbidden,
        note_id=memory.note.id,
        span=Span(statement.span.start, statement.span.end),
        gold=memory.note.text[statement.span.start : statement.span.end],
        language=language,
        rule=draft.rule,
    )


__all__ = ["answerable", "unanswerable"]
