"""The README says what is: its map, its settings, its result and its commands are held against the code."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from scripts.write_readme_tables import with_table
from worker.cli import app
from worker.core.record import SCHEMA_VERSION, CallRecord
from worker.core.summary import EndState, StatementKind

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_settings_table_is_that_of_the_code():
    assert with_table(README) == README, "run: .venv/bin/python -m scripts.write_readme_tables"


def test_every_folder_of_the_map_is_there_and_no_room_is_missing():
    mapped = set(re.findall(r"^\| `([a-z/]+)/` \|", README, re.MULTILINE))
    assert all((ROOT / folder).is_dir() for folder in mapped)
    rooms = {f"worker/{path.name}" for path in (ROOT / "worker").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= mapped, "a room that the map does not show"


def fields_of(kind: object) -> set[str]:
    """Names of a dataclass's fields, and of those of every dataclass within it."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return set(hints).union(*(fields_of(hint) for hint in hints.values()))
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is not None:
        return set().union(*(fields_of(part) for part in typing.get_args(kind)))
    return set()


RESULT = README.partition("## The result")[2].partition("\n## ")[0]


def test_every_field_of_the_result_is_documented():
    named = set(re.findall(r"[a-z_0-9]+", RESULT))
    assert fields_of(CallRecord) - named == set()


def test_the_result_names_its_version_and_every_value_by_which_programs_choose():
    assert f"| `schema_version` | {SCHEMA_VERSION};" in RESULT
    assert f"`kind` ({', '.join(StatementKind)})" in RESULT
    assert f"`state` ({', '.join(EndState)})" in RESULT


def commands() -> list[str]:
    """Every command, those of groups with the group's name before their own."""

    def within(command: typing.Any, names: tuple[str, ...]) -> Iterator[str]:
        for name, below in getattr(command, "commands", {}).items():
            yield from within(below, (*names, name))
        if not hasattr(command, "commands"):
            yield " ".join(names)

    return list(within(typer.main.get_command(app), ()))


@pytest.mark.parametrize("command", commands())
def test_every_command_says_what_it_is_for(command: str):
    shown = subprocess.run(
        [sys.executable, "-m", "worker", *command.split(), "--help"], capture_output=True, text=True, check=True
    )
    assert "Usage" in shown.stdout


def test_every_command_that_the_readme_names_is_there():
    there = {command.split()[0] for command in commands()}
    named = set(re.findall(r"onrecord ([a-z-]+)\b", README)) - {"runs"}
    assert named <= there
