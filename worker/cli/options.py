"""What several commands ask for alike, and what each begins with: the installation of this machine's settings."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from worker.core.errors import Invalid

if TYPE_CHECKING:
    from worker.bootstrap import Installation
    from worker.core.call import CallDetails

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


def open_installation(*, log_level: str | None = "error") -> Installation:
    """The installation of these settings. Commands that people type log errors alone; None takes the setting."""
    from worker.bootstrap import Installation
    from worker.logs import configure_logs
    from worker.settings import read_settings

    settings = read_settings()
    configure_logs(log_level or settings.log_level)
    return Installation(settings)


def read_details(
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


def address_of_pages(installation: Installation) -> str:
    from worker.running.up import address_in_use

    return address_in_use(installation.run_dir) or installation.settings.base_url


def without_cards(text: str | None) -> str | None:
    """What somebody wrote on the command line, without the cards in it: of an option whose words are kept."""
    from worker.web.typed import text_without_cards

    return text_without_cards(text)
