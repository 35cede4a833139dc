"""Handing recordings over, and working one without storing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

app = typer.Typer()


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC, OGG, MP3, M4A, WebM, AMR, G.722 …")],
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
    wait: Annotated[bool, typer.Option("--wait", help="Follow the calls until they are ready or failed.")] = False,
) -> None:
    """Hand recordings over. "Accepted" means that the bytes are safe; a worker makes the records."""
    from worker.console import StageProgress, err, out, printable, standing_text
    from worker.core.people import check_word
    from worker.follow import follow
    from worker.intake.accept import accept_file

    if external_id is not None and len(files) > 1:
        raise Invalid("One external id is one call: hand over one file with it.")
    details = read_details(
        agent, customer, started_at, external_id, language, agent_channel, zone, agent_address, customer_address
    )
    if code_word is not None:
        check_word(code_word)
    installation = open_installation()
    queue = installation.queue_if_any()
    if queue is None:
        err.print("No queue can be reached. What is handed over is kept, and waits until one and a worker run.")
    accepted = []
    refused = 0
    for path in files:
        try:
            call = accept_file(path, details, store=installation.store, sounds=installation.sounds, queue=queue)
        except CallError as error:  # one bad file does not hold up the others
            err.print(f"{path}: {error.message}", markup=False)
            refused += 1
            continue
        accepted.append(call.call_id)
        if code_word is not None and call.is_new:
            installation.store.people.codes.set_word(call.call_id, code_word)
        was = "accepted" if call.is_new else "already here"
        out.print(f"{call.call_id}  {was}  {printable(path.name)}", markup=False, soft_wrap=True)
        if not call.is_new and details != installation.store.call(call.call_id).details:
            err.print("What was said of this call when it first came stands; what is said of it now changes nothing.")
    failed = 0
    if wait:
        for call_id in accepted:
            with StageProgress(err) as progress:
                failed += not follow(installation.store, call_id, progress.show)
            standing = standing_text(installation.store.call(call_id).standing)
            out.print(f"{call_id}  {standing}", markup=False, soft_wrap=True)
    if refused or failed:
        raise typer.Exit(EXIT_OUR_ERROR)


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

    from worker.bootstrap import code_revision, ports
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
