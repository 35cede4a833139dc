"""``store.requests``: requests from the asking to the answer, one subject a module."""

from __future__ import annotations

from worker.core.requests.clock import Calendar
from worker.record.database import Database
from worker.record.events import Events
from worker.record.log import Log
from worker.record.packages import Packages
from worker.record.people import People
from worker.record.requests.asking import Asking
from worker.record.requests.deciding import Deciding
from worker.record.requests.looking import Looking
from worker.record.requests.restricting import Restricting
from worker.record.requests.telling import Telling


class Requests(Asking, Deciding, Restricting, Looking, Telling):
    """The requests of one installation. Every method that takes ``request_id`` raises NotFound if there is none.

    What changes one takes ``by``, who does it: ``By(Actor(Role.DESK, person.id), name)``, the asker as customer or
    agent, or ``By(SYSTEM)``. It raises NotAllowed for who may not, Invalid for what makes no sense now (ended already,
    too late to extend …), and returns the request as it is then. Entries in the records of the calls concerned, the
    letter to the asker and events are written in the same transaction.

    - asking: ``ask``, ``may_ask``, ``new_code``, ``prove_by_code``, ``ask_for_proof``, ``proved``, ``possible_calls``,
      ``found_calls``, ``withdraw``
    - deciding: ``extend``, ``review``, ``make_package``, ``answer``, ``refuse``, ``restrict``, ``failed``, ``advance``
    - restricting: ``restriction``, ``restrictions``, ``tell_lifting``, ``lift``
    - looking: ``get``, ``desk``, ``of_person``, ``of_address``, ``of_call``, ``is_asked``, ``history``
    - telling: ``write_letters``, ``tell_due``, ``lapse``, ``forget_old``, ``forget_in``
    - by the couriers' rounds: ``advance_all``, and most of telling
    """

    def __init__(
        self,
        database: Database,
        log: Log,
        people: People,
        events: Events,
        packages: Packages,
        *,
        master: bytes,
        calendar: Calendar,
    ) -> None:
        super().__init__(database, log, people, events, master, calendar)
        self.packages = packages
