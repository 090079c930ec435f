"""Grammars and JSON schemas over tokens, by llguidance: what may come next is a mask over the vocabulary.

A schema with a keyword that cannot be enforced is refused, never half enforced. The grammars of llama.cpp itself are not
used: they end the process on a token that they did not expect, and their schemas pass over what they do not know.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from llguidance import LLMatcher, LLTokenizer
from llguidance.gbnf_to_lark import gbnf_to_lark
from llguidance.numpy import allocate_token_bitmask, apply_token_bitmask_inplace, fill_next_token_bitmask

from kernel.engine.llamacpp import Model
from kernel.errors import BadGrammar
from kernel.types import Sampling

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions

LAYOUT: JsonCompileOptions = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "coerce_one_of": True,
}
"""One way to write a JSON document: a small model given free whitespace goes on with it for ever."""
MOST_STEPS = 10_000
"""Of a ``multipleOf``, less its factors 2 and 5: its automaton has as many states (86,399 take 2 s, 3,000,001 take 41 s)."""


class Constraint:
    """What one sequence may still say. ``mask`` before a token is chosen, ``take`` after it."""

    def __init__(self, model: Model, matcher: LLMatcher) -> None:
        self._model, self._fresh = model, matcher
        self._matcher = matcher.deep_copy()
        self._bits = allocate_token_bitmask(1, model.vocabulary)

    @property
    def finished(self) -> bool:
        """Nothing more can follow."""
        return bool(self._matcher.is_stopped())

    def mask(self, logits: npt.NDArray[np.float32]) -> None:
        """Set those of tokens that may not come to minus infinity."""
        fill_next_token_bitmask(self._matcher, self._bits)
        apply_token_bitmask_inplace(logits, self._bits)

    def take(self, token: int) -> None:
        self._matcher.consume_token(token)

    def restart(self, said: bytes) -> bool:
        """Begin anew, after ``said``; false where that does not follow the grammar."""
        self._matcher = self._fresh.deep_copy()
        tokens = self._model.tokenize(said.decode("utf-8", "replace"), special=False) if said else []
        return all(self._matcher.consume_token(token) for token in tokens)


class Constraints:
    """Compiles what requests ask for. Used by one thread; what it gives is used by another."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @functools.cached_property
    def _tokenizer(self) -> LLTokenizer:
        return self._model.tokenizer()

    def compile(self, wanted: Sampling) -> Constraint | None:
        """Raises ``BadGrammar`` saying what cannot be done with the grammar or schema."""
        if not (wanted.grammar or wanted.json_schema):
            return None
        if wanted.grammar and wanted.json_schema:
            raise BadGrammar("a grammar and a JSON schema are given; only one of them can hold")
        what = "grammar" if wanted.grammar else "JSON schema"
        try:
            if wanted.grammar:
                grammar = LLMatcher.grammar_from_lark(gbnf_to_lark(wanted.grammar))
            else:
                _check_steps(wanted.json_schema)
                grammar = LLMatcher.grammar_from_json_schema(wanted.json_schema, defaults=LAYOUT)
            matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        except BadGrammar:
            raise
        except Exception as error:  # the converter raises bare ones; a grammar must not end the process
            raise BadGrammar(f"the {what} cannot be used: {_first_line(str(error))}") from error
        if matcher.is_error():
            raise BadGrammar(f"the {what} cannot be used: {_first_line(matcher.get_error())}")
        return Constraint(self._model, matcher)


def _first_line(message: str) -> str:
    return message.strip().split("\n", 1)[0][:300] or "it is not understood"


def _check_steps(schema: str) -> None:
    """Raises ``BadGrammar`` for a ``multipleOf`` that would take minutes to compile."""
    for step in _steps(json.loads(schema, parse_float=Decimal)):
        digits = int("".join(map(str, Decimal(step).as_tuple().digits)))
        for factor in (2, 5):
            while digits and digits % factor == 0:
                digits //= factor
        if digits > MOST_STEPS:
            raise BadGrammar(
                f"the JSON schema cannot be used: multipleOf {step} is too fine to be enforced; one of at most "
                f"{MOST_STEPS} (times powers of ten) can be"
            )


def _steps(schema: Any) -> Iterator[int | Decimal]:
    """Every ``multipleOf`` in it, wherever it stands."""
    pending = [schema]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending += one
        elif isinstance(one, dict):
            step = one.get("multipleOf")
            if isinstance(step, int | Decimal) and not isinstance(step, bool):
                yield step
            pending += one.values()
