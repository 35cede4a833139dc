"""Running what people reach: everything on one machine, or the pages alone."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import (
    Agent,
    AgentAddress,
    Customer,
    CustomerAddress,
    StartedAt,
    Zone,
    open_installation,
    read_details,
)

app = typer.Typer()


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
    from worker.running.up import run_up

    details = read_details(agent, customer, started_at, None, None, None, zone, agent_address, customer_address)
    installation = open_installation()
    run_up(
        settings=installation.settings,
        store=installation.store,
        sounds=installation.sounds,
        run_dir=installation.run_dir,
        sample=sample,
        details=details,
    )


@app.command()
def web(port: Annotated[int | None, typer.Option(help="Port, instead of ONRECORD_PORT.")] = None) -> None:
    """Serve the pages."""
    import uvicorn

    from worker.courier import Couriers
    from worker.record.log import Publisher
    from worker.web.app import create_app
    from worker.web.garbage import collect_rarely

    installation = open_installation(log_level=None)
    settings = installation.settings
    port = settings.port if port is None else port
    base = settings.public_url or f"http://{settings.host}:{port}"
    # Uvicorn raises the signal that has ended it once more: by itself it would end this process at once.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    collect_rarely()
    parts = installation.parts(base_url=base)
    courier = installation.courier(base_url=base, shows_letters=parts.shows_outbox)
    with ExitStack() as beside:
        # A host with pages alone writes entries too, and may be the only one that reaches an endpoint.
        for thread in (Publisher(installation.store.log), Couriers(courier)):
            thread.start()
            beside.callback(thread.stop)
        uvicorn.run(
            create_app(parts),
            host=settings.host,
            port=port,
            log_level="warning",
            access_log=False,  # an address may carry a token that signs somebody in
            proxy_headers=settings.proxies is not None,  # else who asks is who is connected, whatever a header says
            forwarded_allow_ips=settings.proxies,
        )
