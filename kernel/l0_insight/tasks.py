"""What a note says is still to do, or was: boxes, lists that are called so, and words of duty, promise and reminder."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kernel.l0_insight import korean
from kernel.l0_insight.dating import due_day
from kernel.l0_insight.grounding import content_words
from kernel.l0_insight.layout import Unit
from kernel.memory.language import is_hangul
from kernel.memory.marks import plain
from kernel.types import Memory, Statement, Task

_I = r"(?:I|[Ww]e)(?:['’]ve)?(?: (?:still|really|also|just|only|now|both|all|two))*"
_DUTY = re.compile(
    rf"(?:\b{_I} (?:must|need to|have to|(?:have |['’]ve )?got to|gotta|should|ought to|plan to|intend to|promised to|"
    r"agreed to|swore to|(?:['’]d|had) better)|\b(?:I['’]m|I am|[Ww]e['’]re|[Ww]e are) (?:supposed|planning) to"
    r"|^(?:(?:Still|Really|Also) )?(?i:need to|must|have to|got to|gotta))"
    r"(?: (?:remember|not forget) to)? (?:also |still |really |finally )?"
    r"(?P<do>(?!(?:not|have|be|to|say|admit|confess|think|know|like|love|prefer|want|wish|the|a)\b)[a-z][\w-]*.*)",
    re.S,
)
_INTENT = re.compile(
    r"\b(?:I|[Ww]e)(?: will|['’]ll| am going to|['’]m going to| are going to) (?P<do>(?!not\b|be\b)[a-z].*)", re.S
)
"""A task only where a day is set for it."""
_REMIND = re.compile(
    r"^(?:please |and |also )?(?:(?:remember|make sure|be sure|try|remind me) to|(?:don['’]t|do not|must not|mustn['’]t) "
    r"forget(?: to)?) (?P<do>\w.*)",
    re.I | re.S,
)
_KEYED = re.compile(
    r"^(?:@?to[ -]?do|tasks?|action(?: item)?|reminder|next steps?|follow[ -]?up|할 ?일|해야 할 일|잊지 말 것)\s*[:–-]\s*(?P<do>\w.*)",
    re.I | re.S,
)
_LISTED = re.compile(
    r"^(?:my )?(?:to[ -]?dos?|to[ -]?do list|tasks?|errands|chores|action items?|next steps|할 ?일(?: 목록)?|해야 할 일)$",
    re.I,
)
_ALWAYS = re.compile(r"\b(?:every|each|always|usually|often|daily|weekly|whenever|sometimes|used to|normally)\b", re.I)
_SUPPOSED = re.compile(r"\b(?:if|unless|whether|when|because if)\b", re.I)
_SPOKEN = re.compile(r"[\"“«][^\"”»]*[\"”»]?")
_DONE = re.compile(
    r"[✅✓✔☑]|\(done\)|[-–—:,.] ?done[.!]*$|^done[:,–-]|^~~.+~~$|\b(?:which|and) I (?:did|have done)\b|\(완료\)|[-–—:,] ?완료[.!]*$|^완료[:,]",
    re.I,
)
_MARKS = re.compile(r"\s*(?:[📅⏳🛫➕✅❌]\ufe0f?\s*\d{4}-\d\d-\d\d|[🔺⏫🔼🔽⏬])")
_KO_DUTY = re.compile(
    r"(?<!말아)(?<!않아)야 ?(?:한다|해요?|합니다|하고|하는데|된다|돼요?|됩니다|함|됨|할 듯)(?![가-힣])|야(?:겠다|겠어요?|겠습니다|지)(?![가-힣])"
    r"|기로 ?(?:했|하였|함|약속|결심|정했|한다)|잊지 (?:말|않)"
)
_KO_NOTED = re.compile(r"(?P<last>[가-힣]) (?:것|거)[.!]*$")
_KO_LIGHT = {"하", "되", "있", "없", "잊", "말", "않"}
_RIEUL = 8
"""Of the final consonants of a Hangul syllable."""


@dataclass(frozen=True)
class _Found:
    words: str
    unit: Unit
    state: Literal["open", "done"]
    boxed: bool = False


def tasks_of(memory: Memory, layout: Sequence[Unit], statements: Sequence[Statement]) -> list[Task]:
    """In the order of the text. What the note later says was done is ``done``; a box's own mark holds as it is."""
    day = None if memory.note.happened_from in {"mtime", "unknown", "text"} else memory.note.happened_at
    made: list[Task] = []
    for found in _found(memory, layout, statements, day):
        done = found.state == "done" or (not found.boxed and _is_told_done(found, statements))
        made.append(
            Task(
                text=found.words,
                span=found.unit.span,
                state="done" if done else "open",
                due=due_day(plain(found.unit.text), day),
            )
        )
    return made


def _found(
    memory: Memory, layout: Sequence[Unit], statements: Sequence[Statement], day: str | None
) -> Iterator[_Found]:
    for unit in layout:
        sentence = memory.sentences[unit.index]
        words = plain(unit.text)
        if not words:
            continue
        if sentence.todo:
            yield _Found(_bare(words), unit, sentence.todo, boxed=True)
        elif memory.note.origin == "owner" and sentence.origin == "owner" and unit.kind not in {"quote", "heading"}:
            state: Literal["open", "done"] = "done" if _DONE.search(unit.text.strip()) else "open"
            named = unit.kind == "item" and _LISTED.match(unit.section or memory.note.title)
            told = "" if named else _told(words, day, unit, statements)
            if named or told:
                yield _Found(_bare(words if named else told), unit, state)


def _told(words: str, day: str | None, unit: Unit, statements: Sequence[Statement]) -> str:
    """What is to be done by the words of a sentence; empty for most."""
    if keyed := _KEYED.match(words):
        return keyed["do"]
    if words.endswith("?"):
        return ""
    if not words.isascii() and any(map(is_hangul, words)):
        theirs = any(s.span == unit.span and s.subject != "owner" for s in statements)
        return "" if theirs or not _is_korean_task(words) else words
    unspoken = _SPOKEN.sub(lambda spoken: " " * len(spoken.group()), words)
    found = _REMIND.search(unspoken) or _DUTY.search(unspoken)
    if found is None and (found := _INTENT.search(unspoken)) is not None and not due_day(found["do"], day):
        return ""
    if found is None or _ALWAYS.search(unspoken) or _SUPPOSED.search(unspoken[: found.start("do")]):
        return ""
    return words[found.start("do") : found.end("do")]


def _is_korean_task(words: str) -> bool:
    if _KO_DUTY.search(words):
        return "면 " not in words.split("야", 1)[0] and "매일" not in words and "항상" not in words
    noted = _KO_NOTED.search(words)
    return noted is not None and (ord(noted["last"]) - 0xAC00) % 28 == _RIEUL


def _bare(words: str) -> str:
    """Without its marks, those of Obsidian's Tasks with it (``📅 2025-07-01``), and without a full stop."""
    words = _MARKS.sub("", words)
    return re.sub(r"\s*(?:[✅✓✔☑]\s*[\d-]*|\((?:done|완료)\)|[-–—:,] ?(?:done|완료))?[\s.!,;]*$", "", words, flags=re.I)


def _is_told_done(task: _Found, statements: Sequence[Statement]) -> bool:
    """Whether a later sentence says that the owner did the very thing."""
    later = [
        s
        for s in statements
        if s.span.start >= task.unit.end and s.kind == "episodic" and s.subject == "owner" and not s.negated
    ]
    if not later:
        return False
    if any(map(is_hangul, task.words)):
        return any(_same_in_korean(task.words, s.text) for s in later)
    verb, _, rest = task.words.lower().partition(" ")
    what = content_words(rest)
    return any(s.relation.split()[0] == verb and (not what or what & content_words(s.object)) for s in later)


def _same_in_korean(task: str, told: str) -> bool:
    verbs, things = _done_to(task)
    verbs_then, things_then = _done_to(told)
    return bool(verbs & verbs_then) and (not things - verbs or bool((things & things_then) - verbs))


def _done_to(words: str) -> tuple[set[str], set[str]]:
    """Verbs (the noun of a ``하다`` verb) and nouns of a sentence."""
    tokens = korean.tokens_of(words)
    verbs = {t.form for t in tokens if t.tag.startswith("VV") and t.form not in _KO_LIGHT}
    verbs |= {a.form for a, b in itertools.pairwise(tokens) if a.tag == "NNG" and b.tag == "XSV"}
    return verbs, {t.form for t in tokens if t.tag in {"NNG", "NNP", "SL"}}
