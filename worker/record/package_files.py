"""The bytes of packages, sealed under a key of their own beside the recordings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from worker.record.blobs import Blobs
from worker.record.package_jobs import Made, PackageJobs
from worker.record.packages import package_name
from worker.record.sealed import Lock, Sealing, open_all

IS_NOT_WHOLE = "A package is not what was made. Ask for it anew."


class PackageWriter:
    """A package that is written block by block: sealed on its way to the disk, nowhere in the clear."""

    def __init__(self, sealing: Sealing, lock: Lock) -> None:
        self._sealing, self._lock = sealing, lock
        self.made: Made | None = None

    def write(self, block: bytes) -> int:
        """Seals the bytes that follow."""
        self._sealing.write(block)
        return len(block)

    def flush(self) -> None:
        """What a file does; nothing is held back that could be."""

    def end(self) -> Made:
        """Seals what is left."""
        self._sealing.end()
        hashed = self._sealing.hashed
        self.made = Made(self._lock.key, hashed.size_bytes, hashed.sha256)
        return self.made


class PackageFiles:
    """Packages in the place where the recordings are. Every method raises Unavailable."""

    def __init__(self, blobs: Blobs, jobs: PackageJobs) -> None:
        self._blobs, self._jobs = blobs, jobs

    @contextmanager
    def writing(self, package_id: str) -> Iterator[PackageWriter]:
        """A package to be written and ended; in its place, whole, when the block ends well, and else nowhere."""
        with self._blobs.incoming() as (file, path):
            lock = Lock.new(_about(package_id), IS_NOT_WHOLE)
            writer = PackageWriter(Sealing(file, lock), lock)
            yield writer
            if writer.made is not None:
                self._blobs.place(file, path, package_name(package_id))

    def read(self, package_id: str) -> Iterator[bytes]:
        """The bytes of a package in blocks. Raises NotFound where it is not ready or is there no more, BrokenRecord
        where it was altered: that may come after the first blocks were given."""
        lock = Lock(self._jobs.bytes_key(package_id), _about(package_id), IS_NOT_WHOLE)
        return open_all(self._blobs.read(package_name(package_id)), lock)

    def remove(self, package_id: str) -> None:
        """Takes away what lies there, if anything does."""
        self._blobs.remove(package_name(package_id))

    def exists(self, package_id: str) -> bool:
        """Whether any bytes of it lie there."""
        return self._blobs.size(package_name(package_id)) is not None


def _about(package_id: str) -> str:
    """What the seals of a package are bound to."""
    return f"package {package_id}"
