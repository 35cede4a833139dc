"""Events that other systems of the company are told of: which endpoints there are, what was told, telling it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import EXIT_OUR_ERROR, AsJson, open_installation
from worker.core.errors import Invalid
from worker.core.now import now_utc

if TYPE_CHECKING:
    from worker.core.events import EventType
    from worker.record.endpoints import Endpoint

app = typer.Typer()
events_app = typer.Typer(help="Events that other systems are told of: received, failed, ready, disputed, late …")
endpoints_app = typer.Typer(help="The endpoints that are told of them, as Standard Webhooks has it.")
app.add_typer(events_app, name="events")
events_app.add_typer(endpoints_app, name="endpoints")

EndpointId = Annotated[str, typer.Argument(help="The endpoint's id, or its beginning.")]


@endpoints_app.command("add")
def add_endpoint(
    address: Annotated[str, typer.Argument(help="Address to which events are posted, such as https://crm.example/…")],
    types: Annotated[
        str | None, typer.Option(help="What it is told of, apart by commas, such as record.ready; all if not given.")
    ] = None,
    sender: Annotated[str | None, typer.Option(help="Whose calls alone, by the sender's name.")] = None,
) -> None:
    """Tell an endpoint of what happens from now on, and show the secret that signs it, this once."""
    from worker.console import err
    from worker.exchange.addresses import Address
    from worker.exchange.standard_webhooks import new_secret

    Address.read(address)
    secret = new_secret()
    endpoint = open_installation().store.events.endpoints.add(
        address, secret, types=[_type(one) for one in (types or "").split(",") if one], sender=sender, now=now_utc()
    )
    typer.echo(secret)
    err.print(f"Endpoint {endpoint.id}. Keep its secret: it is shown this once.", markup=False)


@endpoints_app.command("list")
def list_endpoints() -> None:
    """Show the endpoints by their hosts, without path or secret, and how they do."""
    from worker.console import out, printable

    for one in open_installation().store.events.endpoints.all():
        of_whom = "all senders" if one.sender is None else f"sender {printable(one.sender)}"
        types = ", ".join(one.types) or "all types"
        out.print(f"{one.id}  {printable(one.host)}  {_state(one)}", markup=False, soft_wrap=True)
        told = f"  {types} · {of_whom} · {one.waiting} waiting · {one.given_up} given up"
        out.print(told, markup=False, soft_wrap=True)


@endpoints_app.command()
def disable(endpoint: EndpointId) -> None:
    """Tell an endpoint nothing more. What waits for it is given up, and can be replayed."""
    from worker.console import out
    from worker.record.endpoints import Disabled

    endpoints = open_installation().store.events.endpoints
    found = endpoints.find(endpoint)
    endpoints.disable(found.id, Disabled.BY_OPERATOR, now=now_utc())
    out.print(f"{found.id} is told nothing more.", markup=False)


@endpoints_app.command()
def enable(endpoint: EndpointId) -> None:
    """Tell an endpoint again of what happens from now on."""
    from worker.console import out

    endpoints = open_installation().store.events.endpoints
    found = endpoints.find(endpoint)
    endpoints.enable(found.id)
    since = found.disabled_at.astimezone().isoformat(timespec="minutes") if found.disabled_at else "WHEN"
    out.print(f"{found.id} is told of what happens from now on. For what it missed:", markup=False)
    out.print(f"onrecord events replay --since {since} --endpoint {found.id}", markup=False, soft_wrap=True)


@endpoints_app.command()
def rotate(
    endpoint: EndpointId,
    overlap_hours: Annotated[float, typer.Option(min=0, max=720, help="For so long the old one signs beside it.")] = 24,
) -> None:
    """Give an endpoint a new secret, and show it, this once."""
    from worker.console import err
    from worker.exchange.standard_webhooks import new_secret

    endpoints = open_installation().store.events.endpoints
    secret = new_secret()
    endpoints.rotate(endpoints.find(endpoint).id, secret, former_for=timedelta(hours=overlap_hours), now=now_utc())
    typer.echo(secret)
    err.print(f"The one before signs beside it for {overlap_hours:g} hours.", markup=False)


@events_app.command("list")
def list_events(
    call: Annotated[str | None, typer.Option(help="Of this call alone, by its id or its beginning.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Of this type alone, such as record.ready.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show what happened, and how many endpoints have been told of it, wait for it, or could not be told."""
    import json

    from worker.console import out

    store = open_installation().store
    call_id = None if call is None else store.call(call).id
    found = store.events.list(call_id=call_id, kind=None if kind is None else _type(kind), limit=limit)
    if as_json:
        for told in found:
            counts = {"delivered": told.delivered, "waiting": told.waiting, "given_up": told.given_up}
            event = {"id": told.event.id, "type": told.event.type, "at": told.event.at.isoformat()}
            typer.echo(json.dumps(event | {"call_id": told.event.call_id} | counts))
        return
    for told in found:
        out.print(f"{told.event.id}  {told.event.type}  {told.event.call_id or ''}", markup=False, soft_wrap=True)
        at = f"{told.event.at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
        counts_shown = f"{told.delivered} told · {told.waiting} waiting · {told.given_up} given up"
        out.print(f"  {at} · {counts_shown}", markup=False, soft_wrap=True)


@events_app.command()
def replay(
    since: Annotated[
        str | None, typer.Option(help="Everything since this instant, such as 2026-03-10T10:00+01:00.")
    ] = None,
    event: Annotated[list[str] | None, typer.Option(help="This event, by its id; may be given several times.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="To this endpoint alone, by its id or its beginning.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Of this type alone, such as record.ready.")] = None,
) -> None:
    """Tell events again, under their own ids, to the endpoints that want them."""
    from worker.console import out

    if (since is None) == (not event):
        raise Invalid("Say which events: --since WHEN, or --event ID.")
    again = open_installation().store.events.replay(
        now=now_utc(),
        since=None if since is None else _instant(since),
        event_ids=event or None,
        endpoint=endpoint,
        kind=None if kind is None else _type(kind),
    )
    out.print(f"Told again: {again}.")


@events_app.command()
def test(endpoint: EndpointId) -> None:
    """Post a message of the type endpoint.test, and show what the endpoint answers."""
    from worker.console import out

    installation = open_installation()
    found = installation.store.events.endpoints.find(endpoint)
    answer = installation.courier().test(found.id)
    out.print(f"{found.host} answered {answer.status}.", markup=False)
    if not 200 <= answer.status < 300:
        raise typer.Exit(EXIT_OUR_ERROR)


def _state(endpoint: Endpoint) -> str:
    """How an endpoint does, in a few words."""
    from worker.record.endpoints import Disabled

    if endpoint.disabled_at is not None:
        is_gone = endpoint.disabled_because == Disabled.GONE
        return f"disabled {endpoint.disabled_at.astimezone():%Y-%m-%d %H:%M}" + (": answered 410" if is_gone else "")
    if endpoint.failing_since is not None:
        return f"failing since {endpoint.failing_since.astimezone():%Y-%m-%d %H:%M}: {endpoint.last_failure}"
    return "well"


def _type(name: str) -> EventType:
    from worker.core.events import EventType

    known = [one.value for one in EventType]
    if name.strip() not in known:
        raise Invalid(f"There is no type {name.strip()}. There are: {', '.join(known)}.")
    return EventType(name.strip())


def _instant(text: str) -> datetime:
    """An instant as somebody typed it; without a zone, in that of this machine."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise Invalid("--since is not an instant such as 2026-03-10T10:00+01:00.") from error
