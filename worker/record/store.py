"""The one store of calls: what was handed over, where each call stands, and what each stage gave.

The database is the truth about where a call stands. A worker takes a stage with ``begin`` under a lease, renews it with
``beat``, and ends it with ``finish``, ``put_off``, ``give_back`` or ``fail``. What can be done with calls stands in the
parts, one subject each: how recordings come in (``arriving``), stages in workers' hands (``runs``), what waits
(``queued``), and how calls are found and listed (``listing``).

Instants that decide something (leases, waits) are handed in. A worker whose clock is wrong may take a stage too early
or too late, and then works for nothing; it can never overwrite a result.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.requests.clock import Calendar
from worker.record.addresses import Addresses
from worker.record.adoption import adopt
from worker.record.arriving import Arriving
from worker.record.database import Database, now_in
from worker.record.deliveries import Deliveries
from worker.record.endpoints import Endpoints
from worker.record.events import Events
from worker.record.keeping import Keeping, held_in
from worker.record.keys import Keys
from worker.record.late_promises import LatePromises
from worker.record.listing import Listing
from worker.record.log import Log
from worker.record.matters import Matters
from worker.record.operations import Operations
from worker.record.packages import Packages
from worker.record.people import People
from worker.record.queued import Queued
from worker.record.requests import Requests
from worker.record.runs import Runs
from worker.record.said_before import SaidBefore
from worker.record.search import Search
from worker.record.senders import Senders
from worker.record.sound_keys import SoundKeys
from worker.record.uploads import Uploads
from worker.record.vault import Vault
from worker.record.watching import Watched


class Store(Arriving, Runs, Queued, Listing):
    """The calls of one installation. Safe to share between threads; each process opens its own.

    ``calendar`` is by which days the time of requests is counted.

    Every method raises Unavailable if the database cannot be reached or cannot do it now. What it was to change is then
    changed as a whole or not at all, and asking again does no harm.
    """

    def __init__(self, url: str, keys: Keys, *, calendar: Calendar | None = None) -> None:
        self._database = Database(url)
        self._addresses = Addresses(keys.master)
        vault = Vault(keys.master)
        self.events = Events(self._database, Endpoints(self._database, vault))
        self.deliveries = Deliveries(self._database, self.events.endpoints)
        self.log = Log(self._database, keys, self.events.tell_in)
        self.sound_keys = SoundKeys(self._database, self.log)
        self.people = People(self._database)
        self.operations = Operations(self._database)
        self.senders = Senders(self._database)
        self.said_before = SaidBefore(self._database)
        self.uploads = Uploads(self._database, vault)
        self.watched = Watched(self._database)
        self.matters = Matters(self._database, self.log, vault)
        self.packages = Packages(self._database, self.log, self.events)
        self.requests = Requests(
            self._database,
            self.log,
            self.people,
            self.events,
            self.packages,
            master=keys.master,
            calendar=calendar or Calendar(),
        )
        self.search = Search(self._database, self.log, self.matters, keys.master)
        self.keeping = Keeping(self._database, self.log, {"requests whose words went": self._forget_requests})
        self.requests.is_held = held_in
        self.late_promises = LatePromises(self._database, self.matters, self.events)

    def migrate(self, *, take_in: bool = True) -> None:
        """Brings the tables to the form that this version needs. Safe when several processes start at once.

        Calls that the log does not know are of an earlier version, and are taken in; not by who wants to know what is
        missing in the log. Raises BrokenRecord if the log in this database is that of other keys.
        """
        self._database.migrate()
        self.log.begin()
        if take_in:
            adopt(self._database, self.log)

    def _forget_requests(self, connection: sa.Connection, call_id: str) -> int:
        return self.requests.forget_in(connection, call_id, now=now_in(connection))

    def close(self) -> None:
        """Closes the connections of this process."""
        self._database.close()
