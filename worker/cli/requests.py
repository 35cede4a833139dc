"""What customers ask for by law, for staff without pages: listed by due day, shown, entered, decided.

Whoever decides is named with ``--by`` and is one of those who answer requests (``onrecord people add --desk``): what
they do stands under their name in the records of the calls.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import AsJson, open_installation, without_cards
from worker.core.errors import Invalid, NotAllowed
from worker.core.now import now_utc

if TYPE_CHECKING:
    from worker.bootstrap import Installation
    from worker.core.requests.values import By, Ground, RequestKind
    from worker.record.requests.values import Request

app = typer.Typer()
requests_app = typer.Typer(help="What customers ask for by law: copies, correction, restriction, erasure.")
app.add_typer(requests_app, name="requests")

RequestId = Annotated[str, typer.Argument(help="The request's id, or as much of its beginning as is unique.")]
ByWhom = Annotated[str, typer.Option("--by", help="E-mail address of who does it, one of the desk for requests.")]
Why = Annotated[str, typer.Option(help="Why, in words that the asker is written.", callback=without_cards)]


@requests_app.command("list")
def list_requests(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended, the last first.")] = False,
    page: Annotated[int, typer.Option(min=1, help="Which fifty of them.")] = 1,
    address: Annotated[
        str | None, typer.Option(help="All that were asked from this address, the newest first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the open requests by due day, with what each waits for."""
    from rich.table import Column, Table

    from worker.console import out

    store, now = open_installation().store, now_utc()
    if address is not None:
        found = store.requests.of_address(address, now=now)
    else:
        found = store.requests.desk(now=now, is_open=not ended, page=page).items
    if as_json:
        _echo([_as_json(one, now) for one in found])
        return
    table = Table(Column("id", no_wrap=True), "what", "came", "due", "state", "waits for")
    for one in found:
        due = "with the proof" if one.due.is_paused else one.due.day.isoformat()
        due += " late" if one.is_open and one.due.is_late(now) else ""
        came = f"{store.requests.calendar.day_of(one.received_at)} {one.came_by}"
        table.add_row(one.id, one.kind, came, due, one.state, ", ".join(one.blocks))
    out.print(table)


@requests_app.command("show")
def show_request(request: RequestId, as_json: AsJson = False) -> None:
    """Show a request: who asks, what they wrote, where other persons seem to be, and what happened to it."""
    from worker.console import out, printable

    store = open_installation().store
    now = now_utc()
    one = store.requests.find(request, now=now)
    history = store.requests.history(one.id)
    if as_json:
        _echo(
            _as_json(one, now)
            | {"history": [{"at": at.at.isoformat(), "step": at.step, "by": at.by} for at in history]}
        )
        return
    details = one.details
    lines = [
        f"{one.id}  {one.kind}, {one.state}, by {one.came_by}",
        f"due: {'a month after the proof' if one.due.is_paused else one.due.day}",
        f"waits for: {', '.join(one.blocks) or 'nothing'}",
        f"who: {details.name or ''} {details.address or ''}".rstrip(),
        f"calls: {' '.join(one.calls) or 'not known'}",
        *(f"{name}: {text}" for name, text in (("when", details.about_when), ("text", details.text)) if text),
        *([f"failed: {one.failure}"] if one.failure else []),
        *(
            f"{place.id}  {place.start_s:.1f} s  {place.sign} {place.sure:.2f}  {place.words}"
            for place in details.places
        ),
        *(f"{line.at:%Y-%m-%d %H:%M}  {line.step}  {line.by or ''}  {line.text or ''}".rstrip() for line in history),
    ]
    for line in lines:
        out.print(printable(line), markup=False, soft_wrap=True)


@requests_app.command("enter")
def enter(
    kind: Annotated[
        str, typer.Argument(help="transcript, sound, access, correction, restriction, erasure or portability.")
    ],
    by: ByWhom,
    came_by: Annotated[str, typer.Option("--came-by", help="letter or telephone.")] = "letter",
    address: Annotated[str | None, typer.Option(help="Where the answer goes: e-mail address, or telephone.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of who asks.")] = None,
    call: Annotated[str | None, typer.Option(help="The one call; all of the asker's if not given.")] = None,
    received: Annotated[str | None, typer.Option(help="When it came, such as 2026-03-10T09:00:00+01:00.")] = None,
    text: Annotated[
        str | None, typer.Option(help="What they wrote; of a correction, the statement.", callback=without_cards)
    ] = None,
    proved: Annotated[bool, typer.Option("--proved", help="They have shown who they are.")] = False,
) -> None:
    """Enter what came by letter or telephone. Asked already and still open, it is the one that there is."""
    from worker.core.requests.values import Asked, CameBy

    installation = open_installation()
    store = installation.store
    asked = Asked(
        _kind(kind),
        CameBy.TELEPHONE if came_by == "telephone" else CameBy.LETTER,
        address=address,
        name=name,
        call_id=None if call is None else store.call(call).id,
        is_proved=proved,
        text=text,
        received_at=None if received is None else _instant(received),
    )
    _say(store.requests.ask(asked, by=_by(installation, by), now=now_utc()))


@requests_app.command("proof")
def ask_for_proof(
    request: RequestId, by: ByWhom, wanted: Annotated[str, typer.Option(help="What proof.", callback=without_cards)]
) -> None:
    """Ask for proof of identity: the month begins when it comes."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.ask_for_proof(one.id, wanted, by=_by(installation, by), now=now_utc()))


@requests_app.command("proved")
def proved(
    request: RequestId, by: ByWhom, how: Annotated[str, typer.Option(help="By what.", callback=without_cards)]
) -> None:
    """Say that the asker has shown who they are."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.proved(one.id, how, by=_by(installation, by), now=now_utc()))


@requests_app.command("calls")
def choose_calls(
    request: RequestId, by: ByWhom, call: Annotated[list[str], typer.Option("--call", help="A call that is meant.")]
) -> None:
    """Say which calls are meant."""
    installation = open_installation()
    store, one = installation.store, _find(installation, request)
    call_ids = [store.call(each).id for each in call]
    _say(store.requests.found_calls(one.id, call_ids, by=_by(installation, by), now=now_utc()))


@requests_app.command("review")
def review(
    request: RequestId,
    by: ByWhom,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A place as `show` names it, CALL/TURN/FIRST-END; several times.")
    ] = None,
    all_out: Annotated[bool, typer.Option("--all", help="Every place that was found stays out.")] = False,
) -> None:
    """Say which words of other persons stay out of what is handed over; those that are not named stay in."""
    installation = open_installation()
    one = _find(installation, request)
    known = {place.id: place for place in one.details.places}
    if wrong := [each for each in leave_out or () if each not in known]:
        raise Invalid(f"There is no place {wrong[0]}. `onrecord requests show` names them.")
    chosen = known.values() if all_out else [known[each] for each in leave_out or ()]
    _say(
        installation.store.requests.review(
            one.id, [at.left_out() for at in chosen], by=_by(installation, by), now=now_utc()
        )
    )


@requests_app.command("extend")
def extend(
    request: RequestId,
    by: ByWhom,
    why: Why,
    months: Annotated[int, typer.Option(min=1, max=2, help="How many months more.")] = 2,
) -> None:
    """Take more time, once and within the first month, for what is complex."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.extend(one.id, months, why, by=_by(installation, by), now=now_utc()))


@requests_app.command("package")
def make_package(request: RequestId, by: ByWhom) -> None:
    """Have the package made that answers it; when it is there, the asker is written."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.make_package(one.id, by=_by(installation, by), now=now_utc()))


@requests_app.command("restrict")
def restrict(request: RequestId, by: ByWhom) -> None:
    """Restrict the calls of a request that were not restricted by themselves; its asker is written so."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.restrict(one.id, by=_by(installation, by), now=now_utc()))


@requests_app.command("answer")
def answer(
    request: RequestId,
    by: ByWhom,
    note: Annotated[str | None, typer.Option(help="What the asker is written.", callback=without_cards)] = None,
) -> None:
    """Say that it is done."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.answer(one.id, note, by=_by(installation, by), now=now_utc()))


@requests_app.command("erase")
def erase(
    request: RequestId,
    by: ByWhom,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Erase every call of a request for erasure, answer it, and print the receipts.

    Where a store does not answer, it says which, and is to be run again until nothing is left.
    """
    from worker.owed.answering import erase_as_asked
    from worker.owed.receipts import in_words

    installation = open_installation()
    one = _find(installation, request)
    if not yes:
        typer.confirm(f"Everything of {len(one.calls)} calls will be destroyed, and nobody can undo it.", abort=True)
    done = erase_as_asked(one.id, by=_by(installation, by), stores=installation.erasing())
    for receipt in done.receipts:
        typer.echo(in_words(receipt))
    _say(done.request)


@requests_app.command("refuse")
def refuse(
    request: RequestId, by: ByWhom, why: Why, ground: Annotated[str, typer.Option(help="The legal ground.")] = "other"
) -> None:
    """Refuse it. Grounds: not_proved, unfounded, rights_of_others, legal_obligation, legal_claims, is_accurate,
    not_held, other."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.refuse(one.id, _ground(ground), why, by=_by(installation, by), now=now_utc()))


@requests_app.command("withdraw")
def withdraw(request: RequestId, by: ByWhom) -> None:
    """End it at the asker's word."""
    installation = open_installation()
    one = _find(installation, request)
    _say(installation.store.requests.withdraw(one.id, by=_by(installation, by), now=now_utc()))


@requests_app.command("lift")
def lift(
    call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    by: ByWhom,
    why: Annotated[
        str | None,
        typer.Option(help="The first time: why, in words that the asker is written.", callback=without_cards),
    ] = None,
) -> None:
    """Lift the restriction of a call: first with --why, which tells its asker; a week later without."""
    installation = open_installation()
    store, who = installation.store, _by(installation, by)
    call_id = store.call(call).id
    if why is not None:
        restriction = store.requests.tell_lifting(call_id, why, by=who, now=now_utc())
        typer.echo(f"{call_id}  may be lifted from {restriction.lifts_at:%Y-%m-%d %H:%M} UTC on")
    else:
        store.requests.lift(call_id, by=who, now=now_utc())
        typer.echo(f"{call_id}  is used again")


def _find(installation: Installation, request: str) -> Request:
    return installation.store.requests.find(request, now=now_utc())


def _by(installation: Installation, address: str) -> By:
    """Who decides. Raises NotAllowed for who does not answer requests."""
    from worker.core.log.entry import Actor, Role
    from worker.core.requests.values import By

    person = installation.store.people.find(address)
    if not person.is_desk:
        raise NotAllowed("This person answers no requests. Make them one: onrecord people add ADDRESS --desk")
    return By(Actor(Role.DESK, person.id), person.name)


def _kind(name: str) -> RequestKind:
    from worker.core.requests.values import RequestKind

    known = [one.value for one in RequestKind]
    if name not in known:
        raise Invalid(f"There is no such request. There are: {', '.join(known)}.")
    return RequestKind(name)


def _ground(name: str) -> Ground:
    from worker.core.requests.values import Ground

    known = [one.value for one in Ground]
    if name not in known:
        raise Invalid(f"There is no such ground. There are: {', '.join(known)}.")
    return Ground(name)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("--received is not an instant such as 2026-03-10T09:00:00+01:00.") from error
    if instant.tzinfo is None:
        raise Invalid("--received has no time zone. Give it one, such as 2026-03-10T09:00:00+01:00.")
    return instant


def _say(one: Request) -> None:
    due = "a month after the proof" if one.due.is_paused else one.due.day.isoformat()
    waits = f", waits for {', '.join(one.blocks)}" if one.blocks else ""
    typer.echo(f"{one.id}  {one.kind} is {one.state}, due {due}{waits}")


def _as_json(one: Request, now: datetime) -> dict[str, object]:
    """What programs are told of a request, by the names that the API has for it: nothing that anybody wrote."""
    return {
        "id": one.id,
        "kind": one.kind,
        "came_by": one.came_by,
        "state": one.state,
        "calls": list(one.calls),
        "received_at": one.received_at.isoformat(),
        "due": None if one.due.is_paused else one.due.day.isoformat(),
        "is_late": one.is_open and one.due.is_late(now),
        "waits_for": list(one.blocks),
        "ground": one.ground,
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
    }


def _echo(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False))
