"""What is asked: a persona of 500 tokens in front, a question of its own for every client and burst, long texts."""

from __future__ import annotations

import ctypes
import itertools
import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import llama_cpp as llama

from kernel.answer.prompt import ChatTemplate
from kernel.types import Message

ROOT = Path(__file__).resolve().parents[4]
PEOPLE = ROOT / "kernel" / "l2_training" / "skill" / "people"
PERSONA_TOKENS = 500
THINGS = "a lamp,a ferry,a bakery,an orchard,a violin,a lighthouse,a compass,a sled,a clock,a kite,a map,a bridge"
PLACES = "Bergen,Busan,Porto,Oaxaca,Tartu,Galway,Kyoto,Leipzig,Accra,Quito,Halifax,Perth,Izmir,Riga,Cusco,Hobart,Pune"


class Vocabulary:
    """Tokens and chat template of a GGUF, its weights not loaded."""

    def __init__(self, gguf: Path) -> None:
        self._silent = llama.llama_log_callback(lambda *_: None)  # llama.cpp keeps the pointer
        llama.llama_log_set(self._silent, ctypes.c_void_p(0))
        parameters = llama.llama_model_default_params()
        parameters.vocab_only = True
        self._model = llama.llama_model_load_from_file(str(gguf).encode(), parameters)
        if not self._model:
            raise SystemExit(f"{gguf} is not a model that llama.cpp can load")
        self._vocab = llama.llama_model_get_vocab(self._model)
        count = llama.llama_vocab_n_tokens(self._vocab)
        self.ends = [token for token in range(count) if llama.llama_vocab_is_eog(self._vocab, token)]
        """Tokens that end an answer."""
        bos, eos = (
            llama.llama_vocab_get_text(self._vocab, token).decode() if token >= 0 else ""
            for token in (llama.llama_vocab_bos(self._vocab), llama.llama_vocab_eos(self._vocab))
        )
        template = llama.llama_model_chat_template(self._model, None).decode()
        self._template = ChatTemplate(template, bos_token=bos, eos_token=eos)

    def tokens(self, text: str) -> list[int]:
        """Special tokens parsed, none added."""
        data = text.encode()
        room = (llama.llama_token * (len(data) + 8))()
        count = llama.llama_tokenize(self._vocab, data, len(data), room, len(room), False, True)
        return list(room[:count])

    def cut(self, text: str, tokens: int) -> str:
        """The words of ``text`` that ``tokens`` tokens hold."""
        words = text.split()
        kept = len(words) * tokens // len(self.tokens(text))
        while len(self.tokens(" ".join(words[:kept]))) > tokens:
            kept -= 1
        while kept < len(words) and len(self.tokens(" ".join(words[: kept + 1]))) <= tokens:
            kept += 1
        return " ".join(words[:kept])

    def prompt(self, system: str, question: str) -> list[int]:
        """As every server should make it of the two messages."""
        messages = (Message(role="system", content=system), Message(role="user", content=question))
        return self.tokens(self._template.render(messages))


class Prompts:
    """All that is asked in a run: the same for the same seed."""

    def __init__(self, gguf: Path, seed: int = 1) -> None:
        self.vocabulary = Vocabulary(gguf)
        self._chance = random.Random(seed)
        pairs = itertools.product(THINGS.split(","), PLACES.split(","))
        self._subjects = list(pairs)
        self._chance.shuffle(self._subjects)
        self._numbers = itertools.count(1)
        self.persona = "You are a writer with a long memory. " + self.vocabulary.cut(
            self.text(4000), PERSONA_TOKENS - 9
        )

    @cached_property
    def _sentences(self) -> list[str]:
        files = sorted(PEOPLE.glob("*/notes/*.md"))
        lines = [line.strip() for file in files for line in file.read_text("utf-8").splitlines()]
        return [line for line in lines if len(line.split()) > 8 and line[0].isalpha() and ":" not in line]

    def text(self, characters: int) -> str:
        """Sentences of the invented people, newly mixed each time."""
        said: list[str] = []
        while sum(map(len, said)) < characters:
            said.append(self._chance.choice(self._sentences))
        return " ".join(said)

    def question(self) -> str:
        """None twice, and different in the first words, so that nothing but the persona is shared."""
        number = next(self._numbers)
        thing, place = self._subjects[number % len(self._subjects)]
        return f"Story {number}: tell me at length about {thing} in {place}, who made it and what became of it."

    def long_question(self, tokens: int) -> str:
        text = self.vocabulary.cut(self.text(6 * tokens), tokens - 20)
        return f"Text {next(self._numbers)}. {text}\n\nWhat is this text about?"

    def body(
        self, question: str, *, model: str, tokens: int, fields: dict[str, Any], persona: bool = True
    ) -> dict[str, Any]:
        """A request whose answer is streamed and has ``tokens`` tokens: what would end it earlier is banned."""
        system = [{"role": "system", "content": self.persona}] if persona else []
        return {
            "model": model,
            "messages": [*system, {"role": "user", "content": question}],
            "max_tokens": tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "logit_bias": {str(token): -100 for token in self.vocabulary.ends},
            **fields,
        }

    def bodies(self, count: int, *, model: str, tokens: int, fields: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """One request for each of ``count`` clients."""
        for _ in range(count):
            yield [self.body(self.question(), model=model, tokens=tokens, fields=fields)]


def shared(prompts: Sequence[list[int]]) -> list[int]:
    """The tokens that all of them begin with."""
    alike = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*prompts, strict=False))
    return [column[0] for column in alike]
