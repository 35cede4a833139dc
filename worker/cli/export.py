"""Handing a call on in a form for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import open_installation
from worker.core.errors import Unavailable
from worker.core.now import now_utc

app = typer.Typer()

FORMATS = "vcon, vtt, srt, txt, pdf, json or package"
BY = "onrecord export"
"""Under which name both sides see that a call was handed on from the machine that keeps it."""


@app.command()
def export(
    call: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    form: Annotated[str, typer.Option("--format", help=f"In which form: {FORMATS}.")],
    out: Annotated[
        Path | None, typer.Option(help="File to be written; the name of the call in this folder if not given.")
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="A vCon: signed by this installation (JWS).")] = False,
    encrypt_to: Annotated[
        list[Path] | None,
        typer.Option(help="A vCon: signed, then encrypted (JWE) to the public RSA key in this PEM file."),
    ] = None,
) -> None:
    """Write a call into a file, in a form that other programs read. Both sides see in its record that it was taken."""
    from worker.console import err
    from worker.core.dialogue.values import Looked, Way
    from worker.core.errors import Invalid, NotAllowed
    from worker.core.log.entry import SYSTEM
    from worker.exchange.vcon import read_recipient
    from worker.proof import read_proof
    from worker.web.exporting import Format, Sealing

    if form not in list(Format):
        raise Invalid(f"There is no form {form}. There are: {FORMATS}.")
    sealing = Sealing(sign, tuple(read_recipient(read_proof(one)) for one in encrypt_to or ()))
    installation = open_installation()
    store = installation.store
    stored = store.call(call)
    if store.requests.restriction(stored.id) is not None:
        raise NotAllowed("This record is kept and not used while it is contested: nobody but its customer takes it.")
    store.log.append(stored.id, SYSTEM, Looked(Way.COPY), by=BY)
    made = installation.exporter.export(stored, Format(form), now=now_utc(), sealing=sealing)
    path = out or Path(made.name)
    _write(path, made.blocks)
    err.print(f"{path} holds call {stored.id}. Its record says that it was taken.", markup=False, soft_wrap=True)


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    """Writes a file for its owner alone, whole or not at all. Raises Unavailable where it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(blocks)
        part.replace(path)
    except OSError as error:
        raise Unavailable(f"The file cannot be written: {error.strerror}. Name another: --out FILE.") from error
    finally:
        part.unlink(missing_ok=True)
