"""Puts the parts together: the only room that knows all of them, used by the command line alone.

Everything here is lazy: a host that serves pages never loads a model, and a model is loaded when the first call needs
it and then stays for as long as its process. ``adapters`` are the models, ``systems`` what belongs to others.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock
from redis import Redis
from redis.exceptions import RedisError

from worker.bootstrap.adapters import ports
from worker.bootstrap.calendar import calendar
from worker.bootstrap.systems import accesses, sending, single_sign_on, webhooks
from worker.core.dialogue.values import CONTENT_OF
from worker.core.errors import BrokenRecord, Invalid, Unavailable
from worker.core.keeping.rules import KeepRules
from worker.courier import TIMEOUT_S, Courier
from worker.exchange.outside import Outside
from worker.exchange.vcon import VconSigner
from worker.exchange.vcon.sealing import new_key
from worker.intake.accept import Intake
from worker.intake.bucket import BucketWatch
from worker.intake.dropped import Dropbox
from worker.intake.fetching import RecordingFetcher, Sources
from worker.intake.folder import FolderWatch
from worker.intake.limits import Limits
from worker.intake.vcon import VconKeys, read_keys
from worker.intake.vendors.taking import Vendors
from worker.intake.watching import Place
from worker.jobs import JobQueue, Scratch, Work
from worker.jobs.observer import Observer
from worker.owed.answering import erase_as_asked
from worker.owed.daily_run import Keeper
from worker.owed.erasing import Stores
from worker.owed.packing import Packer
from worker.record.blobs import folder_of
from worker.record.files import FileStore
from worker.record.keys import Keys, decode_key, kept_once
from worker.record.package_files import PackageFiles
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.values import prepare
from worker.running.redis_server import EmbeddedRedis
from worker.running.work import Terms
from worker.settings import SHORTEST_SECRET, Settings
from worker.watching.metrics import Metrics
from worker.web.exporting import Exporter
from worker.web.hand_over import HandOver
from worker.web.packing.gathering import Gatherer
from worker.web.parts import THIS_MACHINE, Parts

QUEUE_ANSWERS_S = 30.0  # as long as RQ asks for, and longer than a worker waits for its next job
CONNECT_S = 5.0
CERTIFICATE_S = 8.0
"""For so long a webhook waits for what its signature is checked with; its sender waits for 10 to 15 s."""
FILLING_WAITS_S = 2.0
VCON_KEY = "vcon-signing.pem"


def code_revision() -> str:
    """What made a stage that asks no model: this package at its version."""
    return f"onrecord {version('onrecord')}"


@dataclass(frozen=True)
class Installation:
    """One On Record, as its settings describe it."""

    settings: Settings

    @cached_property
    def store(self) -> Store:
        """The database, brought to the newest form of its tables."""
        return self._open_store()

    def store_to_check(self) -> Store:
        """The database as it stands in its newest form, with nothing written into its log."""
        return self._open_store(take_in=False)

    def _open_store(self, *, take_in: bool = True) -> Store:
        self._make_data_dir()
        store = Store(self.settings.database, self._keys(), calendar=calendar(self.settings))
        store.migrate(take_in=take_in)
        return store

    def _keys(self) -> Keys:
        """The keys of the log: those of the settings, else those that were made once in the data folder."""
        settings = self.settings
        host = urlsplit(settings.public_url).hostname if settings.public_url else None
        return Keys.in_folder(
            settings.data_dir / "keys",
            f"{host or 'onrecord.local'}/log",
            origin=settings.log_name,
            master=decode_key(settings.master_key, of="ONRECORD_MASTER_KEY") if settings.master_key else None,
            signing=decode_key(settings.signing_key, of="ONRECORD_SIGNING_KEY") if settings.signing_key else None,
        )

    def _make_data_dir(self) -> None:
        try:
            self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"The data folder cannot be made: {error.strerror}. Set ONRECORD_DATA_DIR.") from error

    @cached_property
    def sounds(self) -> SoundStore:
        """Where recordings are kept."""
        return SoundStore(self.settings.sounds, self.store.sound_keys)

    @property
    def run_dir(self) -> Path:
        """Folder of what lives only as long as `onrecord up`: the embedded queue's socket, logs."""
        return self.settings.data_dir / "run"

    def queue(self) -> JobQueue:
        """The queue. Raises Unavailable, saying what to do, if there is none to reach."""
        url = self.settings.redis_url or EmbeddedRedis.find(self.run_dir)
        if url is None:
            raise Unavailable("No queue is running here. Start `onrecord up`, or set ONRECORD_REDIS_URL.")
        redis = _redis(url, timeout_s=QUEUE_ANSWERS_S)
        try:
            redis.ping()
        except RedisError as error:
            raise Unavailable("The queue (Redis) of ONRECORD_REDIS_URL does not answer. Is it running?") from error
        return JobQueue(redis, self.settings.queue)

    def queue_to_fill(self) -> JobQueue | None:
        """The queue for whoever hands over, not asked yet whether it answers; None where none is known. It is given up
        on quickly, since a call that is not put on it is found by a worker."""
        url = self.settings.redis_url or EmbeddedRedis.find(self.run_dir)
        if url is None:
            return None
        return JobQueue(_redis(url, timeout_s=FILLING_WAITS_S), self.settings.queue)

    @cached_property
    def intake(self) -> Intake:
        """The door through which recordings come."""
        return Intake(self.store, self.sounds, self.queue_to_fill(), self.limits)

    def vcon_keys(self) -> VconKeys:
        """The keys of those whose signed vCons are taken. Raises Invalid for a text that holds none."""
        return read_keys(self.settings.vcon_keys) if self.settings.vcon_keys else ()

    def vcon_signer(self) -> VconSigner:
        """The key that signs vCons: that of the settings, else one that was made once in the data folder."""
        if self.settings.vcon_signing_key:
            return VconSigner.from_pem(self.settings.vcon_signing_key)
        path = self.settings.data_dir / "keys" / VCON_KEY
        host = self.store.log.signer.name.partition("/")[0]
        with FileLock(path.with_suffix(".lock")):
            fresh = b"" if path.exists() else new_key(host, datetime.now(UTC)).encode()
            return VconSigner.from_pem(kept_once(path, fresh).decode(errors="replace"))

    @property
    def exporter(self) -> Exporter:
        """What makes of a call what other programs read."""
        return Exporter(self.store, self.sounds, self.settings.base_url.rstrip("/"), self.vcon_signer)

    def dropbox(self, sender: str) -> Dropbox:
        """The door for what is dropped into a watched place, and for vCons, of this sender."""
        return Dropbox(self.intake, sender, self.vcon_keys())

    def watched_places(self, *addresses: str, sender: str | None = None) -> tuple[Place, ...]:
        """The folders and buckets to be watched, and whose they are: these, or those of the settings."""
        settings = self.settings
        named = addresses or [str(one) for one in (settings.watch_folder, settings.watch_bucket) if one is not None]
        dropbox = self.dropbox(settings.watch_sender if sender is None else sender)
        return tuple(self._watched_place(one, dropbox) for one in named)

    def _watched_place(self, address: str, dropbox: Dropbox) -> Place:
        settings, folder = self.settings, folder_of(address)
        if folder is None:
            return BucketWatch(address, dropbox, self.store.watched, waits_for_details=settings.watch_details)
        if not folder.is_dir():
            raise Invalid("The folder to be watched is not there. Make it, or name another.")
        return FolderWatch(
            folder,
            dropbox,
            keeps=settings.watch_keep,
            marker=settings.watch_marker,
            waits_for_details=settings.watch_details,
            settle_s=settings.watch_every_s,
        )

    @property
    def limits(self) -> Limits:
        """How much is taken in. In a bucket there is room; a folder and the scratch files lie on disks."""
        settings = self.settings
        sounds = folder_of(settings.sounds)
        folders = {settings.data_dir, settings.scratch, *([] if sounds is None else [sounds])}
        return Limits(
            largest_bytes=settings.largest_call_mb * 1_000_000,
            free_bytes=settings.free_disk_mb * 1_000_000,
            folders=tuple(sorted(folders)),
            most_waiting=settings.most_waiting,
        )

    @cached_property
    def sources(self) -> Sources:
        """Where recordings may be fetched from."""
        return Sources.read(self.settings.fetch_allow)

    @cached_property
    def outside(self) -> Outside:
        """The one way to addresses that others gave."""
        return Outside(self.sources.allowed, timeout_s=self.settings.fetch_timeout_s)

    def courier(self, *, base_url: str | None = None, shows_letters: bool = False) -> Courier:
        """What tells other systems of events; pages are reached under this address or that of the settings. Where the
        pages show letters instead of their being sent, the courier beside them puts them there."""
        return Courier(
            self.store,
            replace(self.outside, timeout_s=TIMEOUT_S),
            base_url or self.settings.base_url,
            timedelta(days=self.settings.events_days),
            sending(self.settings),
            self.settings.complaints_to,
            shows_letters,
        )

    @cached_property
    def fetcher(self) -> RecordingFetcher:
        """What gets recordings that were announced."""
        return RecordingFetcher(
            self.outside,
            self.sources,
            largest=self.limits.largest_bytes,
            access=accesses(self.settings),
        )

    @cached_property
    def vendors(self) -> Vendors:
        """The systems whose webhooks are taken."""
        outside = replace(self.outside, timeout_s=CERTIFICATE_S)
        return Vendors(webhooks(self.settings, outside), outside)

    def queue_if_any(self) -> JobQueue | None:
        """The queue, or None while it cannot be reached: a call is accepted without it and worked later."""
        with suppress(Unavailable):
            return self.queue()
        return None

    def work(self) -> Work:
        """What a worker process needs to run stages."""
        worker = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"  # a container's pid comes again
        return Work(
            store=self.store,
            sounds=self.sounds,
            queue=self.queue(),
            ports=ports(self.settings),
            fetcher=lambda: self.fetcher,
            scratch=Scratch(self.settings.scratch),
            worker=worker,
            code_revision=code_revision(),
            lease_s=self.settings.lease_s,
            max_attempts=self.settings.max_attempts,
            fetch_patience_s=self.settings.fetch_patience_s,
            observers=self.observers(worker),
        )

    def erasing(self) -> Stores:
        """Every place in which something of a call may lie."""
        return Stores(self.store, self.sounds, Scratch(self.settings.scratch))

    def packer(self) -> Packer:
        """What makes the packages that somebody asked for."""
        store, settings = self.store, self.settings
        files = FileStore(self.sounds.blobs, store.log)
        return Packer(
            Gatherer(store, self.sounds, files, settings.base_url, self.vcon_signer),
            PackageFiles(self.sounds.blobs, store.packages.jobs),
            settings.scratch,
            timedelta(days=settings.packages_days),
        )

    def keeper(self) -> Keeper:
        """What keeps to the rules of how long calls are kept. Raises Invalid for rules that are none."""
        return Keeper(self.erasing(), KeepRules.read(self.settings.keep))

    def observers(self, worker: str) -> tuple[Observer, ...]:
        """Who watches the jobs of a worker process. Raises Unavailable if what sends traces is not installed."""
        settings = self.settings
        metrics = () if settings.metrics_port is None else (Metrics(settings.host, settings.metrics_port),)
        if settings.traces_url is None:
            return metrics
        from worker.watching.tracing import traces_to

        return (*metrics, traces_to(settings.traces_url, worker=worker, code_revision=code_revision()))

    def terms(self, stages: Sequence[str] = ()) -> Terms:
        """How a worker process for these stages works; for all if none are named."""
        settings = self.settings
        limit_mb = settings.memory_limit_mb
        return Terms(
            stages=tuple(stages),
            grace_s=settings.grace_s,
            memory_limit_bytes=None if limit_mb is None else limit_mb * 1_000_000,
            most_begun=settings.most_begun,
        )

    def parts(self, *, base_url: str | None = None) -> Parts:
        """What the pages work with, reached under this address or that of the settings. Raises Invalid."""
        prepare(*CONTENT_OF.values())  # 0.1 s, which the first page would else take longer
        settings = self.settings
        base = (base_url or settings.base_url).rstrip("/")
        return Parts(
            store=self.store,
            sounds=self.sounds,
            secret=self._link_secret(),
            base_url=base,
            invited_for=timedelta(days=settings.link_days),
            sending=sending(settings),
            hand_over=HandOver(settings.handover_key, audience=base) if settings.handover_key else None,
            single_sign_on=single_sign_on(settings, base),
            reviewers=settings.oidc_reviewers,
            operators=settings.oidc_operators,
            agents=settings.oidc_agents,
            desk=settings.oidc_desk,
            erase_as_asked=lambda request_id, by: erase_as_asked(request_id, by=by, stores=self.erasing()),
            is_for_others=settings.public_url is not None or settings.host not in THIS_MACHINE,
            largest_file=settings.largest_file_mb * 1_000_000,
            largest_recording=settings.largest_recording_mb * 1_000_000,
            queue=self.queue_to_fill(),
            limits=self.limits,
            vcon_keys=self.vcon_keys(),
            vcon_signer=self.vcon_signer,
            shows_metrics=settings.metrics_open,
            vendors=self.vendors,
        )

    def _link_secret(self) -> str:
        """The secret of the settings, else one made once and kept readable for its owner only."""
        if self.settings.link_secret:
            return self.settings.link_secret
        path = self.settings.data_dir / "link.secret"
        self._make_data_dir()
        with FileLock(path.with_suffix(".lock")):
            secret = kept_once(path, secrets.token_urlsafe(48).encode()).decode(errors="replace")
        if len(secret) < SHORTEST_SECRET:
            raise BrokenRecord(f"The secret that signs links is damaged. Remove {path}; links made before end with it.")
        return secret


def _redis(url: str, *, timeout_s: float) -> Redis:
    try:
        return Redis.from_url(url, socket_connect_timeout=min(CONNECT_S, timeout_s), socket_timeout=timeout_s)
    except ValueError as error:
        raise Invalid("ONRECORD_REDIS_URL is no address such as redis://host:6379/0.") from error
