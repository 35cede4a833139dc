"""Inserting a row that may be there already: SQLite and PostgreSQL each have an insert of their own for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_of(connection: sa.Connection, table: sa.Table) -> Insert:
    """An insert into a table that can be told what to do on a conflict, in the words of this database."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_once(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> bool:
    """Inserts a row unless one with its key is there; whether it did. Of two who come at once, one waits."""
    unless_there = insert_of(connection, table).values(row).on_conflict_do_nothing()
    # Not asked for, the number of rows inserted is told by SQLite alone.
    return connection.execute(unless_there.execution_options(preserve_rowcount=True)).rowcount == 1
