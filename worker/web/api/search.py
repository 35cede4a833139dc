"""The API's search: words across my calls."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from worker.core.dialogue.values import Way
from worker.core.log.entry import Role
from worker.core.search.words import LONGEST_QUESTION, read_question
from worker.record.search import Looking
from worker.web.access import Right, Visitor
from worker.web.api.errors import problems
from worker.web.api.values import CallId, Given
from worker.web.pages.search import lines_of_call
from worker.web.parts import Parts
from worker.web.routes.home import MOST_PAGES
from worker.web.routes.search import opened_calls


class FoundLineView(Given):
    """A turn, or a sentence of the summary, in which it stands."""

    place: Annotated[str, Field(description="Its id in the record.")]
    start_s: Annotated[float, Field(description="Where the words that were found can be heard.")]
    text: Annotated[str, Field(description="The words around what was found; dots where some are left out.")]
    found: Annotated[tuple[str, ...], Field(description="The words of `text` that were looked for.")]
    page: Annotated[str, Field(description="Address on this host that opens the record at that second.")]


class FoundCallView(Given):
    """A call in which all of it was said, with the lines that hold most of it."""

    id: CallId
    role: Role
    lines: tuple[FoundLineView, ...]
    total_lines: int


class FoundView(Given):
    """What was found, the call that took place last first."""

    calls: tuple[FoundCallView, ...]
    page: int
    total: Annotated[int, Field(description="In how many calls it was found.")]
    behind: Annotated[int, Field(description="Calls of yours that are not ready to be looked into yet.")]


def routes(parts: Parts) -> APIRouter:
    """Looking for words."""
    router = APIRouter(tags=["calls"])
    SignedIn = Annotated[Visitor, Depends(parts.access.visitor)]  # noqa: N806 -- a type

    @router.get("/search", summary="Words across my calls", responses=problems(401, 422, 503))
    def search(
        request: Request,
        visitor: SignedIn,
        words: Annotated[
            str, Query(max_length=LONGEST_QUESTION, description='Words, or "a phrase"; all of it has to be said.')
        ],
        page: Annotated[int, Query(ge=1, le=MOST_PAGES, description="Ten calls each, from 1.")] = 1,
    ) -> FoundView:
        """The calls that are open to you in which these words were said, without regard to case, accents and endings.

        What is protected in a record is never found. Lines of other people's calls that you may read are a look.
        """
        terms = read_question(words)
        looking = Looking(visitor.person.id, visitor.only_call)
        found = parts.store.search.find(terms, looking, now=parts.now(), page=page)
        calls = []
        for one, opened in opened_calls(parts, request, found, Right.TAKE, Way.DATA):
            rows = [(line, row) for line in one.lines for row in lines_of_call(opened, line, terms)]
            views = tuple(
                FoundLineView(
                    place=line.place,
                    start_s=row.start_s,
                    text=" ".join(part.text for part in row.parts),
                    found=tuple(part.text for part in row.parts if part.is_found),
                    page=row.href,
                )
                for line, row in rows
            )
            calls.append(FoundCallView(id=one.call_id, role=opened.you, lines=views, total_lines=one.total))
        return FoundView(calls=tuple(calls), page=page, total=found.total, behind=found.behind)

    return router
