"""Whose turn it is: fair between senders and their lines, with a small share for imports.

Start-time fair queueing. Calls of one priority, sender and line are one flow. Each call gets a turn when it is
accepted, a number: one step after the last call of its flow, but not before the turn that is being worked now, so that
a flow which was silent neither pays for that nor has saved anything up. Work is handed out by the smallest turn. A call
of an import takes a larger step, and so a smaller share while others wait. The number of calls that a flow has waiting
does not matter: the first call of another one stands beside its first, and not behind its last.

A sender's lines share what is the sender's: while several of them wait, each takes as many steps at once. Else whoever
names a new line for each call, such as the caller's number, would stand before everybody else with each of them.

Goyal, Vin, Cheng, "Start-time Fair Queuing", SIGCOMM 1996.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from worker.core.arrival import Priority
from worker.record.tables.arrivals import turns_of_lines
from worker.record.tables.calls import IS_UNBEGUN, stage_runs

STEPS = {Priority.NORMAL: 1, Priority.BULK: 10}
"""How far apart the turns of one flow are: while both wait, ten calls of a line are worked for one of an import."""


class Flow(NamedTuple):
    """Calls that take turns with others as one. ``line`` is empty where the sender named none."""

    priority: Priority
    sender: str
    line: str


def take_turns(connection: sa.Connection, flow: Flow, *, calls: int = 1) -> range:
    """The turns of the next so many calls of a flow, in their order.

    Who takes turns of the same flow on PostgreSQL waits for the end of this transaction, so they are taken as late in
    it as can be.
    """
    others = int(connection.execute(_OTHER_LINES, flow._asdict()).scalar_one())
    behind = STEPS[flow.priority] * others
    step = STEPS[flow.priority] + behind
    further = (calls - 1) * step
    taking = _TAKING[connection.dialect.name]
    asked = {**flow._asdict(), "step": step, "behind": behind, "further": further}
    newest: int = connection.execute(taking, asked).scalar_one()
    return range(newest - further, newest + 1, step)


def forget_silent_lines(connection: sa.Connection) -> None:
    """Removes lines on which nothing waits: when they come again, they begin at what is worked then, as a new one."""
    connection.execute(sa.delete(turns_of_lines).where(turns_of_lines.c.last < _WORKED_NOW))


_WORKED_NOW = sa.func.coalesce(
    sa.select(sa.func.min(stage_runs.c.turn)).where(IS_UNBEGUN).scalar_subquery(),
    sa.select(sa.func.max(turns_of_lines.c.last)).scalar_subquery(),
    sa.literal_column("0"),
)
"""The smallest turn that waits to be begun; where none waits, the largest that was ever given.

What waits for its time, such as a call that was put off, may have an old turn that says nothing of today.
"""

_OTHER_LINES = sa.select(sa.func.count()).where(
    turns_of_lines.c.priority == sa.bindparam("priority"),
    turns_of_lines.c.sender == sa.bindparam("sender"),
    turns_of_lines.c.line != sa.bindparam("line"),
    turns_of_lines.c.last >= _WORKED_NOW,
)
"""How many other lines of the same sender have calls that wait."""


def _taking(insert: Callable[[sa.Table], Any]) -> sa.Executable:
    step, behind, further = (sa.bindparam(name, type_=sa.BigInteger) for name in ("step", "behind", "further"))
    following, earliest = turns_of_lines.c.last + step, _WORKED_NOW + behind
    first = sa.case((following > earliest, following), else_=earliest)
    row: dict[str, Any] = {name: sa.bindparam(name) for name in Flow._fields} | {"last": earliest + further}
    taking = insert(turns_of_lines).values(row)
    key = ["priority", "sender", "line"]
    done: sa.Executable = taking.on_conflict_do_update(index_elements=key, set_={"last": first + further}).returning(
        turns_of_lines.c.last
    )
    return done


_TAKING = {"sqlite": _taking(sqlite.insert), "postgresql": _taking(postgresql.insert)}
