"""Drafts -> questions that may be asked: well formed, found in one place only, with the answer not in the question."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence


from kernel.exam import grade
from kernel.exam.asking import read
from kernel.exam.korean import korean_drafts
from kernel.exam.pairs import pair_drafts
from kernel.exam.questions import INDIRECT_SHARE, OWN_SHARE, PER_NOTE, part_of
from kernel.exam.rules import Draft, drafts, judged, opinions
from kernel.exam.structs import ExamQuestion, Wanted
from kernel.exam.unanswerable import unanswerable
from kernel.memory.language import language_of
from kernel.memory.sentences import plain
from kernel.memory.words import content_terms
from kernel.types import Insight, Memory, Span, Statement

_OPINIONS = re.compile(r"\bopinions?\b|\bthink\b|\bhills? i\b|\brants?\b|\bviews?\b", re.I)
_LONGEST, _SHORTEST = 17, 4
_OPENINGS_YOU = ("Can you tell me {}?", "Do you remember {}?", "I'd like to know {}.", "Could you say {}?")
_OPENINGS_MINE = ("Remind me {}.", "Can you tell me {}?", "Do you know {}?", "I forget {}, can you tell me?")
_ODD = re.compile(r"[()\[\]{}<>*_#|=\"“”]|\b(\w+) \1\b|\bhttp|…|\.\.|--")


def answerable(
    insights: Sequence[Insight], memories: Sequence[Memory], *, share: Callable[[str], float]
) -> Iterator[ExamQuestion]:
    """At most two questions a note, best first. ``share``: a number in 0..1 for a key, deciding how it is asked."""
    by_note = {memory.note.id: memory for memory in memories}
    index = _Index(memories)
    for insight in insights:
        memory = by_note.get(insight.note_id)
        if memory is None or insight.content_hash != memory.note.content_hash:
            continue
        kept: list[ExamQuestion] = []
        for statement, draft in sorted(_drafts(insight, memory), key=lambda pair: -pair[1].worth):
            question = _question(memory, statement, draft, share)
            if len(kept) < PER_NOTE and _good(question, index) and not _alike(question, kept):
                kept.append(question)
        yield from kept


def _drafts(insight: Insight, memory: Memory) -> Iterator[tuple[Statement, Draft]]:
    """Every draft of a note with the statement that it was made from."""
    theirs = [s for s in memory.sentences if s.origin != "owner"]
    opinionated = bool(_OPINIONS.search(memory.note.title)) or bool({"opinions", "opinion"} & set(memory.note.tags))
    for statement in insight.statements:
        if any(s.start < statement.span.end and statement.span.start < s.end for s in theirs):
            continue  # a quotation says nothing of the owner
        if language_of(statement.text) == "ko":
            found = korean_drafts(statement, memory)
        elif memory.note.language == "en" or language_of(statement.text) == "en":
            found = _english(statement, memory, opinionated=opinionated)
        else:
            continue
        for draft in found:
            yield statement, draft


def _english(statement: Statement, memory: Memory, *, opinionated: bool) -> Iterator[Draft]:
    from kernel.l0_insight.english import load

    words = plain(memory.note.text[statement.span.start : statement.span.end])
    yield from pair_drafts(statement, memory, words)
    if statement.relation in {statement.subject.lower(), memory.note.title.lower()} or ": " in statement.text:
        return
    text = _with_article(statement, words)
    if not _subject_is_there(statement, words) or statement.negated and "stand" not in text:
        if not (statement.subject == "owner" and statement.negated):
            return
    doc = load()(text)
    clause = read(doc)
    if statement.subject == "owner":
        thing = next((t for t in doc if t.dep_ == "dobj" and t.head.dep_ == "ROOT"), None)
        about = _plain_phrase(thing) if thing is not None else []
        yield from opinions(clause, text, about)
    if clause is None or clause.verb.lemma_.lower() != statement.relation.split()[0]:
        return  # parsed otherwise within its sentence
    yield from drafts(clause)
    if opinionated:
        yield from judged(clause)


def _plain_phrase(thing):  # type: ignore[no-untyped-def]
    from kernel.exam.asking import _cut

    return _cut(sorted(thing.subtree, key=lambda t: t.i))


def _with_article(statement: Statement, words: str) -> str:
    """The statement with its subject as it stands in the note: "Stall is …" -> "The stall is …"."""
    text = statement.text
    subject = statement.subject
    if subject == "owner" or not text.lower().startswith(subject.lower()):
        return text
    found = re.search(rf"\b((?:the|a|an|my|our)\s+){re.escape(subject)}\b", words, re.I)
    if not found or subject.lower().startswith(found[1].lower().strip()):
        return text
    article = found[1].lower()
    return article[:1].upper() + article[1:] + subject[:1].lower() * (not _proper(subject, words)) + (
        subject[:1] if _proper(subject, words) else ""
    ) + text[1:]


def _proper(subject: str, words: str) -> bool:
    return bool(re.search(rf"(?<![.!?] )(?<!^){re.escape(subject)}", words)) and subject[:1].isupper()


def _subject_is_there(statement: Statement, words: str) -> bool:
    """Whether the sentence names its subject itself: one that was found further up may be the wrong one."""
    if statement.subject == "owner":
        return True
    low = words.lower()
    return all(word in low for word in re.findall(r"\w+", statement.subject.lower().removesuffix("'s")) if word != "s")


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


class _Index:
    """The terms of every sentence, to see whether a question could mean another one."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.sentences: dict[str, list[tuple[str, Span, str]]] = defaultdict(list)
        self.notes_with: dict[str, set[str]] = defaultdict(set)
        for memory in memories:
            for sentence in memory.sentences:
                text = f"{sentence.context} {memory.note.text[sentence.start : sentence.end]}"
                place = (memory.note.id, Span(sentence.start, sentence.end), text)
                for term in set(content_terms(text)):
                    self.sentences[term].append(place)
                    self.notes_with[term].add(memory.note.id)
        self.notes = max(1, len(memories))

    def elsewhere(self, question: ExamQuestion, terms: Sequence[str]) -> bool:
        """Whether another sentence holds all of the question's terms and not its answer."""
        rarest = min(terms, key=lambda term: len(self.sentences.get(term, ())))
        for note_id, span, text in self.sentences.get(rarest, ()):
            here = note_id == question.note_id and question.span is not None and span.start < question.span.end and question.span.start < span.end
            if not here and set(terms) <= set(content_terms(text)) and not grade.holds_answer(question, text):
                return True
        return False

    def telling(self, terms: Sequence[str]) -> bool:
        """Whether the terms lead to one place: two of them at least, one of them in few notes."""
        known = [term for term in terms if self.notes_with.get(term)]
        if not known:
            return False
        rare = [term for term in known if len(self.notes_with[term]) <= max(2, self.notes // 12)]
        return bool(rare) and (len(known) >= 2 or len(self.notes_with[rare[0]]) == 1)


def _good(question: ExamQuestion, index: _Index) -> bool:
    words = question.q.split()
    if question.language == "ko":
        return 2 <= len(words) <= _LONGEST and not _answer_is_asked(question)
    if not _SHORTEST <= len(words) <= _LONGEST or _ODD.search(question.q) or _answer_is_asked(question):
        return False
    terms = content_terms(_without_opening(question.q))
    if not terms or not index.telling(terms) or index.elsewhere(question, terms):
        return False
    return grade.holds_answer(question, question.gold)


def _without_opening(asked: str) -> str:
    return re.sub(r"^(?:Can you tell me|Do you remember|I'd like to know|Could you say|Remind me|Do you know|I forget)\b", "", asked)


def _answer_is_asked(question: ExamQuestion) -> bool:
    """Whether the question itself holds a word of its answer, also in another form."""
    asked = set(content_terms(question.q)) | set(grade.normal_words(question.q))
    return any(_stands_in(one, asked) for one in question.any) and question.kind != "opinion" or (
        question.kind == "opinion" and all(_stands_in(one, asked) for one in question.any)
    )


def _stands_in(wanted: Wanted, asked: set[str]) -> bool:
    if isinstance(wanted, tuple):
        return any(_stands_in(one, asked) for one in wanted)
    terms = content_terms(wanted) or grade.normal_words(wanted)
    return bool(terms) and all(term in asked for term in terms)


def _alike(question: ExamQuestion, kept: Sequence[ExamQuestion]) -> bool:
    """Whether it asks for what another one asks for already."""
    return any(question.any == other.any or question.q == other.q or question.span == other.span for other in kept)


__all__ = ["answerable", "unanswerable"]
