"""What the mind is made of: frozen structs, no behaviour beyond small derived properties.

Spans are always ``[start, end)`` in characters of ``Note.text``. Times are ISO 8601 strings: a date
(``2025-06-25``) where only the day is known, else a UTC timestamp (``2025-06-25T10:00:00+00:00``).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Origin = Literal["owner", "other", "web", "self"]
"""Whose words: the owner's, someone else's, the web's, or generated. Kept for ever; only ``owner`` teaches the voice."""

MemoryKind = Literal["episodic", "semantic", "procedural", "emotional", "reflective"]
Language = Literal["en", "ko", "other"]
Confidence = Literal["VERY_LOW", "LOW", "MEDIUM", "HIGH", "VERY_HIGH"]


DEFAULT_EMBEDDER = "embedder"
"""The embedding model that ``oneself init`` writes: all-MiniLM-L6-v2."""


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every domain struct."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """``[start, end)`` in characters of the note's text."""

    start: int
    end: int


class Segment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A stretch of a note's text that somebody said at some moment: a chat message, a stretch of a recording."""

    start: int
    end: int
    speaker: str = ""
    """As the source names them; empty where it does not say (a recording)."""
    origin: Origin | None = None
    """Whose words, where that is not the note's own ``origin``."""
    at: str | None = None
    """When it was said."""
    seconds: float | None = None
    """Into the recording."""


# --- memory -----------------------------------------------------------------------------------------------------------


class Note(Frozen, frozen=True, kw_only=True):
    """One thing that was kept. ``text`` is exactly what is cited; it never changes within a revision."""

    id: str
    """Opaque, stable over revisions (``n_`` + 12 hex digits)."""
    origin: Origin
    kind: str
    """Reader that made it: ``text``, ``markdown``, ``pdf``, …"""
    title: str
    text: str
    happened_at: str | None
    """From front matter, file name, a date in the text, then the file's mtime; ``None`` only if nothing is known."""
    happened_from: str
    """Where ``happened_at`` came from: ``front_matter``, ``file_name``, ``text``, ``mtime``, ``given``, ``unknown``."""
    learned_at: str
    source: str
    """Absolute path, URL, or ``text:`` for typed notes; ``path#part`` for one of several notes in a file."""
    content_hash: str
    """SHA-256 of the original bytes; of one of several notes in a file, of what that note holds."""
    language: Language
    tags: tuple[str, ...] = ()
    revision: int = 1
    pages: tuple[Span, ...] = ()
    """For paged documents: the span of each page."""
    file_hash: str = ""
    """SHA-256 of the file that it came from, where that is not ``content_hash``."""
    segments: tuple[Segment, ...] = ()
    """Who said what, and when, in the order of the text; only these stretches are split into sentences."""
    links: tuple[str, ...] = ()
    """What it points to: names of other notes (wikilinks, embeds) and URLs."""
    details: dict[str, str | int | float | None] = {}
    """What else the source says: ``width``, ``latitude``, ``seconds``, ``participants`` …"""


class Chunk(Frozen, frozen=True, kw_only=True):
    """A stretch of a note that is shown to a model or person as context. ``note.text[start:end]`` is its text."""

    id: str
    note_id: str
    ordinal: int
    start: int
    end: int
    heading: str = ""
    page: int | None = None


class Sentence(Frozen, frozen=True, kw_only=True):
    """The unit of evidence. ``note.text[start:end]`` is what is quoted and cited, for ever.

    ``context`` is what is indexed and shown to the model: the same words, with the heading or key as subject for list
    items and key-value lines, and (once the worker has been over it) with pronouns resolved.
    """

    id: str
    note_id: str
    chunk_id: str
    ordinal: int
    start: int
    end: int
    context: str
    resolved: bool = False
    origin: Origin = "owner"
    """Whose words these are: ``other`` inside a quotation of an owner's note, else the note's own origin."""
    todo: Literal["", "open", "done"] = ""
    """The state of a task (``- [ ]``, ``- [x]``); empty for everything else."""
    speaker: str = ""
    """Who says it, where the note says what several people said; not part of ``context``."""

    @property
    def told(self) -> str:
        """``context`` as it is shown and found by words: with who says it, unless it is the owner."""
        return f"{self.speaker}: {self.context}" if self.speaker and self.origin != "owner" else self.context


class Memory(Frozen, frozen=True, kw_only=True):
    """A note as it is stored: with its chunks and sentences."""

    note: Note
    chunks: tuple[Chunk, ...]
    sentences: tuple[Sentence, ...]


class Explain(Frozen, frozen=True, kw_only=True):
    """Every part of a score, so that nothing about a ranking is hidden."""

    vector: float | None
    """Cosine of query and sentence, or ``None`` while the vector is pending or the embedder is down."""
    words: float
    """BM25 over words (higher is better, 0 for none), scaled to 0..1 within this search."""
    hangul: float
    """The same over Hangul character bigrams."""
    trigram: float
    """The same over trigrams; only asked where words found too little."""
    overlap: float
    """Share of the question's content words that the sentence (or its title) holds, weighted by rarity."""
    memory_kind: MemoryKind = "semantic"
    strength: float = 1.0
    """Decay and reinforcement, 0.3 to 1.5: older memories weigh a little less, used ones a little more."""
    parts: dict[str, float] = {}
    """Everything else that was looked at (kind of answer asked for, dates, neighbours, kinship …), by name."""
    notes: tuple[str, ...] = ()
    """What was missing or special: ``vectors pending``, ``embedder down``, ``date matched`` …"""


class Hit(Frozen, frozen=True, kw_only=True):
    """One sentence found, best first in a result."""

    note_id: str
    chunk_id: str
    sentence_id: str
    title: str
    text: str
    """The original words at ``span``."""
    context: str
    """What the model is shown (see ``Sentence.context``)."""
    span: Span
    score: float
    """Fused score, 0..1, comparable between searches in one language (the bands rest on it)."""
    explain: Explain
    happened_at: str | None
    origin: Origin
    language: Language
    passage: str = ""
    """The original words from the sentence that names who or what ``text`` is about, where ``text`` only says "she" or
    "it"; what is cited then. Empty: ``text`` stands by itself."""
    passage_span: Span | None = None
    before: str = ""
    """The original words of the sentence before it in its note."""
    after: str = ""
    speaker: str = ""
    todo: Literal["", "open", "done"] = ""
    kind: str = ""
    """Of its note: ``markdown``, ``whatsapp`` …"""
    page: int | None = None
    superseded_since: str = ""
    """From when on something newer holds in its place; empty: it still holds, as far as is known."""


class TextToRemember(Frozen, frozen=True, kw_only=True):
    """A text that somebody types or a program sends."""

    text: str
    title: str = ""
    origin: Origin = "owner"
    source: str = "text:"
    happened_at: str | None = None
    tags: tuple[str, ...] = ()


class Todo(Frozen, frozen=True, kw_only=True):
    """A task that stands in a note."""

    note_id: str
    sentence_id: str
    title: str
    text: str
    state: Literal["open", "done"]
    happened_at: str | None


class Skipped(Frozen, frozen=True, kw_only=True):
    """A file that was not remembered, and why, and what to do about it."""

    source: str
    code: str
    message: str


class Added(Frozen, frozen=True, kw_only=True):
    """What one ``add`` did. ``batch`` undoes it (``oneself memories forget --batch``)."""

    batch: str
    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    vectors_pending: int = 0


class MemoryCounts(Frozen, frozen=True, kw_only=True):
    notes: int = 0
    chunks: int = 0
    sentences: int = 0
    vectors_pending: int = 0
    unresolved: int = 0
    insights_pending: int = 0


class Run(Frozen, frozen=True, kw_only=True):
    """One training run, past or present, as it is kept."""

    id: str
    started: str
    finished: str | None = None
    outcome: str = "running"
    """``running``, ``promoted``, ``refused``, ``cancelled``, ``failed``, ``unchanged``."""
    why: str = ""
    version: str | None = None
    plan: dict[str, object] = {}
    report: dict[str, object] = {}
    events: tuple[dict[str, object], ...] = ()
    """Its events in order, each as the JSON object of its struct."""

    @property
    def state(self) -> str:
        """``running``, ``done``, ``failed`` or ``cancelled``."""
        return self.outcome if self.outcome in ("running", "failed", "cancelled") else "done"


# --- L0: insight ------------------------------------------------------------------------------------------------------


Sentiment = Literal["", "positive", "negative", "mixed"]


class Entity(Frozen, frozen=True, kw_only=True):
    text: str
    type: str
    """``person``, ``place``, ``organisation``, ``date``, ``number``, ``thing``."""
    span: Span


class Statement(Frozen, frozen=True, kw_only=True):
    """Something the note says, canonical enough to ask about, tied to the words that say it."""

    id: str
    note_id: str
    span: Span
    text: str
    """The statement with its pronouns resolved; every name and number in it stands in the span or its antecedent."""
    kind: MemoryKind
    subject: str
    """``owner`` or the name of what it is about."""
    relation: str
    """Lemma of the verb or the key of a key-value line (``adopt``, ``be``, ``rent``)."""
    object: str
    entities: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None
    negated: bool = False
    sentiment: Sentiment = ""
    """Of an opinion or a feeling; empty for what is neither."""


class Task(Frozen, frozen=True, kw_only=True):
    """Something to do that a note names, by a box or in words (``I must call the vet``)."""

    text: str
    span: Span
    state: Literal["open", "done"]
    due: str = ""
    """A day, ``2025-06-25``, where the note says one."""


class Insight(Frozen, frozen=True, kw_only=True):
    """What one note says, by one analyst."""

    note_id: str
    content_hash: str
    analyst: str
    """Name and version; with ``content_hash`` the key under which it is stored."""
    title: str
    summary: str
    insight: str
    """One sentence on what it says of the owner; extractive: the most owner-related sentence."""
    tags: tuple[str, ...]
    keywords: tuple[str, ...]
    entities: tuple[Entity, ...]
    statements: tuple[Statement, ...]
    tasks: tuple[Task, ...] = ()
    dropped: int = 0
    """Statements thrown away because their names, numbers or content words are not in their span."""


# --- L1: identity -----------------------------------------------------------------------------------------------------


class Citation(Frozen, frozen=True, kw_only=True):
    """The words something stands on."""

    note_id: str
    title: str
    quote: str
    span: Span


class Cited(Frozen, frozen=True, kw_only=True):
    """A sentence and its evidence. There is no sentence of an identity without at least one citation."""

    text: str
    citations: tuple[Citation, ...]


class Topic(Frozen, frozen=True, kw_only=True):
    id: str
    label: str
    keyphrases: tuple[str, ...]
    note_ids: tuple[str, ...]
    """Nearest to the centre first."""
    core: int
    """How many of them (from the front) are the topic's core."""


class TimelineEvent(Frozen, frozen=True, kw_only=True):
    when: str
    text: str
    citation: Citation


class Shade(Frozen, frozen=True, kw_only=True):
    """A lasting side of a person (Second Me, arXiv 2503.08102)."""

    id: str
    topic_id: str
    name: str
    aspect: str
    icon: str
    first_person: tuple[Cited, ...]
    second_person: tuple[Cited, ...]
    third_person: tuple[Cited, ...]
    timeline: tuple[TimelineEvent, ...]
    confidence: Confidence


class Attribute(Frozen, frozen=True, kw_only=True):
    key: str
    value: str
    confidence: Confidence
    citations: tuple[Citation, ...]
    valid_from: str | None = None
    valid_to: str | None = None


class Biography(Frozen, frozen=True, kw_only=True):
    """Three views, short and long. Empty (no sentences) when there is no evidence."""

    first_person: tuple[Cited, ...] = ()
    second_person: tuple[Cited, ...] = ()
    third_person: tuple[Cited, ...] = ()
    short: int = 3
    """How many sentences, from the front, make the short form."""


Period = Literal["today", "week", "month"]


class Recent(Frozen, frozen=True, kw_only=True):
    """What the owner has been up to, by the notes of a day, seven days or thirty, ``since`` and ``until`` included."""

    period: Period
    since: str
    until: str
    first_person: tuple[Cited, ...] = ()
    second_person: tuple[Cited, ...] = ()
    third_person: tuple[Cited, ...] = ()


class Mark(Frozen, frozen=True, kw_only=True):
    """What the owner has decided about one sentence of the identity; it holds for every later version."""

    id: str
    kind: Literal["pin", "strike"]
    """A pinned sentence stands in every version that its note is there for; a struck one in none."""
    text: str
    """As the owner's words (first person)."""
    note_id: str
    span: Span
    created: str


class Change(Frozen, frozen=True, kw_only=True):
    """One difference between two versions of an identity, in words."""

    where: str
    """``biography``, ``attribute employer``, ``shade NAME``, ``topic LABEL``, ``recent week``."""
    before: str
    """Empty for what is new."""
    after: str
    """Empty for what is gone."""
    words: tuple[tuple[Literal["same", "out", "in"], str], ...] = ()
    """``before`` turned into ``after``."""


class Identity(Frozen, frozen=True, kw_only=True):
    version: int
    created: str
    owner: str
    input_hash: str
    topics: tuple[Topic, ...]
    outliers: tuple[str, ...]
    shades: tuple[Shade, ...]
    biography: Biography
    attributes: tuple[Attribute, ...]
    recent: tuple[Recent, ...] = ()
    reverted_to: int | None = None
    """The version that this one brings back."""


# --- the graph --------------------------------------------------------------------------------------------------------

EntityType = Literal["person", "place", "organisation", "thing", "concept"]


class Mention(Frozen, frozen=True, kw_only=True):
    """Where a note names an entity."""

    note_id: str
    span: Span
    text: str


class GraphEntity(Frozen, frozen=True, kw_only=True):
    """Somebody or something that the notes name, under all of its names. The owner is one, with id ``owner``."""

    id: str
    name: str
    type: str
    """An ``EntityType``, or one that ``ontology.toml`` adds."""
    aliases: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    weight: float = 0.0
    """Of its mentions: more notes, more weight."""


class GraphRelation(Frozen, frozen=True, kw_only=True):
    """``source`` -> ``target``, ids of entities. ``related`` where they only stand together."""

    id: str
    source: str
    type: str
    """A type of ``ontology.toml``."""
    target: str
    weight: float
    citations: tuple[Citation, ...]
    valid_from: str | None = None
    valid_to: str | None = None


class Claim(Frozen, frozen=True, kw_only=True):
    """A statement about an entity, with the time for which it holds."""

    id: str
    """Of its statement."""
    entity: str
    text: str
    citation: Citation
    valid_from: str | None = None
    valid_to: str | None = None
    superseded_by: str = ""
    """The claim that took its place; empty while it holds."""


class Community(Frozen, frozen=True, kw_only=True):
    """Entities that belong together, with sentences of the notes that say most of them."""

    id: str
    level: int
    """0: the coarsest."""
    parent: str
    name: str
    entities: tuple[str, ...]
    summary: tuple[Cited, ...]
    note_ids: tuple[str, ...]


class Graph(Frozen, frozen=True, kw_only=True):
    """Everything of one building, strongest first."""

    input_hash: str
    """Of the insights and the ontology that it was made from."""
    entities: tuple[GraphEntity, ...] = ()
    relations: tuple[GraphRelation, ...] = ()
    claims: tuple[Claim, ...] = ()
    communities: tuple[Community, ...] = ()


# --- L2: the weights --------------------------------------------------------------------------------------------------

Role = Literal["system", "user", "assistant", "tool"]


class Tool(Frozen, frozen=True, kw_only=True):
    """A function of the client's that the model may ask to be called."""

    name: str
    description: str = ""
    parameters: str = "{}"
    """JSON schema of the arguments, as JSON."""


class ToolCall(Frozen, frozen=True, kw_only=True):
    id: str
    name: str
    arguments: str
    """JSON, as the model wrote it."""


class Message(Frozen, frozen=True, kw_only=True, omit_defaults=True):
    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    """What an assistant asked for."""
    call_id: str = ""
    """The call that a tool's message answers."""


class Sample(Frozen, frozen=True, kw_only=True):
    """One training row. ``prompt`` is exactly what serving sends up to the assistant's turn; ``answer`` is learned."""

    id: str
    kind: str
    """``grounded``, ``identity``, ``refusal``, ``chat``, ``replay``, ``recall`` (no evidence: the weights alone)."""
    prompt: tuple[Message, ...]
    answer: str
    question: str
    note_ids: tuple[str, ...]
    spans: tuple[tuple[str, int, int], ...] = ()
    language: Language = "en"
    generator: str = ""
    passed: str = ""
    """Why it was let in (``round trip at rank 1``, ``hand-written`` …)."""


SelfState = Literal["candidate", "live", "retired", "refused"]


BakedType = Literal["F16", "Q8_0", "Q4_0", "Q4_K_M"]
"""How a baked file keeps its matrices: bits for each weight are 16, 8.5, about 5 and about 5."""


class Baked(Frozen, frozen=True, kw_only=True):
    """A self as one whole model (``self.gguf`` in its folder): the base with the adapter added in."""

    type: BakedType
    sha256: str
    bytes: int
    base_sha256: str
    adapter_sha256: str
    seconds: float


class SelfVersion(Frozen, frozen=True, kw_only=True):
    """One self: its weights and what they were made of (``selves/NNNN/manifest.json``)."""

    version: str
    state: SelfState
    base: str
    """SHA-256 of the base GGUF that the adapter fits."""
    template: str
    """SHA-256 of its chat template."""
    created: str
    adapter: str | None
    """File name in the version's folder; ``None``: no adapter (quoting and the base)."""
    baked: Baked | None = None
    """What is served in place of base and adapter, once it has been baked."""
    parent: str | None = None
    dataset: str | None = None
    input_hash: str | None = None
    recipe: dict[str, object] = {}
    exam: dict[str, object] = {}
    why: str = ""
    """Why it was promoted, refused or retired."""
    forgotten: tuple[str, ...] = ()
    """Notes that its training data held and that have been forgotten since: it is never served again."""


# --- answering --------------------------------------------------------------------------------------------------------

Route = Literal["owner", "identity", "world", "conversation", "unsure"]
Source = Literal["model", "quote", "none"]


class Sampling(Frozen, frozen=True, kw_only=True):
    """How tokens are chosen. Penalties, ``top_k`` 0 and ``top_p`` 1 as they are here change nothing."""

    max_tokens: int = 160
    temperature: float = 0.0
    """0 is greedy."""
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    """Texts at which the answer ends; they are not part of it."""
    logit_bias: dict[int, float] = {}
    """Token to what is added to its logit; -100 and below bans it."""
    logprobs: int | None = None
    """How many likeliest tokens are told beside each that was chosen; ``None``: no log-probabilities at all."""
    grammar: str = ""
    """GBNF that the text must follow."""
    json_schema: str = ""
    """JSON schema, as JSON, that the text must follow; ``{"type": "object"}`` for any object."""
    free_until: str = ""
    """The grammar or schema holds only for what follows this text, should the model write it; from the beginning, too,
    where the prompt ends with it."""

    def chosen(self) -> dict[str, Any]:
        """The fields of ``Sampling`` by name, to make another struct that has them."""
        return {name: getattr(self, name) for name in Sampling.__struct_fields__}


ToolChoice = Literal["auto", "none", "required"]


class Question(Sampling, frozen=True, kw_only=True):
    """A conversation whose last message is to be answered."""

    messages: tuple[Message, ...]
    model: str = "self"
    """``self``, ``self-weights``, ``base``, ``self:NNNN``."""
    memory: bool = True
    as_of: str | None = None
    n: int = 1
    """How many answers, apart from each other; with a seed the second has the seed after it, and so on."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    tool_named: str = ""
    """With ``required``: the only tool that may be called."""
    parallel_calls: bool = True

    @property
    def plain(self) -> bool:
        """Whether the answer is a text to be checked. Else it is the model's own: tools, several answers, a format or
        log-probabilities were asked for, evidence is given, and nothing is checked or quoted."""
        formatted = self.grammar or self.json_schema or self.logprobs is not None
        return not (self.tools or formatted or self.n > 1)


class Usage(Frozen, frozen=True, kw_only=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Scored(Frozen, frozen=True, kw_only=True):
    """A token and the natural logarithm of its probability at temperature 1, after those before it."""

    token: int
    data: bytes
    """Its bytes, perhaps part of a character."""
    logprob: float


class TokenScore(Scored, frozen=True, kw_only=True):
    """A token that was chosen."""

    top: tuple[Scored, ...] = ()
    """The likeliest in its place, likeliest first."""


class CallDelta(Frozen, frozen=True, kw_only=True):
    """Part of a tool call in a stream: id and name come first, with no arguments; then these, as they come."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Choice(Frozen, frozen=True, kw_only=True):
    """One of several answers, or one that is not a plain text (see ``Question.plain``)."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    scores: tuple[TokenScore, ...] = ()
    finish_reason: str = "stop"
    """``stop``, ``length`` or ``tool_calls``."""


class Answer(Frozen, frozen=True, kw_only=True):
    model: str
    text: str
    citations: tuple[Citation, ...]
    marks: tuple[Span, ...]
    """For each citation: the part of ``text`` that stands on it."""
    source: Source
    route: Route
    usage: Usage
    finish_reason: str = "stop"
    score: float = 0.0
    """Score of the best evidence (what the bands were asked with)."""
    choices: tuple[Choice, ...] = ()
    """All answers where the question was not ``plain``; ``text`` is then the first one's."""


class AnswerDelta(Frozen, frozen=True, kw_only=True):
    """A piece of an answer that is being streamed (of a plain one: checked); the last thing in a stream is the
    ``Answer`` itself."""

    text: str = ""
    choice: int = 0
    call: CallDelta | None = None
    scores: tuple[TokenScore, ...] = ()
    """Of the tokens of this piece, where they were asked for."""
    finish: str = ""
    """Why this choice ended, on its last piece, where the question was not ``plain``."""


# --- recordings -------------------------------------------------------------------------------------------------------


class SpokenWord(Frozen, frozen=True, kw_only=True):
    """With its seconds from the recording's beginning."""

    word: str
    start: float
    end: float


class SpokenSegment(Frozen, frozen=True, kw_only=True):
    """A stretch of a recording as Whisper cuts it, with what Whisper says of itself."""

    id: int
    seek: int
    start: float
    """Seconds from the recording's beginning."""
    end: float
    text: str
    """With the space before it, where the language has one: the texts together are the whole."""
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    words: tuple[SpokenWord, ...] = ()
    """Where they were asked for."""


class Transcript(Frozen, frozen=True, kw_only=True):
    """What is said in a recording; no segments where nothing is."""

    language: str
    """ISO 639 code of the text."""
    seconds: float
    segments: tuple[SpokenSegment, ...]

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments).strip()


# --- forgetting and what a memory reached -----------------------------------------------------------------------------


class Holding(Frozen, frozen=True, kw_only=True):
    """A self whose training data held a forgotten note."""

    version: str
    was_live: bool
    samples: int
    """Training samples that rested on the note."""
    weights_removed_at: str | None = None
    """When its adapter was deleted; ``None`` while it is on disk."""


class Receipt(Frozen, frozen=True, kw_only=True):
    """What one forgetting removed, where, and what is left to do. Holds ids and counts, none of the words."""

    id: str
    created: str
    note_ids: tuple[str, ...]
    removed: dict[str, int]
    """Place -> how many: ``notes``, ``revisions``, ``chunks``, ``sentences``, ``vectors``, ``statements``, ``originals``,
    ``mirror``, ``identity`` (sentences), ``samples``, ``exam`` (questions)."""
    selves: tuple[Holding, ...] = ()
    serving: str = ""
    """The self that answers since."""
    retraining: str = "not needed"
    """``not needed`` (no self had learned it), ``due`` (the next training leaves it out), ``done``."""
    exports: tuple[str, ...] = ()
    """Exports and backups known to hold it, which are the owner's to delete."""
    cleared_at: str | None = None
    """When the database file held none of its bytes any more; ``None`` for the moment until then."""


class SampleOf(Frozen, frozen=True, kw_only=True):
    version: str
    kind: str
    question: str


class MemoryCard(Frozen, frozen=True, kw_only=True):
    """Everything that one note has reached."""

    memory: Memory
    history: tuple[Note, ...]
    statements: tuple[Statement, ...]
    identity: tuple[str, ...]
    """Sentences of the newest identity that cite it."""
    samples: tuple[SampleOf, ...]
    selves: tuple[str, ...]
    """Versions whose training data held it."""
    uses: int
    """Answers that cited it."""
    mirror: str | None
    """Its file in ``mirror/``."""
