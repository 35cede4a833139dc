"""Packages of real calls, made as a worker makes them: for tests that look at what comes out."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.browser.sample import SOUND, sample_record
from tests.handed_over import hand_over
from tests.web.records import MADE_BY
from worker.core.call import CallDetails
from worker.core.log.entry import Actor, Role
from worker.core.packages import Package
from worker.core.record import CallRecord
from worker.exchange.package import PackageReport, verify_package
from worker.exchange.vcon.sealing import VconSigner, new_key
from worker.owed.packing import Packer
from worker.record.files import FileStore
from worker.record.package_files import PackageFiles
from worker.record.signing import Verifier
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.packing.gathering import Gatherer

SIGNER = VconSigner.from_pem(new_key("records.example.com", datetime.now(UTC)))
DETAILS = CallDetails(agent="Daniel Price", customer="Maria Lopez", external_id="4711")


@dataclass(frozen=True)
class Packing:
    """One installation that makes packages."""

    store: Store
    sounds: SoundStore
    folder: Path

    @property
    def files(self) -> FileStore:
        return FileStore(self.sounds.blobs, self.store.log)

    @property
    def packages(self) -> PackageFiles:
        return PackageFiles(self.sounds.blobs, self.store.packages.jobs)

    def packer(self, **changed: object) -> Packer:
        gatherer = Gatherer(self.store, self.sounds, self.files, "https://records.example.com", lambda: SIGNER)
        given = {"scratch": self.folder / "scratch", "kept_for": timedelta(days=30), **changed}
        return Packer(gatherer, self.packages, **given)  # type: ignore[arg-type]

    def call(self, record: CallRecord | None = None, *, sound: Path | None = SOUND) -> str:
        """A call that is ready, with the sample call's record and sound where no other is given."""
        record = record or sample_record()
        call_id = hand_over(self.store, DETAILS, sha256=record.recording.sha256, first_stage="publish").call_id
        assert self.store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
        self.store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
        if sound is not None:
            self.sounds.put_copy(call_id, sound)
        return call_id

    def customer(self, call_id: str) -> Actor:
        return Actor(Role.CUSTOMER, self.store.people.side(call_id, Role.CUSTOMER).id)

    def asked(self, *call_ids: str, **asked: object) -> Package:
        """A package that the customer asked for."""
        person = self.customer(call_ids[0]).person
        return self.store.packages.ask(call_ids, **{"for_person": person, **asked})  # type: ignore[arg-type]

    def made(self, *call_ids: str, **asked: object) -> Package:
        """The same, made."""
        package = self.asked(*call_ids, **asked)
        assert self.packer().make_one()
        return self.store.packages.of(package.id)

    def zip_of(self, package: Package) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(b"".join(self.packages.read(package.id))))

    def unpacked(self, package: Package, to: Path) -> Path:
        with self.zip_of(package) as archive:
            archive.extractall(to)
        return to

    def check(self, folder: Path) -> PackageReport:
        return verify_package(folder, Verifier.from_key(self.store.log.verifier_key).open)
