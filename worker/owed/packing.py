"""Makes packages: a thread beside the jobs of a worker that takes one at a time from the database.

Each is one worker's at a time over all hosts, under a lease that each step renews. It is sealed on its way to the disk
and stands in its place whole or not at all; who is killed half-way leaves nothing that anybody would take for one, and
the next one begins anew. What cannot be made is tried again, and given up with a reason that the pages show.
"""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from worker.core.dialogue.values import Looked, Way
from worker.core.errors import BrokenModel, BrokenRecord, CallError, Invalid, NotFound, Unavailable
from worker.core.log.entry import Actor, Role
from worker.core.packages import Step
from worker.exchange.package import package_blocks
from worker.record.package_files import PackageFiles
from worker.record.package_jobs import PackageJob
from worker.web.packing.gathering import Gatherer, Wanted

log = structlog.get_logger()

LEASE_S = 300.0
"""Longer than any one step: the page, document and sound of a call of ten hours take a minute."""

BEAT_EVERY_S = 60.0  # while the zip is written
FOLDER = "package-"
LEFT_S = 24 * 3600.0
"""A folder in which nothing was written for so long is one that a killed worker left."""

LOOK_EVERY_S = 2.0
STOP_WITHIN_S = 10.0
BUG = "Something in this program did not work. Those who run it find it in the log of the worker."
FINAL = (BrokenModel, BrokenRecord, Invalid, NotFound)


class _TakenOver(Exception):
    """Another worker makes it now, or nobody wants it any more."""


@dataclass(frozen=True)
class Packer:
    """Makes packages one after another. ``kept_for`` is how long each can be taken; what lies in the clear, such as a
    sound from which something is left out, lies in ``scratch`` and nowhere else."""

    gatherer: Gatherer
    packages: PackageFiles
    scratch: Path
    kept_for: timedelta
    lease_s: float = LEASE_S
    ending: threading.Event = field(default_factory=threading.Event)

    def make_one(self) -> bool:
        """Makes the package that waits longest; False where none does. What goes wrong with it is noted at it."""
        jobs = self.gatherer.store.packages.jobs
        job = jobs.take(lease_s=self.lease_s)
        if job is None:
            return False
        where = log.bind(package=job.id, calls=len(job.call_ids), tries=job.tries)
        began = time.monotonic()
        try:
            self._make(job)
        except _TakenOver:
            where.info("package.not_wanted")
        except CallError as error:
            jobs.failed(job, error.message, is_final=isinstance(error, FINAL))
            where.warning("package.failed", error=type(error).__name__)
        except Exception as error:
            jobs.failed(job, BUG, is_final=False)
            where.error("package.bug", error=type(error).__name__)
        else:
            where.info("package.made", seconds=round(time.monotonic() - began, 1))
        return True

    def _make(self, job: PackageJob) -> None:
        store, at = self.gatherer.store, datetime.now(UTC)
        self._note_taker(job)

        def told(step: Step, place: int) -> None:
            done = place * (len(Step) - 1) + list(Step).index(step)
            if self.ending.is_set():
                raise Unavailable("The worker that made it was asked to end. It is made by another one.")
            if not store.packages.jobs.beat(job, step, done, lease_s=self.lease_s):
                raise _TakenOver

        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear_left(self.scratch)
        with TemporaryDirectory(prefix=FOLDER, dir=self.scratch) as folder:
            wanted = Wanted(job.call_ids, job.leave_out, job.language, at)
            contents = self.gatherer.gather(wanted, Path(folder), told=told)
            with self.packages.writing(job.id) as writer:
                last = len(job.call_ids) - 1
                told(Step.ZIP, last)
                beaten = time.monotonic()
                for block in package_blocks(contents, store.log.signer.sign, code=job.code):
                    writer.write(block)
                    if time.monotonic() - beaten > BEAT_EVERY_S:
                        told(Step.ZIP, last)
                        beaten = time.monotonic()
                told(Step.ZIP, last)
                made = writer.end()
        if not store.packages.jobs.ready(job, made, kept_for=self.kept_for):
            self.packages.remove(job.id)  # it was ended meanwhile, and whoever did that may have removed it before
            raise _TakenOver

    def _note_taker(self, job: PackageJob) -> None:
        """Who a package is for takes a copy, and both sides see that, in this copy too; once, however often it is
        tried."""
        store = self.gatherer.store
        if job.person is None:
            return
        now = datetime.now(UTC)
        person = store.people.person(job.person)
        for call_id in job.call_ids:
            role = store.people.role(call_id, person.id, now=now)
            if role is None:
                continue
            actor = Actor(role.role, person.id)
            asked_at = store.packages.of(job.id).asked_at
            if not any(
                one.actor == actor and one.at >= asked_at and one.content == Looked(Way.COPY)
                for one in store.log.items(call_id, with_record=False)
            ):
                details = store.call(call_id).details
                given = {Role.AGENT: details.agent, Role.CUSTOMER: details.customer}.get(role.role)
                store.log.append(call_id, actor, Looked(Way.COPY), by=given or person.name)


def _clear_left(scratch: Path) -> None:
    """Removes the folders that killed workers left: sound may lie in them."""
    for folder in scratch.glob(f"{FOLDER}*"):
        with suppress(FileNotFoundError):  # another worker was first
            if time.time() - folder.stat().st_mtime > LEFT_S:
                shutil.rmtree(folder)


class Packers:
    """The thread of one worker."""

    def __init__(self, packer: Packer, *, every_s: float = LOOK_EVERY_S) -> None:
        self._packer, self._every_s = packer, every_s
        self._thread = threading.Thread(target=self._run, name="packing", daemon=True)

    def start(self) -> None:
        """Runs until ``stop``, or ends with the process."""
        self._thread.start()

    def stop(self) -> None:
        """Ends with the step that is under way; the rest is another worker's."""
        self._packer.ending.set()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        while not self._packer.ending.wait(self._every_s):
            try:
                while not self._packer.ending.is_set() and self._packer.make_one():
                    pass
            except CallError as error:
                log.warning("packing.put_off", error=error.message)
            except Exception as error:
                log.error("packing.bug", error=type(error).__name__)
