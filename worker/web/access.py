"""Who may do what: the one place that decides it. DESIGN.md, section 7, is the table ``RIGHTS``.

A request carries a session; the session names a person; what that person is on a call gives the rights on it. A route
asks for one right and gets the call opened, or nothing. A call that is somebody else's and one that is not there are
answered alike, so that nobody learns which calls there are.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from worker.core.errors import NotAllowed, NotFound
from worker.core.log.entry import Actor, Role
from worker.record.matters import Whose
from worker.record.people import Kind, Person
from worker.record.senders import Scope
from worker.record.standing import StoredCall
from worker.record.store import Store
from worker.web.media_types import media_type
from worker.web.texts import later

LASTS = timedelta(hours=12)
"""How long a session lasts at most."""

IDLE = timedelta(hours=2)
"""How long a customer's session lasts unused: it may be on a telephone that others use too."""

FOR_OPERATORS = frozenset({Scope.OPERATE, Scope.METRICS})
"""The scopes that a signed-in operator has without a key."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"


class Right(StrEnum):
    """What can be done with the record of a call, each a row of the table in DESIGN.md, section 7."""

    READ = auto()  # read and hear it, with all that was added
    TAKE = auto()  # the same as data, for programs
    SAY = auto()  # agree, dispute, correct, add, ask
    DECIDE_PROMISE = auto()  # say that it was kept, if it was made to them: which one, the rules of the dialogue know
    SEE_LOOKS = auto()  # who looked, and when
    COUNT_LOOKS = auto()  # how often, and nothing else
    REQUEST = auto()  # ask for a copy, correction, erasure, and take a copy along
    VOUCH = auto()  # let the customer of one's own call in
    RETRY = auto()  # failed work


_SIDE = frozenset({Right.READ, Right.TAKE, Right.SAY, Right.DECIDE_PROMISE, Right.SEE_LOOKS, Right.REQUEST})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.AGENT: _SIDE | {Right.VOUCH},
    Role.CUSTOMER: _SIDE,
    Role.NEXT_AGENT: frozenset({Right.READ, Right.TAKE}),
    Role.REVIEWER: frozenset({Right.READ, Right.TAKE, Right.SAY, Right.SEE_LOOKS}),
    Role.DESK: frozenset({Right.READ, Right.SEE_LOOKS}),
    Role.OPERATOR: frozenset({Right.COUNT_LOOKS, Right.RETRY}),
    Role.SYSTEM: frozenset(),
}

WHILE_RESTRICTED: Mapping[Role, frozenset[Right]] = {
    Role.AGENT: _SIDE - {Right.TAKE, Right.REQUEST},
    Role.CUSTOMER: _SIDE,
    Role.REVIEWER: frozenset({Right.READ, Right.SAY, Right.SEE_LOOKS}),
    Role.DESK: RIGHTS[Role.DESK],
    Role.OPERATOR: RIGHTS[Role.OPERATOR],
}
"""What is left of the rights while a record is kept and not used (GDPR Art. 18): its customer keeps all of them, and
those who look into what is contested still read it; nobody else takes it anywhere, and no next agent is let in."""


def rights_of(role: Role, *, is_restricted: bool) -> frozenset[Right]:
    """What somebody may do with a record as what they are on it."""
    return WHILE_RESTRICTED.get(role, frozenset()) if is_restricted else RIGHTS[role]


class NotSignedIn(NotAllowed):
    """Nobody is signed in here, or no longer."""


class NoKey(NotSignedIn):
    """This is for programs. Send an API key that is in force, in the header `Authorization: Bearer onr_…`."""


@dataclass(frozen=True)
class Caller:
    """A program that showed an API key, or the operator who is signed in where that opens the same.

    ``sender`` is in whose name recordings are handed over; empty for an operator, who hands none over. ``by`` names
    the key or the person, for logs.
    """

    sender: str
    scopes: frozenset[Scope]
    by: str


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in; to one call alone, where only that call's way in was used.

    ``csrf`` goes into every form as the hidden field of that name; ``session`` tells one session from another.
    """

    person: Person
    only_call: str | None
    csrf: str
    session: str


@dataclass(frozen=True)
class Opened:
    """A call, opened by somebody who is something on it."""

    visitor: Visitor
    call: StoredCall
    role: Role
    is_restricted: bool = False  # it is kept and not used, while it is contested

    @property
    def rights(self) -> frozenset[Right]:
        """What may be done here besides what was asked for."""
        return rights_of(self.role, is_restricted=self.is_restricted)

    @property
    def actor(self) -> Actor:
        """Who acts, for entries of the record."""
        return Actor(self.role, self.visitor.person.id)

    @property
    def name(self) -> str | None:
        """Under which name: on one's own call, the one that was given with the call."""
        given = {Role.AGENT: self.call.details.agent, Role.CUSTOMER: self.call.details.customer}.get(self.role)
        return given or self.visitor.person.name


class Access:
    """The sessions of an installation's pages, and what they open.

    ``origin`` is the address under which people reach the pages; over https its cookies are for https alone.
    What is known of a call, by its id: ``is_open`` tells whether a matter of it is open, for the agent who takes the
    customer's next one; ``is_asked`` whether the desk has a request about it to answer; ``is_restricted`` whether it is
    kept and not used.
    """

    def __init__(
        self,
        store: Store,
        *,
        origin: str,
        now: Callable[[], datetime],
        is_open: Callable[[str], bool],
        is_asked: Callable[[str], bool],
        is_restricted: Callable[[str], bool],
    ) -> None:
        self._store, self._now = store, now
        self._is_open, self._is_asked, self._is_restricted = is_open, is_asked, is_restricted
        self._origin = origin.rstrip("/")
        self._is_https = self._origin.startswith("https:")
        self.cookie = "__Host-onrecord" if self._is_https else "onrecord"

    @staticmethod
    def csrf_of(token: str) -> str:
        """What a form of this session sends back."""
        return _derived(token, "csrf")

    # Who

    def visitor_if_any(self, request: Request, *, is_use: bool = True) -> Visitor | None:
        """Who is signed in; None if nobody is, or no longer. What a page asks by itself is no use of the session."""
        token = request.cookies.get(self.cookie)
        found = self._store.people.sessions.find(token) if token else None
        if token is None or found is None:
            return None
        session, seen_at = found
        now = self._now()
        person = self._store.people.person(session.person_id)
        if session.ends_at <= now or (person.kind is Kind.CUSTOMER and seen_at + IDLE <= now):
            return None
        if is_use:
            self._store.people.sessions.see(token, seen_at=seen_at, now=now)
        return Visitor(person, session.only_call, self.csrf_of(token), _derived(token, "session"))

    def visitor(self, request: Request) -> Visitor:
        """Who is signed in. Raises NotSignedIn."""
        return self.visitor_asking(request, is_use=True)

    def visitor_asking(self, request: Request, *, is_use: bool) -> Visitor:
        """The same, where a page may ask by itself. Raises NotSignedIn."""
        if (visitor := self.visitor_if_any(request, is_use=is_use)) is None:
            raise NotSignedIn(_NOT_SIGNED_IN)
        return visitor

    def agent(self, request: Request) -> Visitor:
        """Somebody on the company's side who takes calls, signed in to all that is theirs. Raises NotSignedIn, NotFound
        for everybody else."""
        visitor = self.visitor(request)
        if not self.is_agent(visitor):
            raise _not_here()
        return visitor

    def operator(self, request: Request) -> Visitor:
        """Somebody who runs the service, signed in to all that is theirs. Raises NotSignedIn, NotFound for everybody
        else."""
        visitor = self.visitor(request)
        if not visitor.person.is_operator or visitor.only_call is not None:
            raise _not_here()
        return visitor

    def desk(self, request: Request) -> Visitor:
        """Somebody who answers requests, signed in to all that is theirs. Raises NotSignedIn, NotFound for everybody
        else."""
        visitor = self.visitor(request)
        if not is_desk(visitor):
            raise _not_here()
        return visitor

    def is_agent(self, visitor: Visitor) -> bool:
        """Whether somebody takes calls: who is said to, and who was on a call as its agent. Where nothing is said of
        somebody, they do unless they have another duty here."""
        person = visitor.person
        if person.kind is not Kind.STAFF or visitor.only_call is not None:
            return False
        has_other_duty = person.is_reviewer or person.is_operator or person.is_desk
        is_said_to = person.is_agent if person.is_agent is not None else not has_other_duty
        return is_said_to or self._store.matters.calls(Whose(person.id, Role.AGENT), now=self._now()).total > 0

    # Programs

    def caller(self, request: Request, scope: Scope) -> Caller:
        """Who calls with an API key that has this scope; what operators' programs do, a signed-in operator does too.

        Raises NoKey without a key in force, NotAllowed for one that lacks the scope, and for a session that is nobody's
        who may do this.
        """
        kind, _space, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return self._operator(request, scope)
        found = self._store.senders.find(key.strip(), now=self._now())
        if found is None:
            raise NoKey
        if scope not in found.scopes:
            raise NotAllowed(f"This key does not open this. Make one with the scope {scope}: onrecord keys add")
        return Caller(found.sender, found.scopes, f"key {found.id}")

    def _operator(self, request: Request, scope: Scope) -> Caller:
        if scope not in FOR_OPERATORS or (visitor := self.visitor_if_any(request)) is None:
            raise NoKey
        if not visitor.person.is_operator or visitor.only_call is not None:
            raise NotAllowed(_FOR_OPERATORS)
        return Caller("", FOR_OPERATORS, f"person {visitor.person.id}")

    def calling(self, scope: Scope) -> Callable[[Request], Caller]:
        """A dependency for routes that are for programs."""

        def calling(request: Request) -> Caller:
            return self.caller(request, scope)

        return calling

    # What

    def open(self, request: Request, call_id: str, right: Right, *, is_use: bool = True) -> Opened:
        """The call, opened for this right.

        Raises NotSignedIn; NotFound for a call that is not there, and in the same words for one with which this person
        has nothing to do; NotAllowed where what they are on it does not give the right.
        """
        visitor = self.visitor_asking(request, is_use=is_use)
        role = self._role(visitor, call_id)
        if role is None:
            raise _not_here()
        try:
            call = self._store.call(call_id)
        except NotFound:
            raise _not_here() from None
        if call.id != call_id:  # the store also takes the beginning of an id
            raise _not_here()
        if call.own_recording_of is not None and role is not Role.OPERATOR:  # it opens with its call, never by itself
            raise _not_here()
        is_restricted = self._is_restricted(call_id)
        rights = rights_of(role, is_restricted=is_restricted)
        if is_restricted and not rights:
            raise _not_here()
        if right not in rights:
            raise NotAllowed(RESTRICTED if right in RIGHTS[role] else _REFUSAL.get(role, _FOR_THE_SIDES))
        return Opened(visitor, call, role, is_restricted)

    def opened(self, right: Right, *, is_use: bool = True) -> Callable[[Request, str], Opened]:
        """A dependency for routes with ``call_id`` in their address."""

        def opened(request: Request, call_id: str) -> Opened:
            return self.open(request, call_id, right, is_use=is_use)

        return opened

    def _role(self, visitor: Visitor, call_id: str) -> Role | None:
        if visitor.only_call not in (None, call_id):
            return None
        on_call = self._store.people.role(call_id, visitor.person.id, now=self._now())
        if on_call is not None and (on_call.role is not Role.NEXT_AGENT or self._is_open(call_id)):
            return on_call.role
        if is_desk(visitor) and self._is_asked(call_id):
            return Role.DESK
        return Role.OPERATOR if visitor.person.is_operator else None

    # In and out

    def sign_in(self, request: Request, response: Response, person: Person, *, only_call: str | None) -> None:
        """Begins a session under a token that nobody has seen before, and ends the one that there was."""
        self.sign_out(request, response)
        token = self._store.people.sessions.begin(person.id, only_call=only_call, lasts=LASTS, now=self._now())
        response.set_cookie(
            self.cookie,
            token,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._is_https,
        )

    def sign_out(self, request: Request, response: Response) -> None:
        """Ends the session, here and in the database."""
        if token := request.cookies.get(self.cookie):
            self._store.people.sessions.end(token)
        response.delete_cookie(self.cookie, httponly=True, samesite="lax", secure=self._is_https)

    # What changes something

    async def guard(self, request: Request) -> AsyncIterator[None]:
        """A dependency of every route but a hand-over: what changes something comes from a page of ours.

        Browsers say from where a request comes, and that decides. Whoever is signed in also sends back what stood in
        the form, which no other site can know. Raises NotAllowed.
        """
        try:
            if request.method not in SAFE_METHODS:
                await self._check_origin(request, form_tells=True)
            yield
        finally:
            await request.close()  # the files of a form that was read here, and that the route may not know of

    async def guard_of_api(self, request: Request) -> None:
        """The same for the API, whose token comes in the header alone: forms are recordings there, and are read by
        their route, from who may hand one over."""
        if request.method not in SAFE_METHODS:
            await self._check_origin(request, form_tells=False)

    async def _check_origin(self, request: Request, *, form_tells: bool) -> None:
        if not self._is_from_here(request):
            raise NotAllowed(_FROM_ELSEWHERE)
        token = request.cookies.get(self.cookie)
        # A session that is over cannot be misused; who comes with one is asked to sign in, not told off. What they
        # sent is not read, so that nobody fills a disk who is not signed in.
        if not token or await run_in_threadpool(self.visitor_if_any, request) is None:
            if _hides_origin(request):  # no form's own token shows that it is ours: another site may sign somebody in
                raise NotAllowed(_FROM_ELSEWHERE)
            return
        given: object = request.headers.get(CSRF_HEADER)
        if given is None and form_tells and media_type(request.headers) in FORMS:
            given = (await request.form()).get(CSRF_FIELD)
        if isinstance(given, str) and hmac.compare_digest(given.encode(), self.csrf_of(token).encode()):
            return
        raise NotAllowed(_FROM_ELSEWHERE)

    def _is_from_here(self, request: Request) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        # Browsers that are set to tell nothing send "null" from our pages too; a form's own token then has to do.
        origin = request.headers.get("origin")
        host = f"{request.url.scheme}://{request.url.netloc}"
        return origin in (None, "null", self._origin, host)


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

_FROM_ELSEWHERE = later(
    "This did not come from a page of this place, or from one that was open too long. Open it again."
)
_NOT_SIGNED_IN = later("Nobody is signed in here, or no longer. Nothing was changed. Sign in, and do it again.")
_FOR_OPERATORS = later("This is for the people who run the service.")
_FOR_THE_SIDES = later("This is for the two sides of the call alone.")
RESTRICTED = later(
    "This record is kept and not used while it is contested: it can be read, and nobody but its customer takes a copy."
)
_REFUSAL = {
    Role.OPERATOR: later("Who runs the service sees that a call is here and where it stands, not what is in it.")
}


def is_desk(visitor: Visitor) -> bool:
    """Whether somebody answers requests, and is signed in to all that is theirs."""
    return visitor.person.is_desk and visitor.only_call is None


def _hides_origin(request: Request) -> bool:
    return "sec-fetch-site" not in request.headers and request.headers.get("origin") == "null"


def _not_here() -> NotFound:
    return NotFound("There is no record here that is open to you. Look at the address again, or sign in as another.")


def _derived(token: str, use: str) -> str:
    """Something that only the holder of a session's token has, and from which the token cannot be found."""
    return urlsafe_b64encode(hmac.digest(token.encode(), use.encode(), "sha256")).decode().rstrip("=")


def local_path(address: str | None) -> str:
    """The address if it is one of ours, as a path; else the home. A sign-in leads nowhere else."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\") or not address.isprintable():
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc or "\\" in address else address
