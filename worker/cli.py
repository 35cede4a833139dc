"""The command ``onrecord``: reads arguments, hands over to the parts, prints what they give.

Every import that is not needed to show the help is inside the command that needs it, so that ``onrecord --help``
answers at once and loads no model.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.core.errors import CallError, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from worker.bootstrap import Installation
    from worker.core.call import CallDetails

app = typer.Typer(
    help="Turns recorded customer calls into records that both sides can read, check and add to.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The models' weights: what there is, fetching and checking them.", no_args_is_help=True)
app.add_typer(models_app, name="models")
people_app = typer.Typer(help="Who is known on the company's side: agents, reviewers, operators.")
app.add_typer(people_app, name="people")
log_app = typer.Typer(help="The log of all entries: its public key and its newest checkpoint.", no_args_is_help=True)
app.add_typer(log_app, name="log")

EXIT_OUR_ERROR = 1

Agent = Annotated[str | None, typer.Option(help="Name of the agent, where it is known.")]
Customer = Annotated[str | None, typer.Option(help="Name of the customer, where it is known.")]
StartedAt = Annotated[
    str | None, typer.Option(help="When the call began, with its zone, such as 2026-03-10T10:14:00+01:00.")
]
AgentAddress = Annotated[str | None, typer.Option(help="E-mail address of the agent, who finds the call there.")]
CustomerAddress = Annotated[
    str | None, typer.Option(help="E-mail address or telephone number of the customer: codes are sent there.")
]
CodeWord = Annotated[str | None, typer.Option(help="Word that was agreed in the call, which lets its customer in.")]
Zone = Annotated[
    str | None,
    typer.Option(help="Where the call took place, such as Europe/Berlin: days that are named are counted there."),
]
ExternalId = Annotated[str | None, typer.Option(help="The id that your own system gave to the call.")]
Language = Annotated[str | None, typer.Option(help="Language of the call, such as en; heard if not given.")]
AgentChannel = Annotated[int | None, typer.Option(min=0, max=7, help="Channel on which the agent is, from 0.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main() -> None:
    """Runs the command; our own errors end it with one line that says what is wrong, and exit status 1."""
    try:
        app()
    except CallError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(EXIT_OUR_ERROR)


def _installation(*, log_level: str | None = "error") -> Installation:
    """The installation of these settings. Commands that people type log errors alone; None takes the setting."""
    from worker.bootstrap import Installation
    from worker.logs import configure_logs
    from worker.settings import read_settings

    settings = read_settings()
    configure_logs(log_level or settings.log_level)
    return Installation(settings)


def _details(
    agent: str | None,
    customer: str | None,
    started_at: str | None,
    external_id: str | None,
    language: str | None,
    agent_channel: int | None,
    zone: str | None,
    agent_address: str | None = None,
    customer_address: str | None = None,
) -> CallDetails:
    from worker.core.call import CallDetails, Party

    began = None
    if started_at is not None:
        try:
            began = datetime.fromisoformat(started_at)
        except ValueError as error:
            raise Invalid("--started-at is not an instant such as 2026-03-10T10:14:00+01:00.") from error
    parties = {} if agent_channel is None else {agent_channel: Party.AGENT}
    return CallDetails(agent, customer, began, external_id, language, parties, zone, agent_address, customer_address)


@app.command()
def up(
    sample: Annotated[
        Path | None, typer.Option(help="A recording to put on the queue and follow once everything runs.")
    ] = None,
    agent: Agent = None,
    customer: Customer = None,
    started_at: StartedAt = None,
    zone: Zone = None,
    agent_address: AgentAddress = None,
    customer_address: CustomerAddress = None,
) -> None:
    """Run everything on this machine: the queue, one worker and the pages. Ends with Ctrl-C.

    What is said of a call is said of the sample.
    """
    from worker.up import run_up

    details = _details(agent, customer, started_at, None, None, None, zone, agent_address, customer_address)
    installation = _installation()
    run_up(
        settings=installation.settings,
        store=installation.store,
        sounds=installation.sounds,
        run_dir=installation.run_dir,
        sample=sample,
        details=details,
    )


@app.command()
def work() -> None:
    """Run one worker: takes stages from the queue until it is stopped (SIGTERM finishes the stage under way)."""
    from worker.work import run_worker

    run_worker(_installation(log_level=None).work())


@app.command()
def web(port: Annotated[int | None, typer.Option(help="Port, instead of ONRECORD_PORT.")] = None) -> None:
    """Serve the pages."""
    import uvicorn

    from worker.record.log import Publisher
    from worker.web.app import create_app
    from worker.web.garbage import collect_rarely

    installation = _installation(log_level=None)
    settings = installation.settings
    port = settings.port if port is None else port
    publisher = Publisher(installation.store.log)  # a host with pages alone writes entries too
    publisher.start()
    collect_rarely()
    uvicorn.run(
        create_app(installation.parts(base_url=settings.public_url or f"http://{settings.host}:{port}")),
        host=settings.host,
        port=port,
        log_level="warning",
        access_log=False,  # an address may carry a token that signs somebody in
        proxy_headers=False,  # who asks is who is connected, whatever a header says
    )
    publisher.stop()


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
    details = _details(
        agent, customer, started_at, external_id, language, agent_channel, zone, agent_address, customer_address
    )
    if code_word is not None:
        check_word(code_word)
    installation = _installation()
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

    settings = _installation().settings
    with StageProgress(err) as progress, tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
        record = process_file(
            file,
            _details(agent, customer, started_at, None, language, agent_channel, zone),
            ports=ports(settings),
            scratch=Path(scratch),
            code_revision=code_revision(),
            show=lambda stage, share: progress.show(stage, share, duration_s=None),
        )
    if as_json:
        typer.echo(record_to_json(record, indent=2))
    else:
        print_record(record, console=out)


@app.command()
def calls(
    failed: Annotated[bool, typer.Option("--failed", help="Only calls that failed, with the reason.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List calls and where each stands."""
    from worker.console import print_calls
    from worker.record.standing import CallState

    print_calls(_installation().store.calls(state=CallState.FAILED if failed else None, limit=limit))


@app.command()
def show(
    call: Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")],
    as_json: AsJson = False,
) -> None:
    """Show the record of a call, or where it stands."""
    from worker.console import out, print_record, standing_text
    from worker.exchange.result_json import record_to_json
    from worker.record.standing import CallState

    store = _installation().store
    stored = store.call(call)
    if stored.standing.state is not CallState.READY:
        raise NotFound(f"There is no record of {stored.id} yet. It is {standing_text(stored.standing)}")
    record = store.record(stored.id)
    if as_json:
        typer.echo(record_to_json(record, indent=2))
    else:
        print_record(record, console=out)


@app.command()
def link(call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")]) -> None:
    """Print links to a call: one for each side that opens it once, and an invitation that asks for a code."""
    from datetime import UTC

    from worker.console import out
    from worker.core.log.entry import SIDES
    from worker.web.links import one_time_address

    installation = _installation()
    store, base, now = installation.store, _base(installation), datetime.now(UTC)
    call_id = store.call(call).id
    for role in SIDES:
        address = one_time_address(store, store.people.side(call_id, role), only_call=call_id, base=base, now=now)
        out.print(f"{role}: {address}", markup=False, soft_wrap=True)
    invitation = installation.parts().invitations.address(call_id, base=base)
    out.print(f"customer, with a code or a code word: {invitation}", markup=False, soft_wrap=True)


@app.command()
def sign_in(person: Annotated[str, typer.Argument(help="E-mail address, as `onrecord people` shows it.")]) -> None:
    """Print a link that signs somebody of the company in once, within a day."""
    from datetime import UTC

    from worker.console import out
    from worker.web.links import one_time_address

    installation = _installation()
    found = installation.store.people.find(person)
    address = one_time_address(
        installation.store, found, only_call=None, base=_base(installation), now=datetime.now(UTC)
    )
    out.print(address, markup=False, soft_wrap=True)


def _base(installation: Installation) -> str:
    from worker.up import address_in_use

    return address_in_use(installation.run_dir) or installation.settings.base_url


@people_app.callback(invoke_without_command=True)
def people(context: typer.Context) -> None:
    """Show who is known on the company's side; customers come with their calls."""
    from rich.table import Table

    from worker.console import out, printable

    if context.invoked_subcommand is not None:
        return
    table = Table("address", "name", "agent", "reviewer", "operator")
    for person in _installation().store.people.all():
        said = (person.is_agent, person.is_reviewer or None, person.is_operator or None)
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
    operator: Annotated[bool | None, typer.Option(help="Runs the service, and sees no content.")] = None,
    agent: Annotated[
        bool | None, typer.Option(help="Takes calls; not said, everybody does who has no other duty.")
    ] = None,
) -> None:
    """Add somebody of the company, or change what is known of them. Agents come with their calls by themselves."""
    from worker.console import out

    person = _installation().store.people.add(
        address, name=name, is_reviewer=reviewer, is_operator=operator, is_agent=agent
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
    from datetime import UTC, timedelta

    from worker.console import out
    from worker.core.dialogue.values import LetIn, Reason
    from worker.core.log.entry import SYSTEM, Role

    store = _installation().store
    call_id, found = store.call(call).id, store.people.find(person)
    if next_call is None and not found.is_reviewer:
        raise Invalid("This person is no reviewer. Make them one: onrecord people add ADDRESS --reviewer")
    reason = Reason.ASSIGNED if next_call is None else Reason.NEXT_CALL
    store.log.append(call_id, SYSTEM, LetIn(found.id, found.name or found.address or "", reason), by=None)
    if next_call is None:
        store.people.give_role(call_id, found.id, Role.REVIEWER)
    else:
        until = datetime.now(UTC) + timedelta(days=next_call)
        store.people.give_role(call_id, found.id, Role.NEXT_AGENT, until=until)
    out.print(f"{call_id}  is open to {found.address}", markup=False)


@app.command()
def retry(
    call: Annotated[list[str] | None, typer.Argument(help="Ids of failed calls, or their beginnings.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed call.")] = False,
    reason: Annotated[str | None, typer.Option(help="Every call that failed for this reason.")] = None,
) -> None:
    """Put failed calls back on the queue; each goes on at the stage where it failed."""
    from worker.console import out

    if sum((bool(call), every, reason is not None)) != 1:
        raise Invalid("Say one of: ids of calls, --all, or --reason BrokenModel.")
    installation = _installation()
    store, queue = installation.store, installation.queue_if_any()
    if call:
        again = tuple(stage for one in call for stage in store.retry(store.call(one).id))
    else:
        again = store.retry_all(reason=reason)
    for call_id, stage in again:
        if queue is not None:
            with suppress(Unavailable):  # the sweeper of any worker puts it there
                queue.put(call_id, stage)
        out.print(f"{call_id}  is tried again from {stage}", markup=False)
    if not again:
        out.print("Nothing failed among these calls.")


@app.command()
def verify(
    package: Annotated[Path | None, typer.Argument(help="A copy to check, without network or database.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="File with the log's public key, as `onrecord log key` prints it.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="File with a checkpoint that you kept: the log has only grown since.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that nothing was altered, removed or added: in this whole installation, or in a copy of one call."""
    from worker.proof import Found, check_copy, check_log, in_words, read_proof, to_json

    key_text = None if key is None else read_proof(key)
    since_text = None if since is None else read_proof(since)
    found: Found
    if package is None:
        found = check_log(_installation().store_to_check().log, key=key_text, since=since_text)
    elif key_text is None:
        raise Invalid("A copy is checked with the key that the company publishes: --key FILE.")
    else:
        found = check_copy(package, key=key_text, since=since_text)
    if as_json:
        typer.echo(to_json(found))
    else:
        for line in in_words(found):
            typer.echo(line)
    if found.findings:
        raise typer.Exit(EXIT_OUR_ERROR)


@log_app.command("key")
def log_key() -> None:
    """Print the public key of this log, to be published where others find it without asking you."""
    typer.echo(_installation().store.log.verifier_key)


@log_app.command("checkpoint")
def log_checkpoint() -> None:
    """Print the newest signed checkpoint. Whoever keeps it can show later that the log has only grown."""
    newest = _installation().store.log.latest_checkpoint()
    if newest is None:
        raise NotFound("Nothing is signed yet. A checkpoint is signed within a minute of the first entry.")
    typer.echo(newest.note, nl=False)


@models_app.command("list")
def list_models() -> None:
    """List the models that On Record knows: what for, licence, size, and whether they are here."""
    from rich.table import Table

    from models.catalogue import CATALOGUE
    from worker.bootstrap import is_fetched, wanted_models
    from worker.console import out

    settings = _installation().settings
    wanted = wanted_models(settings)
    table = Table("model", "use", "licence", "size", "memory", "here", "in use")
    for model in CATALOGUE:
        here = "yes" if is_fetched(settings, model.name) else "no"
        table.add_row(
            model.name,
            model.use.value,
            model.licence,
            f"{model.size_bytes / 1e6:,.0f} MB",
            f"{model.memory_mb:,} MB",
            here,
            "yes" if model.name in wanted else "",
        )
    out.print(table)


@models_app.command("fetch")
def fetch_models(
    names: Annotated[list[str] | None, typer.Argument(help="Catalogue names; those in use if none is given.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace what is here, after `check` called it wrong.")
    ] = False,
) -> None:
    """Fetch weights, check their hashes and make them ready; what is already here is left as it is."""
    from models.catalogue import find
    from models.weights import fetch
    from worker.bootstrap import is_fetched, wanted_models
    from worker.console import FetchProgress, err, out

    settings = _installation().settings
    for model in [find(name) for name in names or wanted_models(settings)]:
        if is_fetched(settings, model.name) and not again:
            continue
        with FetchProgress(err, model.name) as progress:
            fetch(
                model,
                models_dir=settings.models_dir,
                folder=settings.models_source,
                again=again,
                progress=progress.show,
            )
        out.print(f"{model.name} is fetched and checked.")


@models_app.command("check")
def check_models() -> None:
    """Hash every fetched file again and say what is not as it should be."""
    from models.catalogue import CATALOGUE, find
    from models.weights import State, check
    from worker.bootstrap import wanted_models
    from worker.console import out

    settings = _installation().settings
    needed = {find(name) for name in wanted_models(settings)}
    wrong = 0
    for model in CATALOGUE:
        status = check(model, models_dir=settings.models_dir)
        if status.state is State.ABSENT and model not in needed:
            continue
        wrong += status.state is not State.GOOD
        out.print(
            f"{model.name}: {status.state} {status.detail or status.revision or ''}", markup=False, soft_wrap=True
        )
    if wrong:
        raise typer.Exit(EXIT_OUR_ERROR)
