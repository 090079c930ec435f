"""The skill: reading evidence, answering from it in the first person, saying no. Learned once, on invented people.

``people/`` are learned from, ``held_out/`` never; ``general``, ``conversation`` and ``identity`` keep what a base can do
and give it manners. ``adapter/`` is the result for the starter base (PEFT, f16) with its recipe; ``scripts/train_skill``
makes it again. Every owner's training starts from it.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
ADAPTER = FOLDER / "adapter"
