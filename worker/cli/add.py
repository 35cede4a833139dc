"""Handing recordings over, and working one without storing it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from worker.cli.options import (
    EXIT_OUR_ERROR,
    Agent,
    AgentAddress,
    AgentChannel,
    AsJson,
    CodeWord,
    Customer,
    CustomerAddress,
    ExternalId,
    Language,
    StartedAt,
    Zone,
    open_installation,
    read_details,
)
from worker.core.errors import CallError, Invalid

if TYPE_CHECKING:
    from worker.bootstrap import Installation
    from worker.core.arrival import Handover
    from worker.record.standing import Accepted

app = typer.Typer()

E = TypeVar("E", bound=StrEnum)


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Recordings: WAV, FLAC, OGG, MP3, M4A, WebM, AMR, G.722 …; vCons (.vcon.json).")
    ],
    agent: Agent = None,
    customer: Customer = None,
    started_at: StartedAt = None,
    agent_address: AgentAddress = None,
    customer_address: CustomerAddress = None,
    code_word: CodeWord = None,
    zone: Zone = None,
    external_id: ExternalId = None,
    language: Language = None,
    agent_channel: AgentChannel = None,
    direction: Annotated[str | None, typer.Option(help="Who called: inbound is the customer, or outbound.")] = None,
    line: Annotated[str | None, typer.Option(help="Line, number or queue; lines take turns.")] = None,
    lawful_basis: Annotated[
        str | None, typer.Option(help="On what ground it was recorded: consent, contract, legitimate_interests …")
    ] = None,
    notice_given: Annotated[
        bool | None, typer.Option(help="Whether the customer was told that the call is recorded.")
    ] = None,
    continues: Annotated[str | None, typer.Option(help="External id of the call that this one goes on from.")] = None,
    sender: Annotated[str, typer.Option(help="Whose external id it is: the name of the sender's API key.")] = "",
    legs: Annotated[
        int | None,
        typer.Option(min=1, max=50, help="How many recordings the call has in all: it waits for the others."),
    ] = None,
    bulk: Annotated[bool, typer.Option("--bulk", help="An import of old calls: others go before it.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the calls until they are ready or failed.")] = False,
) -> None:
    """Hand recordings over. "Accepted" means that the bytes are safe; a worker makes the records.

    Several files under one external id are the legs of one call, in their order.
    """
    from worker.console import StageProgress, err, out, printable, standing_text
    from worker.core.arrival import Handover, Priority
    from worker.core.call import CallDetails, Direction, LawfulBasis
    from worker.core.people import check_word
    from worker.running.follow import follow

    details = replace(
        read_details(
            agent, customer, started_at, external_id, language, agent_channel, zone, agent_address, customer_address
        ),
        direction=None if direction is None else _chosen(Direction, direction, "--direction"),
        line=line,
        lawful_basis=None if lawful_basis is None else _chosen(LawfulBasis, lawful_basis, "--lawful-basis"),
        notice_given=notice_given,
        continues=continues,
    )
    are_legs = external_id is not None and len(files) > 1
    handover = Handover(
        details, sender, legs or (len(files) if are_legs else None), Priority.BULK if bulk else Priority.NORMAL
    )
    if code_word is not None:
        check_word(code_word)
    installation = open_installation()
    if installation.queue_if_any() is None:
        err.print("No queue can be reached. What is handed over is kept, and waits until one and a worker run.")
    accepted = []
    refused = 0
    for number, path in enumerate(files):
        if are_legs and number == 1:  # the call's own start is that of its first leg
            handover = replace(handover, details=replace(details, started_at=None))
        try:
            calls = _hand_over(installation, path, handover)
        except CallError as error:  # one bad file does not hold up the others
            err.print(f"{path}: {error.message}", markup=False)
            refused += 1
            continue
        for call in calls:
            if call.call_id not in accepted:
                accepted.append(call.call_id)
            if code_word is not None and call.is_new:
                installation.store.people.codes.set_word(call.call_id, code_word)
            was = f"accepted as leg {call.leg}" if call.joined else "accepted" if call.is_new else "already here"
            out.print(f"{call.call_id}  {was}  {printable(path.name)}", markup=False, soft_wrap=True)
            if not call.is_new and details not in (CallDetails(), installation.store.call(call.call_id).details):
                err.print(
                    "What was said of this call when it first came stands; what is said of it now changes nothing."
                )
    failed = 0
    if wait:
        for call_id in accepted:
            with StageProgress(err) as progress:
                failed += not follow(installation.store, call_id, progress.show)
            standing = standing_text(installation.store.call(call_id).standing)
            out.print(f"{call_id}  {standing}", markup=False, soft_wrap=True)
    if refused or failed:
        raise typer.Exit(EXIT_OUR_ERROR)


def _hand_over(installation: Installation, path: Path, handover: Handover) -> list[Accepted]:
    """Hands over what is in a file: one recording, or those of a vCon."""
    from worker.core.call import CallDetails
    from worker.intake.dropped import Kind, kind_of

    if kind_of(path.name) is not Kind.VCON:
        return [installation.intake.accept_file(path, handover)]
    if handover.details != CallDetails():
        raise Invalid("A vCon says by itself what is known of its call. Hand it over without options about the call.")
    dropbox = installation.dropbox(handover.sender)
    try:
        with path.open("rb") as file:
            return dropbox.hand_over_vcon(file, priority=handover.priority)
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}. Nothing was changed.") from error


def _chosen(kind: type[E], value: str, option: str) -> E:
    """The value of an option that takes one of a few words."""
    if value not in (words := [str(one) for one in kind]):
        raise Invalid(f"{option} is one of: {', '.join(words)}.")
    return kind(value)


@app.command()
def process(
    file: Annotated[Path, typer.Argument(help="A recording.")],
    agent: Agent = None,
    customer: Customer = None,
    started_at: StartedAt = None,
    zone: Zone = None,
    language: Language = None,
    agent_channel: AgentChannel = None,
    as_json: AsJson = False,
) -> None:
    """Work a recording in this process and print its record; nothing is stored and no queue is needed."""
    import tempfile

    from worker.bootstrap import code_revision
    from worker.bootstrap.adapters import ports
    from worker.console import StageProgress, err, out, print_record
    from worker.exchange.result_json import record_to_json
    from worker.process import process_file

    settings = open_installation().settings
    with StageProgress(err) as progress, tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
        record = process_file(
            file,
            read_details(agent, customer, started_at, None, language, agent_channel, zone),
            ports=ports(settings),
            scratch=Path(scratch),
            code_revision=code_revision(),
            show=lambda stage, share: progress.show(stage, share, duration_s=None),
        )
    if as_json:
        typer.echo(record_to_json(record, indent=2))
    else:
        print_record(record, console=out)
