"""``/api/identity``: who the owner is, the versions of that, and what the owner has to say about it."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, delete, get, post
from litestar.params import Parameter

from server.context import AnyRequest, mind_of
from server.schemas.body import decode
from server.schemas.identity import (
    CorrectionRequest,
    DiffOut,
    IdentityOut,
    MarkList,
    MarkRequest,
    RevertRequest,
    VersionList,
    diff_out,
    identity_out,
    version_out,
)

_MOST = 2**31
Version = Annotated[int, Parameter(ge=1, le=_MOST)]
Before = Annotated[int | None, Parameter(query="from", ge=1, le=_MOST)]
After = Annotated[int | None, Parameter(query="to", ge=1, le=_MOST)]
Limit = Annotated[int, Parameter(ge=1, le=500)]


# --- versions ---------------------------------------------------------------------------------------------------------


@get("/api/identity")
async def current(request: AnyRequest) -> IdentityOut:
    """The current version, each sentence with its citations; while there is none, an empty one whose ``note`` says so."""
    mind = mind_of(request)
    return identity_out(await mind.identity(), await mind.marks())


@get("/api/identity/versions")
async def versions(request: AnyRequest, limit: Limit = 50) -> VersionList:
    """Latest first."""
    return VersionList(tuple(map(version_out, await mind_of(request).identity_versions(limit))))


@get("/api/identity/versions/{version:int}")
async def one_version(request: AnyRequest, version: Version) -> IdentityOut:
    mind = mind_of(request)
    return identity_out(await mind.identity_version(version), await mind.marks())


@get("/api/identity/diff")
async def diff(request: AnyRequest, before: Before = None, after: After = None) -> DiffOut:
    """In words. Without ``to``: the current version; without ``from``: the one before."""
    return diff_out(await mind_of(request).identity_diff(before, after))


@post("/api/identity/revert", status_code=200)
async def revert(request: AnyRequest) -> IdentityOut:
    """A new version that says what an earlier one said, but for what no note says any more."""
    wanted = decode(await request.body(), RevertRequest)
    mind = mind_of(request)
    return identity_out(await mind.revert_identity(wanted.version), await mind.marks())


# --- the owner's say --------------------------------------------------------------------------------------------------


@post("/api/identity/marks", status_code=200)
async def mark(request: AnyRequest) -> IdentityOut:
    """Pin a sentence, which then stands in every version that its note is there for, or strike it for good; the version
    that follows it already."""
    wanted = decode(await request.body(), MarkRequest)
    mind = mind_of(request)
    decide = mind.pin if wanted.kind == "pin" else mind.strike
    return identity_out(await decide(wanted.sentence), await mind.marks())


@delete("/api/identity/marks/{sentence:str}", status_code=200)
async def unmark(request: AnyRequest, sentence: str) -> MarkList:
    """Take a mark back; the next identity made from the notes chooses by itself. Returns the marks that are left."""
    mind = mind_of(request)
    await mind.unmark(sentence)
    return MarkList(tuple(await mind.marks()))


@post("/api/identity/corrections", status_code=200)
async def correct(request: AnyRequest) -> IdentityOut:
    """Say what an attribute is, ``from`` a day on, or that ``was`` is not true. It is kept as a note of the owner's and
    wins over all others; the version that follows it already."""
    wanted = decode(await request.body(), CorrectionRequest)
    mind = mind_of(request)
    return identity_out(await mind.correct(**wanted.asked()), await mind.marks())


ROUTER = Router("/", route_handlers=[current, versions, one_version, diff, revert, mark, unmark, correct])
