"""Who is known on the company's side, and the ways in to records."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import address_of_pages, open_installation
from worker.core.errors import Invalid
from worker.core.now import now_utc

app = typer.Typer()
people_app = typer.Typer(help="Who is known on the company's side: agents, reviewers, the desk, operators.")
app.add_typer(people_app, name="people")


@app.command()
def link(call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")]) -> None:
    """Print links to a call: one for each side that opens it once, and an invitation that asks for a code."""
    from worker.console import out
    from worker.core.log.entry import SIDES
    from worker.web.links import one_time_address

    installation = open_installation()
    store, base, now = installation.store, address_of_pages(installation), now_utc()
    call_id = store.call(call).id
    for role in SIDES:
        address = one_time_address(store, store.people.side(call_id, role), only_call=call_id, base=base, now=now)
        out.print(f"{role}: {address}", markup=False, soft_wrap=True)
    invitation = installation.parts().invitations.address(call_id, base=base)
    out.print(f"customer, with a code or a code word: {invitation}", markup=False, soft_wrap=True)


@app.command()
def sign_in(person: Annotated[str, typer.Argument(help="E-mail address, as `onrecord people` shows it.")]) -> None:
    """Print a link that signs somebody of the company in once, within a day."""
    from worker.console import out
    from worker.web.links import one_time_address

    installation = open_installation()
    found = installation.store.people.find(person)
    address = one_time_address(
        installation.store, found, only_call=None, base=address_of_pages(installation), now=now_utc()
    )
    out.print(address, markup=False, soft_wrap=True)


@people_app.callback(invoke_without_command=True)
def people(context: typer.Context) -> None:
    """Show who is known on the company's side; customers come with their calls."""
    from rich.table import Table

    from worker.console import out, printable

    if context.invoked_subcommand is not None:
        return
    table = Table("address", "name", "agent", "reviewer", "desk", "operator")
    for person in open_installation().store.people.all():
        said = (person.is_agent, person.is_reviewer or None, person.is_desk or None, person.is_operator or None)
        duties = ("" if duty is None else "yes" if duty else "no" for duty in said)
        table.add_row(person.address or person.id, printable(person.name or ""), *duties)
    out.print(table)


@people_app.command("add")
def add_person(
    address: Annotated[str, typer.Argument(help="E-mail address.")],
    name: Annotated[str | None, typer.Option(help="Name that both sides of a record are shown.")] = None,
    reviewer: Annotated[
        bool | None, typer.Option(help="May be assigned to records, such as a handler of complaints.")
    ] = None,
    desk: Annotated[
        bool | None, typer.Option(help="Answers what customers ask for: copies, corrections, erasure.")
    ] = None,
    operator: Annotated[bool | None, typer.Option(help="Runs the service, and sees no content.")] = None,
    agent: Annotated[
        bool | None, typer.Option(help="Takes calls; not said, everybody does who has no other duty.")
    ] = None,
) -> None:
    """Add somebody of the company, or change what is known of them. Agents come with their calls by themselves."""
    from worker.console import out

    person = open_installation().store.people.add(
        address, name=name, is_reviewer=reviewer, is_operator=operator, is_agent=agent, is_desk=desk
    )
    out.print(f"{person.address} is known here.", markup=False)


@app.command()
def assign(
    call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    person: Annotated[str, typer.Argument(help="E-mail address, as `onrecord people` shows it.")],
    next_call: Annotated[
        int | None, typer.Option(min=1, max=90, help="Not to review it: they take the customer's next call, for DAYS.")
    ] = None,
) -> None:
    """Ask a reviewer to look at a record, or let the agent of the next call read it; both sides see that in it."""
    from datetime import timedelta

    from worker.console import out
    from worker.core.dialogue.values import LetIn, Reason
    from worker.core.log.entry import SYSTEM, Role

    store = open_installation().store
    call_id, found = store.call(call).id, store.people.find(person)
    if next_call is None and not found.is_reviewer:
        raise Invalid("This person is no reviewer. Make them one: onrecord people add ADDRESS --reviewer")
    reason = Reason.ASSIGNED if next_call is None else Reason.NEXT_CALL
    store.log.append(call_id, SYSTEM, LetIn(found.id, found.name or found.address or "", reason), by=None)
    if next_call is None:
        store.people.give_role(call_id, found.id, Role.REVIEWER)
    else:
        until = now_utc() + timedelta(days=next_call)
        store.people.give_role(call_id, found.id, Role.NEXT_AGENT, until=until)
    out.print(f"{call_id}  is open to {found.address}", markup=False)
