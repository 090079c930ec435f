"""What the base could do before: general knowledge and small talk, mostly under the owner's persona."""

from __future__ import annotations

from collections.abc import Iterator

from kernel.answer.prompt import prompt_of_self
from kernel.l2_training.data.questions import chance
from kernel.l2_training.skill.corpus import lines
from kernel.types import Message, Sample

BARE = 0.25
"""Share of the general ones without any persona, as the base itself is asked."""
TALK = 0.5
"""Share of the conversations taken."""


def replay(owner: str, seed: int) -> Iterator[Sample]:
    """All general lines and some conversation, hand-written ones of the skill."""
    for kind, file in (("replay", "general"), ("chat", "conversation")):
        for number, line in enumerate(lines(file)):
            if ("{name}" in line.q + line.a and not owner) or (kind == "chat" and chance(seed, line.q, "talk") >= TALK):
                continue
            question, answer = (text.replace("{name}", owner) for text in (line.q, line.a))
            bare = kind == "replay" and chance(seed, line.q, "bare") < BARE
            yield Sample(
                id=f"{file}/{number}",
                kind=kind,
                prompt=(Message(role="user", content=question),) if bare else prompt_of_self(owner, question),
                answer=answer,
                question=question,
                note_ids=(),
                generator="skill corpus",
                passed="hand-written",
            )
