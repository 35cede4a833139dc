"""What the routes work with: the stores, and the decisions that are made from them. Put together outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit

from worker.core.errors import Unavailable
from worker.core.now import now_utc
from worker.core.requests.values import By
from worker.exchange.sending import Sending
from worker.exchange.vcon import VconSigner
from worker.intake.accept import Intake
from worker.intake.limits import Limits
from worker.intake.vcon import VconKeys
from worker.intake.vendors.taking import Vendors
from worker.jobs import JobQueue
from worker.record.files import FileStore
from worker.record.package_files import PackageFiles
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.access import Access
from worker.web.exporting import Exporter
from worker.web.hand_over import HandOver
from worker.web.links import Invitations
from worker.web.looks import RecentLooks
from worker.web.single_sign_on import SingleSignOn

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def no_signer() -> VconSigner:
    """In place of a key that signs vCons. Raises Unavailable."""
    raise Unavailable("This installation has no key that signs vCons.")


@dataclass(frozen=True)
class Parts:
    """One installation, as its pages see it. ``base_url`` is the address under which people reach them.

    ``secret`` signs invitations, one secret for all hosts with pages.
    """

    store: Store
    sounds: SoundStore
    secret: str = field(repr=False)
    base_url: str
    invited_for: timedelta = timedelta(days=30)
    now: Callable[[], datetime] = now_utc
    sending: Sending = field(default_factory=Sending)
    hand_over: HandOver | None = None
    single_sign_on: SingleSignOn | None = None
    reviewers: str | None = None  # the group of the company's sign-in whose members are reviewers here
    operators: str | None = None
    agents: str | None = None
    desk: str | None = None
    erase_as_asked: Callable[[str, By], object] | None = None  # erases the calls of a request, and answers it
    is_for_others: bool = False  # a proxy may stand before it, on this machine as on another
    largest_file: int = 25_000_000  # bytes
    largest_recording: int = 250_000_000
    looks: RecentLooks = field(default_factory=RecentLooks)
    queue: JobQueue | None = None
    shows_metrics: bool = False  # to everybody who asks, without a key
    limits: Limits = field(default_factory=Limits)
    vendors: Vendors = field(default_factory=Vendors)
    vcon_keys: VconKeys = ()  # of those whose signed vCons are taken
    vcon_signer: Callable[[], VconSigner] = no_signer

    @cached_property
    def files(self) -> FileStore:
        """What people added to records as files."""
        return FileStore(self.sounds.blobs, self.store.log)

    @cached_property
    def package_files(self) -> PackageFiles:
        """What was put together for those who asked."""
        return PackageFiles(self.sounds.blobs, self.store.packages.jobs)

    @cached_property
    def exporter(self) -> Exporter:
        """What makes of a call what other programs read."""
        return Exporter(self.store, self.sounds, self.base_url.rstrip("/"), self.vcon_signer)

    @cached_property
    def intake(self) -> Intake:
        """The door through which recordings come."""
        return Intake(self.store, self.sounds, self.queue, self.limits)

    @cached_property
    def access(self) -> Access:
        """Who may do what."""
        return Access(
            self.store,
            origin=self.base_url,
            now=self.now,
            is_open=self.store.matters.is_open,
            is_asked=self.store.requests.is_asked,
            is_restricted=lambda call_id: self.store.requests.restriction(call_id) is not None,
        )

    @cached_property
    def shows_outbox(self) -> bool:
        """Whether letters are shown on a page instead of being sent: on a machine that serves nobody but itself."""
        is_here = not self.is_for_others and urlsplit(self.base_url).hostname in THIS_MACHINE
        return is_here and not self.sending.is_set

    @cached_property
    def invitations(self) -> Invitations:
        """The links that name a call and open nothing by themselves."""
        return Invitations(self.secret, valid_for=self.invited_for)
