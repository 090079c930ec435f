"""The events of a streamed response, named by their ``type`` and numbered from 0."""

from __future__ import annotations

import msgspec

from server.schemas.response_object import Citation, OutputItem, OutputText, ResponseObject, Score


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    sequence_number: int

    @property
    def kind(self) -> str:
        return str(self.__struct_config__.tag)


class Lifecycle(Event, frozen=True, kw_only=True):
    """Of the response as a whole."""

    response: ResponseObject


class Created(Lifecycle, frozen=True, kw_only=True, tag="response.created"): ...


class InProgress(Lifecycle, frozen=True, kw_only=True, tag="response.in_progress"): ...


class Completed(Lifecycle, frozen=True, kw_only=True, tag="response.completed"): ...


class CutShort(Lifecycle, frozen=True, kw_only=True, tag="response.incomplete"): ...


class Failed(Lifecycle, frozen=True, kw_only=True, tag="response.failed"): ...


class Fault(Event, frozen=True, kw_only=True, tag="error"):
    """What went wrong after the first byte, in this server's own words."""

    message: str
    code: str
    param: str | None


class ItemAdded(Event, frozen=True, kw_only=True, tag="response.output_item.added"):
    output_index: int
    item: OutputItem


class ItemDone(Event, frozen=True, kw_only=True, tag="response.output_item.done"):
    output_index: int
    item: OutputItem


class OfItem(Event, frozen=True, kw_only=True):
    """Within one item."""

    item_id: str
    output_index: int


class OfPart(OfItem, frozen=True, kw_only=True):
    """Within the one part of a message."""

    content_index: int = 0


class PartAdded(OfPart, frozen=True, kw_only=True, tag="response.content_part.added"):
    part: OutputText


class TextDelta(OfPart, frozen=True, kw_only=True, tag="response.output_text.delta"):
    delta: str
    logprobs: tuple[Score, ...]


class AnnotationAdded(OfPart, frozen=True, kw_only=True, tag="response.output_text.annotation.added"):
    annotation_index: int
    annotation: Citation


class TextDone(OfPart, frozen=True, kw_only=True, tag="response.output_text.done"):
    text: str
    logprobs: tuple[Score, ...]


class PartDone(OfPart, frozen=True, kw_only=True, tag="response.content_part.done"):
    part: OutputText


class ArgumentsDelta(OfItem, frozen=True, kw_only=True, tag="response.function_call_arguments.delta"):
    delta: str


class ArgumentsDone(OfItem, frozen=True, kw_only=True, tag="response.function_call_arguments.done"):
    arguments: str
