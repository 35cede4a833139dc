"""The models' weights: what there is, fetching and checking them."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import EXIT_OUR_ERROR, open_installation

models_app = typer.Typer(help="The models' weights: what there is, fetching and checking them.", no_args_is_help=True)
app = typer.Typer()
app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models() -> None:
    """List the models that On Record knows: what for, licence, size, and whether they are here."""
    from rich.table import Table

    from models.catalogue import CATALOGUE
    from worker.bootstrap.adapters import is_fetched, wanted_models
    from worker.console import out

    settings = open_installation().settings
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
    from worker.bootstrap.adapters import is_fetched, wanted_models
    from worker.console import FetchProgress, err, out

    settings = open_installation().settings
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
    from worker.bootstrap.adapters import wanted_models
    from worker.console import out

    settings = open_installation().settings
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
