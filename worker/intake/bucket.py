"""A watched bucket: the objects below an address, such as s3://calls/today, are handed over as they come.

An object is whole from the moment it is there. Nothing is moved or removed, since a key that may only read is enough:
which objects were taken, each as it was then (its etag), is remembered in the database. It is noted after the recording
is safe; killed in between, the recording is handed over once more, which gives the same call.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import IO, TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import from_url

from worker.core.errors import BadRecording, CallError, Invalid, Unavailable
from worker.core.now import now_utc
from worker.intake.dropped import DETAILS_END, LARGEST_DETAILS, Dropbox, Kind, Look, kind_of
from worker.record.watching import Watched

if TYPE_CHECKING:
    from obstore import ObjectMeta  # obstore has these names for type checkers only
    from obstore.store import ObjectStore, RetryConfig

log = structlog.get_logger()

BLOCK_BYTES = 1024 * 1024
LISTED_AT_ONCE = 1000
RETRY: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}  # then the next look tries again


@dataclass
class BucketWatch:
    """One watched bucket, or a part of one. ``waits_for_details``: no recording is taken without them."""

    address: str
    dropbox: Dropbox
    watched: Watched
    waits_for_details: bool = False
    now: Callable[[], datetime] = now_utc

    def look(self) -> Look:
        """Hands over what is new, the oldest first.

        Raises Unavailable if the bucket cannot be read, Invalid for an address of none, and what
        ``Dropbox.hand_over`` raises where nothing more can be taken now.
        """
        found = self._listed()
        accepted = refused = 0
        for path in sorted(self._new(found), key=lambda path: (found[path]["last_modified"], path)):
            try:
                refused_for = self._take(path, found)
            except FileNotFoundError:  # removed since it was listed
                continue
            except OSError as error:
                raise Unavailable(
                    "What is fetched cannot be written here. Is the disk for temporary files full?"
                ) from error
            except Unavailable:
                raise
            except CallError as error:
                log.error("watch.cannot_take", error=type(error).__name__)
                continue
            accepted += refused_for is None
            refused += refused_for is not None
        return Look(accepted, refused)

    @cached_property
    def _bucket(self) -> ObjectStore:
        try:
            return from_url(self.address, retry_config=RETRY)
        except (BaseError, ValueError) as error:
            raise Invalid("A watched bucket is at s3://…, gs://… or az://…; ONRECORD_WATCH_BUCKET is none.") from error

    def _listed(self) -> dict[str, ObjectMeta]:
        bucket = self._bucket
        with _our_errors():
            return {one["path"]: one for some in obstore.list(bucket, chunk_size=LISTED_AT_ONCE) for one in some}

    def _new(self, found: Mapping[str, ObjectMeta]) -> list[str]:
        """What can be taken and was not, as it is now."""
        wanted = [path for path in found if self._is_wanted(path, found)]
        taken = self.watched.taken(self.address, wanted)
        return [path for path in wanted if taken.get(path) != _tag(found[path])]

    def _is_wanted(self, path: str, found: Mapping[str, ObjectMeta]) -> bool:
        kind = kind_of(path)
        if kind is Kind.RECORDING:
            # A recording of no bytes is one whose upload was begun by a program that fills it later.
            return found[path]["size"] > 0 and (not self.waits_for_details or f"{path}{DETAILS_END}" in found)
        return kind is Kind.VCON

    def _take(self, path: str, found: Mapping[str, ObjectMeta]) -> str | None:
        """Hands one object over and notes it; why it was refused, if it was."""
        details, reason = f"{path}{DETAILS_END}", None
        with tempfile.TemporaryFile(prefix="onrecord-watch-") as file:
            tag = self._fetch(path, file)
            try:
                text = self._details(details) if details in found and kind_of(path) is Kind.RECORDING else None
                self.dropbox.hand_over(file, path, text)
            except (Invalid, BadRecording) as error:
                reason = error.message
        self.watched.note(self.address, path, tag, refused=reason, now=self.now())
        return reason

    def _fetch(self, path: str, to: IO[bytes]) -> str:
        """Brings an object's bytes; the tag of what was brought, which may be newer than what was listed."""
        with _our_errors():
            got = obstore.get(self._bucket, path)
            for block in got.stream(min_chunk_size=BLOCK_BYTES):
                to.write(bytes(block))
            to.seek(0)
            return _tag(got.meta)

    def _details(self, path: str) -> bytes:
        with _our_errors():
            got = obstore.get(self._bucket, path)
            if got.meta["size"] > LARGEST_DETAILS:
                raise Invalid("The details beside it are too long. Nothing was accepted.")
            return bytes(got.bytes())


def _tag(meta: ObjectMeta) -> str:
    """What changes when the object does."""
    return meta["e_tag"] or f"{meta['last_modified'].isoformat()} {meta['size']}"


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise Unavailable(
            "The watched bucket cannot be read now. What lies in it stays. Look at ONRECORD_WATCH_BUCKET and at the "
            "credentials of the environment."
        ) from error
