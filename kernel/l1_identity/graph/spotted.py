"""A name where it stands, with what the words around it say of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spotted:
    """One name in one sentence. ``text`` is ``note.text[start:end]``."""

    line: int
    start: int
    end: int
    text: str
    key: tuple[str, ...]
    """Its words folded, without title, relative and honorific; empty for a relative without a name."""
    name: str = ""
    """As written, without title and relative."""
    role: str = ""
    """A relation that the owner has to it, ``from choir``, or ``title:f``."""
    noun: str = ""
    """The word that said so."""
    whose: str = ""
    """``his``, ``Ingrid``: the role is not the owner's but another's."""
    type: str = ""
    """What the words around it say that it is."""
    guess: str = ""
    """What the analyst took it for."""
    concept: bool = False
    owner: bool = False
